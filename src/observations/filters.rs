//! The filters that amateurs use, from blue to red.

/// A passband.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Filter {
    /// As it is kept and shown.
    pub code: &'static str,
    pub label: &'static str,
    /// Effective wavelength, nm; of an unfiltered chip about 600.
    pub wavelength: f64,
    /// The AAVSO's code (Extended File Format, field FILT); without one it is `O`, other.
    pub aavso: Option<&'static str>,
    /// The system of magnitudes that goes with it.
    pub system: &'static str,
}

const fn filter(
    code: &'static str,
    label: &'static str,
    wavelength: f64,
    aavso: Option<&'static str>,
    system: &'static str,
) -> Filter {
    Filter {
        code,
        label,
        wavelength,
        aavso,
        system,
    }
}

/// Wavelengths: Bessell 1990 (UBVRI), Fukugita et al. 1996 (SDSS), Bessell & Brett 1988 (JHK).
pub(super) const FILTERS: [Filter; 19] = [
    filter("U", "Johnson U", 366.0, Some("U"), "Vega"),
    filter("B", "Johnson B", 438.0, Some("B"), "Vega"),
    filter("V", "Johnson V", 545.0, Some("V"), "Vega"),
    filter("R", "Cousins R", 641.0, Some("R"), "Vega"),
    filter("I", "Cousins I", 798.0, Some("I"), "Vega"),
    filter("u'", "Sloan u′", 354.0, Some("SU"), "AB"),
    filter("g'", "Sloan g′", 477.0, Some("SG"), "AB"),
    filter("r'", "Sloan r′", 623.0, Some("SR"), "AB"),
    filter("i'", "Sloan i′", 763.0, Some("SI"), "AB"),
    filter("z'", "Sloan z′", 905.0, Some("SZ"), "AB"),
    filter("J", "J", 1220.0, Some("J"), "Vega"),
    filter("H", "H", 1630.0, Some("H"), "Vega"),
    filter("K", "K", 2190.0, Some("K"), "Vega"),
    filter(
        "TB",
        "Blue pixels of a colour chip",
        460.0,
        Some("TB"),
        "Vega",
    ),
    filter(
        "TG",
        "Green pixels of a colour chip",
        530.0,
        Some("TG"),
        "Vega",
    ),
    filter(
        "TR",
        "Red pixels of a colour chip",
        610.0,
        Some("TR"),
        "Vega",
    ),
    filter("CV", "Clear, compared with V", 600.0, Some("CV"), "Vega"),
    filter("CR", "Clear, compared with R", 600.0, Some("CR"), "Vega"),
    filter("Clear", "Clear or luminance", 600.0, None, "Vega"),
];

/// What a filter is kept as: its code, or what was written where that is not known.
pub(super) fn code(text: &str) -> String {
    known(text).map_or(text, |known| known.code).to_owned()
}

/// The filter of that code or name: `r'`, `Sloan r`, `Rc`, `unfiltered`, `L` …
pub(super) fn known(text: &str) -> Option<&'static Filter> {
    let plain = text.trim().replace(['′', '’', '`'], "'");
    let exactly = FILTERS.iter().find(|filter| filter.code == plain);
    exactly.or_else(|| {
        let lower = plain.to_lowercase();
        let code = match lower.as_str() {
            "u'" | "sloan u" | "sdss u" | "su" => "u'",
            "g" | "g'" | "sloan g" | "sdss g" | "sg" => "g'",
            "r'" | "sloan r" | "sdss r" | "sr" => "r'",
            "i'" | "sloan i" | "sdss i" | "si" => "i'",
            "z" | "z'" | "sloan z" | "sdss z" | "sz" => "z'",
            "rc" | "cousins r" | "johnson r" => "R",
            "ic" | "cousins i" | "johnson i" => "I",
            "johnson u" => "U",
            "johnson b" => "B",
            "johnson v" => "V",
            "clear" | "unfiltered" | "none" | "open" | "white" | "w" | "l" | "lum"
            | "luminance" | "c" => "Clear",
            "ks" => "K",
            "cv" => "CV",
            "cr" => "CR",
            "tg" => "TG",
            "tb" => "TB",
            "tr" => "TR",
            _ => return None,
        };
        FILTERS.iter().find(|filter| filter.code == code)
    })
}
