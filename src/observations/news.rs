//! What browsers and members hear of observations, in the transaction of the change.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::json::ObservationJson;
use super::model::Observation;
use super::telling;
use crate::platform::{App, Result, Tx};

const TOPIC: &str = "observations";

/// A new one: browsers hear of it now, those who follow the burst by letter.
pub fn posted(app: &App, tx: &Tx, now: DateTime<Utc>, observation: &Observation) -> Result<()> {
    let json = ObservationJson::from(observation);
    app.bus.append(tx, now, TOPIC, "observation.new", &json)?;
    telling::order_letters(app, tx, now, observation)
}

/// One that was changed, that got a picture or lost one, or that is shown again. Of a hidden one nobody hears.
pub fn changed(app: &App, tx: &Tx, now: DateTime<Utc>, observation: &Observation) -> Result<()> {
    if observation.hidden.is_some() {
        return Ok(());
    }
    let json = ObservationJson::from(observation);
    app.bus.append(tx, now, TOPIC, "observation.updated", &json)
}

/// One that is no longer to be seen.
pub fn gone(app: &App, tx: &Tx, now: DateTime<Utc>, observation: &Observation) -> Result<()> {
    let data = json!({ "id": observation.id, "burst_id": observation.burst_id });
    app.bus.append(tx, now, TOPIC, "observation.deleted", &data)
}
