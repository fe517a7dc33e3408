//! What is known of a burst, grown one notice at a time; the order in which notices come makes no difference.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::notices::{Circular, Class, Classification, Kind, Mission, Notice, Role, Suppressed};
use crate::sky::{Equatorial, Region};

/// Widest 90 % radius, deg, that counts as pointable: the wide camera of a small telescope can cover it.
pub const POINTABLE: f64 = 1.0;

/// Everything known of one burst.
#[derive(Debug, Clone, PartialEq)]
pub struct Burst {
    pub id: i64,
    pub mission: Mission,
    pub key: String,
    pub trigger_id: Option<String>,
    /// Of the notices without a position, the first by its letters.
    pub first_instrument: Option<String>,
    pub official_name: Option<String>,
    /// The official name of a burst that this one is linked to.
    pub lent_name: Option<String>,
    pub mission_name: Option<String>,
    pub role: Role,
    pub trigger_time: Option<DateTime<Utc>>,
    pub test: bool,
    pub burst_like: bool,
    pub best: Option<Best>,
    pub class: Option<Dated<Classification>>,
    pub was_grb: bool,
    pub confirmed: bool,
    pub doubt: Option<Dated<Suppressed>>,
    pub retracted: Option<Withdrawal>,
    /// An officer's word that it is none; no notice changes that.
    pub by_hand: Option<Withdrawal>,
    pub links: BTreeMap<String, String>,
    pub notice_count: u32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// The best position so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Best {
    pub position: Equatorial,
    /// As given, deg.
    pub error_radius: Option<f64>,
    /// 90 %, systematics included, deg.
    pub error_radius_90: Option<f64>,
    pub kind: Kind,
    pub instrument: Option<String>,
    pub rank: u8,
    pub at: DateTime<Utc>,
}

/// Something that was said at a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Dated<T> {
    pub what: T,
    pub at: DateTime<Utc>,
}

/// Why a burst is none, and since when that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Withdrawal {
    pub at: DateTime<Utc>,
    pub why: String,
}

/// How much a burst asks of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, utoipa::ToSchema)]
pub enum Tier {
    /// Pointable: known to a degree or better.
    A,
    /// A burst somewhere in a wide field.
    B,
    /// Context: gravitational waves, neutrinos, transients, what is no burst.
    C,
    /// A self-test of the chain.
    D,
}

/// What the desk takes it for.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    Test,
    Withdrawn(Withdrawal),
    /// Real, but the mission takes it for something else.
    Unlikely(Class),
    Burst,
    /// Not a gamma-ray burst's kind of event at all.
    Context,
}

impl Tier {
    pub fn letter(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::D => "D",
        }
    }

    pub fn parse(letter: &str) -> Option<Self> {
        [Self::A, Self::B, Self::C, Self::D]
            .into_iter()
            .find(|tier| tier.letter().eq_ignore_ascii_case(letter))
    }
}

impl Verdict {
    /// The word of the API.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Withdrawn(_) => "withdrawn",
            Self::Unlikely(_) => "unlikely",
            Self::Burst => "burst",
            Self::Context => "context",
        }
    }
}

impl Serialize for Tier {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.letter())
    }
}

impl<'de> Deserialize<'de> for Tier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let letter = String::deserialize(deserializer)?;
        Self::parse(&letter).ok_or_else(|| de::Error::custom("no tier"))
    }
}

impl Best {
    /// True where this position is to be used rather than `other`: a better maker, then a later one, then a smaller one.
    fn beats(&self, other: &Self) -> bool {
        let key = |best: &Self| (best.rank, best.at);
        let smaller =
            self.error_radius_90.unwrap_or(f64::MAX) < other.error_radius_90.unwrap_or(f64::MAX);
        key(self) > key(other) || key(self) == key(other) && smaller
    }
}

impl Burst {
    /// A burst of which nothing is known but that `notice`, which reached us at `at`, belongs to it.
    pub fn begin(notice: &Notice, at: DateTime<Utc>) -> Self {
        Self {
            id: 0,
            mission: notice.mission.clone(),
            key: notice.burst_key(),
            trigger_id: None,
            first_instrument: None,
            official_name: None,
            lent_name: None,
            mission_name: None,
            role: notice.role,
            trigger_time: None,
            test: true,
            burst_like: false,
            best: None,
            class: None,
            was_grb: false,
            confirmed: false,
            doubt: None,
            retracted: None,
            by_hand: None,
            links: BTreeMap::new(),
            notice_count: 0,
            created_at: at,
            updated_at: at,
        }
    }

