//! Headers of FITS files (FITS Standard 4.0), with nothing in them taken on trust.

/// Headers and data fill whole blocks of so many bytes.
pub const BLOCK: usize = 2880;

/// A header longer than this is not read, blocks.
const LONGEST: usize = 64;

/// The cards of one header: keyword and value as text, quotes taken off.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Header(Vec<(String, String)>);

impl Header {
    /// Takes a header off the front of a file; `None` where there is no whole one.
    pub fn take(file: &mut &[u8]) -> Option<Self> {
        let mut cards = Vec::new();
        for (number, block) in file.chunks_exact(BLOCK).take(LONGEST).enumerate() {
            for card in block.chunks_exact(80) {
                if card.starts_with(b"END     ") {
                    *file = file.get((number + 1) * BLOCK..).unwrap_or_default();
                    return Some(Self(cards));
                }
                cards.extend(keyword_and_value(card));
            }
        }
        None
    }

    pub fn text(&self, keyword: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(k, _)| k == keyword)
            .map(|(_, value)| value.as_str())
    }

    pub fn number(&self, keyword: &str) -> Option<usize> {
        self.text(keyword)?.parse().ok()
    }

    /// A finite number; FITS also writes the exponent with a D.
    pub fn float(&self, keyword: &str) -> Option<f64> {
        let text = self.text(keyword)?.replace(['D', 'd'], "e");
        text.parse().ok().filter(|value: &f64| value.is_finite())
    }

    /// Bytes of data that follow this header, without padding.
    pub fn data_size(&self) -> Option<usize> {
        let axes = self.number("NAXIS")?;
        if axes == 0 {
            return Some(0);
        }
        let bits: i64 = self.text("BITPIX")?.parse().ok()?;
        let bytes = usize::try_from(bits.unsigned_abs() / 8).ok()?;
        let mut size = bytes;
        for axis in 1..=axes.min(9) {
            size = size.checked_mul(self.number(&format!("NAXIS{axis}"))?)?;
        }
        size.checked_add(self.number("PCOUNT").unwrap_or(0).checked_mul(bytes)?)
    }
}

fn keyword_and_value(card: &[u8]) -> Option<(String, String)> {
    let text = std::str::from_utf8(card).ok()?;
    let (keyword, value) = (
        text.get(..8)?.trim_end(),
        text.get(8..)?.strip_prefix("= ")?.trim_start(),
    );
    let value = match value.strip_prefix('\'') {
        Some(quoted) => quoted.split('\'').next()?.trim_end(),
        None => value.split('/').next()?.trim_end(),
    };
    Some((keyword.to_owned(), value.to_owned()))
}
