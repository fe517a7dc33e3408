//! The web addresses of a notice: which field is which link, and which addresses are let through.

use std::collections::BTreeMap;

/// Fields of VOEvents, texts and JSON notices, and the link each is. The first of a link wins; in writing, the first
/// of the right format is taken.
#[rustfmt::skip]
const FIELDS: &[(&str, &str)] = &[
    ("LightCurve_URL", "light_curve"), ("LC_URL", "light_curve"), ("light_curve_url", "light_curve"),
    ("Lightcurve_Link_Jpeg", "light_curve"), ("Light_Curve_Jpeg", "light_curve"),
    ("Light_Curve", "light_curve"), ("Lightcurve_Link", "light_curve"), ("LIGHTCURVE_URL", "light_curve"),
    ("LocationMap_URL", "map"), ("LOC_URL", "map"), ("location_map_url", "map"), ("Map_URL", "map"),
    ("skymap_png", "map"), ("MAP_URL", "map"),
    ("HealPix_URL", "healpix"), ("HEALPIX_URL", "healpix"), ("healpix_url", "healpix"),
    ("skymap_fits", "healpix"), ("SKYMAP_FITS_URL", "healpix"),
    ("EventPage", "event_page"), ("EVENTPAGE_URL", "event_page"), ("gracedb", "event_page"),
    ("event_page", "event_page"), ("event_url", "event_page"), ("mission_page", "mission_page"),
    ("data_archive_page", "data"), ("Scaled_Map", "scaled_map"),
    ("Spectrum1", "spectrum"), ("Spectrum2", "spectrum"),
    ("Image_URL", "image"), ("Image_Sky_URL", "image"), ("Image", "image"), ("image_url", "image"),
    ("FindChart_Sky_URL", "finding_chart"), ("FindChart_URL", "finding_chart"),
    ("FindChart_Sources_URL", "finding_chart"),
];

/// The link that a field holds.
pub(super) fn link_of(field: &str) -> Option<&'static str> {
    FIELDS.iter().find(|row| row.0 == field).map(|row| row.1)
}

/// The field in which to write a link, of those that a format knows.
pub(super) fn field_of(link: &str, known: &[&str]) -> Option<&'static str> {
    let mut rows = FIELDS.iter().filter(|row| row.1 == link);
    rows.find(|row| known.contains(&row.0)).map(|row| row.0)
}

/// Keeps an address under the link's name unless one is there already. A FITS file is no picture of a light curve.
pub(super) fn keep(links: &mut BTreeMap<String, String>, link: &str, address: &str) {
    let Some(address) = web_address(address) else {
        return;
    };
    let data = link == "light_curve" && [".fits", ".fit"].iter().any(|end| address.ends_with(end));
    let link = if data { "light_curve_data" } else { link };
    links.entry(link.to_owned()).or_insert(address);
}

/// An `http` or `https` address without anything that could break out of an attribute; HEASARC's as `https`, which
/// it answers on and its notices do not write.
pub(super) fn web_address(text: &str) -> Option<String> {
    let text = text.trim();
    let web = text.starts_with("http://") || text.starts_with("https://");
    let odd = |c: char| c.is_whitespace() || c.is_control() || "<>\"'`\\".contains(c);
    if !web || text.len() > 2000 || text.contains(odd) {
        return None;
    }
    Some(match text.strip_prefix("http://heasarc.") {
        Some(rest) => format!("https://heasarc.{rest}"),
        None => text.to_owned(),
    })
}

/// The HEALPix file beside the picture of a GBM final position: the notice gives the picture alone.
pub(super) fn gbm_healpix(map: &str) -> Option<String> {
    let named = map.contains("_locplot_") && map.ends_with(".png");
    named.then(|| {
        map.replace("_locplot_", "_healpix_")
            .replace(".png", ".fit")
    })
}