    /// The burst with what `notice` adds, which reached us at `at`.
    #[must_use]
    pub fn with(mut self, notice: &Notice, at: DateTime<Utc>) -> Self {
        let said = notice.notice_time.unwrap_or(at);
        self.notice_count += 1;
        self.created_at = self.created_at.min(at);
        self.updated_at = self.updated_at.max(at);
        // One real notice makes it real, whatever a test was sent under its number.
        self.test &= notice.test;
        self.burst_like |= is_burst_like(notice);
        let time = notice
            .trigger_time
            .filter(|time| is_plausible(*time, notice, at));
        self.trigger_time = [self.trigger_time, time].into_iter().flatten().min();
        self.take_identity(notice);
        self.take_position(notice, said);
        self.take_class(notice, said);
        self.take_doubts(notice, said);
        for (label, url) in &notice.links {
            // A map that is made anew has a new address, always later in the alphabet: v01 after v00.
            let known = self.links.entry(label.clone()).or_default();
            if url > known {
                known.clone_from(url);
            }
        }
        self
    }

    /// The name people use: the official one, else the mission's, else mission and trigger.
    pub fn name(&self) -> String {
        let known = [&self.official_name, &self.lent_name, &self.mission_name];
        let known = known.into_iter().find_map(Option::as_ref);
        known.cloned().unwrap_or_else(|| match &self.trigger_id {
            Some(id) if self.mission == Mission::Lvk => id.clone(),
            Some(id) => format!("{} {id}", self.mission),
            None => format!("{} event", self.mission),
        })
    }

    /// The instrument of the best position, else one that saw it.
    pub fn instrument(&self) -> Option<&str> {
        let best = self.best.as_ref().map(|best| best.instrument.as_deref());
        best.unwrap_or(self.first_instrument.as_deref())
    }

    /// How much it asks of a member. A withdrawn burst keeps the tier that it had.
    pub fn tier(&self) -> Tier {
        let radius = self.best.as_ref().and_then(|best| best.error_radius_90);
        match (self.verdict(), radius) {
            (Verdict::Test, _) => Tier::D,
            (Verdict::Unlikely(_) | Verdict::Context, _) => Tier::C,
            _ if !self.burst_like => Tier::C,
            (_, Some(radius)) if radius <= POINTABLE => Tier::A,
            _ => Tier::B,
        }
    }

    /// What follows from class, doubts and retractions.
    pub fn verdict(&self) -> Verdict {
        if self.test {
            return Verdict::Test;
        }
        if let Some(withdrawal) = self.withdrawn() {
            return Verdict::Withdrawn(withdrawal);
        }
        match self.class.as_ref().map(|class| &class.what.most_likely) {
            Some(class) if self.burst_like && !self.confirmed && is_no_burst(class) => {
                Verdict::Unlikely(class.clone())
            }
            _ if self.burst_like => Verdict::Burst,
            _ => Verdict::Context,
        }
    }

    /// Why it is no burst any more, where it once was one.
    pub fn withdrawn(&self) -> Option<Withdrawal> {
        let said = [&self.retracted, &self.by_hand].into_iter().flatten();
        if let Some(first) = said.min_by_key(|withdrawal| withdrawal.at) {
            return Some(first.clone());
        }
        // A catalogue flag can come from the burst's own first trigger: a telescope that saw it counts more than any flag.
        if self.confirmed {
            return None;
        }
        if let Some(doubt) = &self.doubt {
            return Some(Withdrawal {
                at: doubt.at,
                why: doubt_in_words(doubt.what),
            });
        }
        let class = self
            .class
            .as_ref()
            .filter(|class| self.was_grb && is_no_burst(&class.what.most_likely))?;
        let why = format!(
            "{} took it for a gamma-ray burst at first, then for {}.",
            self.mission,
            class_in_words(&class.what.most_likely)
        );
        Some(Withdrawal { at: class.at, why })
    }

    /// Its place as a circle, where its radius is known.
    pub fn circle(&self) -> Option<Region> {
        let best = self.best.as_ref()?;
        Some(Region::circle(best.position, best.error_radius_90?))
    }

