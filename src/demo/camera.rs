//! Pictures that the made-up members' cameras took: a star field with the afterglow in its middle, as FITS.

use std::fmt::Write as _;

use super::chance::Chance;
use crate::observations::Observation;

/// px
const WIDTH: usize = 900;
const HEIGHT: usize = 640;

/// A star of this magnitude makes one count an exposure at its peak.
const ZERO: f64 = 23.0;

const BACKGROUND: f64 = 900.0;
const NOISE: f64 = 12.0;

/// px, one sigma of a star's disc.
const SEEING: f64 = 1.5;

/// What the camera recorded; `trigger` names the field, so that all pictures of it show the same stars.
pub(super) fn picture(trigger: &str, observation: &Observation) -> Vec<u8> {
    let mut pixels = sky(trigger, observation);
    stars(trigger, &mut pixels);
    if let Some(magnitude) = observation.photometry.magnitude {
        let (x, y) = (WIDTH as f64 / 2.0, HEIGHT as f64 / 2.0);
        star(&mut pixels, x, y, counts(magnitude));
    }
    let mut file = header(observation);
    for pixel in pixels {
        file.extend(whole(pixel).to_be_bytes());
    }
    file.resize(file.len().next_multiple_of(2880), 0);
    file
}

fn counts(magnitude: f64) -> f64 {
    10f64.powf(0.4 * (ZERO - magnitude))
}

#[expect(clippy::cast_possible_truncation, reason = "clamped")]
fn whole(count: f64) -> i16 {
    count.round().clamp(0.0, 32_767.0) as i16
}

/// The sky's own light and its noise.
fn sky(trigger: &str, observation: &Observation) -> Vec<f64> {
    let mut chance = Chance::of(trigger, observation.member_id, 0.0);
    (0..WIDTH * HEIGHT)
        .map(|_| BACKGROUND + NOISE * chance.spread())
        .collect()
}

/// Ten times as many stars with every 2.5 magnitudes, nearly as in the sky.
fn stars(trigger: &str, pixels: &mut [f64]) {
    let mut chance = Chance::of(trigger, 0, 0.0);
    for _ in 0..700 {
        let (x, y) = (chance.even() * WIDTH as f64, chance.even() * HEIGHT as f64);
        let magnitude = 19.5 + 2.2 * chance.even().max(1e-4).log10();
        star(pixels, x, y, counts(magnitude));
    }
}

fn star(pixels: &mut [f64], x: f64, y: f64, peak: f64) {
    for row in near(y, HEIGHT) {
        for column in near(x, WIDTH) {
            let (dx, dy) = (column as f64 + 0.5 - x, row as f64 + 0.5 - y);
            let squared = (dx * dx + dy * dy) / (2.0 * SEEING * SEEING);
            pixels[row * WIDTH + column] += peak * (-squared).exp();
        }
    }
}

/// The pixels of a side that a star's light reaches.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and the side's length"
)]
fn near(middle: f64, side: usize) -> std::ops::Range<usize> {
    let from = (middle - 8.0 * SEEING).max(0.0) as usize;
    from..((middle + 8.0 * SEEING) as usize).min(side)
}

/// A header of FITS cards with where on the sky the picture lies (FITS standard 4.0, sections 4 and 8), filled to 2880 bytes.
fn header(observation: &Observation) -> Vec<u8> {
    let scale = observation.field_deg.unwrap_or(1.0) / WIDTH as f64;
    let cards = [
        ("SIMPLE", "T".to_owned()),
        ("BITPIX", "16".into()),
        ("NAXIS", "2".into()),
        ("NAXIS1", WIDTH.to_string()),
        ("NAXIS2", HEIGHT.to_string()),
        ("CTYPE1", "'RA---TAN'".into()),
        ("CTYPE2", "'DEC--TAN'".into()),
        ("CRPIX1", format!("{:.1}", WIDTH as f64 / 2.0 + 0.5)),
        ("CRPIX2", format!("{:.1}", HEIGHT as f64 / 2.0 + 0.5)),
        ("CRVAL1", format!("{:.6}", observation.position.ra)),
        ("CRVAL2", format!("{:.6}", observation.position.dec)),
        ("CDELT1", format!("{:.9}", -scale)),
        ("CDELT2", format!("{scale:.9}")),
        ("RADESYS", "'ICRS    '".into()),
        ("OBJECT", "'made up '".into()),
    ];
    let mut text = String::new();
    for (key, value) in cards {
        let card = format!("{key:<8}= {value:>20}");
        // Writing to a string does not fail.
        let _ = write!(text, "{card:<80}");
    }
    let _ = write!(text, "{:<80}", "END");
    let length = text.len().next_multiple_of(2880);
    format!("{text:<length$}").into_bytes()
}
