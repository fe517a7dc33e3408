//! A desk of its own for every test, and the notices that tests send.

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use grb_app::intake::{RawNotice, Recorded, desk, take};
use grb_app::notices::{
    Class, Classification, Format, Kind, Localization, Mission, Notice, Role, write,
};
use grb_app::platform::config::{Config, Kafka, LeapDay, Secret, Sources};
use grb_app::platform::web::listen::{Gate, Manners};
use grb_app::platform::{App, Clock};
use grb_app::sky::Equatorial;
use reqwest::{Client, Response};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

/// The secret of pushes to a [`TestApp`].
pub(crate) const SECRET: &str = "a secret of two hosts";

/// When tests happen.
pub(crate) static NOW: LazyLock<DateTime<Utc>> =
    LazyLock::new(|| "2026-11-20T22:00:00Z".parse().unwrap());

/// A desk on a database of its own; with [`TestApp::serve`] also behind a port.
pub(crate) struct TestApp {
    pub app: App,
    pub folder: Arc<tempfile::TempDir>,
}

/// A served desk.
pub(crate) struct Served {
    pub app: App,
    pub address: SocketAddr,
    pub client: Client,
    pub(crate) stop: CancellationToken,
    _folder: Arc<tempfile::TempDir>,
}

impl TestApp {
    pub(crate) fn new() -> Self {
        Self::in_folder(Arc::new(tempfile::tempdir().unwrap()))
    }

    /// A desk that lives in the present, for peers that know the time themselves.
    pub(crate) fn today() -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        Self {
            app: App::open(config(folder.path()), Clock::system()).unwrap(),
            folder,
        }
    }

    /// A desk in the folder of an earlier one, which must be closed.
    pub(crate) fn in_folder(folder: Arc<tempfile::TempDir>) -> Self {
        Self {
            app: App::open(config(folder.path()), Clock::fixed(*NOW)).unwrap(),
            folder,
        }
    }

    pub(crate) async fn serve() -> Served {
        Self::new().served().await
    }

    /// A desk that lives at `at` and keeps 29 February as `leap_day` says.
    pub(crate) async fn serve_at(at: &str, leap_day: LeapDay) -> Served {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let config = Config {
            leap_day,
            ..config(folder.path())
        };
        let clock = Clock::fixed(at.parse().unwrap());
        let app = App::open(config, clock).unwrap();
        Self { app, folder }.served().await
    }

    pub(crate) async fn served(self) -> Served {
        self.served_with(Manners::default()).await
    }

    /// A desk that treats those who come in another way.
    pub(crate) async fn served_with(self, manners: Manners) -> Served {
        let Self { app, folder } = self;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let routes = grb_app::serve::routes(app.clone());
        let gate = Gate::on(listener)
            .trusting(app.config.trusted_proxies.clone())
            .with_manners(manners);
        tokio::spawn(gate.serve(routes, stop.clone()));
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = Client::builder()
            .tls_certs_only([])
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Served {
            app,
            address,
            client,
            stop,
            _folder: folder,
        }
    }
}

impl Served {
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.client.get(self.url(path)).send().await.unwrap()
    }

    /// The JSON at `path`, which must answer 200.
    pub(crate) async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }

    /// The page at `path`, as a browser asks for it.
    pub(crate) async fn page(&self, path: &str) -> (u16, String) {
        let answer = self
            .client
            .get(self.url(path))
            .header("accept", "text/html")
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    pub(crate) async fn take(&self, notice: &Notice) -> Recorded {
        take_in(&self.app, notice).await
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.app.bus.close();
        self.stop.cancel();
    }
}

pub(crate) fn config(folder: &std::path::Path) -> Config {
    let flags = [
        ("data_dir", Some(folder.to_string_lossy().into_owned())),
        ("listen", Some("127.0.0.1:0".into())),
    ];
    let mut config = Sources::gather(None, &|_| None, &flags)
        .unwrap()
        .understand()
        .unwrap();
    config.notice_secret = Some(Secret::new(SECRET));
    config
}

