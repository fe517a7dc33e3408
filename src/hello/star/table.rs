//! The stars that the eye sees within 200 light-years, by their distance.

use std::sync::LazyLock;

use crate::sky::constellations::by_abbreviation;
use crate::sky::{Constellation, Equatorial};

/// A place in the sky where the eye sees one star.
#[derive(Debug, Clone, PartialEq)]
pub struct Star {
    /// Number in the Hipparcos catalogue, of the brighter one where there are two.
    pub hip: u32,
    /// A name of its own; often empty.
    pub name: &'static str,
    /// Such as `γ Leporis`, `61 Cygni`, `GJ 783A`, `HD 102365`.
    pub designation: &'static str,
    /// Where it stands.
    pub constellation: &'static Constellation,
    /// ICRS, epoch J1991.25.
    pub position: Equatorial,
    /// V, of all its light together.
    pub magnitude: f64,
    /// Light-years: Hipparcos, ESA SP-1200 (1997).
    pub distance: f64,
    /// Light-years. Not its own, which the data do not give, but what is typical at its distance: `distance² · 0.97 mas / 3261.56`,
    /// from the median standard error of parallaxes brighter than Hp 9 (ESA SP-1200, vol. 1).
    pub sigma: f64,
    /// How many stars of the catalogue the eye sees as this one.
    pub count: u8,
}

impl Star {
    /// Its name, else its designation.
    pub fn title(&self) -> &'static str {
        match self.name.is_empty() {
            true => self.designation,
            false => self.name,
        }
    }

    /// `Keid (ο² Eridani)`, `γ Leporis`.
    pub fn full(&self) -> String {
        match self.name.is_empty() {
            true => self.designation.into(),
            false => format!("{} ({})", self.name, self.designation),
        }
    }
}

impl Star {
    /// Its title with Greek letters and raised numbers spelled out, for type that has none: `gamma Leporis`, `tau 6 Eridani`.
    pub fn spelled(&self) -> String {
        const GREEK: [&str; 25] = [
            "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa",
            "lambda", "mu", "nu", "xi", "omicron", "pi", "rho", "sigma", "sigma", "tau", "upsilon",
            "phi", "chi", "psi", "omega",
        ];
        let letters = ('α'..='ω')
            .zip(GREEK)
            .map(|(letter, name)| (letter, name.to_owned()));
        let raised = "¹²³⁴⁵⁶⁷⁸⁹"
            .chars()
            .zip(1_u8..)
            .map(|(raised, digit)| (raised, format!(" {digit}")));
        letters
            .chain(raised)
            .fold(self.title().to_owned(), |title, (sign, words)| {
                title.replace(sign, &words)
            })
    }
}

/// All of them, the nearest first.
pub fn stars() -> &'static [Star] {
    static STARS: LazyLock<Vec<Star>> = LazyLock::new(|| {
        include_str!("../../../assets/sky/birthday_stars.tsv")
            .lines()
            .filter_map(star)
            .collect()
    });
    &STARS
}

fn star(line: &'static str) -> Option<Star> {
    let mut words = line.split('\t');
    let mut word = || words.next();
    Some(Star {
        hip: word()?.parse().ok()?,
        name: word()?,
        designation: word()?,
        constellation: by_abbreviation(word()?)?,
        position: Equatorial::new(word()?.parse().ok()?, word()?.parse().ok()?)?,
        magnitude: word()?.parse().ok()?,
        distance: word()?.parse().ok()?,
        sigma: word()?.parse().ok()?,
        count: word()?.parse().ok()?,
    })
}
