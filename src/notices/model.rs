//! What a notice says, whatever format it came in.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::sky::Equatorial;

/// The facts of one notice.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    pub format: Format,
    pub mission: Mission,
    /// As the mission writes it: `GBM`, `BAT`, `WXT`.
    pub instrument: Option<String>,
    pub kind: Kind,
    /// GCN's number of the classic notice type, where the notice carries one.
    pub packet_type: Option<u16>,
    /// As written in the notice.
    pub trigger_id: Option<String>,
    pub ivorn: Option<String>,
    pub role: Role,
    pub trigger_time: Option<DateTime<Utc>>,
    pub notice_time: Option<DateTime<Utc>>,
    pub localization: Option<Localization>,
    pub classification: Option<Classification>,
    /// True for what no burst stands behind: test types, test triggers, injections (the rule is in `contract.md`).
    pub test: bool,
    pub retraction: bool,
    /// Why nobody should be told of it although it is real.
    pub suppressed: Option<Suppressed>,
    /// Fermi's own name of the trigger, `bnYYMMDDfff`.
    pub name: Option<String>,
    /// `light_curve`, `map`, `healpix`, …: web addresses the notice gives.
    pub links: BTreeMap<String, String>,
    pub citations: Vec<Citation>,
    pub circular: Option<Circular>,
    /// What else is worth showing, in the notice's order: `("Significance", "5.2 σ")`.
    pub details: Vec<(String, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    Voevent,
    Text,
    Json,
    Circular,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Observation,
    Test,
    Utility,
    Prediction,
}

/// Who observed. The text of each is the name the page shows and the database keeps.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Mission {
    Fermi,
    Swift,
    Svom,
    EinsteinProbe,
    Maxi,
    Integral,
    Gecam,
    Calet,
    Konus,
    Ipn,
    Agile,
    IceCube,
    Amon,
    Hawc,
    Lvk,
    Km3net,
    SuperK,
    Snews,
    Chime,
    Dsa110,
    Boom,
    Moa,
    /// A counterpart that ground observers reported (packet 45), circulars, and whatever else GCN carries.
    Other(String),
}

/// What sort of notice it is, as far as the life of a burst is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A trigger without a position.
    Alert,
    /// A position made on board, by GBM.
    Flight,
    /// A position made on the ground by a program.
    Ground,
    /// The last automatic position, or a human's.
    Final,
    Subthreshold,
    /// The fast first look of Swift's BAT, before its flags are known.
    QuickLook,
    /// A position by a telescope on board (BAT, XRT, UVOT, LAT, ECLAIRs, MXT, WXT …).
    Position,
    /// A better position of the same instrument.
    Update,
    /// The instrument looked and found nothing.
    NoPosition,
    Slew,
    Pointing,
    LightCurve,
    /// Images, spectra and lists.
    Data,
    KnownSource,
    Counterpart,
    Neutrino,
    GravitationalWave,
    FastRadioBurst,
    Supernova,
    /// Optical and other transients: BOOM, MOA, Gaia.
    Transient,
    Circular,
    Retraction,
    Other,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Localization {
    pub position: Equatorial,
    /// The radius as the notice gives it, in deg, whatever containment it means.
    pub error_radius: Option<f64>,
    /// Radius that holds the burst with 90 % probability, systematics included, deg; [`super::containment`] has the rule for each mission.
    pub error_radius_90: Option<f64>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Classification {
    pub most_likely: Class,
    /// 0…1.
    pub probability: Option<f64>,
}

/// What the mission takes the trigger for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Class {
    Grb,
    TerrestrialFlash,
    SolarFlare,
    LocalParticles,
    DistantParticles,
    BelowHorizon,
    UnreliableLocation,
    SoftGammaRepeater,
    KnownSource,
    Transient,
    Undefined,
    /// Others in the notice's own words: `BNS`, `Terrestrial`, `Gold`.
    Other(String),
}

/// Why a notice that is no test should wake nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suppressed {
    LostLock,
    NotAGrb,
    KnownSource,
    Particles,
    SolarFlare,
    TerrestrialFlash,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Citation {
    pub ivorn: String,
    pub cite: Cite,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Cite {
    Followup,
    Supersedes,
    Retraction,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circular {
    pub id: Option<u32>,
    pub subject: String,
    pub submitter: Option<String>,
    pub body: String,
}
