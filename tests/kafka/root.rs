//! The executable in a root with nothing else in it hears a broker that wants a login over TLS. `tests/install/reach` makes the root.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use grb_app::notices::Kind;

use super::crash::notices;
use super::{Bench, body, gbm, topic};

/// Starts `/grb-app` there; the CA lies in the root as `kafka.pem`.
fn start(bench: &Bench, root: &Path, topic: &str) -> Child {
    Command::new("chroot")
        .arg(root)
        .args([
            "/grb-app",
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--data-dir",
            "/data",
        ])
        .env("GRB_KAFKA_BOOTSTRAP", &bench.sasl)
        .env("GRB_KAFKA_SECURITY", "sasl_ssl")
        .env("GRB_KAFKA_CA", "/kafka.pem")
        .env("GRB_KAFKA_TOKEN_URL", &bench.token_url)
        .env("GRB_GCN_CLIENT_ID", &bench.client_id)
        .env("GRB_GCN_CLIENT_SECRET", &bench.client_secret)
        .env("GRB_KAFKA_TOPICS", topic)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_executable_alone_hears_the_broker() {
    let Some(bench) = Bench::found() else { return };
    let Some(root) = std::env::var_os("GRB_TEST_ROOT").map(PathBuf::from) else {
        println!("SKIPPED: no root; run tests/install/reach");
        return;
    };
    let topic = topic("root");
    bench.create_topic(&topic).await;
    bench.publish(&topic, [body(&gbm(1, Kind::Alert, 0))]).await;
    let mut desk = start(&bench, &root, &topic);
    let mut heard = 0;
    for _ in 0..300 {
        heard = notices(&root.join("data"));
        if heard > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    desk.kill().unwrap();
    desk.wait().unwrap();
    assert_eq!(heard, 1, "the notice should be in the database");
}