    /// Trigger time, else the arrival of the first notice; never further ahead than clocks may be wrong.
    pub fn sort_time(&self) -> DateTime<Utc> {
        self.trigger_time.unwrap_or(self.created_at)
    }

    /// The burst with a circular filed under it, which may name it or say that it is none.
    #[must_use]
    pub fn with_circular(
        mut self,
        circular: &Circular,
        said: DateTime<Utc>,
        at: DateTime<Utc>,
    ) -> Self {
        self.notice_count += 1;
        self.updated_at = self.updated_at.max(at);
        let named = circular
            .burst_names()
            .into_iter()
            .find(|name| is_official(name));
        // Two circulars may disagree by a letter; the earlier letter is the burst that was found first.
        self.official_name = [self.official_name.take(), named]
            .into_iter()
            .flatten()
            .min();
        self.retracted_by(circular, said)
    }

    /// The burst after a circular that may say of it that it is none.
    #[must_use]
    pub fn retracted_by(mut self, circular: &Circular, said: DateTime<Utc>) -> Self {
        if circular.says_not_a_grb() && self.retracted.as_ref().is_none_or(|known| said < known.at)
        {
            let by = circular.id.map_or_else(
                || "A GCN circular".into(),
                |id| format!("GCN Circular {id}"),
            );
            self.retracted = Some(Withdrawal {
                at: said,
                why: format!("{by}: “{}”.", circular.subject),
            });
        }
        self
    }

    fn take_identity(&mut self, notice: &Notice) {
        if self.trigger_id.is_none()
            || notice.trigger_id < self.trigger_id && notice.trigger_id.is_some()
        {
            self.trigger_id.clone_from(&notice.trigger_id);
        }
        if self.mission_name.is_none() || notice.name.is_some() && notice.name < self.mission_name {
            self.mission_name.clone_from(&notice.name);
        }
        if notice.role == Role::Observation {
            self.role = Role::Observation;
        }
    }

    fn take_position(&mut self, notice: &Notice, said: DateTime<Utc>) {
        let found = notice
            .localization
            .as_ref()
            .filter(|_| notice.locates_burst());
        let Some(found) = found else {
            let seen = [self.first_instrument.take(), notice.instrument.clone()];
            self.first_instrument = seen.into_iter().flatten().min();
            return;
        };
        let best = Best {
            position: found.position,
            error_radius: found.error_radius,
            error_radius_90: found.error_radius_90,
            kind: notice.kind,
            instrument: notice.instrument.clone(),
            rank: rank(notice),
            at: said,
        };
        if self.best.as_ref().is_none_or(|known| best.beats(known)) {
            self.best = Some(best);
        }
    }

    fn take_class(&mut self, notice: &Notice, said: DateTime<Utc>) {
        let Some(class) = &notice.classification else {
            return;
        };
        self.was_grb |= class.most_likely == Class::Grb;
        let latest = self.class.as_ref().is_none_or(|known| {
            (known.at, known.what.most_likely.as_str()) < (said, class.most_likely.as_str())
        });
        if latest {
            self.class = Some(Dated {
                what: class.clone(),
                at: said,
            });
        }
    }

    fn take_doubts(&mut self, notice: &Notice, said: DateTime<Utc>) {
        self.confirmed |= confirms(notice);
        if notice.retraction && self.retracted.as_ref().is_none_or(|known| said < known.at) {
            self.retracted = Some(Withdrawal {
                at: said,
                why: format!("{} withdrew it.", notice.mission),
            });
        }
        let flag = notice.suppressed.filter(|flag| {
            matches!(
                flag,
                Suppressed::LostLock | Suppressed::NotAGrb | Suppressed::KnownSource
            )
        });
        let Some(flag) = flag.filter(|_| notice.kind != Kind::KnownSource) else {
            return;
        };
        let first =
            |known: &Dated<Suppressed>| (said, flag.as_str()) < (known.at, known.what.as_str());
        if self.doubt.as_ref().is_none_or(first) {
            self.doubt = Some(Dated {
                what: flag,
                at: said,
            });
        }
    }
}