/// Takes a notice as if it had just been pushed.
pub(crate) async fn take_in(app: &App, notice: &Notice) -> Recorded {
    take(app, RawNotice::new("test", body(notice)))
        .await
        .unwrap()
}

pub(crate) fn body(notice: &Notice) -> Vec<u8> {
    let format = if notice.circular.is_some() {
        Format::Circular
    } else {
        notice.format
    };
    write(notice, format)
}

/// A notice of Fermi's GBM about `trigger`, made `after` seconds after a trigger at 21:59:00.
pub(crate) fn gbm(trigger: u32, kind: Kind, after: i64) -> Notice {
    let mut notice = Notice::new(Format::Voevent, Mission::Fermi, kind);
    notice.instrument = Some("GBM".into());
    notice.packet_type = Some(match kind {
        Kind::Alert => 110,
        Kind::Flight => 111,
        Kind::Ground => 112,
        _ => 115,
    });
    notice.role = Role::Observation;
    notice.trigger_id = Some(trigger.to_string());
    notice.trigger_time = Some(triggered());
    notice.notice_time = Some(triggered() + TimeDelta::seconds(after));
    notice.ivorn = Some(format!(
        "ivo://nasa.gsfc.gcn/Fermi#{trigger}_{kind:?}_{after}"
    ));
    notice
}

/// The same with a position, its 68 % radius and a class.
pub(crate) fn gbm_at(
    trigger: u32,
    kind: Kind,
    after: i64,
    (ra, dec, radius): (f64, f64, f64),
    class: Option<(Class, f64)>,
) -> Notice {
    let mut notice = gbm(trigger, kind, after);
    notice.localization = Some(Localization {
        position: Equatorial::new(ra, dec).unwrap(),
        error_radius: Some(radius),
        error_radius_90: None,
    });
    notice.classification = class.map(|(most_likely, probability)| Classification {
        most_likely,
        probability: Some(probability),
    });
    notice
}

pub(crate) fn triggered() -> DateTime<Utc> {
    *NOW - TimeDelta::seconds(60)
}

/// The events of a stream's text: (id, name, data).
pub(crate) fn frames(text: &str) -> Vec<(i64, String, Value)> {
    let field = |frame: &str, name: &str| {
        frame
            .lines()
            .find_map(|line| line.strip_prefix(name).map(|value| value.trim().to_owned()))
    };
    text.split("\n\n")
        .filter_map(|frame| {
            let data = serde_json::from_str(&field(frame, "data:")?).unwrap();
            Some((
                field(frame, "id:")?.parse().unwrap(),
                field(frame, "event:")?,
                data,
            ))
        })
        .collect()
}

pub(crate) const NOTICES: &str = "select count(*) from notices";

/// A listener at work, until it is stopped.
pub(crate) struct Listener {
    stop: CancellationToken,
    task: tokio::task::JoinHandle<anyhow::Result<()>>,
}

impl Listener {
    pub(crate) fn start(app: &App, kafka: Kafka) -> Self {
        let stop = CancellationToken::new();
        let task = tokio::spawn(desk::hear(app.clone(), kafka, stop.clone()));
        Self { stop, task }
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        tokio::time::timeout(Duration::from_secs(20), self.task)
            .await
            .expect("the listener did not stop")
            .unwrap()
            .unwrap();
    }
}

/// What `sql` counts.
pub(crate) async fn count(app: &App, sql: &'static str) -> i64 {
    app.db
        .read(move |conn| Ok(conn.query_row(sql, [], |row| row.get(0))?))
        .await
        .unwrap()
}

/// Waits until `sql`, a count, gives `wanted`.
pub(crate) async fn until(app: &App, sql: &'static str, wanted: i64) {
    for _ in 0..900 {
        if count(app, sql).await == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{sql} gives {}, not {wanted}", count(app, sql).await);
}
