//! What follows from the facts of a notice in whatever format: is it a test, does it place a burst, should it wake anyone.

use super::model::{Class, Format, Kind, Localization, Mission, Notice, Role, Suppressed};
use super::{containment, links, name};
use crate::sky::Equatorial;

impl Notice {
    /// A notice that says nothing yet, of real observations.
    pub fn new(format: Format, mission: Mission, kind: Kind) -> Self {
        Self {
            format,
            mission,
            instrument: None,
            kind,
            packet_type: None,
            trigger_id: None,
            ivorn: None,
            role: Role::Observation,
            trigger_time: None,
            notice_time: None,
            localization: None,
            classification: None,
            test: false,
            retraction: false,
            suppressed: None,
            name: None,
            links: std::collections::BTreeMap::new(),
            citations: Vec::new(),
            circular: None,
            details: Vec::new(),
        }
    }

    /// True where the position of the notice is one of the burst: `localization` also keeps where the telescope
    /// points or will slew, where it looked and found nothing, and what a withdrawal repeats.
    pub fn locates_burst(&self) -> bool {
        let placed = self.localization.as_ref();
        let bounded = placed.is_some_and(|l| l.error_radius_90.is_some());
        bounded && !self.retraction && kind_locates(self.kind)
    }
}

fn kind_locates(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Flight
            | Kind::Ground
            | Kind::Final
            | Kind::Subthreshold
            | Kind::QuickLook
            | Kind::Position
            | Kind::Update
            | Kind::KnownSource
            | Kind::Counterpart
            | Kind::Neutrino
            | Kind::GravitationalWave
            | Kind::FastRadioBurst
            | Kind::Supernova
            | Kind::Transient
    )
}

/// Where a notice places something, by its numbers in degrees: RA = Dec = 0 and −1, −1 are GCN's ways to say
/// "nowhere", and an error of zero or less is none. `containment` is what the notice states of the radius.
pub(super) fn localization(
    notice: &Notice,
    (ra, dec): (f64, f64),
    radius: Option<f64>,
    stated: Option<containment::Stated>,
) -> Option<Localization> {
    let nowhere = (ra == 0.0 && dec == 0.0) || (ra == -1.0 && dec == -1.0);
    let position = Equatorial::new(ra, dec).filter(|_| !nowhere)?;
    let error_radius = radius.filter(|r| r.is_finite() && *r > 0.0 && *r < 180.0);
    Some(Localization {
        position,
        error_radius,
        error_radius_90: error_radius.and_then(|r| containment::error_radius_90(notice, r, stated)),
    })
}

/// Fills in what follows from the rest: `name`, `test`, `retraction`, `suppressed`.
pub(super) fn settle(notice: &mut Notice, test_type: bool) {
    notice.test |= test_type || is_test(notice);
    notice.retraction |= notice.kind == Kind::Retraction;
    if notice.suppressed.is_none() {
        notice.suppressed = suppressed_by_kind(notice);
    }
    if notice.name.is_none() && has_gbm_name(notice) {
        notice.name = notice.trigger_time.map(name::gbm);
    }
}

fn is_test(notice: &Notice) -> bool {
    // Real sub-threshold triggers carried role "test" until September 2023.
    let role =
        matches!(notice.role, Role::Test | Role::Utility) && notice.kind != Kind::Subthreshold;
    let id = notice.trigger_id.as_deref().unwrap_or_default();
    let mock = notice.mission == Mission::Lvk && id.starts_with('M');
    role || mock || id == "99999"
}

fn has_gbm_name(notice: &Notice) -> bool {
    let kind = matches!(
        notice.kind,
        Kind::Alert | Kind::Flight | Kind::Ground | Kind::Final
    );
    let gbm = notice.mission == Mission::Fermi && notice.instrument.as_deref() == Some("GBM");
    gbm && kind && !notice.test
}

fn suppressed_by_kind(notice: &Notice) -> Option<Suppressed> {
    if notice.kind == Kind::KnownSource {
        return Some(Suppressed::KnownSource);
    }
    match notice.classification.as_ref()?.most_likely {
        Class::LocalParticles | Class::DistantParticles => Some(Suppressed::Particles),
        Class::SolarFlare => Some(Suppressed::SolarFlare),
        Class::TerrestrialFlash => Some(Suppressed::TerrestrialFlash),
        Class::SoftGammaRepeater | Class::KnownSource => Some(Suppressed::KnownSource),
        _ => None,
    }
}

/// GBM's final notice links the picture of its map alone; the map itself lies beside it.
pub(super) fn derive_healpix(notice: &mut Notice) {
    let gbm = notice.mission == Mission::Fermi && notice.instrument.as_deref() == Some("GBM");
    if !gbm || notice.links.contains_key("healpix") {
        return;
    }
    let map = notice.links.get("map");
    if let Some(address) = map.and_then(|map| links::gbm_healpix(map)) {
        notice.links.insert("healpix".to_owned(), address);
    }
}
