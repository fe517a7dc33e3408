//! Positions as observers give them: other systems brought to ICRS, and coordinates read as people write them.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use regex::Regex;
use sofars::{pnp, star};

use super::almanac::{self, Vector};
use super::coordinates::Equatorial;

/// The system in which a pair of angles is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    Icrs,
    /// FK5, equinox and epoch J2000.
    Fk5,
    /// FK4, equinox and epoch B1950, with the elliptic terms of aberration, as catalogues of that time give it.
    B1950,
    Galactic,
    /// True equator and equinox of a date: precession and nutation (IAU 2006/2000A), but no aberration.
    OfDate(DateTime<Utc>),
}

impl Frame {
    /// The ICRS place of a longitude (or right ascension) and a latitude (or declination) in this system, deg.
    /// `None` where an angle is not finite or the latitude is beyond a pole.
    ///
    /// FK5 by the orientation of Hipparcos (`iauFk5hip`), FK4 by Standish's method for a star without proper motion
    /// (`iauFk45z`), the equinox of date by `iauPnm06a`; Galactic as in [`Equatorial::from_galactic`].
    pub fn to_icrs(self, longitude: f64, latitude: f64) -> Option<Equatorial> {
        let given = Equatorial::new(longitude, latitude)?;
        Some(match self {
            Self::Icrs => given,
            Self::Fk5 => from_fk5(given),
            Self::B1950 => {
                let (ra, dec) = star::fk45z(given.ra.to_radians(), given.dec.to_radians(), 1950.0);
                from_fk5(Equatorial::new(ra.to_degrees(), dec.to_degrees())?)
            }
            Self::Galactic => Equatorial::from_galactic(given.ra, given.dec),
            Self::OfDate(date) => {
                let (day, part) = almanac::terrestrial(date);
                turned_back(pnp::pnm06a(day, part), given)
            }
        })
    }

    /// Longitude and latitude, deg, from coordinates in any usual notation.
    ///
    /// Right ascension and declination: `19h13m03.5s +19d46m24s`, `19:13:03.5 +19:46:24`, `19 13 03.5 +19 46 24`,
    /// `288.2646 +19.7734`, `288,2646; 19,7734`, `RA = 19h13m03.5s, Dec = +19°46′24″`, before or after any of them the name of this system
    /// (`J2000`). A right ascension of one number is degrees, one of several is hours unless it says `d` or `°`. Galactic: degrees,
    /// `31.2 -2.4` or `l=31.2, b=-2.4`.
    ///
    /// `None` if it is no pair, is out of range, names another system, or could be read in two ways.
    pub fn read(self, text: &str) -> Option<(f64, f64)> {
        let text = self.without_name(&plain(text));
        let text = text.trim_matches(['(', ')', '[', ']', ' ', ',']);
        let readings = BETWEEN.iter().map(|between| -> Vec<_> {
            let gaps = between.find_iter(text);
            gaps.filter_map(|gap| self.pair(&text[..gap.start()], &text[gap.end()..]))
                .collect()
        });
        let read = readings.into_iter().find(|read| !read.is_empty())?;
        let first = *read.first()?;
        read.iter().all(|other| *other == first).then_some(first)
    }

    fn pair(self, first: &str, second: &str) -> Option<(f64, f64)> {
        let (first, second) = (unnamed(first, &FIRST), unnamed(second, &SECOND));
        if self == Self::Galactic {
            let (l, b) = (degrees(first)?, degrees(second)?);
            return ((-180.0..=360.0).contains(&l) && b.abs() <= 90.0).then_some((l, b));
        }
        let (ra, dec) = (right_ascension(first)?, declination(second)?);
        ((0.0..=360.0).contains(&ra) && dec.abs() <= 90.0).then_some((ra, dec))
    }

    /// The text without the name of this system; that of another stays, and spoils the reading.
    fn without_name(self, text: &str) -> String {
        let names: &[&str] = match self {
            Self::Icrs => &["j2000.0", "j2000", "icrs"],
            Self::Fk5 => &["j2000.0", "j2000", "fk5"],
            Self::B1950 => &["b1950.0", "b1950", "fk4"],
            Self::Galactic => &["galactic", "gal"],
            Self::OfDate(_) => &["jnow", "(current)", "current"],
        };
        names
            .iter()
            .fold(text.to_owned(), |text, name| text.replace(name, " "))
            .replace("( )", " ")
    }
}

fn from_fk5(given: Equatorial) -> Equatorial {
    let (orientation, _) = star::fk5hip();
    let v = given.vector();
    Equatorial::from_vector(orientation.map(|row| almanac::dot(row, v)))
}

/// The direction before a rotation by `matrix`.
fn turned_back(matrix: [Vector; 3], turned: Equatorial) -> Equatorial {
    let v = turned.vector();
    Equatorial::from_vector([0, 1, 2].map(|i| (0..3).map(|j| matrix[j][i] * v[j]).sum()))
}

/// What may stand between the two angles, the surest first; a comma alone comes last, since it may be a decimal one.
static BETWEEN: LazyLock<[Regex; 5]> =
    LazyLock::new(|| [";", r",\s+", "/", r"\s+", ","].map(expression));

