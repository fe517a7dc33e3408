//! An observation, as every part of this area knows one.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::accounts::Member;
use crate::platform::audit::About;
use crate::sky::Equatorial;

/// What a member saw of a burst, or did not see.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    pub id: i64,
    pub burst_id: i64,
    pub member_id: i64,
    /// The member's name.
    pub observer: String,
    /// Grows with every change, from 1.
    pub revision: i64,
    pub site_id: Option<i64>,
    /// The site's name as it is shown.
    pub site: Option<String>,
    /// Where the telescope pointed.
    pub position: Equatorial,
    /// The position as the member wrote it.
    pub coordinates: String,
    pub system: System,
    pub instrument: String,
    /// Diameter of the field of view, deg.
    pub field_deg: Option<f64>,
    /// When the exposure began.
    pub start: DateTime<Utc>,
    /// From the first to the last photon, s.
    pub exposure: Option<f64>,
    /// A code of [`super::filters`], or what the member wrote.
    pub filter: Option<String>,
    pub photometry: Photometry,
    pub comparison_stars: Option<String>,
    pub notes: Option<String>,
    /// In the middle of the exposure, from the site.
    pub airmass: Option<f64>,
    /// The member was asked about a time before the burst or in the future, and meant it.
    pub time_meant: bool,
    pub hidden: Option<Hidden>,
    pub images: Vec<Image>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// How bright it was.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Photometry {
    pub magnitude: Option<f64>,
    /// One standard deviation.
    pub error: Option<f64>,
    /// What would just have been seen; without a magnitude it says that nothing was.
    pub limit: Option<f64>,
    /// Vega, AB, or what the member wrote.
    pub system: Option<String>,
}

/// Taken from sight by an officer.
#[derive(Debug, Clone, PartialEq)]
pub struct Hidden {
    pub at: DateTime<Utc>,
    pub why: String,
}

/// A picture of an observation; its pixels stay in the database until somebody looks.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    pub id: i64,
    /// What the file was: jpeg, png, gif, webp, fits.
    pub kind: String,
    /// px
    pub width: u32,
    pub height: u32,
    pub thumb_width: u32,
    pub thumb_height: u32,
    pub footprint: Option<Footprint>,
}

/// Where a picture lies on the sky.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Footprint {
    pub centre: Equatorial,
    /// The corners in their order along the border.
    pub corners: Vec<Equatorial>,
}

/// The system in which a position is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum System {
    #[default]
    IcrsJ2000,
    Fk5J2000,
    /// FK4, equinox and epoch B1950.
    B1950,
    Galactic,
    /// True equator and equinox of the time of observation.
    CurrentEquinox,
}

impl System {
    pub const ALL: [Self; 5] = [
        Self::IcrsJ2000,
        Self::Fk5J2000,
        Self::B1950,
        Self::Galactic,
        Self::CurrentEquinox,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::IcrsJ2000 => "icrs_j2000",
            Self::Fk5J2000 => "fk5_j2000",
            Self::B1950 => "b1950",
            Self::Galactic => "galactic",
            Self::CurrentEquinox => "current_equinox",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|system| system.as_str() == text)
    }

    /// As people call it.
    pub fn label(self) -> &'static str {
        match self {
            Self::IcrsJ2000 => "ICRS (J2000)",
            Self::Fk5J2000 => "FK5 J2000",
            Self::B1950 => "B1950 (FK4)",
            Self::Galactic => "Galactic",
            Self::CurrentEquinox => "Current equinox",
        }
    }
}

impl Observation {
    /// One of which nothing is known yet but of which burst it is, and whose.
    pub fn blank(burst: i64, member: i64) -> Self {
        Self {
            id: 0,
            burst_id: burst,
            member_id: member,
            observer: String::new(),
            revision: 1,
            site_id: None,
            site: None,
            position: Equatorial { ra: 0.0, dec: 0.0 },
            coordinates: String::new(),
            system: System::default(),
            instrument: String::new(),
            field_deg: None,
            start: DateTime::UNIX_EPOCH,
            exposure: None,
            filter: None,
            photometry: Photometry::default(),
            comparison_stars: None,
            notes: None,
            airmass: None,
            time_meant: false,
            hidden: None,
            images: Vec::new(),
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    /// The middle of the exposure.
    pub fn middle(&self) -> DateTime<Utc> {
        let half = self.exposure.unwrap_or(0.0) / 2.0;
        let half = TimeDelta::try_milliseconds(to_ms(half)).unwrap_or_default();
        self.start.checked_add_signed(half).unwrap_or(self.start)
    }

    /// Whether this member, or a stranger, may see it: a hidden one is for its owner and for officers.
    pub fn is_seen_by(&self, member: Option<&Member>) -> bool {
        self.hidden.is_none() || member.is_some_and(|member| self.is_of(member))
    }

    /// What it says of which burst, and who says it: without what became of it since.
    pub(super) fn bare(&self) -> Self {
        Self {
            id: 0,
            observer: String::new(),
            revision: 0,
            hidden: None,
            images: Vec::new(),
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
            ..self.clone()
        }
    }

    /// Whether both say the same of the same burst, whatever became of them since.
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.bare() == other.bare()
    }

    /// What it is called on record.
    pub fn about(&self) -> About {
        let name = format!("{}, {}", self.observer, self.instrument);
        About::new("observation", self.id, name)
    }

    /// Whether this member may change or delete it.
    pub fn is_of(&self, member: &Member) -> bool {
        member.officer || member.id == self.member_id
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a float too large saturates"
)]
fn to_ms(seconds: f64) -> i64 {
    (seconds * 1000.0).round() as i64
}
