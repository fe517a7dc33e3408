//! Puts everything together: every router, every worker, every chore; the only file that names all areas.

use std::io::Write as _;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::middleware::from_fn_with_state;
use chrono::TimeDelta;
use tokio::signal::unix::{Signal, SignalKind, signal};
use utoipa::openapi::{Info, OpenApiBuilder};
use utoipa_axum::router::OpenApiRouter;

use crate::platform::cron::{self, Chore};
use crate::platform::doctor::{self, Check};
use crate::platform::outbox::{self, Composers};
use crate::platform::reload::{Change, Settings};
use crate::platform::tasks::Tasks;
use crate::platform::web::handed::Handed;
use crate::platform::web::limits::slow_down;
use crate::platform::web::listen::Gate;
use crate::platform::web::tls::{self, Tls};
use crate::platform::web::{self, listen};
use crate::platform::{App, audit, bus, telemetry};
use crate::{accounts, alerts, bursts, hello, home, intake, keeping, observations, ops};

/// What is done at set times.
fn chores() -> Vec<Chore> {
    vec![
        Chore {
            name: "forget old events",
            every: TimeDelta::hours(1),
            run: |_, tx, now| bus::forget_old(tx, now).map(drop),
        },
        Chore {
            name: "forget old sessions and links",
            every: TimeDelta::hours(1),
            run: |_, tx, now| accounts::forget_old(tx, now),
        },
        Chore {
            name: "forget who was told",
            every: TimeDelta::days(1),
            run: |_, tx, now| alerts::forget_old(tx, now),
        },
        intake::aside::chore(),
        Chore {
            name: "forget old acts",
            every: TimeDelta::days(1),
            run: |_, tx, now| audit::forget_old(tx, now),
        },
        outbox::chore(),
        observations::telling::chore(),
        hello::greetings::chore(),
    ]
}

/// What `grb-app doctor` and its page look at.
pub fn checks() -> Vec<Check> {
    [
        doctor::checks(),
        ops::doctor::checks(),
        intake::checks(),
        outbox::checks(),
    ]
    .concat()
}

/// Who composes what of the outbox.
fn composers() -> Composers {
    [
        ("account", accounts::letters::compose as outbox::Composer),
        ("burst", alerts::letters::compose),
        ("morning", alerts::letters::compose),
        (observations::telling::KIND, observations::telling::compose),
        (hello::greetings::KIND, hello::greetings::compose),
        (keeping::KIND, keeping::compose),
        (accounts::channels::TRIAL, accounts::channels::compose_trial),
    ]
    .into()
}

/// The areas whose changing requests are counted, visitor by visitor.
fn counted() -> OpenApiRouter<App> {
    let described = OpenApiBuilder::new()
        .info(Info::new("grb-app", env!("CARGO_PKG_VERSION")))
        .build();
    OpenApiRouter::with_openapi(described)
        .merge(web::router())
        .merge(home::router())
        .merge(accounts::router())
        .merge(bursts::router())
        .merge(alerts::router())
        .merge(observations::router())
        .merge(hello::router())
}

/// Those whose are not: a host that catches up pushes hundreds of notices, and has proved who it is.
fn uncounted() -> OpenApiRouter<App> {
    intake::router()
        .merge(ops::router())
        .merge(ops::doctor::routes(checks()))
}

/// All routes inside their shell.
pub fn routes(app: App) -> Router {
    app.outbox.know(composers());
    let counted = counted().layer(slow_down(&app.limits.writes));
    let (routes, api) = counted.merge(uncounted()).split_for_parts();
    let routes = routes.merge(ops::described(api));
    let shell = web::shell(app.clone(), routes);
    let door = web::door::door(&app);
    shell
        .layer(from_fn_with_state(app, accounts::recognize))
        .layer(door)
}

/// What commands of this machine ask for: through the server's socket while it runs, else of a router of their own.
pub fn commands(app: App) -> Router {
    intake::replay::local_routes(app.clone())
        .merge(accounts::local_routes(app.clone()))
        .merge(hello::local_routes(app.clone()))
        .merge(ops::local_routes(app.clone()))
        .merge(ops::doctor::local_routes(app.clone()))
        .merge(outbox::local_routes(app))
}

/// The description of the API (OpenAPI 3.1).
pub fn openapi() -> serde_json::Value {
    ops::openapi(counted().merge(uncounted()).into_openapi())
}

