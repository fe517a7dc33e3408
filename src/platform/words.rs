//! Numbers as people read them: sizes of files, and so many of something.

use std::fmt::Display;

/// `0.4 MB`, `310 MB`, `12 GB`
pub fn size(bytes: u64) -> String {
    match bytes {
        0..10_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        10_000_000..10_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{} GB", bytes / 1_000_000_000),
    }
}

/// `1 notice`, `2 notices`
pub fn count(number: impl Display, thing: &str) -> String {
    match number.to_string().as_str() {
        "1" => format!("1 {thing}"),
        other => format!("{other} {thing}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_as_fine_as_they_are_of_use() {
        let sizes = [
            0,
            449_000,
            9_940_000,
            10_000_000,
            9_999_999_999,
            12_000_000_000,
        ]
        .map(size);
        assert_eq!(
            sizes,
            ["0.0 MB", "0.4 MB", "9.9 MB", "10 MB", "9999 MB", "12 GB"]
        );
    }

    #[test]
    fn one_is_one() {
        let counts = [0, 1, 2].map(|number| count(number, "notice"));
        assert_eq!(counts, ["0 notices", "1 notice", "2 notices"]);
    }
}
