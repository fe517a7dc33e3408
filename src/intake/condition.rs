//! Whether the desk hears anything, in words.

use crate::bursts::view::ago;
use crate::platform::App;
use crate::platform::health::{Condition, State};

/// How the listener is, with the age of the last heartbeat.
pub fn condition(app: &App) -> Condition {
    if app.config.demo.is_some() {
        return Condition::ok("Hearing a recorded night; nothing real is listened to.");
    }
    let faults = ["login", "broker", "heartbeat", "listener"]
        .into_iter()
        .filter_map(|part| app.health.of(part));
    if let Some(fault) = { faults }.find(|known| known.state == State::Warn) {
        return fault;
    }
    let known = app.health.of("kafka").unwrap_or_else(|| unset(app));
    match app.health.moment("heartbeat") {
        Some(at) if known.state == State::Ok => Condition::ok(format!(
            "{} Last heartbeat {}.",
            known.words,
            ago(at, app.clock.now())
        )),
        _ => known,
    }
}

fn unset(app: &App) -> Condition {
    if app.config.kafka.is_some() {
        return Condition::warn("The listener is starting.", "Wait a moment.");
    }
    if app.config.notice_secret.is_some() {
        return Condition::ok("Notices come from another host that pushes them here.");
    }
    Condition::off(
        "Not listening: no GCN credentials are set.",
        "Make a client at gcn.nasa.gov/quickstart and set gcn_client_id and gcn_client_secret.",
    )
}