/// Serves until a signal says stop. `settings` are read again when one says so; `beside` is work that runs along, such as a demonstration's night.
pub async fn run(
    app: App,
    settings: Settings,
    beside: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    telemetry::start_counting();
    describe_figures();
    telemetry::log_by(&app.config.log);
    // Before anybody is told that we are there.
    let signals = Signals::listen()?;
    let hangup = signal(SignalKind::hangup())?;
    let tasks = Tasks::default();
    let mut doors = Handed::take()?;
    let listener = doors.bind(app.config.listen).await?;
    let address = listener.local_addr()?;
    let app = app.bound_to(address);
    let tls = encrypt(&app, &tasks)?;
    open_side_doors(&app, &mut doors, &tasks).await?;
    doors.all_taken()?;
    invite_an_officer(&app).await?;
    hear_commands(&app, &tasks);
    start_workers(&app, &tasks);
    // A demonstration is simply cut off at the stop; everything it does goes through transactions.
    let stop = tasks.stopping();
    tasks.run(async move {
        tokio::select! { () = beside => {}, () = stop.cancelled() => {} }
    });
    let reloading = reload_at(hangup, settings, app.clone(), tls.clone());
    let stop = tasks.stopping();
    tasks.run(async move {
        tokio::select! { () = reloading => {}, () = stop.cancelled() => {} }
    });
    let scheme = tls.as_ref().map_or("http", |_| "https");
    let gate = Gate::on(listener)
        .trusting(app.config.trusted_proxies.clone())
        .with_tls(tls);
    let web = gate.serve(routes(app.clone()), tasks.stopping());
    let serving = tokio::spawn(web);
    // The one line that scripts wait for.
    drop(writeln!(
        std::io::stdout(),
        "listening on {scheme}://{address}"
    ));
    notify_ready();
    signals.stop(&tasks).await;
    app.bus.close();
    let finished = tasks.finished().await;
    if tokio::time::timeout(Duration::from_secs(5), serving)
        .await
        .is_err()
    {
        tracing::info!("Connections that sent nothing more were cut off.");
    }
    app.db.close().await;
    anyhow::ensure!(finished, "Some work was cut off at the stop");
    Ok(())
}

/// The one that leads those who come without TLS to the front, and the one for figures.
async fn open_side_doors(app: &App, doors: &mut Handed, tasks: &Tasks) -> anyhow::Result<()> {
    if let Some(address) = app.config.redirect_listen {
        let gate = Gate::on(doors.bind(address).await?);
        tasks.run(gate.serve(web::to_tls(app.config.base_url()), tasks.stopping()));
    }
    if let Some(address) = app.config.metrics_listen {
        let gate = Gate::on(doors.bind(address).await?);
        tasks.run(gate.serve(ops::metrics_only(app.clone()), tasks.stopping()));
    }
    Ok(())
}

/// What the settings say about TLS; where certificates are fetched, that goes on beside.
fn encrypt(app: &App, tasks: &Tasks) -> anyhow::Result<Option<Tls>> {
    let Some(certificates) = &app.config.tls else {
        return Ok(None);
    };
    let (tls, renewal) = Tls::prepare(certificates, &app.config.data_dir)?;
    if let Some(renewal) = renewal {
        tasks.run(tls::renew(app.clone(), renewal, tasks.stopping()));
    }
    Ok(Some(tls))
}

/// Says what the figures of /metrics are.
pub fn describe_figures() {
    telemetry::describe();
    accounts::password::describe();
    hello::describe();
    alerts::describe();
    intake::describe();
    keeping::describe();
    ops::describe();
}

/// Reads the settings and the certificate again at every signal; what is wrong changes nothing.
async fn reload_at(mut hangup: Signal, mut settings: Settings, app: App, tls: Option<Tls>) {
    while hangup.recv().await.is_some() {
        let began = sd_notify::NotifyState::monotonic_usec_now();
        let said = began.map(|at| sd_notify::notify(&[sd_notify::NotifyState::Reloading, at]));
        drop(said);
        match settings.again(|change| take_up(&app, tls.as_ref(), change)) {
            Ok(change) => say_what_changed(&change),
            Err(error) => tracing::error!("The settings stay as they were: {error:#}"),
        }
        notify_ready();
    }
}

/// What may fail comes first.
fn take_up(app: &App, tls: Option<&Tls>, change: &Change) -> anyhow::Result<()> {
    if let Some(tls) = tls {
        tls.reload()?;
    }
    if change.now.iter().any(|key| *key != "log") {
        app.limits.set(&change.config.rates);
    }
    telemetry::log_by(&change.config.log);
    Ok(())
}

