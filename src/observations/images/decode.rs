//! From a file to a picture, row by row where the format allows it.

use std::io::Cursor;

use axum::body::Bytes;
use image::codecs::jpeg::JpegDecoder;
use image::codecs::webp::WebPDecoder;
use image::metadata::Orientation;
use image::{ColorType, ImageDecoder};

use super::fits::Image;
use super::kind::{BROKEN, Kind, Why, is_heavy};
use super::picture::{Picture, Rows, fits_in, fits_in_heavily, room};
use super::stretch::Stretch;
use crate::observations::Footprint;

/// What a decoder may hold besides the pixels, bytes.
const ASIDE: usize = 64 << 20;

/// The picture, upright, and where it lies on the sky if the file says so. The file goes as soon as it is not needed.
pub(super) fn decode(kind: Kind, file: Bytes) -> Result<(Picture, Option<Footprint>), Why> {
    let heavy = is_heavy(kind, &file);
    match kind {
        Kind::Jpeg => whole(JpegDecoder::new(Cursor::new(file)).map_err(broken)?, heavy),
        Kind::WebP => whole(WebPDecoder::new(Cursor::new(file)).map_err(broken)?, heavy),
        Kind::Png => png(&file),
        Kind::Gif => gif(&file),
        Kind::Fits => {
            let image = Image::read(&file)?;
            Ok((fits(&image), image.footprint))
        }
    }
}

fn broken<E>(_: E) -> Why {
    BROKEN.into()
}

