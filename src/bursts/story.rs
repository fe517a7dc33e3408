//! What happened, in a sentence or two that a stranger understands.

use super::model::{Burst, Verdict, class_in_words};
use crate::notices::{Class, Kind, Mission};
use crate::sky::{angle_words as angle, constellation};

/// The burst in one or two sentences.
pub fn story(burst: &Burst) -> String {
    let maker = maker(burst);
    match burst.verdict() {
        Verdict::Test => format!(
            "A self-test of {maker}: nothing happened in the sky. It shows that notices reach this desk."
        ),
        Verdict::Withdrawn(_) if !burst.burst_like && burst.retracted.is_some() => {
            format!("{} reported something and took it back.", capital(&maker))
        }
        Verdict::Withdrawn(_) if !burst.burst_like => {
            format!(
                "{} reported something and it turned out to be nothing.",
                capital(&maker)
            )
        }
        Verdict::Withdrawn(_) => format!(
            "{} reported a gamma-ray burst and it turned out to be none.",
            capital(&maker)
        ),
        Verdict::Unlikely(class) => {
            format!(
                "{} triggered, most likely on {}, not on a gamma-ray burst.",
                capital(&maker),
                class_in_words(&class)
            )
        }
        Verdict::Context => format!("{} {}", context(burst), place(burst))
            .trim_end()
            .to_owned(),
        Verdict::Burst => format!("{} {}", what(burst, &maker), place(burst)),
    }
}

/// A few words for a list: `Gamma-ray burst, 87 %`.
pub fn what_in_short(burst: &Burst) -> String {
    let class = burst.class.as_ref().map(|class| &class.what);
    match (burst.verdict(), class) {
        (Verdict::Test, _) => "Self-test".into(),
        (Verdict::Context, _) => capital(context(burst).trim_end_matches('.')),
        (Verdict::Burst, Some(class)) if class.most_likely == Class::Grb => {
            format!("Gamma-ray burst{}", percent(class.probability))
        }
        (Verdict::Burst, Some(class)) if !burst.confirmed => {
            capital(strip_article(&class_in_words(&class.most_likely)))
        }
        (Verdict::Burst, _) => "Gamma-ray burst".into(),
        (_, Some(class)) => format!(
            "{}{}",
            capital(strip_article(&class_in_words(&class.most_likely))),
            percent(class.probability)
        ),
        (Verdict::Withdrawn(_), None) => "No gamma-ray burst".into(),
        (Verdict::Unlikely(_), None) => "No gamma-ray burst".into(),
    }
}

/// Mission and instrument: `Swift BAT`.
pub fn seen_by(burst: &Burst) -> String {
    [Some(burst.mission.as_str()), burst.instrument()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
}

/// `, 87 %`, where there is a probability.
pub fn percent(probability: Option<f64>) -> String {
    probability
        .map(|p| format!(", {:.0} %", p * 100.0))
        .unwrap_or_default()
}

/// The text with its first letter large.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

fn strip_article(text: &str) -> &str {
    text.strip_prefix("a ").unwrap_or(text)
}

/// `Swift's BAT`
fn maker(burst: &Burst) -> String {
    let mission = burst.mission.as_str();
    let possessive = if mission.ends_with('s') {
        format!("{mission}’")
    } else {
        format!("{mission}’s")
    };
    // A telescope that turned there afterwards did not catch it.
    let turned = matches!(
        burst.instrument(),
        Some("XRT" | "UVOT" | "MXT" | "VT" | "FXT" | "LAT")
    );
    match burst.instrument().filter(|_| !turned) {
        Some(instrument) if instrument != mission => format!("{possessive} {instrument}"),
        _ => mission.to_owned(),
    }
}

fn what(burst: &Burst, maker: &str) -> String {
    let maker = capital(maker);
    let sure = burst.confirmed || burst.was_grb;
    match burst.class.as_ref().map(|class| &class.what.most_likely) {
        Some(Class::UnreliableLocation) if !sure => format!(
            "{maker} triggered on something it cannot locate yet; it may be a gamma-ray burst."
        ),
        None if burst.mission == Mission::Fermi && !sure => {
            format!("{maker} has just triggered; whether it is a gamma-ray burst is not known yet.")
        }
        Some(Class::Undefined | Class::Transient | Class::Other(_)) if !sure => {
            format!("{maker} saw something that may be a gamma-ray burst.")
        }
        _ => format!("{maker} caught a gamma-ray burst."),
    }
}

fn context(burst: &Burst) -> &'static str {
    match (
        &burst.mission,
        burst.class.as_ref().map(|class| &class.what.most_likely),
    ) {
        (_, Some(Class::KnownSource)) => "A known source has flared up.",
        (Mission::Maxi, _) => "An X-ray source has flared up.",
        (Mission::Lvk, _) => "Gravitational waves passed the Earth.",
        (Mission::IceCube | Mission::Km3net | Mission::Amon, _) => {
            "A high-energy neutrino was caught."
        }
        (Mission::SuperK | Mission::Snews, _) => "A watch for supernova neutrinos spoke up.",
        (Mission::Chime | Mission::Dsa110, _) => "A fast radio burst was heard.",
        (Mission::Hawc, _) => "A burst of very-high-energy gamma rays was seen.",
        (Mission::Boom | Mission::Moa, _) => "Something in the sky has brightened.",
        (Mission::Fermi, _) => "A weak signal was found in the data afterwards.",
        _ => "A notice about the sky.",
    }
}

fn place(burst: &Burst) -> String {
    let Some(best) = &burst.best else {
        return if burst.burst_like {
            "Where it was is not known yet.".into()
        } else {
            String::new()
        };
    };
    let constellation = constellation(best.position).name;
    let early = if best.kind == Kind::Flight {
        ", by a first rough look"
    } else {
        ""
    };
    match best.error_radius_90 {
        Some(radius) if radius <= 1.0 => {
            format!("It lies in {constellation}, known to {}.", angle(radius))
        }
        Some(radius) if radius <= 10.0 => format!(
            "It lies within {} of a spot in {constellation}{early}.",
            angle(radius)
        ),
        Some(radius) => format!(
            "It lies somewhere within {} of {constellation}{early}.",
            angle(radius)
        ),
        None => format!("It lies in {constellation}; how well that is known was not said."),
    }
}
