//! The words in which missions, kinds, classes and reasons are shown and kept, and the way back from the words.

use std::fmt;

use serde::{Serialize, Serializer};

use super::model::{Cite, Class, Format, Kind, Mission, Role, Suppressed};

impl Mission {
    const NAMED: [Mission; 22] = [
        Mission::Fermi,
        Mission::Swift,
        Mission::Svom,
        Mission::EinsteinProbe,
        Mission::Maxi,
        Mission::Integral,
        Mission::Gecam,
        Mission::Calet,
        Mission::Konus,
        Mission::Ipn,
        Mission::Agile,
        Mission::IceCube,
        Mission::Amon,
        Mission::Hawc,
        Mission::Lvk,
        Mission::Km3net,
        Mission::SuperK,
        Mission::Snews,
        Mission::Chime,
        Mission::Dsa110,
        Mission::Boom,
        Mission::Moa,
    ];

    pub fn as_str(&self) -> &str {
        match self {
            Mission::Fermi => "Fermi",
            Mission::Swift => "Swift",
            Mission::Svom => "SVOM",
            Mission::EinsteinProbe => "Einstein Probe",
            Mission::Maxi => "MAXI",
            Mission::Integral => "INTEGRAL",
            Mission::Gecam => "GECAM",
            Mission::Calet => "CALET",
            Mission::Konus => "Konus-Wind",
            Mission::Ipn => "IPN",
            Mission::Agile => "AGILE",
            Mission::IceCube => "IceCube",
            Mission::Amon => "AMON",
            Mission::Hawc => "HAWC",
            Mission::Lvk => "LVK",
            Mission::Km3net => "KM3NeT",
            Mission::SuperK => "Super-Kamiokande",
            Mission::Snews => "SNEWS",
            Mission::Chime => "CHIME",
            Mission::Dsa110 => "DSA-110",
            Mission::Boom => "BOOM",
            Mission::Moa => "MOA",
            Mission::Other(name) => name,
        }
    }

    /// The mission of this name, in whatever case; a name of no mission known here becomes [`Mission::Other`].
    pub fn parse(text: &str) -> Self {
        let named = |m: &&Mission| m.as_str().eq_ignore_ascii_case(text);
        match Self::NAMED.iter().find(named) {
            Some(mission) => mission.clone(),
            None => Mission::Other(text.to_owned()),
        }
    }
}

impl Class {
    const NAMED: [Class; 11] = [
        Class::Grb,
        Class::TerrestrialFlash,
        Class::SolarFlare,
        Class::LocalParticles,
        Class::DistantParticles,
        Class::BelowHorizon,
        Class::UnreliableLocation,
        Class::SoftGammaRepeater,
        Class::KnownSource,
        Class::Transient,
        Class::Undefined,
    ];

    pub fn as_str(&self) -> &str {
        match self {
            Class::Grb => "GRB",
            Class::TerrestrialFlash => "terrestrial gamma-ray flash",
            Class::SolarFlare => "solar flare",
            Class::LocalParticles => "local particles",
            Class::DistantParticles => "distant particles",
            Class::BelowHorizon => "below the horizon",
            Class::UnreliableLocation => "unreliable location",
            Class::SoftGammaRepeater => "soft gamma repeater",
            Class::KnownSource => "known source",
            Class::Transient => "transient",
            Class::Undefined => "undefined",
            Class::Other(word) => word,
        }
    }

    /// The class of this name; other words become [`Class::Other`].
    pub fn parse(text: &str) -> Self {
        let named = |c: &&Class| c.as_str() == text;
        match Self::NAMED.iter().find(named) {
            Some(class) => class.clone(),
            None => Class::Other(text.to_owned()),
        }
    }
}

impl Kind {
    const ALL: [Kind; 23] = [
        Kind::Alert,
        Kind::Flight,
        Kind::Ground,
        Kind::Final,
        Kind::Subthreshold,
        Kind::QuickLook,
        Kind::Position,
        Kind::Update,
        Kind::NoPosition,
        Kind::Slew,
        Kind::Pointing,
        Kind::LightCurve,
        Kind::Data,
        Kind::KnownSource,
        Kind::Counterpart,
        Kind::Neutrino,
        Kind::GravitationalWave,
        Kind::FastRadioBurst,
        Kind::Supernova,
        Kind::Transient,
        Kind::Circular,
        Kind::Retraction,
        Kind::Other,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Alert => "alert",
            Kind::Flight => "flight",
            Kind::Ground => "ground",
            Kind::Final => "final",
            Kind::Subthreshold => "subthreshold",
            Kind::QuickLook => "quick_look",
            Kind::Position => "position",
            Kind::Update => "update",
            Kind::NoPosition => "no_position",
            Kind::Slew => "slew",
            Kind::Pointing => "pointing",
            Kind::LightCurve => "light_curve",
            Kind::Data => "data",
            Kind::KnownSource => "known_source",
            Kind::Counterpart => "counterpart",
            Kind::Neutrino => "neutrino",
            Kind::GravitationalWave => "gravitational_wave",
            Kind::FastRadioBurst => "fast_radio_burst",
            Kind::Supernova => "supernova",
            Kind::Transient => "transient",
            Kind::Circular => "circular",
            Kind::Retraction => "retraction",
            Kind::Other => "other",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl Suppressed {
    const ALL: [Suppressed; 6] = [
        Suppressed::LostLock,
        Suppressed::NotAGrb,
        Suppressed::KnownSource,
        Suppressed::Particles,
        Suppressed::SolarFlare,
        Suppressed::TerrestrialFlash,
    ];

    /// The reason as an officer reads it.
    pub fn as_str(self) -> &'static str {
        match self {
            Suppressed::LostLock => "Swift's star tracker had lost lock",
            Suppressed::NotAGrb => "the mission says that it is not a GRB",
            Suppressed::KnownSource => "a known source",
            Suppressed::Particles => "particles near the spacecraft",
            Suppressed::SolarFlare => "a solar flare",
            Suppressed::TerrestrialFlash => "a terrestrial gamma-ray flash",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|why| why.as_str() == text)
    }
}

impl Format {
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Voevent => "voevent",
            Format::Text => "text",
            Format::Json => "json",
            Format::Circular => "circular",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        let all = [
            Format::Voevent,
            Format::Text,
            Format::Json,
            Format::Circular,
        ];
        all.into_iter().find(|format| format.as_str() == text)
    }
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Observation => "observation",
            Role::Test => "test",
            Role::Utility => "utility",
            Role::Prediction => "prediction",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        let all = [
            Role::Observation,
            Role::Test,
            Role::Utility,
            Role::Prediction,
        ];
        all.into_iter().find(|role| role.as_str() == text)
    }
}

impl Cite {
    pub fn as_str(self) -> &'static str {
        match self {
            Cite::Followup => "followup",
            Cite::Supersedes => "supersedes",
            Cite::Retraction => "retraction",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        let all = [Cite::Followup, Cite::Supersedes, Cite::Retraction];
        all.into_iter().find(|cite| cite.as_str() == text)
    }
}

impl fmt::Display for Mission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Suppressed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Mission {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for Class {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for Suppressed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