fn say_what_changed(change: &Change) {
    let now = match change.now.as_slice() {
        [] => "nothing new".to_owned(),
        keys => format!("{} taken up", keys.join(", ")),
    };
    tracing::info!("The settings, and the certificate where there is one, were read again: {now}.");
    if !change.later.is_empty() {
        let keys = change.later.join(", ");
        tracing::warn!("Changed, but only taken up at the next start: {keys}.");
    }
}

/// Says to whoever reads the log how to become the first officer, at every start until there is one.
async fn invite_an_officer(app: &App) -> anyhow::Result<()> {
    if app.config.demo.is_some() {
        return Ok(());
    }
    if let Some(address) = accounts::invitation(app).await? {
        drop(writeln!(
            std::io::stderr(),
            "This desk has no officer yet. Become the first at {address} (works once, within a day)"
        ));
    }
    Ok(())
}

/// Hears commands of this machine. Without the socket, in a folder whose path is too long for one, only they are worse off.
fn hear_commands(app: &App, tasks: &Tasks) {
    let (commands, stop) = (commands(app.clone()), tasks.stopping());
    match listen::bind_socket(&app.config.data_dir) {
        Ok(socket) => {
            tasks.run(async move { drop(listen::serve_socket(socket, commands, stop).await) });
        }
        Err(error) => tracing::warn!("Commands cannot reach this server: {error:#}."),
    }
}

fn start_workers(app: &App, tasks: &Tasks) {
    app.outbox.know(composers());
    if let Some(kafka) = app.config.kafka.clone() {
        let (desk, stop) = (app.clone(), tasks.stopping());
        tasks.keep("listener", app.health.clone(), move || {
            intake::desk::hear(desk.clone(), kafka.clone(), stop.clone())
        });
    }
    let (desk, stop) = (app.clone(), tasks.stopping());
    tasks.keep("letters", app.health.clone(), move || {
        outbox::letters(desk.clone(), stop.clone())
    });
    let (desk, stop) = (app.clone(), tasks.stopping());
    tasks.keep("pushes", app.health.clone(), move || {
        outbox::pushes(desk.clone(), stop.clone())
    });
    let (desk, stop) = (app.clone(), tasks.stopping());
    tasks.keep("alerts", app.health.clone(), move || {
        alerts::expand(desk.clone(), stop.clone())
    });
    let (desk, stop) = (app.clone(), tasks.stopping());
    tasks.keep("chores", app.health.clone(), move || {
        cron::keep_time(desk.clone(), chores(), stop.clone())
    });
    let (desk, stop) = (app.clone(), tasks.stopping());
    tasks.keep("backups", app.health.clone(), move || {
        keeping::keep(desk.clone(), stop.clone())
    });
    let (desk, stop) = (app.clone(), tasks.stopping());
    tasks.keep("watchdog", app.health.clone(), move || {
        feed_watchdog(desk.clone(), stop.clone())
    });
}

/// Feeds systemd's watchdog for as long as the writer answers.
async fn feed_watchdog(app: App, stop: tokio_util::sync::CancellationToken) -> anyhow::Result<()> {
    let Some(limit) = sd_notify::watchdog_enabled() else {
        stop.cancelled().await;
        return Ok(());
    };
    while !stop.is_cancelled() {
        if app.db.probe().await.is_ok() {
            sd_notify::notify(&[sd_notify::NotifyState::Watchdog])
                .context("Feeding the watchdog")?;
        }
        tokio::select! { () = tokio::time::sleep(limit / 3) => {}, () = stop.cancelled() => {} }
    }
    Ok(())
}

fn notify_ready() {
    // Without systemd there is nobody to tell.
    drop(sd_notify::notify(&[sd_notify::NotifyState::Ready]));
}

/// SIGTERM and SIGINT.
pub struct Signals {
    term: Signal,
    interrupt: Signal,
}

impl Signals {
    pub fn listen() -> anyhow::Result<Self> {
        Ok(Self {
            term: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for one of them.
    pub async fn wait(&mut self) {
        tokio::select! { _ = self.term.recv() => {}, _ = self.interrupt.recv() => {} }
    }

    /// The first begins the stop; a second ends the program at once.
    async fn stop(mut self, tasks: &Tasks) {
        self.wait().await;
        tracing::info!("Stopping. A second signal stops at once.");
        drop(sd_notify::notify(&[sd_notify::NotifyState::Stopping]));
        tasks.stop();
        tokio::spawn(async move {
            self.wait().await;
            std::process::exit(130);
        });
    }
}
