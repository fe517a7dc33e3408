//! Bursts and notices as rows of the database.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use rusqlite::Row;
use rusqlite::types::Value;

use super::model::{Best, Burst, Dated, Withdrawal};
use super::store::Arrival;
use crate::notices::{Class, Classification, Format, Kind, Mission, Notice, Role, Suppressed};
use crate::platform::Result;
use crate::sky::Equatorial;

/// A notice as it is kept, without its bytes.
#[derive(Debug, Clone)]
pub struct Heard {
    pub id: i64,
    pub format: Format,
    pub mission: Mission,
    pub instrument: Option<String>,
    pub kind: Kind,
    pub trigger_id: Option<String>,
    pub role: Role,
    pub trigger_time: Option<DateTime<Utc>>,
    pub notice_time: Option<DateTime<Utc>>,
    pub position: Option<Equatorial>,
    pub error_radius: Option<f64>,
    pub error_radius_90: Option<f64>,
    pub class: Option<Classification>,
    pub suppressed: Option<Suppressed>,
    pub retraction: bool,
    pub stale: bool,
    pub details: Vec<(String, String)>,
    pub circular_id: Option<u32>,
    pub subject: Option<String>,
    pub submitter: Option<String>,
    pub topic: String,
    pub kafka_time: Option<DateTime<Utc>>,
    pub received_at: DateTime<Utc>,
    pub stored_at: DateTime<Utc>,
}

/// The columns of a burst.
const BURST: &str = "id, mission, key, trigger_id, first_instrument, official_name, mission_name, role, trigger_time, test, \
    burst_like, ra, dec, error_radius, error_radius_90, position_kind, position_instrument, position_rank, position_time, class, class_probability, \
    class_time, was_grb, confirmed, doubt, doubt_time, retracted_why, retracted_time, hand_why, hand_time, links, notice_count, created_at, updated_at";

/// The columns that [`heard`] reads.
pub(super) const NOTICE: &str = "id, format, mission, instrument, kind, trigger_id, role, trigger_time, notice_time, ra, dec, \
    error_radius, error_radius_90, class, class_probability, suppressed, retraction, stale, details, circular_id, subject, submitter, \
    topic, kafka_time, received_at, stored_at";

/// What [`burst`] reads: the columns, and the name that a linked burst lends.
pub(super) static SELECT: LazyLock<String> = LazyLock::new(|| {
    let lent = "(select min(other.official_name) from burst_links join bursts other on other.id = other_id where burst_id = bursts.id)";
    format!("{BURST}, {lent} as lent_name")
});

/// What [`values`] gives beside the columns of [`BURST`]: derived, for filters and sorting.
const DERIVED: [&str; 2] = ["sort_time", "tier"];

pub(super) static INSERT_BURST: LazyLock<String> = LazyLock::new(|| {
    let columns: Vec<&str> = written().filter(|column| *column != "id").collect();
    format!(
        "insert into bursts ({}) values (:{})",
        columns.join(", "),
        columns.join(", :")
    )
});

pub(super) static UPDATE_BURST: LazyLock<String> = LazyLock::new(|| {
    let changes: Vec<String> = written()
        .filter(|column| *column != "id")
        .map(|column| format!("{column} = :{column}"))
        .collect();
    format!("update bursts set {} where id = :id", changes.join(", "))
});

pub(super) static INSERT_NOTICE: LazyLock<String> = LazyLock::new(|| {
    let columns: Vec<&str> = NOTICE
        .split(", ")
        .map(str::trim)
        .filter(|column| *column != "id")
        .chain(["hash", "burst_id", "packet_type", "ivorn", "test"])
        .collect();
    format!(
        "insert into notices ({}) values (:{})",
        columns.join(", "),
        columns.join(", :")
    )
});

fn written() -> impl Iterator<Item = &'static str> {
    BURST.split(", ").map(str::trim).chain(DERIVED)
}