/// What the two angles are called.
static FIRST: LazyLock<Regex> =
    LazyLock::new(|| expression(r"^(?:r\.?a\.?|α|l(?:on)?)\s*[=:]?\s*"));
static SECOND: LazyLock<Regex> =
    LazyLock::new(|| expression(r"^(?:dec(?:l)?\.?|de|δ|b|lat)\s*[=:]?\s*"));

/// Hours or degrees with letters or signs, and parts with colons or blanks.
static NOTATIONS: LazyLock<[Regex; 3]> = LazyLock::new(|| {
    let hours = r#"W\s*(?<unit>h)(?:\s*M\s*[m'](?:\s*S\s*[s"]?)?)?"#;
    let degrees = r#"W\s*(?<unit>d|°)(?:\s*M\s*[m'](?:\s*S\s*[s"]?)?)?"#;
    let bare = r"W(?:\s*:\s*M(?:\s*:\s*S)?|\s+M(?:\s+S)?)?";
    [hours, degrees, bare].map(|notation| {
        let notation = notation
            .replace('W', r"(\d{1,3}(?:\.\d+)?)")
            .replace(['M', 'S'], r"(\d{1,2}(?:\.\d+)?)");
        expression(&format!(r"^(?<sign>[+-])?\s*{notation}$"))
    })
});

/// `03s.5`, as old tables have it, for `03.5s`.
static UNIT_INSIDE: LazyLock<Regex> = LazyLock::new(|| expression(r#"(\d+)\s*([hmsd°'"])\.(\d+)"#));

/// A sign begins an angle.
static SIGN: LazyLock<Regex> = LazyLock::new(|| expression(r"\s*([+-])\s*"));

fn expression(pattern: &str) -> Regex {
    Regex::new(pattern).expect("written here, and read by every test")
}

/// Small letters, one kind of each sign, a blank before every plus and minus.
fn plain(text: &str) -> String {
    let text = text.trim().to_lowercase();
    let signs = text.chars().map(|c| match c {
        '−' | '–' | '—' | '‐' | '‑' | '﹣' | '－' => '-',
        '′' | '’' | '‘' | 'ʹ' | '´' | '`' => '\'',
        '″' | '”' | '“' | 'ʺ' => '"',
        'º' | '˚' => '°',
        'ʰ' => 'h',
        'ᵐ' => 'm',
        'ˢ' => 's',
        'ᵈ' => 'd',
        c if c.is_whitespace() => ' ',
        c => c,
    });
    let words = [
        ("''", "\""),
        ("hours", "h"),
        ("deg", "d"),
        ("min", "m"),
        ("sec", "s"),
    ];
    let text = words
        .iter()
        .fold(signs.collect(), |text: String, (word, letter)| {
            text.replace(word, letter)
        });
    let text = UNIT_INSIDE.replace_all(&text, "$1.$3$2");
    SIGN.replace_all(&text, " $1").trim().to_owned()
}

fn unnamed<'a>(text: &'a str, name: &Regex) -> &'a str {
    let text = text.trim();
    name.find(text).map_or(text, |name| &text[name.end()..])
}

/// Degrees.
fn right_ascension(text: &str) -> Option<f64> {
    let angle = angle(text)?;
    let in_hours = angle.unit == Some('h') || angle.unit.is_none() && angle.parts > 1;
    if !in_hours {
        return Some(angle.size);
    }
    (0.0..24.0)
        .contains(&angle.size)
        .then_some(angle.size * 15.0)
}

/// Degrees.
fn declination(text: &str) -> Option<f64> {
    let angle = angle(text)?;
    (angle.unit != Some('h')).then_some(angle.size)
}

/// Degrees that are not broken into minutes.
fn degrees(text: &str) -> Option<f64> {
    let angle = angle(text)?;
    (angle.unit != Some('h') && angle.parts == 1).then_some(angle.size)
}

struct Angle {
    /// In the unit of its first part.
    size: f64,
    parts: usize,
    /// `h`, `d`, or not said.
    unit: Option<char>,
}

fn angle(text: &str) -> Option<Angle> {
    let text = text.trim().replace(',', ".");
    let found = NOTATIONS
        .iter()
        .find_map(|notation| notation.captures(&text))?;
    let numbers: Vec<&str> = found
        .iter()
        .skip(1)
        .flatten()
        .map(|part| part.as_str())
        .filter(|part| part.starts_with(|c: char| c.is_ascii_digit()))
        .collect();
    // Only the last part may be broken: 43.5° 30′ is a slip of the pen.
    let (_, whole) = numbers.split_last()?;
    if whole.iter().any(|part| part.contains('.')) {
        return None;
    }
    let mut sizes = [0.0; 3];
    for (size, part) in sizes.iter_mut().zip(&numbers) {
        *size = part.parse().ok()?;
    }
    let [units, minutes, seconds] = sizes;
    let size = units + minutes / 60.0 + seconds / 3600.0;
    let negative = found.name("sign").is_some_and(|sign| sign.as_str() == "-");
    (minutes < 60.0 && seconds < 60.0).then(|| Angle {
        size: if negative { -size } else { size },
        parts: numbers.len(),
        unit: found
            .name("unit")
            .map(|unit| if unit.as_str() == "h" { 'h' } else { 'd' }),
    })
}