/// How good a notice's position is by its maker; the better maker wins whatever the time. The order is that of
/// UVOT, XRT, MXT, the wide coded masks, LAT, then GBM's own steps.
fn rank(notice: &Notice) -> u8 {
    let instrument = notice.instrument.as_deref().unwrap_or_default();
    match (&notice.mission, instrument, notice.kind) {
        (_, _, Kind::Counterpart) => 95,
        (_, "UVOT" | "VT", _) => 90,
        (_, "XRT" | "FXT", _) => 80,
        (_, "MXT", _) => 70,
        (_, "LAT", _) => 50,
        (Mission::Swift, _, Kind::QuickLook) => 55,
        (_, _, Kind::Final) => 40,
        (_, "GBM" | "GRM", Kind::Ground | Kind::Update) => 30,
        (_, "GBM" | "GRM", _) => 20,
        (_, _, Kind::Flight) => 25,
        (_, _, Kind::Ground) => 35,
        (_, _, Kind::Update) => 61,
        _ => 60,
    }
}

fn is_burst_like(notice: &Notice) -> bool {
    use Mission::{Amon, Boom, Chime, Dsa110, Hawc, IceCube, Km3net, Lvk, Moa, Snews, SuperK};
    let observes_bursts = !matches!(
        notice.mission,
        Amon | Boom | Chime | Dsa110 | Hawc | IceCube | Km3net | Lvk | Moa | Snews | SuperK
    );
    let of_a_burst = matches!(
        notice.kind,
        Kind::Alert
            | Kind::Flight
            | Kind::Ground
            | Kind::Final
            | Kind::QuickLook
            | Kind::Position
            | Kind::Update
            | Kind::NoPosition
            | Kind::Counterpart
    );
    observes_bursts && of_a_burst
}

/// True where a telescope, or Fermi's last word, stands behind the burst.
fn confirms(notice: &Notice) -> bool {
    let telescope = matches!(
        notice.instrument.as_deref(),
        Some("XRT" | "UVOT" | "LAT" | "MXT" | "VT" | "FXT")
    );
    let final_word = notice.kind == Kind::Final && notice.mission == Mission::Fermi;
    final_word
        || notice.kind == Kind::Counterpart
        || telescope && notice.kind != Kind::NoPosition && notice.locates_burst()
}

/// True for classes that are surely something else; an unreliable location or an undefined class says nothing yet.
fn is_no_burst(class: &Class) -> bool {
    !matches!(
        class,
        Class::Grb
            | Class::UnreliableLocation
            | Class::Undefined
            | Class::Transient
            | Class::Other(_)
    )
}

/// A class with its article, to stand in a sentence.
pub fn class_in_words(class: &Class) -> String {
    match class {
        Class::Grb => "a gamma-ray burst".into(),
        Class::TerrestrialFlash => "a gamma-ray flash of a thunderstorm on Earth".into(),
        Class::SolarFlare => "a solar flare".into(),
        Class::LocalParticles | Class::DistantParticles => {
            "charged particles around the spacecraft".into()
        }
        Class::BelowHorizon => "something from below the Earth's limb".into(),
        Class::UnreliableLocation => "something it cannot locate yet".into(),
        Class::SoftGammaRepeater => "a magnetar's flare".into(),
        Class::KnownSource => "a source it knows".into(),
        Class::Transient => "a transient source".into(),
        Class::Undefined => "something undefined".into(),
        Class::Other(words) => words.clone(),
    }
}

fn doubt_in_words(doubt: Suppressed) -> String {
    match doubt {
        Suppressed::LostLock => {
            "The star tracker had lost lock, so the source is an artefact of a turning spacecraft."
                .into()
        }
        Suppressed::KnownSource => {
            "The position is that of a source already in the catalogue.".into()
        }
        _ => "The mission itself marks it as not being a gamma-ray burst.".into(),
    }
}

/// A broken clock must not put a burst on top of every list for ever, nor sink a real one.
fn is_plausible(time: DateTime<Utc>, notice: &Notice, at: DateTime<Utc>) -> bool {
    let (day, year) = (TimeDelta::days(1), TimeDelta::days(366));
    let foretold = notice.role == Role::Prediction;
    (foretold || time - at <= day) && (notice.notice_time.is_some() || at - time <= year)
}

/// Fermi's name for a provisional one: `bn221009553` for `GRB 221009.553`.
pub fn mission_name(name: &str) -> String {
    name.replacen("GRB ", "bn", 1).replace('.', "")
}

/// False for the provisional `GRB 221009.553`.
pub fn is_official(name: &str) -> bool {
    !name.contains('.')
}
