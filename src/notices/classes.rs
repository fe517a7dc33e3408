//! GBM's classes of triggers: their numbers, their words in texts and in JSON.

use super::facts;
use super::model::{Class, Classification};

/// The class of a `Most_Likely_Index`.
pub(super) fn of_index(index: u16) -> Class {
    match index {
        1 => Class::UnreliableLocation,
        2 => Class::LocalParticles,
        3 => Class::BelowHorizon,
        4 => Class::Grb,
        5 | 10 => Class::SoftGammaRepeater,
        6 => Class::Transient,
        7 => Class::DistantParticles,
        8 => Class::SolarFlare,
        9 | 11 => Class::KnownSource,
        19 => Class::TerrestrialFlash,
        _ => Class::Undefined,
    }
}

/// The number to write for a class.
pub(super) fn index(class: &Class) -> u16 {
    match class {
        Class::UnreliableLocation => 1,
        Class::LocalParticles => 2,
        Class::BelowHorizon => 3,
        Class::Grb => 4,
        Class::SoftGammaRepeater => 5,
        Class::Transient => 6,
        Class::DistantParticles => 7,
        Class::SolarFlare => 8,
        Class::KnownSource => 9,
        Class::TerrestrialFlash => 19,
        Class::Undefined | Class::Other(_) => 12,
    }
}

/// The class of a text's `MOST_LIKELY` or of a key in a JSON notice's `classification`; a word not known here stays
/// as the notice has it.
pub(super) fn of_words(words: &str) -> Class {
    let letters: String = words
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    match letters.as_str() {
        "grb" => Class::Grb,
        "tgf" => Class::TerrestrialFlash,
        "solarflare" | "sflare" => Class::SolarFlare,
        "localparticles" => Class::LocalParticles,
        "distantparticles" => Class::DistantParticles,
        "belowhorizon" => Class::BelowHorizon,
        "unreliablelocation" | "unreliable" => Class::UnreliableLocation,
        "genericsgr" | "sgr" | "sgr180620" => Class::SoftGammaRepeater,
        "generictransient" | "transient" => Class::Transient,
        "cygx1" | "groj042232" | "knownsource" => Class::KnownSource,
        "undefined" | "undefinedclassification" | "error" => Class::Undefined,
        _ => Class::Other(words.trim().to_owned()),
    }
}

/// The words for a class in a classic text.
pub(super) fn title(class: &Class) -> &str {
    match class {
        Class::TerrestrialFlash => "TGF",
        Class::SolarFlare => "Solar flare",
        Class::LocalParticles => "Local Particles",
        Class::DistantParticles => "Distant Particles",
        Class::BelowHorizon => "Below horizon",
        Class::UnreliableLocation => "Unreliable location",
        Class::SoftGammaRepeater => "Generic SGR",
        Class::KnownSource => "Cyg X-1",
        Class::Transient => "Generic Transient",
        Class::Undefined => "Undefined",
        Class::Grb | Class::Other(_) => class.as_str(),
    }
}

/// The key for a class in a JSON notice.
pub(super) fn json_key(class: &Class) -> String {
    match class {
        Class::Other(word) => word.clone(),
        _ => title(class).to_uppercase().replace(' ', "_"),
    }
}

/// What IceCube calls the neutrinos of a packet type: their grade.
pub(super) fn grade(packet: u16) -> Option<Class> {
    let grade = match packet {
        158 => "HESE",
        169 => "EHE",
        173 => "Gold",
        174 => "Bronze",
        176 => "Cascade",
        _ => return None,
    };
    Some(Class::Other(grade.to_owned()))
}

/// The class with the highest of these probabilities.
pub(super) fn likeliest(classes: &[(String, f64)]) -> Option<Classification> {
    let (class, probability) = classes.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(Classification {
        most_likely: of_words(class),
        probability: Some(*probability).filter(|p| (0.0..=1.0).contains(p)),
    })
}

/// `BNS 95 %, NSBH 5 %`: the classes that have more than a trifle of probability.
pub(super) fn shown(classes: &[(String, f64)]) -> Option<String> {
    let parts: Vec<String> = classes
        .iter()
        .filter(|(_, probability)| *probability >= 0.0005)
        .map(|(class, probability)| format!("{class} {}", facts::percent(*probability)))
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// The classes and probabilities of a text that [`shown`] made.
pub(super) fn of_shown(text: &str) -> Vec<(String, f64)> {
    let parts = text.split(", ").filter_map(|part| {
        let (class, percent) = part.strip_suffix(" %")?.rsplit_once(' ')?;
        Some((class.to_owned(), percent.parse::<f64>().ok()? / 100.0))
    });
    parts.collect()
}
