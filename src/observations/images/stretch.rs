//! How counts become shades of grey: the sky's background dark, its faint things seen, its stars not all white.

use super::fits::Image;

/// Values that are looked at to find the background.
const SAMPLE: usize = 65_536;

/// How bright the background is drawn, of 1.
const BACKGROUND: f64 = 0.12;

/// From counts to a shade: nothing below `black`, then an inverse hyperbolic sine up to `white` (Lupton et al. 2004).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stretch {
    black: f64,
    white: f64,
    /// 0 is a straight line.
    bend: f64,
}

impl Stretch {
    /// What suits one channel of a picture.
    pub(super) fn of(image: &Image, channel: usize) -> Self {
        if image.is_for_the_eye {
            return Self {
                black: 0.0,
                white: 255.0,
                bend: 0.0,
            };
        }
        Self::for_sky(image.sample(channel, SAMPLE))
    }

    /// Black two standard deviations below the background, white where the thousandth brightest begins, and at least twenty above.
    pub(super) fn for_sky(mut sample: Vec<f64>) -> Self {
        let middle = part(&mut sample, 500);
        let (least, most) = (part(&mut sample, 0), part(&mut sample, 1000));
        let bright = part(&mut sample, 999);
        let mut from_middle: Vec<f64> = sample.iter().map(|value| (value - middle).abs()).collect();
        let noise = 1.4826 * part(&mut from_middle, 500);
        if noise <= 0.0 || !noise.is_finite() {
            return Self {
                black: least,
                white: most,
                bend: 0.0,
            };
        }
        let (black, white) = (middle - 2.0 * noise, bright.max(middle + 20.0 * noise));
        Self {
            black,
            white,
            bend: bend((middle - black) / (white - black)),
        }
    }

    /// 0…255; what has no value is black.
    pub(super) fn shade(self, value: f64) -> u8 {
        let part = (value - self.black) / (self.white - self.black);
        let bent = match self.bend > 0.0 {
            true => (part * self.bend).asinh() / self.bend.asinh(),
            false => part,
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a float outside saturates, and NaN is 0"
        )]
        let shade = (bent * 255.0).round() as u8;
        shade
    }
}

/// The bend that draws a value so far above black as bright as the background is to be.
fn bend(background: f64) -> f64 {
    if background >= BACKGROUND {
        return 0.0;
    }
    let (mut low, mut high) = (1e-3_f64, 1e9_f64);
    for _ in 0..60 {
        let middle = (low * high).sqrt();
        match (background * middle).asinh() / middle.asinh() < BACKGROUND {
            true => low = middle,
            false => high = middle,
        }
    }
    low
}

/// Of values, the one that so many thousandths do not exceed; 0 where there are none.
fn part(values: &mut [f64], thousandths: usize) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let place = (values.len() - 1) * thousandths / 1000;
    *values.select_nth_unstable_by(place, f64::total_cmp).1
}
