//! Reads latitudes and longitudes as people write them.

use std::sync::LazyLock;

use regex::Regex;

/// A latitude in deg, north positive, from any usual notation: `43.95`, `43,95`, `N43.95`, `43°57′00″ N`, `43 57 00 N`,
/// `43d57m00s`, `43:57:00`, `−43.95`. `None` if it is none, or beyond a pole.
pub fn latitude(text: &str) -> Option<f64> {
    angle(&plain(text), "n", "s", 90.0)
}

/// A longitude in deg, east positive, in the notations of [`latitude`] with E for east and W or O (French *ouest*) for west.
/// `None` if it is none, or beyond ±180°.
pub fn longitude(text: &str) -> Option<f64> {
    angle(&plain(text), "e", "wo", 180.0)
}

/// Latitude and longitude, deg, north and east positive, from a pair as maps give it: `43.95, 5.71`,
/// `43°57'00.0"N 5°42'51.2"E`, `43,95; 5,71`, `geo:43.95,5.71;u=35`.
///
/// Latitude comes first unless letters say otherwise. `None` if it is no pair, is out of range, or could be read in two ways.
pub fn coordinates(text: &str) -> Option<(f64, f64)> {
    let text = plain(text);
    if let Some(uri) = text.strip_prefix("geo:") {
        let mut parts = uri.split([',', ';', '?']);
        return Some((latitude(parts.next()?)?, longitude(parts.next()?)?));
    }
    let text = text.trim_matches(['(', ')', '[', ']', ' ']);
    let readings = BETWEEN.iter().map(|between| -> Vec<_> {
        let gaps = between.find_iter(text);
        gaps.filter_map(|gap| pair(&text[..gap.start()], &text[gap.end()..]))
            .collect()
    });
    let read = readings.into_iter().find(|read| !read.is_empty())?;
    let first = *read.first()?;
    read.iter().all(|other| *other == first).then_some(first)
}

fn pair(first: &str, second: &str) -> Option<(f64, f64)> {
    let east_or_west = ['e', 'w', 'o'];
    let longitude_first = first.starts_with(east_or_west) || first.ends_with(east_or_west);
    let (north, east) = if longitude_first {
        (second, first)
    } else {
        (first, second)
    };
    Some((latitude(north)?, longitude(east)?))
}

/// What may stand between latitude and longitude, the surest first; a comma alone comes last, since it may be a decimal one.
static BETWEEN: LazyLock<[Regex; 5]> =
    LazyLock::new(|| [";", r",\s+", "/", r"\s+", ","].map(expression));

/// Degrees, minutes and seconds by letters, where `s` stands for seconds, and by signs or blanks, where it stands for south.
static NOTATIONS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    let lettered = r"D\s*d(?:eg)?\s*(?:M\s*m(?:in)?\s*(?:S(?:s|sec)?)?)?";
    let signed = r#"D(?:\s*°|\s*[°:\s]\s*M(?:\s*'|\s*[':\s]\s*S\s*"?)?)?"#;
    [lettered, signed].map(|notation| {
        let notation = notation
            .replace('D', r"(?<degrees>\d{1,3}(?:\.\d+)?)")
            .replace('M', r"(?<minutes>\d{1,2}(?:\.\d+)?)")
            .replace('S', r"(?<seconds>\d{1,2}(?:\.\d+)?)");
        let whole =
            format!(r"^(?<front>[nsewo])?\s*(?<sign>[+-])?\s*{notation}\s*(?<back>[nsewo])?$");
        expression(&whole)
    })
});

fn expression(pattern: &str) -> Regex {
    Regex::new(pattern).expect("written here, and read by every test")
}

/// Small letters, one kind of each sign, words shortened to their letter.
fn plain(text: &str) -> String {
    let signs = text.trim().to_lowercase();
    let signs = signs.chars().map(|c| match c {
        '−' | '–' | '—' | '‐' | '‑' => '-',
        '′' | '’' | '‘' | 'ʹ' | '´' | '`' => '\'',
        '″' | '”' | '“' | 'ʺ' => '"',
        'º' | '˚' => '°',
        c if c.is_whitespace() => ' ',
        c => c,
    });
    let words = [
        ("''", "\""),
        ("north", "n"),
        ("nord", "n"),
        ("south", "s"),
        ("sud", "s"),
        ("ouest", "w"),
        ("west", "w"),
        ("east", "e"),
        ("est", "e"),
    ];
    let text: String = signs.collect();
    words
        .iter()
        .fold(text, |text, (word, letter)| text.replace(word, letter))
}

/// An angle whose letters for plus and minus are given, deg.
fn angle(text: &str, plus: &str, minus: &str, limit: f64) -> Option<f64> {
    let text = text.trim().replace(',', ".");
    let found = NOTATIONS
        .iter()
        .find_map(|notation| notation.captures(&text))?;
    let part = |name| found.name(name).map(|part| part.as_str());
    let parts = ["degrees", "minutes", "seconds"].map(part);
    let given: Vec<&str> = parts.into_iter().flatten().collect();
    // Only the last part may be broken: 43.5° 30′ is a slip of the pen.
    let (_, whole) = given.split_last()?;
    if whole.iter().any(|part| part.contains('.')) {
        return None;
    }
    let mut sizes = [0.0; 3];
    for (size, part) in sizes.iter_mut().zip(given) {
        *size = part.parse().ok()?;
    }
    let [degrees, minutes, seconds] = sizes;
    let letter = part("front").xor(part("back"));
    let negative = match (letter, part("sign"), part("front").and(part("back"))) {
        (_, _, Some(_)) | (Some(_), Some(_), _) => return None,
        (Some(letter), ..) if plus.contains(letter) => false,
        (Some(letter), ..) if minus.contains(letter) => true,
        (Some(_), ..) => return None,
        (None, sign, None) => sign == Some("-"),
    };
    let size = degrees + minutes / 60.0 + seconds / 3600.0;
    let sound = minutes < 60.0 && seconds < 60.0 && size <= limit;
    sound.then_some(if negative { -size } else { size })
}
