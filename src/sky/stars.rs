//! The fixed sky inside the program: 41,411 stars to V 8, their names, figures of the constellations, the Milky Way and Messier's objects.

use std::sync::LazyLock;

use super::coordinates::Equatorial;

/// Seven bytes a star, in order of declination; `assets/sky/README.md` says how they are laid out.
static STARS: &[u8] = include_bytes!("../../assets/sky/stars.bin");
const RECORD: usize = 7;
const STEPS: f64 = 8_388_608.0;

/// A star of the table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Star {
    /// Place in the table, in order of declination.
    pub number: usize,
    /// ICRS at epoch J2000, to 0.2″.
    pub position: Equatorial,
    /// V, to 0.02 mag.
    pub magnitude: f64,
    /// Colour as the eye sees it.
    pub tint: Tint,
}

/// The colour of a star.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tint {
    /// B−V below 0.05: Rigel, Vega.
    Blue,
    /// To 0.75: Procyon, the Sun.
    White,
    /// To 1.35: Capella, Pollux.
    Yellow,
    /// Beyond: Aldebaran, Betelgeuse.
    Orange,
}

/// All stars not fainter than a magnitude, by declination.
pub fn brighter_than(limit: f64) -> impl Iterator<Item = Star> {
    (0..STARS.len() / RECORD)
        .filter_map(star)
        .filter(move |star| star.magnitude <= limit)
}

/// The stars within a radius (deg) of a place and not fainter than a magnitude, by declination.
pub fn around(center: Equatorial, radius: f64, limit: f64) -> impl Iterator<Item = Star> {
    let first = first_at(center.dec - radius);
    let last = first_at(center.dec + radius);
    let near =
        move |star: &Star| star.magnitude <= limit && center.separation(star.position) <= radius;
    (first..last).filter_map(star).filter(near)
}

/// Number of the first star that is not south of a declination.
fn first_at(dec: f64) -> usize {
    let (mut low, mut high) = (0, STARS.len() / RECORD);
    while low < high {
        let middle = low.midpoint(high);
        if star(middle).is_some_and(|s| s.position.dec < dec) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

fn star(number: usize) -> Option<Star> {
    let bytes: [u8; RECORD] = STARS
        .get(number * RECORD..(number + 1) * RECORD)?
        .try_into()
        .ok()?;
    let word = bytes
        .iter()
        .fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
    let part = |shift: u32, bits: u32| ((word >> shift) & ((1 << bits) - 1)) as f64;
    let position = Equatorial {
        ra: part(10, 23) * 360.0 / STEPS,
        dec: part(33, 23) * 180.0 / (STEPS - 1.0) - 90.0,
    };
    let tint = match word & 3 {
        0 => Tint::Blue,
        1 => Tint::White,
        2 => Tint::Yellow,
        _ => Tint::Orange,
    };
    Some(Star {
        number,
        position,
        magnitude: part(2, 8) * 0.04 - 2.0,
        tint,
    })
}

/// What a star is called: Bayer letter or Flamsteed number, and a name of its own; either may be empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name {
    /// Such as `α` or `51`.
    pub designation: &'static str,
    /// Such as `Vega`; only stars brighter than V 4 have one here.
    pub proper: &'static str,
}

/// The names of some stars; both go by the stars' number, so they are read along once.
pub fn names<'a>(stars: impl IntoIterator<Item = &'a Star>) -> Vec<(Star, Name)> {
    let mut lines = include_str!("../../assets/sky/star_names.tsv")
        .lines()
        .filter_map(name)
        .peekable();
    let mut found = Vec::new();
    for star in stars {
        while lines.next_if(|(number, _)| *number < star.number).is_some() {}
        if let Some((_, name)) = lines.next_if(|(number, _)| *number == star.number) {
            found.push((*star, name));
        }
    }
    found
}

fn name(line: &'static str) -> Option<(usize, Name)> {
    let mut fields = line.split('\t');
    let number = fields.next()?.parse().ok()?;
    Some((
        number,
        Name {
            designation: fields.next()?,
            proper: fields.next()?,
        },
    ))
}

/// Where the name of a constellation is written.
#[derive(Debug, Clone, Copy)]
pub struct Label {
    /// The constellation's three letters. Serpens has two labels.
    pub abbreviation: &'static str,
    /// Where the middle of its name goes.
    pub position: Equatorial,
    /// 1 for the prominent ones, to 3.
    pub rank: u8,
}

/// The labels of all constellations.
pub fn constellation_labels() -> impl Iterator<Item = Label> {
    include_str!("../../assets/sky/constellation_labels.tsv")
        .lines()
        .filter_map(|line| {
            let mut fields = line.split('\t');
            let abbreviation = fields.next()?;
            let position =
                Equatorial::new(fields.next()?.parse().ok()?, fields.next()?.parse().ok()?)?;
            Some(Label {
                abbreviation,
                position,
                rank: fields.next()?.parse().ok()?,
            })
        })
}

/// One of Messier's objects.
#[derive(Debug, Clone, Copy)]
pub struct Messier {
    /// Such as `M57`.
    pub name: &'static str,
    /// d3-celestial's short word: `gc`, `oc`, `s`, `e`, `pn`, `snr`, `sfr`, …
    pub kind: &'static str,
    /// V.
    pub magnitude: f64,
    /// Longest extent, arcmin; 0 where none is given.
    pub size: f64,
    /// Middle.
    pub position: Equatorial,
}

/// Messier's 110 objects.
pub fn messier() -> impl Iterator<Item = Messier> {
    include_str!("../../assets/sky/messier.tsv")
        .lines()
        .filter_map(|line| {
            let mut fields = line.split('\t');
            let (name, kind) = (fields.next()?, fields.next()?);
            let (magnitude, size) = (
                fields.next()?.parse().ok()?,
                fields.next()?.parse().unwrap_or(0.0),
            );
            let position =
                Equatorial::new(fields.next()?.parse().ok()?, fields.next()?.parse().ok()?)?;
            Some(Messier {
                name,
                kind,
                magnitude,
                size,
                position,
            })
        })
}

/// Lines on the sky, point by point.
pub(super) type Lines = Vec<Vec<Equatorial>>;

/// The stick figures of the constellations.
pub(super) static FIGURES: LazyLock<Lines> =
    LazyLock::new(|| lines(include_bytes!("../../assets/sky/constellation_lines.bin")));

/// The outline of the Milky Way, then that of its bright clouds, each a set of closed rings.
pub(super) fn milky_way() -> [Lines; 2] {
    [
        lines(include_bytes!("../../assets/sky/milky_way.bin")),
        lines(include_bytes!("../../assets/sky/milky_way_bright.bin")),
    ]
}

fn lines(bytes: &[u8]) -> Lines {
    // The first word counts the lines; each line counts its own points.
    let mut words = bytes.as_chunks().0.iter().copied().skip(1);
    let mut read = || {
        let count = u16::from_be_bytes(words.next()?);
        (0..count)
            .map(|_| point(words.next()?, words.next()?))
            .collect()
    };
    let mut all = Vec::new();
    while let Some(line) = read() {
        all.push(line);
    }
    all
}

fn point(ra: [u8; 2], dec: [u8; 2]) -> Option<Equatorial> {
    let ra = f64::from(u16::from_be_bytes(ra)) * 360.0 / 65_536.0;
    Equatorial::new(ra, f64::from(i16::from_be_bytes(dec)) * 90.0 / 32_767.0)
}
