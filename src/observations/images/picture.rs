//! A picture in memory: brightness and colour in planes, as WebP keeps them, 1.5 bytes a pixel whatever the file was.

use image::metadata::Orientation;
use webpx::{Encoder, EncoderConfig, Unstoppable, YuvPlanesRef};

use super::kind::{BROKEN, Why};

/// More pixels are not unpacked.
pub(super) const MOST_PIXELS: u64 = 64_000_000;

/// Of files whose decoders hold every pixel several times over (a progressive JPEG: six bytes of coefficients, three of colours, and ours), more are not unpacked.
const MOST_HEAVY_PIXELS: u64 = 24_000_000;

/// The longest side that WebP has room for, px.
const LONGEST: u32 = 16_383;

/// Freed pieces of up to 32 MiB glibc keeps, in each thread's own heap. Larger ones go back to the machine, and of these only
/// the part that is used takes memory.
pub(super) const ROOM: usize = 33 * 1024 * 1024;

/// An empty vector whose memory goes back to the machine when it is dropped.
pub(super) fn room(length: usize) -> Vec<u8> {
    Vec::with_capacity(length.max(ROOM))
}

/// Whether a picture of this size may be unpacked, before anything is.
pub(super) fn fits_in(width: u64, height: u64) -> Result<(), Why> {
    if width == 0 || height == 0 {
        return Err(BROKEN.into());
    }
    match width.checked_mul(height) {
        Some(pixels) if pixels <= MOST_PIXELS => Ok(()),
        _ => Err(format!(
            "has {width} × {height} pixels; at most 64 million can be taken. Make it smaller, to half its width perhaps, and send that."
        )),
    }
}

/// The same for a file whose pixels are held several times over while it is unpacked.
pub(super) fn fits_in_heavily(width: u32, height: u32) -> Result<(), Why> {
    if u64::from(width) * u64::from(height) <= MOST_HEAVY_PIXELS {
        return Ok(());
    }
    Err(format!(
        "has {width} × {height} pixels in a form that takes much memory to unpack (a progressive JPEG, or a WebP without loss, with transparency or moving); of such at most 24 million can be taken. Save it as an ordinary JPEG (baseline) or as PNG, or make it smaller, and send that."
    ))
}

/// One value a pixel.
#[derive(Debug, Clone, PartialEq)]
struct Plane {
    width: usize,
    height: usize,
    values: Vec<u8>,
}

/// Brightness in full, colour at half the width and height (ITU-R BT.601, 16…235, as in every WebP).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Picture {
    y: Plane,
    u: Plane,
    v: Plane,
}

/// Takes the rows of a picture one after the other.
pub(super) struct Rows {
    picture: Picture,
    /// The upper one of two rows that share their colour.
    upper: Vec<u8>,
}

impl Rows {
    /// For a picture that [`fits_in`].
    pub(super) fn new(width: u32, height: u32) -> Self {
        let (width, height) = (width as usize, height as usize);
        let plane = |width: usize, height: usize| Plane {
            width,
            height,
            values: room(width * height),
        };
        let (half_width, half_height) = (width.div_ceil(2), height.div_ceil(2));
        Self {
            picture: Picture {
                y: plane(width, height),
                u: plane(half_width, half_height),
                v: plane(half_width, half_height),
            },
            upper: Vec::new(),
        }
    }

    /// The next row, three bytes a pixel.
    pub(super) fn push(&mut self, rgb: &[u8]) {
        let y = &mut self.picture.y;
        let rgb = &rgb[..y.width * 3];
        y.values.extend(rgb.chunks_exact(3).map(brightness));
        if self.upper.is_empty() {
            self.upper.extend_from_slice(rgb);
        } else {
            let upper = std::mem::take(&mut self.upper);
            self.picture.colour(&upper, rgb);
            self.upper = upper;
            self.upper.clear();
        }
    }

    /// The row that waits for another to share its colour with has it alone.
    pub(super) fn pair_alone(&mut self) {
        if !self.upper.is_empty() {
            let alone = std::mem::take(&mut self.upper);
            self.picture.colour(&alone, &alone);
        }
    }

    /// The picture, with black where rows are missing.
    pub(super) fn finish(mut self) -> Picture {
        self.pair_alone();
        let Picture { y, u, v } = &mut self.picture;
        for (plane, black) in [(y, 16), (u, 128), (v, 128)] {
            plane.values.resize(plane.width * plane.height, black);
        }
        self.picture
    }
}

/// Y of a pixel, 16…235.
fn brightness(rgb: &[u8]) -> u8 {
    let [r, g, b] = [rgb[0], rgb[1], rgb[2]].map(u32::from);
    let y = (16_839 * r + 33_059 * g + 6_420 * b + (1 << 15)) >> 16;
    u8::try_from(y + 16).unwrap_or(u8::MAX)
}

