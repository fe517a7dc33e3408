//! The map of the sky that a JSON notice carries inside.

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use serde_json::Value;

use super::LARGEST;

/// Padding or not: both are met.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The bytes of the FITS file in a JSON notice (`healpix_file`, or `event.skymap` of a gravitational wave), perhaps
/// gzipped; `None` where the notice has none or it is not a FITS file.
pub fn sky_map(body: &[u8]) -> Option<Vec<u8>> {
    if body.len() > LARGEST {
        return None;
    }
    let notice: Value = serde_json::from_slice(body).ok()?;
    let text = encoded(&notice)?;
    let bytes = decode(text.as_bytes())?;
    let fits = bytes.starts_with(b"SIMPLE") || bytes.starts_with(&[0x1F, 0x8B]);
    fits.then_some(bytes)
}

/// Where a notice keeps its map, base64.
pub(super) fn encoded(notice: &Value) -> Option<&str> {
    let places = [
        "/healpix_file",
        "/event/skymap",
        "/localization/healpix_file",
    ];
    places
        .iter()
        .find_map(|place| notice.pointer(place)?.as_str())
}

/// The distance a gravitational wave came from, Mpc, and its error: the map's own FITS header says it.
pub(super) fn distance(encoded: &str) -> Option<(f64, f64)> {
    let head = encoded.as_bytes();
    let head = &head[..head.len().min(40_000) / 4 * 4];
    let header = decode(head)?;
    let card = |key: &str| {
        let card = header.chunks(80).find(|c| c.starts_with(key.as_bytes()))?;
        let text = std::str::from_utf8(card).ok()?;
        text.get(10..30)?.trim().parse::<f64>().ok()
    };
    Some((card("DISTMEAN=")?, card("DISTSTD =")?))
}

fn decode(text: &[u8]) -> Option<Vec<u8>> {
    STANDARD.decode(text).or_else(|_| LENIENT.decode(text)).ok()
}
