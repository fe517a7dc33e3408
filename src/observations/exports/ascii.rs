//! Text for formats that know only ASCII.

/// `text` on one line in printable ASCII (32–126), at most `most` characters: accents are dropped, Greek letters, dashes and
/// signs are written out, and what has no likeness becomes `?`.
pub(super) fn ascii(text: &str, most: usize) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            ' '..='~' => plain.push(c),
            _ if c.is_whitespace() => plain.push(' '),
            _ if is_unseen(c) => {}
            _ => plain += like(c).unwrap_or("?"),
        }
    }
    let words: Vec<&str> = plain.split_whitespace().collect();
    let line: String = words.join(" ").chars().take(most).collect();
    line.trim_end().to_owned()
}

/// Controls, marks of direction, joiners, and accents that follow their letter.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Letters of Latin-1 and Latin Extended-A, Greek, and the signs that observers use.
fn like(c: char) -> Option<&'static str> {
    const TABLE: &[(&str, &str)] = &[
        ("ÀÁÂÃÅĀĂĄ", "A"),
        ("àáâãåāăą", "a"),
        ("ÄÆ", "Ae"),
        ("äæ", "ae"),
        ("ÇĆĈĊČ", "C"),
        ("çćĉċč", "c"),
        ("ĎĐÐ", "D"),
        ("ďđð", "d"),
        ("ÈÉÊËĒĔĖĘĚ", "E"),
        ("èéêëēĕėęě", "e"),
        ("ĜĞĠĢ", "G"),
        ("ĝğġģ", "g"),
        ("ĤĦ", "H"),
        ("ĥħ", "h"),
        ("ÌÍÎÏĨĪĬĮİ", "I"),
        ("ìíîïĩīĭįı", "i"),
        ("Ĵ", "J"),
        ("ĵ", "j"),
        ("Ķ", "K"),
        ("ķĸ", "k"),
        ("ĹĻĽĿŁ", "L"),
        ("ĺļľŀł", "l"),
        ("ÑŃŅŇ", "N"),
        ("ñńņňŉ", "n"),
        ("ÒÓÔÕŌŎŐ", "O"),
        ("òóôõōŏő", "o"),
        ("ÖØŒ", "Oe"),
        ("öøœ", "oe"),
        ("ŔŖŘ", "R"),
        ("ŕŗř", "r"),
        ("ŚŜŞŠȘ", "S"),
        ("śŝşšș", "s"),
        ("ß", "ss"),
        ("ŢŤŦȚ", "T"),
        ("ţťŧț", "t"),
        ("ÙÚÛŨŪŬŮŰŲ", "U"),
        ("ùúûũūŭůűų", "u"),
        ("Ü", "Ue"),
        ("ü", "ue"),
        ("Ŵ", "W"),
        ("ŵ", "w"),
        ("ÝŶŸ", "Y"),
        ("ýŷÿ", "y"),
        ("ŹŻŽ", "Z"),
        ("źżž", "z"),
        ("Þ", "Th"),
        ("þ", "th"),
        ("α", "alpha"),
        ("β", "beta"),
        ("γ", "gamma"),
        ("δ", "delta"),
        ("λ", "lambda"),
        ("µμ", "u"),
        ("σ", "sigma"),
        ("‐‑‒–—―−", "-"),
        ("‘’‚′´", "'"),
        ("“”„″«»", "\""),
        ("…", "..."),
        ("×", "x"),
        ("±", "+/-"),
        ("≤", "<="),
        ("≥", ">="),
        ("≈", "~"),
        ("°", " deg"),
        ("·•", "-"),
        ("½", "1/2"),
        ("²", "2"),
        ("³", "3"),
        ("€", "EUR"),
    ];
    let found = TABLE.iter().find(|(letters, _)| letters.contains(c));
    found.map(|(_, plain)| *plain)
}