impl Picture {
    /// Adds a row of colour, of two rows of pixels.
    fn colour(&mut self, upper: &[u8], lower: &[u8]) {
        for (upper, lower) in upper.chunks(6).zip(lower.chunks(6)) {
            let last = upper.len() - 3;
            let [r, g, b] = [0, 1, 2].map(|i| {
                let corners = [upper[i], upper[last + i], lower[i], lower[last + i]];
                corners.map(i32::from).iter().sum::<i32>()
            });
            // Of four pixels together, hence two more digits.
            let scaled =
                |sum: i32| u8::try_from((sum + (128 << 18) + (1 << 17)) >> 18).unwrap_or(128);
            self.u
                .values
                .push(scaled(-9_719 * r - 19_081 * g + 28_800 * b));
            self.v
                .values
                .push(scaled(28_800 * r - 24_116 * g - 4_684 * b));
        }
    }

    /// px
    pub(super) fn size(&self) -> (u32, u32) {
        let side = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        (side(self.y.width), side(self.y.height))
    }

    /// Upright, as the camera says it was held.
    #[must_use]
    pub(super) fn turned(self, orientation: Orientation) -> Self {
        self.each(|plane| plane.turned(orientation))
    }

    /// With no side longer than WebP has room for.
    #[must_use]
    pub(super) fn within_webp(self) -> Self {
        let (width, height) = self.size();
        if width.max(height) <= LONGEST {
            return self;
        }
        self.shrunk(LONGEST)
    }

    /// Smaller, its longest side so many pixels; no picture gets larger.
    #[must_use]
    pub(super) fn shrunk(&self, longest: u32) -> Self {
        let (width, height) = self.size();
        let side = |length: u32| {
            let small = u64::from(length) * u64::from(longest) / u64::from(width.max(height));
            usize::try_from(small)
                .unwrap_or(1)
                .clamp(1, length as usize)
        };
        let (width, height) = (side(width), side(height));
        Self {
            y: self.y.shrunk(width, height),
            u: self.u.shrunk(width.div_ceil(2), height.div_ceil(2)),
            v: self.v.shrunk(width.div_ceil(2), height.div_ceil(2)),
        }
    }

    /// As WebP: quality 85; `effort` from 0 to 6 takes longer and gives smaller files, from 3 on also far more memory.
    pub(super) fn webp(&self, effort: u8) -> Result<Vec<u8>, Why> {
        let (width, height) = self.size();
        let planes = YuvPlanesRef {
            y: &self.y.values,
            y_stride: self.y.width,
            u: &self.u.values,
            u_stride: self.u.width,
            v: &self.v.values,
            v_stride: self.v.width,
            a: None,
            a_stride: 0,
            width,
            height,
        };
        let config = EncoderConfig::new().quality(85.0).method(effort);
        let encoded = Encoder::new_yuv(planes).config(config).encode(Unstoppable);
        encoded.map_err(|error| {
            format!("cannot be kept as WebP ({error}). Save it as PNG and send that.")
        })
    }

    /// One plane after the other, so that only one is there twice.
    fn each(self, change: impl Fn(Plane) -> Plane) -> Self {
        Self {
            y: change(self.y),
            u: change(self.u),
            v: change(self.v),
        }
    }
}

impl Plane {
    fn turned(mut self, orientation: Orientation) -> Self {
        use Orientation::{
            FlipHorizontal, FlipVertical, NoTransforms, Rotate90, Rotate90FlipH, Rotate180,
            Rotate270, Rotate270FlipH,
        };
        match orientation {
            NoTransforms => self,
            Rotate180 => {
                self.values.reverse();
                self
            }
            FlipHorizontal => {
                self.values
                    .chunks_exact_mut(self.width)
                    .for_each(<[u8]>::reverse);
                self
            }
            FlipVertical => self.turned(Rotate180).turned(FlipHorizontal),
            Rotate90FlipH => self.transposed(),
            Rotate90 => self.transposed().turned(FlipHorizontal),
            Rotate270 => self.turned(FlipHorizontal).transposed(),
            Rotate270FlipH => self.turned(Rotate180).transposed(),
        }
    }

    /// Rows become columns. In squares, since a column's pixels lie far from each other.
    fn transposed(self) -> Self {
        const SQUARE: usize = 64;
        let (width, height) = (self.width, self.height);
        let mut values = room(width * height);
        values.resize(width * height, 0);
        for top in (0..height).step_by(SQUARE) {
            for left in (0..width).step_by(SQUARE) {
                for y in top..(top + SQUARE).min(height) {
                    for x in left..(left + SQUARE).min(width) {
                        values[x * height + y] = self.values[y * width + x];
                    }
                }
            }
        }
        Self {
            width: height,
            height: width,
            values,
        }
    }

    /// Each new pixel is the mean of those it covers, whole ones only.
    fn shrunk(&self, width: usize, height: usize) -> Self {
        let covered = |at: usize, new: usize, old: usize| {
            let first = at * old / new;
            first..((at + 1) * old / new).max(first + 1)
        };
        let mut values = Vec::with_capacity(width * height);
        for y in 0..height {
            for x in 0..width {
                let (columns, rows) = (
                    covered(x, width, self.width),
                    covered(y, height, self.height),
                );
                let count = u64::try_from(columns.len() * rows.len()).unwrap_or(1);
                let sum: u64 = rows
                    .flat_map(|row| &self.values[row * self.width..][columns.clone()])
                    .map(|value| u64::from(*value))
                    .sum();
                values.push(u8::try_from((sum + count / 2) / count).unwrap_or(u8::MAX));
            }
        }
        Self {
            width,
            height,
            values,
        }
    }
}
