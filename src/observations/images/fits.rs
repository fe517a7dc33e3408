//! The first picture in a FITS file: where its values lie, what they mean, and which way is up.

use super::kind::{BROKEN, CUT, Why};
use super::picture::fits_in;
use super::wcs;
use crate::observations::Footprint;
use crate::sky::fits::{BLOCK, Header};

/// Headers with their data that are looked at in one file.
pub(super) const MOST_UNITS: usize = 64;

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    U8,
    I16,
    I32,
    I64,
    F32,
    F64,
}

/// A picture whose every value lies inside the file.
#[derive(Debug)]
pub(super) struct Image<'a> {
    pub(super) width: usize,
    pub(super) height: usize,
    /// 1, or 3 for red, green and blue.
    pub(super) channels: usize,
    /// Already made for the eye: bytes, not counts.
    pub(super) is_for_the_eye: bool,
    pub(super) footprint: Option<Footprint>,
    form: Form,
    /// BSCALE and BZERO.
    scale: f64,
    zero: f64,
    /// The whole number that stands for no value.
    blank: Option<i64>,
    /// Rows are written from the bottom up, but for programs that say otherwise.
    from_top: bool,
    data: &'a [u8],
}

/// The next header, and its data without padding; what is left of the file afterwards.
pub(super) struct Unit<'a> {
    pub(super) header: Header,
    pub(super) data: &'a [u8],
    pub(super) rest: &'a [u8],
}

impl<'a> Unit<'a> {
    pub(super) fn take(file: &'a [u8]) -> Result<Self, Why> {
        let mut rest = file;
        let header = Header::take(&mut rest).ok_or(
            "has a FITS header without an end, or one far too long. Save it anew and send that.",
        )?;
        let size = header.data_size().ok_or(BROKEN)?;
        if rest.len() < size {
            return Err(CUT.into());
        }
        let (data, rest) = rest.split_at(size);
        // Some writers leave the padding of the last block away.
        let padding = size.next_multiple_of(BLOCK) - size;
        Ok(Self {
            header,
            data,
            rest: rest.get(padding..).unwrap_or_default(),
        })
    }
}

impl<'a> Image<'a> {
    /// The first picture of two dimensions in `file`.
    pub(super) fn read(file: &'a [u8]) -> Result<Self, Why> {
        let mut rest = file;
        for _ in 0..MOST_UNITS {
            let unit = Unit::take(rest)?;
            let header = &unit.header;
            let is_image = matches!(
                header.text("XTENSION").unwrap_or("IMAGE"),
                "IMAGE" | "IUEIMAGE"
            );
            if is_image
                && header.number("NAXIS").is_some_and(|axes| axes >= 2)
                && !unit.data.is_empty()
            {
                return Self::new(header, unit.data);
            }
            if header.text("ZIMAGE") == Some("T") {
                return Err(
                    "is a FITS compressed inside. Unpack it with funpack and send that.".into(),
                );
            }
            if !unit.rest.starts_with(b"XTENSION=") {
                break;
            }
            rest = unit.rest;
        }
        Err("is a FITS without a picture of two dimensions in it.".into())
    }

    fn new(header: &Header, data: &'a [u8]) -> Result<Self, Why> {
        let axis = |name: &str| header.number(name).unwrap_or(1);
        let (width, height) = (axis("NAXIS1"), axis("NAXIS2"));
        fits_in(width as u64, height as u64)?;
        let form = match header.text("BITPIX") {
            Some("8") => Form::U8,
            Some("16") => Form::I16,
            Some("32") => Form::I32,
            Some("64") => Form::I64,
            Some("-32") => Form::F32,
            Some("-64") => Form::F64,
            _ => return Err(BROKEN.into()),
        };
        let colours = axis("NAXIS") >= 3 && axis("NAXIS3") == 3;
        Ok(Self {
            width,
            height,
            channels: if colours { 3 } else { 1 },
            is_for_the_eye: form == Form::U8,
            footprint: wcs::footprint(header, width, height),
            form,
            scale: header.float("BSCALE").unwrap_or(1.0),
            zero: header.float("BZERO").unwrap_or(0.0),
            blank: header.text("BLANK").and_then(|text| text.parse().ok()),
            from_top: header.text("ROWORDER") == Some("TOP-DOWN"),
            data,
        })
    }

    /// The values of a row, counted from the top; NaN where there is none.
    pub(super) fn row(&self, channel: usize, from_top: usize) -> impl Iterator<Item = f64> + '_ {
        let row = match self.from_top {
            true => from_top,
            false => self.height - 1 - from_top,
        };
        let first = (channel * self.height + row) * self.width;
        (first..first + self.width).map(|index| self.value(index))
    }

    /// Values of one channel, evenly over the picture: about so many, without those that are none.
    pub(super) fn sample(&self, channel: usize, about: usize) -> Vec<f64> {
        let count = self.width * self.height;
        let first = channel * count;
        // Odd, so that the pattern of a colour chip is not met on one colour only.
        let values = (first..first + count).step_by((count / about) | 1);
        values
            .map(|index| self.value(index))
            .filter(|value| value.is_finite())
            .collect()
    }

    fn value(&self, index: usize) -> f64 {
        let whole = |value: i64| match self.blank == Some(value) {
            true => f64::NAN,
            #[expect(
                clippy::cast_precision_loss,
                reason = "a picture needs no more than 53 bits"
            )]
            false => value as f64,
        };
        let written = match self.form {
            Form::U8 => whole(self.bytes::<1>(index)[0].into()),
            Form::I16 => whole(i16::from_be_bytes(self.bytes(index)).into()),
            Form::I32 => whole(i32::from_be_bytes(self.bytes(index)).into()),
            Form::I64 => whole(i64::from_be_bytes(self.bytes(index))),
            Form::F32 => f32::from_be_bytes(self.bytes(index)).into(),
            Form::F64 => f64::from_be_bytes(self.bytes(index)),
        };
        written * self.scale + self.zero
    }

    fn bytes<const N: usize>(&self, index: usize) -> [u8; N] {
        let bytes = self
            .data
            .get(index * N..)
            .and_then(|rest| rest.first_chunk());
        bytes.copied().unwrap_or([0; N])
    }
}
