//! Turns the data of d3-celestial 0.7.35 into the small tables that the charts carry inside the program.
//!
//! ```text
//! npm pack d3-celestial@0.7.35 && tar xzf d3-celestial-0.7.35.tgz
//! cargo run --example make_sky_tables -- package/data assets/sky
//! ```
//!
//! Written: `stars.bin`, `star_names.tsv`, `constellation_lines.bin`, `constellation_labels.tsv`, `milky_way.bin`,
//! `milky_way_bright.bin` and `messier.tsv`; `assets/sky/README.md` says how they are laid out.

#![expect(
    clippy::cast_possible_truncation,
    reason = "angles and magnitudes are packed into a few bits on purpose"
)]

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

/// Fainter than V 2.8 and yet known by name; most other names would only crowd a chart.
const LOVED: [&str; 10] = [
    "Albireo",
    "Alcor",
    "Alcyone",
    "Cor Caroli",
    "Megrez",
    "Mira",
    "Propus",
    "Sadalmelik",
    "Sulafat",
    "Thuban",
];

/// Right ascension and declination, deg.
type Point = (f64, f64);

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(from), Some(to)) = (arguments.next(), arguments.next()) else {
        anyhow::bail!("usage: make_sky_tables FOLDER_OF_D3_CELESTIAL_DATA FOLDER_TO_WRITE");
    };
    let (from, to) = (Path::new(&from), Path::new(&to));
    stars(from, to)?;
    lines(from, to)?;
    labels(from, to)?;
    milky_way(from, to, "ol1", "milky_way.bin", 0.2, 6.0)?;
    milky_way(from, to, "ol3", "milky_way_bright.bin", 0.2, 2.0)?;
    messier(from, to)
}

/// Writes the stars by declination, then right ascension, 7 bytes each, and their names by place in that list.
fn stars(from: &Path, to: &Path) -> Result<()> {
    let mut stars: Vec<(u64, String)> = Vec::new();
    for feature in features(from, "stars.8.json")? {
        let properties = &feature["properties"];
        let tint = tint(properties["bv"].as_str().and_then(|bv| bv.parse().ok()));
        let magnitude = number(&properties["mag"])?;
        let place = point(&feature["geometry"]["coordinates"])?;
        stars.push((packed(place, magnitude, tint), feature["id"].to_string()));
    }
    stars.sort();
    let bytes: Vec<u8> = stars
        .iter()
        .flat_map(|(word, _)| word.to_be_bytes()[1..].to_vec())
        .collect();
    fs::write(to.join("stars.bin"), bytes)?;

    let names = read(from, "starnames.json")?;
    let mut table = String::new();
    for (place, (word, hipparcos)) in stars.iter().enumerate() {
        let magnitude = ((word >> 2) & 0xff) as f64 * 0.04 - 2.0;
        let name = text(&names[hipparcos]["name"]);
        let name = if magnitude < 2.8 || LOVED.contains(&name) {
            name
        } else {
            ""
        };
        let designation = designation(&names[hipparcos]);
        if !(name.is_empty() && designation.is_empty()) {
            table += &format!("{place}\t{designation}\t{name}\n");
        }
    }
    fs::write(to.join("star_names.tsv"), table)?;
    Ok(())
}

/// One star in 56 bits: declination 23, right ascension 23, (V + 2) / 0.04 in 8, tint 2.
fn packed((ra, dec): Point, magnitude: f64, tint: u64) -> u64 {
    let steps = (1_u64 << 23) as f64;
    let dec = ((dec + 90.0) / 180.0 * (steps - 1.0)).round() as u64;
    let ra = (ra.rem_euclid(360.0) / 360.0 * steps).round() as u64 % (1 << 23);
    let magnitude = ((magnitude + 2.0) / 0.04).round().clamp(0.0, 255.0) as u64;
    dec << 33 | ra << 10 | magnitude << 2 | tint
}

/// Colour of a star from its B−V: 0 bluish, 1 white, 2 yellowish, 3 orange.
fn tint(colour: Option<f64>) -> u64 {
    match colour {
        Some(bv) if bv < 0.05 => 0,
        Some(bv) if bv >= 1.35 => 3,
        Some(bv) if bv >= 0.75 => 2,
        _ => 1,
    }
}

/// Greek Bayer letter with its index raised, else the Flamsteed number, else nothing.
fn designation(names: &Value) -> String {
    let bayer = text(&names["bayer"]);
    if bayer.starts_with(|c: char| ('α'..='ω').contains(&c)) {
        let raised = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
        return bayer
            .chars()
            .map(|c| c.to_digit(10).map_or(c, |d| raised[d as usize]))
            .collect();
    }
    text(&names["flam"]).to_owned()
}

/// Writes the stick figures of the constellations.
fn lines(from: &Path, to: &Path) -> Result<()> {
    let mut all = Vec::new();
    for feature in features(from, "constellations.lines.json")? {
        for line in feature["geometry"]["coordinates"]
            .as_array()
            .context("A figure without lines")?
        {
            all.push(points(line)?);
        }
    }
    fs::write(to.join("constellation_lines.bin"), polylines(&all))?;
    Ok(())
}

/// Writes where on the sky the name of each constellation goes: abbreviation, RA, Dec, rank 1 (prominent) to 3.
fn labels(from: &Path, to: &Path) -> Result<()> {
    let mut table = String::new();
    for feature in features(from, "constellations.json")? {
        let (ra, dec) = point(&feature["geometry"]["coordinates"])?;
        let (id, rank) = (text(&feature["id"]), text(&feature["properties"]["rank"]));
        table += &format!("{id}\t{}\t{dec}\t{rank}\n", ra.rem_euclid(360.0));
    }
    fs::write(to.join("constellation_labels.tsv"), table)?;
    Ok(())
}

