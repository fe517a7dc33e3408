//! An observation's numbers in words, the same on pages, on the curve, in letters and in files.

use super::model::Photometry;

/// `17.32 ± 0.08`, or of a limit the limit alone; nothing where no brightness was given.
pub(super) fn brightness(light: &Photometry) -> Option<String> {
    let seen = light.magnitude.map(|seen| magnitude(seen, light.error));
    seen.or_else(|| light.limit.map(|limit| magnitude(limit, None)))
}

/// `17.30 ± 0.08`: both to the last decimal that either was given with.
pub(super) fn magnitude(value: f64, error: Option<f64>) -> String {
    let places = |value: f64| decimal(value).rsplit('.').next().map_or(1, str::len);
    let most = error.map_or(0, places).max(places(value));
    let error = error.map(|error| format!(" ± {error:.most$}"));
    printed(&format!("{value:.most$}{}", error.unwrap_or_default()))
}

/// ` in r′`, to follow a brightness; nothing where no filter was given.
pub(super) fn in_filter(code: Option<&str>) -> String {
    match code {
        None | Some("") => String::new(),
        Some("Clear") => " in unfiltered light".into(),
        Some(code) => format!(" in {}", band(code)),
    }
}

/// A filter's code as it is printed: `r′`.
pub(super) fn band(code: &str) -> String {
    code.replace('\'', "′")
}

/// An exposure (s) as `300 s`, with at most three decimals.
pub(super) fn seconds(exposure: f64) -> String {
    format!("{} s", thousandths(exposure))
}

/// In ASCII, with as many decimals as were given: at least one, so that it reads as a magnitude, at most three.
pub(super) fn decimal(value: f64) -> String {
    format!("{:?}", thousandths(value))
}

fn thousandths(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// With the minus of print.
pub(super) fn printed(number: &str) -> String {
    number.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_magnitude_and_its_error_end_at_one_decimal() {
        for (value, error, words) in [
            (17.32, Some(0.08), "17.32 ± 0.08"),
            (17.3, Some(0.08), "17.30 ± 0.08"),
            (17.32, Some(0.1), "17.32 ± 0.10"),
            (18.0, None, "18.0"),
            (19.5, None, "19.5"),
            (-1.4, Some(0.0), "−1.4 ± 0.0"),
            (16.123_456, Some(0.012_345), "16.123 ± 0.012"),
        ] {
            assert_eq!(magnitude(value, error), words);
        }
    }

    #[test]
    fn a_limit_stands_alone_and_a_filter_is_printed() {
        let limit = Photometry {
            limit: Some(19.0),
            ..Photometry::default()
        };
        assert_eq!(brightness(&limit).unwrap(), "19.0");
        assert_eq!(brightness(&Photometry::default()), None);
        assert_eq!(in_filter(Some("r'")), " in r′");
        assert_eq!(in_filter(Some("Clear")), " in unfiltered light");
        assert_eq!(seconds(300.0) + &seconds(0.5), "300 s0.5 s");
    }
}
