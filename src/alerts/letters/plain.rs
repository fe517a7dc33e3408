//! Makes other people's words fit to stand in a letter.

/// The text on one line, without what a mail program or a reader's eye could take for something else: line breaks, control
/// characters, marks that turn the direction of writing. At most `most` characters; what is cut off is said by `…`.
pub(super) fn plain(text: &str, most: usize) -> String {
    let visible = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c });
    let visible: String = visible.filter(|c| !is_hidden(*c)).collect();
    // Two spaces part right ascension and declination; more say nothing.
    let mut line = visible.trim().to_owned();
    while line.contains("   ") {
        line = line.replace("   ", "  ");
    }
    if line.chars().count() <= most {
        return line;
    }
    let cut: String = line.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", cut.trim_end())
}

fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hides_in_a_line() {
        assert_eq!(
            plain("GRB 1\r\nBcc: all@example.org\0", 80),
            "GRB 1  Bcc: all@example.org"
        );
        assert_eq!(plain("\u{202e}evil\u{2066} \u{feff}site", 80), "evil site");
        assert_eq!(plain("Pic du Midi", 6), "Pic d…");
        assert_eq!(plain("\u{2028}a\u{2029}", 6), "a");
    }
}
