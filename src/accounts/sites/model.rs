//! A place that a member observes from, and the telescopes that stand there.

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::sky::{self, Horizon};

/// A place that a member observes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    pub id: i64,
    pub member_id: i64,
    pub name: String,
    pub place: sky::Site,
    pub time_zone: Tz,
    pub delivery: Delivery,
    pub telescopes: Vec<Telescope>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Telescope {
    pub id: i64,
    pub name: String,
    /// Diameter of the field of view, deg.
    pub fov_deg: f64,
    /// What it reaches in a usual exposure.
    pub limiting_magnitude: Option<f64>,
}

/// When news that concern a site go out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Delivery {
    /// As the member has chosen for all sites.
    #[default]
    Member,
    Immediate,
    /// In the morning.
    Digest,
    Off,
}

impl Delivery {
    pub const ALL: [Self; 4] = [Self::Member, Self::Immediate, Self::Digest, Self::Off];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Immediate => "immediate",
            Self::Digest => "digest",
            Self::Off => "off",
        }
    }

    /// From the word of [`Delivery::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == word)
    }
}

impl Site {
    /// A site of `member` of which nothing is known yet but what a club's sites have in common.
    pub fn unknown(member: i64, time_zone: Tz) -> Self {
        Self {
            id: 0,
            member_id: member,
            name: String::new(),
            place: sky::Site {
                latitude: 0.0,
                longitude: 0.0,
                elevation: 0.0,
                horizon: Horizon::flat(0.0),
            },
            time_zone,
            delivery: Delivery::default(),
            telescopes: Vec::new(),
        }
    }

    /// The widest field that a telescope here has, deg.
    pub fn widest_field(&self) -> Option<f64> {
        self.telescopes
            .iter()
            .map(|telescope| telescope.fov_deg)
            .max_by(f64::total_cmp)
    }

    /// The minimum altitude, deg, where it is the same all round.
    pub fn min_altitude(&self) -> Option<f64> {
        match self.place.horizon.points() {
            [(_, altitude)] => Some(*altitude),
            _ => None,
        }
    }
}