/// Writes one outline of the Milky Way, simplified to `tolerance` deg, without the specks smaller than `least` deg across.
fn milky_way(
    from: &Path,
    to: &Path,
    outline: &str,
    name: &str,
    tolerance: f64,
    least: f64,
) -> Result<()> {
    let mut rings = Vec::new();
    for feature in features(from, "mw.json")?
        .into_iter()
        .filter(|f| f["id"] == outline)
    {
        for polygon in feature["geometry"]["coordinates"]
            .as_array()
            .context("No polygons")?
        {
            for ring in polygon.as_array().context("No rings")? {
                let ring = points(ring)?;
                if extent(&ring) >= least {
                    rings.push(simplified(&ring, tolerance));
                }
            }
        }
    }
    fs::write(to.join(name), polylines(&rings))?;
    Ok(())
}

/// Writes Messier's objects: name, kind, V, size in arcmin, RA, Dec, common name.
fn messier(from: &Path, to: &Path) -> Result<()> {
    let mut table = String::new();
    for feature in features(from, "messier.json")? {
        let properties = &feature["properties"];
        let (ra, dec) = point(&feature["geometry"]["coordinates"])?;
        let size = text(&properties["dim"])
            .split('x')
            .next()
            .unwrap_or_default();
        let (name, kind, alias) = (
            text(&properties["name"]),
            text(&properties["type"]),
            text(&properties["alt"]),
        );
        let ra = format!("{:.4}", ra.rem_euclid(360.0));
        table += &format!(
            "{name}\t{kind}\t{}\t{size}\t{ra}\t{dec:.4}\t{}\n",
            number(&properties["mag"])?,
            alias.replace('´', "’")
        );
    }
    fs::write(to.join("messier.tsv"), table)?;
    Ok(())
}

/// Count, then for each line its count and its points: RA in 65536ths of a turn, Dec in 32767ths of 90°; all big-endian 16 bits.
fn polylines(lines: &[Vec<Point>]) -> Vec<u8> {
    let mut bytes = (lines.len() as u16).to_be_bytes().to_vec();
    for line in lines {
        bytes.extend((line.len() as u16).to_be_bytes());
        for (ra, dec) in line {
            let ra = (ra.rem_euclid(360.0) / 360.0 * 65536.0).round() as u32 % 65536;
            bytes.extend((ra as u16).to_be_bytes());
            bytes.extend(((dec / 90.0 * 32767.0).round() as i16).to_be_bytes());
        }
    }
    bytes
}

/// Douglas and Peucker's thinning on the sphere (chords in 3-D); a closed ring is cut at its far point first.
fn simplified(ring: &[Point], tolerance: f64) -> Vec<Point> {
    let vectors: Vec<[f64; 3]> = ring.iter().map(|p| vector(*p)).collect();
    let far = (0..ring.len())
        .max_by(|a, b| chord(vectors[0], vectors[*a]).total_cmp(&chord(vectors[0], vectors[*b])))
        .unwrap_or(0);
    let mut keep = vec![false; ring.len()];
    (keep[0], keep[far], keep[ring.len() - 1]) = (true, true, true);
    let mut spans = vec![(0, far), (far, ring.len() - 1)];
    while let Some((a, b)) = spans.pop() {
        let distance = |i: usize| from_segment(vectors[i], vectors[a], vectors[b]);
        let Some(worst) = (a + 1..b).max_by(|i, j| distance(*i).total_cmp(&distance(*j))) else {
            continue;
        };
        if distance(worst).to_degrees() > tolerance {
            keep[worst] = true;
            spans.extend([(a, worst), (worst, b)]);
        }
    }
    ring.iter()
        .zip(keep)
        .filter_map(|(p, kept)| kept.then_some(*p))
        .collect()
}

fn extent(ring: &[Point]) -> f64 {
    ring.iter()
        .map(|p| chord(vector(*p), vector(ring[0])).to_degrees())
        .fold(0.0, f64::max)
}

fn vector((ra, dec): Point) -> [f64; 3] {
    let (ra, dec) = (ra.to_radians(), dec.to_radians());
    [dec.cos() * ra.cos(), dec.cos() * ra.sin(), dec.sin()]
}

fn chord(a: [f64; 3], b: [f64; 3]) -> f64 {
    (0..3).map(|i| (a[i] - b[i]).powi(2)).sum::<f64>().sqrt()
}

fn from_segment(p: [f64; 3], a: [f64; 3], b: [f64; 3]) -> f64 {
    let (mut along, mut length) = (0.0, 0.0);
    for i in 0..3 {
        along += (p[i] - a[i]) * (b[i] - a[i]);
        length += (b[i] - a[i]).powi(2);
    }
    let t = if length > 0.0 {
        (along / length).clamp(0.0, 1.0)
    } else {
        0.0
    };
    chord(p, [0, 1, 2].map(|i| a[i] + t * (b[i] - a[i])))
}

fn read(from: &Path, name: &str) -> Result<Value> {
    let text = fs::read_to_string(from.join(name)).with_context(|| format!("Reading {name}"))?;
    Ok(serde_json::from_str(&text)?)
}

fn features(from: &Path, name: &str) -> Result<Vec<Value>> {
    let mut collection = read(from, name)?;
    match collection["features"].take() {
        Value::Array(features) => Ok(features),
        _ => anyhow::bail!("{name} holds no features"),
    }
}

fn points(line: &Value) -> Result<Vec<Point>> {
    line.as_array()
        .context("Not a line")?
        .iter()
        .map(point)
        .collect()
}

fn point(value: &Value) -> Result<Point> {
    Ok((number(&value[0])?, number(&value[1])?))
}

fn number(value: &Value) -> Result<f64> {
    value
        .as_f64()
        .with_context(|| format!("Not a number: {value}"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