/// By a decoder that gives all pixels at once, and of a heavy file holds more than these.
fn whole(mut decoder: impl ImageDecoder, heavy: bool) -> Result<(Picture, Option<Footprint>), Why> {
    let (width, height) = decoder.dimensions();
    fits_in(width.into(), height.into())?;
    if heavy {
        fits_in_heavily(width, height)?;
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let colours = match decoder.color_type() {
        ColorType::L8 => Colours::Grey,
        ColorType::Rgb8 => Colours::Rgb,
        ColorType::Rgba8 => Colours::Rgba,
        _ => return Err(BROKEN.into()),
    };
    let length = usize::try_from(decoder.total_bytes()).map_err(broken)?;
    let mut pixels = room(length);
    pixels.resize(length, 0);
    decoder.read_image(&mut pixels).map_err(broken)?;
    let picture = from_below(pixels, colours, width, height);
    Ok((picture.turned(orientation), None))
}

/// The picture of these pixels, read from the last row up: what has been read goes back to the machine, so that the pixels and
/// the picture are never both there in full.
fn from_below(mut pixels: Vec<u8>, colours: Colours, width: u32, height: u32) -> Picture {
    const GIVEN_BACK: usize = 8 << 20;
    let stride = width as usize * colours.bytes();
    let mut rows = Rows::new(width, height);
    let mut rgb = Vec::new();
    for row in (0..height as usize).rev() {
        colours.over_black(&pixels[row * stride..][..stride], &mut rgb);
        rows.push(&rgb);
        if row + 1 == height as usize && height % 2 == 1 {
            rows.pair_alone();
        }
        pixels.truncate(row * stride);
        if pixels.capacity() - pixels.len() > GIVEN_BACK {
            pixels.shrink_to_fit();
        }
    }
    rows.finish().turned(Orientation::FlipVertical)
}

/// What the bytes of a pixel are.
#[derive(Debug, Clone, Copy)]
enum Colours {
    Grey,
    GreyAlpha,
    Rgb,
    Rgba,
}

impl Colours {
    fn bytes(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::GreyAlpha => 2,
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }

    /// A row as red, green and blue; what is transparent lets black through.
    fn over_black(self, row: &[u8], rgb: &mut Vec<u8>) {
        let part = |value: u8, alpha: u8| {
            u8::try_from((u32::from(value) * u32::from(alpha) + 127) / 255).unwrap_or(u8::MAX)
        };
        rgb.clear();
        match self {
            Self::Grey => rgb.extend(row.iter().flat_map(|grey| [*grey; 3])),
            Self::GreyAlpha => rgb.extend(row.chunks_exact(2).flat_map(|p| [part(p[0], p[1]); 3])),
            Self::Rgb => rgb.extend_from_slice(row),
            Self::Rgba => rgb.extend(
                row.chunks_exact(4)
                    .flat_map(|p| [0, 1, 2].map(|i| part(p[i], p[3]))),
            ),
        }
    }
}

/// Of 16 bits the upper eight are kept. Texts and profiles are not unpacked.
fn png(file: &[u8]) -> Result<(Picture, Option<Footprint>), Why> {
    let mut decoder =
        png::Decoder::new_with_limits(Cursor::new(file), png::Limits { bytes: ASIDE });
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let header = decoder.read_header_info().map_err(broken)?;
    let (width, height, interlaced) = (header.width, header.height, header.interlaced);
    fits_in(width.into(), height.into())?;
    let mut reader = decoder.read_info().map_err(broken)?;
    let colours = match reader.output_color_type().0 {
        png::ColorType::Grayscale => Colours::Grey,
        png::ColorType::GrayscaleAlpha => Colours::GreyAlpha,
        png::ColorType::Rgb => Colours::Rgb,
        png::ColorType::Rgba => Colours::Rgba,
        png::ColorType::Indexed => return Err(BROKEN.into()),
    };
    let exif = reader.info().exif_metadata.as_deref();
    let orientation = exif
        .and_then(Orientation::from_exif_chunk)
        .unwrap_or(Orientation::NoTransforms);
    let mut rows = Rows::new(width, height);
    let mut rgb = Vec::new();
    if interlaced {
        let stride = width as usize * 3;
        let mut pixels = room(stride * height as usize);
        pixels.resize(stride * height as usize, 0);
        while let Some(row) = reader.next_interlaced_row().map_err(broken)? {
            colours.over_black(row.data(), &mut rgb);
            if let png::InterlaceInfo::Adam7(pass) = row.interlace() {
                png::expand_interlaced_row(&mut pixels, stride, &rgb, pass, 24);
            }
        }
        pixels.chunks_exact(stride).for_each(|row| rows.push(row));
    } else {
        while let Some(row) = reader.next_row().map_err(broken)? {
            colours.over_black(row.data(), &mut rgb);
            rows.push(&rgb);
        }
    }
    Ok((rows.finish().turned(orientation), None))
}

/// The first frame on a black ground.
fn gif(file: &[u8]) -> Result<(Picture, Option<Footprint>), Why> {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::Indexed);
    options.check_frame_consistency(true);
    options.set_memory_limit(gif::MemoryLimit::Bytes(
        std::num::NonZeroU64::MIN.saturating_add(super::picture::MOST_PIXELS),
    ));
    let mut decoder = options.read_info(Cursor::new(file)).map_err(broken)?;
    let (width, height) = (decoder.width(), decoder.height());
    fits_in(width.into(), height.into())?;
    let common = decoder.global_palette().map(<[u8]>::to_vec);
    let frame = decoder.read_next_frame().map_err(broken)?.ok_or(BROKEN)?;
    let palette = frame
        .palette
        .as_deref()
        .or(common.as_deref())
        .ok_or(BROKEN)?;
    let (left, top) = (usize::from(frame.left), usize::from(frame.top));
    let mut rows = Rows::new(width.into(), height.into());
    let mut rgb = vec![0; usize::from(width) * 3];
    let ground = rgb.clone();
    (0..top).for_each(|_| rows.push(&ground));
    for indices in frame.buffer.chunks_exact(usize::from(frame.width).max(1)) {
        for (pixel, index) in rgb[left * 3..].chunks_exact_mut(3).zip(indices) {
            let at = usize::from(*index) * 3;
            let colour = palette
                .get(at..at + 3)
                .filter(|_| frame.transparent != Some(*index));
            pixel.copy_from_slice(colour.unwrap_or(&[0; 3]));
        }
        rows.push(&rgb);
    }
    Ok((rows.finish(), None))
}

fn fits(image: &Image) -> Picture {
    let stretches: Vec<Stretch> = (0..image.channels)
        .map(|channel| Stretch::of(image, channel))
        .collect();
    let side = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let mut rows = Rows::new(side(image.width), side(image.height));
    let mut rgb = vec![0; image.width * 3];
    for row in 0..image.height {
        for place in 0..3 {
            let channel = place.min(image.channels - 1);
            let shades = image
                .row(channel, row)
                .map(|value| stretches[channel].shade(value));
            rgb[place..]
                .iter_mut()
                .step_by(3)
                .zip(shades)
                .for_each(|(to, shade)| *to = shade);
        }
        rows.push(&rgb);
    }
    rows.finish()
}