/// A time from the database.
pub(super) fn time(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

pub(super) fn burst(row: &Row<'_>) -> rusqlite::Result<Burst> {
    let text = |column: &str| row.get::<_, Option<String>>(column);
    let at = |column: &str| {
        row.get::<_, Option<i64>>(column)
            .map(|micros| micros.map(time))
    };
    let doubt = text("doubt")?.and_then(|text| Suppressed::parse(&text));
    Ok(Burst {
        id: row.get("id")?,
        mission: Mission::parse(&row.get::<_, String>("mission")?),
        key: row.get("key")?,
        trigger_id: text("trigger_id")?,
        first_instrument: text("first_instrument")?,
        lent_name: text("lent_name")?,
        official_name: text("official_name")?,
        mission_name: text("mission_name")?,
        role: Role::parse(&row.get::<_, String>("role")?).unwrap_or(Role::Observation),
        trigger_time: at("trigger_time")?,
        test: row.get("test")?,
        burst_like: row.get("burst_like")?,
        best: best(row)?,
        class: class(row)?
            .zip(at("class_time")?)
            .map(|(what, at)| Dated { what, at }),
        was_grb: row.get("was_grb")?,
        confirmed: row.get("confirmed")?,
        doubt: doubt
            .zip(at("doubt_time")?)
            .map(|(what, at)| Dated { what, at }),
        retracted: text("retracted_why")?
            .zip(at("retracted_time")?)
            .map(|(why, at)| Withdrawal { at, why }),
        by_hand: text("hand_why")?
            .zip(at("hand_time")?)
            .map(|(why, at)| Withdrawal { at, why }),
        links: serde_json::from_str(&row.get::<_, String>("links")?).unwrap_or_default(),
        notice_count: row.get("notice_count")?,
        created_at: time(row.get("created_at")?),
        updated_at: time(row.get("updated_at")?),
    })
}

fn best(row: &Row<'_>) -> rusqlite::Result<Option<Best>> {
    let (Some(position), Some(at)) = (position(row)?, row.get::<_, Option<i64>>("position_time")?)
    else {
        return Ok(None);
    };
    Ok(Some(Best {
        position,
        error_radius: row.get("error_radius")?,
        error_radius_90: row.get("error_radius_90")?,
        kind: Kind::parse(&row.get::<_, String>("position_kind")?).unwrap_or(Kind::Other),
        instrument: row.get("position_instrument")?,
        rank: row.get("position_rank")?,
        at: time(at),
    }))
}

fn position(row: &Row<'_>) -> rusqlite::Result<Option<Equatorial>> {
    let (ra, dec): (Option<f64>, Option<f64>) = (row.get("ra")?, row.get("dec")?);
    Ok(ra.zip(dec).and_then(|(ra, dec)| Equatorial::new(ra, dec)))
}

fn class(row: &Row<'_>) -> rusqlite::Result<Option<Classification>> {
    let class: Option<String> = row.get("class")?;
    let probability = row.get("class_probability")?;
    Ok(class.map(|text| Classification {
        most_likely: Class::parse(&text),
        probability,
    }))
}

pub(super) fn heard(row: &Row<'_>) -> rusqlite::Result<Heard> {
    let text = |column: &str| row.get::<_, String>(column);
    let at = |column: &str| {
        row.get::<_, Option<i64>>(column)
            .map(|micros| micros.map(time))
    };
    Ok(Heard {
        id: row.get("id")?,
        format: Format::parse(&text("format")?).unwrap_or(Format::Voevent),
        mission: Mission::parse(&text("mission")?),
        instrument: row.get("instrument")?,
        kind: Kind::parse(&text("kind")?).unwrap_or(Kind::Other),
        trigger_id: row.get("trigger_id")?,
        role: Role::parse(&text("role")?).unwrap_or(Role::Observation),
        trigger_time: at("trigger_time")?,
        notice_time: at("notice_time")?,
        position: position(row)?,
        error_radius: row.get("error_radius")?,
        error_radius_90: row.get("error_radius_90")?,
        class: class(row)?,
        suppressed: row
            .get::<_, Option<String>>("suppressed")?
            .and_then(|text| Suppressed::parse(&text)),
        retraction: row.get("retraction")?,
        stale: row.get("stale")?,
        details: serde_json::from_str(&text("details")?).unwrap_or_default(),
        circular_id: row.get("circular_id")?,
        subject: row.get("subject")?,
        submitter: row.get("submitter")?,
        topic: row.get("topic")?,
        kafka_time: at("kafka_time")?,
        received_at: time(row.get("received_at")?),
        stored_at: time(row.get("stored_at")?),
    })
}

type Values = Vec<(&'static str, Value)>;

/// The burst's columns, named, ready for [`INSERT_BURST`] and [`UPDATE_BURST`].
pub(super) fn values(burst: &Burst) -> Values {
    let (best, class) = (burst.best.as_ref(), burst.class.as_ref());
    let mut values = vec![
        (":mission", burst.mission.as_str().to_owned().into()),
        (":key", burst.key.clone().into()),
        (":trigger_id", burst.trigger_id.clone().into()),
        (":first_instrument", burst.first_instrument.clone().into()),
        (":official_name", burst.official_name.clone().into()),
        (":mission_name", burst.mission_name.clone().into()),
        (":role", burst.role.as_str().to_owned().into()),
        (":trigger_time", micros(burst.trigger_time)),
        (":sort_time", burst.sort_time().timestamp_micros().into()),
        (":tier", burst.tier().letter().to_owned().into()),
        (":test", burst.test.into()),
        (":burst_like", burst.burst_like.into()),
        (":ra", best.map(|best| best.position.ra).into()),
        (":dec", best.map(|best| best.position.dec).into()),
        (
            ":error_radius",
            best.and_then(|best| best.error_radius).into(),
        ),
        (
            ":error_radius_90",
            best.and_then(|best| best.error_radius_90).into(),
        ),
        (
            ":position_kind",
            best.map(|best| best.kind.as_str().to_owned()).into(),
        ),
        (
            ":position_instrument",
            best.and_then(|best| best.instrument.clone()).into(),
        ),
        (
            ":position_rank",
            best.map_or(0, |best| i64::from(best.rank)).into(),
        ),
        (":position_time", micros(best.map(|best| best.at))),
        (
            ":class",
            class
                .map(|class| class.what.most_likely.as_str().to_owned())
                .into(),
        ),
        (
            ":class_probability",
            class.and_then(|class| class.what.probability).into(),
        ),
        (":class_time", micros(class.map(|class| class.at))),
        (":was_grb", burst.was_grb.into()),
        (":confirmed", burst.confirmed.into()),
        (
            ":doubt",
            burst
                .doubt
                .as_ref()
                .map(|doubt| doubt.what.as_str().to_owned())
                .into(),
        ),
        (
            ":doubt_time",
            micros(burst.doubt.as_ref().map(|doubt| doubt.at)),
        ),
        (
            ":retracted_why",
            burst
                .retracted
                .as_ref()
                .map(|known| known.why.clone())
                .into(),
        ),
        (
            ":retracted_time",
            micros(burst.retracted.as_ref().map(|known| known.at)),
        ),
        (
            ":hand_why",
            burst.by_hand.as_ref().map(|known| known.why.clone()).into(),
        ),
        (
            ":hand_time",
            micros(burst.by_hand.as_ref().map(|known| known.at)),
        ),
        (
            ":links",
            serde_json::to_string(&burst.links)
                .unwrap_or_else(|_| "{}".into())
                .into(),
        ),
        (":notice_count", i64::from(burst.notice_count).into()),
        (":created_at", burst.created_at.timestamp_micros().into()),
        (":updated_at", burst.updated_at.timestamp_micros().into()),
    ];
    if burst.id != 0 {
        values.push((":id", burst.id.into()));
    }
    values
}

/// The notice's columns, named, ready for [`INSERT_NOTICE`].
pub(super) fn notice_values(
    notice: &Notice,
    arrival: &Arrival,
    burst_id: Option<i64>,
    stale: bool,
    now: DateTime<Utc>,
) -> Result<Values> {
    let (place, class, circular) = (
        notice.localization.as_ref(),
        notice.classification.as_ref(),
        notice.circular.as_ref(),
    );
    Ok(vec![
        (":hash", arrival.hash.to_vec().into()),
        (":burst_id", burst_id.into()),
        (":format", notice.format.as_str().to_owned().into()),
        (":mission", notice.mission.as_str().to_owned().into()),
        (":instrument", notice.instrument.clone().into()),
        (":kind", notice.kind.as_str().to_owned().into()),
        (":packet_type", notice.packet_type.into()),
        (":trigger_id", notice.trigger_id.clone().into()),
        (":ivorn", notice.ivorn.clone().into()),
        (":role", notice.role.as_str().to_owned().into()),
        (":trigger_time", micros(notice.trigger_time)),
        (":notice_time", micros(notice.notice_time)),
        (":ra", place.map(|place| place.position.ra).into()),
        (":dec", place.map(|place| place.position.dec).into()),
        (
            ":error_radius",
            place.and_then(|place| place.error_radius).into(),
        ),
        (
            ":error_radius_90",
            place.and_then(|place| place.error_radius_90).into(),
        ),
        (
            ":class",
            class
                .map(|class| class.most_likely.as_str().to_owned())
                .into(),
        ),
        (
            ":class_probability",
            class.and_then(|class| class.probability).into(),
        ),
        (
            ":suppressed",
            notice.suppressed.map(|why| why.as_str().to_owned()).into(),
        ),
        (":retraction", notice.retraction.into()),
        (":test", notice.test.into()),
        (":stale", stale.into()),
        (":details", serde_json::to_string(&notice.details)?.into()),
        (
            ":circular_id",
            circular.and_then(|circular| circular.id).into(),
        ),
        (
            ":subject",
            circular.map(|circular| circular.subject.clone()).into(),
        ),
        (
            ":submitter",
            circular
                .and_then(|circular| circular.submitter.clone())
                .into(),
        ),
        (":topic", arrival.topic.clone().into()),
        (":kafka_time", micros(arrival.kafka_time)),
        (
            ":received_at",
            arrival.received_at.timestamp_micros().into(),
        ),
        (":stored_at", now.timestamp_micros().into()),
    ])
}

fn micros(at: Option<DateTime<Utc>>) -> Value {
    at.map(|at| at.timestamp_micros()).into()
}
