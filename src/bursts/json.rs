//! Bursts and notices as the API shows them.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::model::{Burst, Tier, Withdrawal};
use super::store::Heard;
use crate::notices::Role;

/// A burst as the API shows it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Burst)]
pub struct BurstJson {
    pub id: i64,
    pub name: String,
    pub mission: String,
    pub instrument: Option<String>,
    /// As the mission writes it.
    pub trigger_id: Option<String>,
    pub trigger_time: Option<DateTime<Utc>>,
    #[schema(value_type = String, examples("observation"))]
    pub role: Role,
    /// A pointable, B wide, C context, D self-test
    pub tier: Tier,
    /// What the desk takes it for: burst, unlikely, withdrawn, test or context
    pub verdict: &'static str,
    /// Why and since when it is no burst any more.
    pub withdrawn: Option<Withdrawal>,
    pub position: Option<PositionJson>,
    pub classification: Option<ClassJson>,
    pub notice_count: u32,
    /// Addresses that the notices give: light_curve, map, …
    pub links: std::collections::BTreeMap<String, String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A position, ICRS, deg.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Position)]
pub struct PositionJson {
    pub ra: f64,
    pub dec: f64,
    /// As the notice gives it.
    pub error_radius_deg: Option<f64>,
    /// Holds the burst with 90 % probability, systematics included.
    pub error_radius_90_deg: Option<f64>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Classification)]
pub struct ClassJson {
    pub most_likely: String,
    /// 0…1
    pub probability: Option<f64>,
}

impl From<&Burst> for BurstJson {
    fn from(burst: &Burst) -> Self {
        let position = burst.best.as_ref().map(|best| PositionJson {
            ra: best.position.ra,
            dec: best.position.dec,
            error_radius_deg: best.error_radius,
            error_radius_90_deg: best.error_radius_90,
        });
        let class = burst.class.as_ref().map(|class| ClassJson {
            most_likely: class.what.most_likely.to_string(),
            probability: class.what.probability,
        });
        Self {
            id: burst.id,
            name: burst.name(),
            mission: burst.mission.to_string(),
            instrument: burst.instrument().map(str::to_owned),
            trigger_id: burst.trigger_id.clone(),
            trigger_time: burst.trigger_time,
            role: burst.role,
            tier: burst.tier(),
            verdict: burst.verdict().word(),
            withdrawn: burst.withdrawn(),
            position,
            classification: class,
            notice_count: burst.notice_count,
            links: burst.links.clone(),
            created_at: burst.created_at,
            updated_at: burst.updated_at,
        }
    }
}

/// One notice of a burst.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct NoticeJson {
    id: i64,
    format: String,
    mission: String,
    instrument: Option<String>,
    kind: String,
    trigger_id: Option<String>,
    trigger_time: Option<DateTime<Utc>>,
    /// When the mission made it.
    notice_time: Option<DateTime<Utc>>,
    /// When the broker took it.
    kafka_time: Option<DateTime<Utc>>,
    received_at: DateTime<Utc>,
    stored_at: DateTime<Utc>,
    position: Option<PositionJson>,
    classification: Option<ClassJson>,
    retraction: bool,
    suppressed: Option<String>,
    /// The burst was old when this reached us.
    stale: bool,
    subject: Option<String>,
    circular_id: Option<u32>,
    topic: String,
    /// Where its bytes are.
    body: String,
}

impl NoticeJson {
    /// A notice of the burst with this id.
    pub fn new(burst_id: i64, heard: &Heard) -> Self {
        Self {
            id: heard.id,
            format: heard.format.as_str().into(),
            mission: heard.mission.to_string(),
            instrument: heard.instrument.clone(),
            kind: heard.kind.as_str().into(),
            trigger_id: heard.trigger_id.clone(),
            trigger_time: heard.trigger_time,
            notice_time: heard.notice_time,
            kafka_time: heard.kafka_time,
            received_at: heard.received_at,
            stored_at: heard.stored_at,
            position: heard.position.map(|position| PositionJson {
                ra: position.ra,
                dec: position.dec,
                error_radius_deg: heard.error_radius,
                error_radius_90_deg: heard.error_radius_90,
            }),
            classification: heard.class.as_ref().map(|class| ClassJson {
                most_likely: class.most_likely.to_string(),
                probability: class.probability,
            }),
            retraction: heard.retraction,
            suppressed: heard.suppressed.map(|why| why.as_str().into()),
            stale: heard.stale,
            subject: heard.subject.clone(),
            circular_id: heard.circular_id,
            topic: heard.topic.clone(),
            body: format!("/api/bursts/{burst_id}/notices/{}", heard.id),
        }
    }
}
