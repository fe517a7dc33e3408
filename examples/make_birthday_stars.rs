//! Makes the table of stars from which the birthday star is chosen: what the eye sees within 200 light-years.
//!
//! ```text
//! curl -sL https://static.crates.io/crates/star-catalog/star-catalog-0.2.0.crate | tar xz
//! npm pack d3-celestial@0.7.35 && tar xzf d3-celestial-0.7.35.tgz
//! cargo run --example make_birthday_stars -- star-catalog-0.2.0/hipparcos_mag7.json package/data/starnames.json assets/sky
//! ```
//!
//! Written: `birthday_stars.tsv`; `assets/sky/README.md` says what its columns are. What was left out is counted at the end.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use grb_app::sky::constellations::{by_abbreviation, constellation};
use grb_app::sky::{Constellation, Equatorial};
use serde_json::Value;

/// What the eye sees at best, V.
const FAINTEST: f64 = 6.5;
/// Nobody's light has gone further, ly.
const FARTHEST: f64 = 200.0;
/// Median standard error of parallaxes of stars brighter than Hp 9, mas: The Hipparcos and Tycho Catalogues, ESA SP-1200 (1997),
/// vol. 1. The data do not say each star's own.
const PARALLAX_ERROR: f64 = 0.97;
/// Light-years in a parsec, times mas in a second of arc.
const LIGHT_YEARS: f64 = 3261.56;
/// Closer than this the eye sees one star, arcsec.
const ONE_TO_THE_EYE: f64 = 60.0;

struct Star {
    hip: u64,
    name: String,
    designation: String,
    position: Equatorial,
    magnitude: f64,
    /// Light-years.
    distance: f64,
    /// How many stars of the catalogue stand at this place.
    count: usize,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [stars, names, to] = arguments.as_slice() else {
        bail!("usage: make_birthday_stars HIPPARCOS_MAG7.JSON STARNAMES.JSON FOLDER_TO_WRITE");
    };
    let all: Value = serde_json::from_str(&fs::read_to_string(stars)?)?;
    let names: Value = serde_json::from_str(&fs::read_to_string(names)?)?;
    let rows = all["stars"].as_array().context("stars")?;
    let all = rows
        .iter()
        .map(|row| star(row, &names))
        .collect::<Result<Vec<_>>>()?;
    let (seen, faint): (Vec<_>, Vec<_>) = all.into_iter().partition(|s| s.magnitude <= FAINTEST);
    let (sound, broken): (Vec<_>, Vec<_>) = seen.into_iter().partition(|s| s.distance > 0.0);
    let (near, far): (Vec<_>, Vec<_>) = sound.into_iter().partition(|s| s.distance <= FARTHEST);
    let single = near.len();
    let stars = joined(near);
    println!(
        "{} fainter than V {FAINTEST}; {} without a positive parallax; {} beyond {FARTHEST} ly; {single} within, at {} places",
        faint.len(),
        broken.len(),
        far.len(),
        stars.len()
    );
    fs::write(Path::new(to).join("birthday_stars.tsv"), table(&stars)?)?;
    Ok(())
}

/// A row of the catalogue: HIP, RA and Dec (rad), light-years, V, B−V.
fn star(row: &Value, names: &Value) -> Result<Star> {
    let number = |i: usize| row[i].as_f64().context("a number");
    let hip = row[0].as_u64().context("HIP")?;
    let known = &names[hip.to_string()];
    let position =
        Equatorial::new(number(1)?.to_degrees(), number(2)?.to_degrees()).context("a place")?;
    Ok(Star {
        hip,
        name: text(known, "name"),
        designation: designation(known).unwrap_or_else(|| format!("HIP {hip}")),
        position,
        distance: number(3)?,
        magnitude: number(4)?,
        count: 1,
    })
}

fn text(known: &Value, key: &str) -> String {
    let text = known[key].as_str().unwrap_or_default();
    text.replace('\u{2009}', " ").trim().to_owned()
}

/// The best known one: a Greek letter, a number, a Latin letter, a variable's letters, a near star's number, the HD's.
fn designation(known: &Value) -> Option<String> {
    let filled = |key: &str| Some(text(known, key)).filter(|text| !text.is_empty());
    let catalogued = || filled("gl").or_else(|| filled("hd"));
    let Some(of) = by_abbreviation(&text(known, "c")) else {
        return catalogued();
    };
    let greek = |letter: &String| letter.chars().next().is_some_and(|c| !c.is_ascii());
    let variable = || filled("var").filter(|name| !name.starts_with("NSV"));
    let within = filled("bayer")
        .filter(greek)
        .or_else(|| filled("flam"))
        .or_else(|| filled("bayer"))
        .or_else(variable);
    within
        .map(|letter| spelled(&letter, of))
        .or_else(catalogued)
}

/// `ο² Eridani`, `V987 Cassiopeiae`.
fn spelled(letter: &str, of: &Constellation) -> String {
    const RAISED: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let parts: Vec<char> = letter.chars().collect();
    let letter = match (parts.as_slice(), letter.strip_prefix("V0")) {
        ([letter, index], _) if letter.is_alphabetic() && index.is_ascii_digit() => {
            let index = index
                .to_digit(10)
                .and_then(|digit| RAISED.get(digit as usize));
            format!("{letter}{}", index.unwrap_or(&' '))
        }
        (_, Some(number)) => format!("V{}", number.trim_start_matches('0')),
        _ => letter.to_owned(),
    };
    format!("{letter} {}", of.genitive)
}

/// The stars by distance, two that the eye sees as one and that belong together made one.
fn joined(mut stars: Vec<Star>) -> Vec<Star> {
    stars.sort_by(|a, b| a.magnitude.total_cmp(&b.magnitude));
    let mut places: Vec<Star> = Vec::new();
    for star in stars {
        let together = |other: &&mut Star| {
            let apart = other.position.separation(star.position) * 3600.0;
            let depth = (other.distance - star.distance).abs();
            apart < ONE_TO_THE_EYE
                && depth < 3.0 * sigma(other.distance).hypot(sigma(star.distance))
        };
        match places.iter_mut().find(together) {
            Some(brighter) => brighter.take(&star),
            None => places.push(star),
        }
    }
    places.sort_by(|a, b| a.distance.total_cmp(&b.distance));
    places
}

impl Star {
    /// Makes the fainter one a part of this; the distance stays the brighter one's.
    fn take(&mut self, fainter: &Self) {
        println!(
            "one to the eye: {} and {}",
            self.designation, fainter.designation
        );
        let light = [self.magnitude, fainter.magnitude].map(|v| 10_f64.powf(-0.4 * v));
        self.magnitude = -2.5 * light.iter().sum::<f64>().log10();
        self.count += 1;
        // α¹ and α² together are α.
        let plain = |text: &str| text.replace(['¹', '²', '³'], "");
        if plain(&self.designation) == plain(&fainter.designation) {
            self.designation = plain(&self.designation);
        } else if self.designation.starts_with("HIP") {
            self.designation.clone_from(&fainter.designation);
        }
    }
}

/// Typical standard error of a distance, ly.
fn sigma(distance: f64) -> f64 {
    distance * distance * PARALLAX_ERROR / LIGHT_YEARS
}

fn table(stars: &[Star]) -> Result<String> {
    let mut table = String::new();
    for star in stars {
        writeln!(
            table,
            "{}\t{}\t{}\t{}\t{:.4}\t{:.4}\t{:.2}\t{:.5}\t{:.5}\t{}",
            star.hip,
            star.name,
            star.designation,
            constellation(star.position).abbreviation,
            star.position.ra,
            star.position.dec,
            star.magnitude,
            star.distance,
            sigma(star.distance),
            star.count
        )?;
    }
    Ok(table)
}
