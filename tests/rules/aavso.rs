//! The published rules of the AAVSO Extended File Format 1.2 (aavso.org/aavso-extended-file-format), as a judge of files.
//!
//! Written from the rules, not from our writer, and used by every test that meets such a file.

const FILTERS: &str = "U B V R I J H K TB TG TR CV CR SZ SU SG SR SI STU STV STB STY STHBW STHBN MA MB MI ZS Y HA HAC O Z";
const REQUIRED: [&str; 6] = ["TYPE", "OBSCODE", "SOFTWARE", "DELIM", "DATE", "OBSTYPE"];
const OBSTYPES: [&str; 4] = ["CCD", "DSLR", "PEP", "VISDIG"];

/// Name and longest text of each field, in order. Notes are "several thousand".
const FIELDS: [(&str, usize); 15] = [
    ("STARID", 30),
    ("DATE", 16),
    ("MAGNITUDE", 8),
    ("MAGERR", 6),
    ("FILTER", 5),
    ("TRANS", 3),
    ("MTYPE", 3),
    ("CNAME", 20),
    ("CMAG", 8),
    ("KNAME", 20),
    ("KMAG", 8),
    ("AIRMASS", 7),
    ("GROUP", 5),
    ("CHART", 20),
    ("NOTES", 2000),
];

/// What is wrong with a file, each with its line; nothing where the AAVSO would take it.
pub(crate) fn faults(file: &str) -> Vec<String> {
    let mut judge = Judge::default();
    for (at, line) in file.lines().enumerate() {
        judge.at = at + 1;
        judge.line(line);
    }
    judge.at = 0;
    judge.header_is_whole();
    judge.faults
}

/// The data lines of a file, each with the observer's code that holds there.
pub(crate) fn rows(file: &str) -> Vec<(String, Vec<String>)> {
    let mut judge = Judge::default();
    let mut rows = Vec::new();
    for line in file.lines() {
        judge.line(line);
        if !line.starts_with('#') {
            let fields = line
                .split(judge.delimiter.unwrap_or(','))
                .map(str::to_owned);
            rows.push((judge.code.clone(), fields.collect()));
        }
    }
    rows
}

#[derive(Default)]
struct Judge {
    at: usize,
    seen: Vec<String>,
    delimiter: Option<char>,
    code: String,
    date: String,
    data: bool,
    faults: Vec<String>,
}

impl Judge {
    fn fault(&mut self, what: impl Into<String>) {
        self.faults
            .push(format!("line {}: {}", self.at, what.into()));
    }

    fn line(&mut self, line: &str) {
        if !line.chars().all(|c| (' '..='~').contains(&c)) {
            self.fault("not plain ASCII");
        }
        match line.strip_prefix('#') {
            Some(parameter) => self.parameter(parameter),
            None if line.trim().is_empty() => self.fault("a blank line that is no comment"),
            None => self.observation(line),
        }
    }

    /// The format is not case sensitive; whatever is no parameter is a comment.
    fn parameter(&mut self, text: &str) {
        let Some((name, value)) = text.split_once('=') else {
            return;
        };
        let (name, value) = (name.trim().to_uppercase(), value.trim());
        if !REQUIRED.contains(&name.as_str()) {
            return;
        }
        if self.data && !["OBSCODE", "DATE"].contains(&name.as_str()) {
            self.fault(format!("{name} must stand at the top"));
        }
        match name.as_str() {
            "TYPE" if !value.eq_ignore_ascii_case("extended") => {
                self.fault("TYPE must be Extended");
            }
            "SOFTWARE" if value.is_empty() || value.len() > 255 => self.fault("SOFTWARE"),
            "OBSTYPE" if !OBSTYPES.contains(&value.to_uppercase().as_str()) => {
                self.fault("OBSTYPE");
            }
            "DELIM" => self.delim(value),
            "OBSCODE" => self.code = value.to_owned(),
            "DATE" => {
                self.date = value.to_uppercase();
                if !["JD", "HJD", "EXCEL"].contains(&self.date.as_str()) {
                    self.fault("DATE must be JD, HJD or EXCEL");
                }
            }
            _ => {}
        }
        self.seen.push(name);
    }

    fn delim(&mut self, value: &str) {
        let mut chars = value.chars();
        self.delimiter = match (value.to_lowercase().as_str(), chars.next(), chars.next()) {
            ("comma", ..) => Some(','),
            ("tab", ..) => Some('\t'),
            (_, Some(c), None) if c != '#' && c != ' ' => Some(c),
            _ => None,
        };
        if self.delimiter.is_none() {
            self.fault("DELIM must be one character, not # nor a space");
        }
    }

    fn header_is_whole(&mut self) {
        for name in REQUIRED {
            if !self.seen.iter().any(|seen| seen == name) {
                self.fault(format!("#{name} is missing"));
            }
        }
    }

    fn observation(&mut self, line: &str) {
        if !self.data {
            self.data = true;
            self.header_is_whole();
        }
        let code = self.code.clone();
        if code.is_empty() || code.len() > 5 || !code.bytes().all(|b| b.is_ascii_alphanumeric()) {
            self.fault("data without an observer's code");
        }
        let fields: Vec<&str> = line.split(self.delimiter.unwrap_or(',')).collect();
        if fields.len() != FIELDS.len() {
            self.fault(format!("{} fields, not {}", fields.len(), FIELDS.len()));
            return;
        }
        for ((name, most), field) in FIELDS.into_iter().zip(&fields) {
            if field.trim().is_empty() {
                self.fault(format!("{name} is empty: na stands for what is not there"));
            }
            if field.len() > most {
                self.fault(format!("{name} is longer than {most}"));
            }
        }
        self.values(&fields);
    }

    fn values(&mut self, fields: &[&str]) {
        let na = |text: &str| text.eq_ignore_ascii_case("na");
        let upper = |at: usize| fields[at].to_uppercase();
        if na(fields[0]) {
            self.fault("STARID");
        }
        // JD of 1900 to 2100: anything else is another kind of number.
        let date = fields[1].parse::<f64>();
        let decimals = fields[1]
            .split_once('.')
            .map_or(0, |(_, decimals)| decimals.len());
        if self.date != "EXCEL"
            && !date.is_ok_and(|date| (2_415_020.0..2_488_070.0).contains(&date))
        {
            self.fault("DATE is no Julian date");
        }
        if decimals < 4 {
            self.fault("DATE has too few decimals");
        }
        let magnitude = fields[2].strip_prefix('<').unwrap_or(fields[2]);
        if !magnitude.contains('.')
            || !magnitude
                .parse::<f64>()
                .is_ok_and(|m| (-30.0..40.0).contains(&m))
        {
            self.fault("MAGNITUDE must be a number with a dot");
        }
        for (at, name) in [(3, "MAGERR"), (8, "CMAG"), (10, "KMAG"), (11, "AIRMASS")] {
            if !na(fields[at]) && fields[at].parse::<f64>().is_err() {
                self.fault(format!("{name} must be a number or na"));
            }
        }
        if fields[2].starts_with('<') && !na(fields[3]) {
            self.fault("a limit has no error");
        }
        if !FILTERS.split(' ').any(|filter| filter == upper(4)) {
            self.fault(format!("FILTER {}", fields[4]));
        }
        if !["YES", "NO"].contains(&upper(5).as_str()) {
            self.fault("TRANS must be YES or NO");
        }
        if !["STD", "DIF", "ABS"].contains(&upper(6).as_str()) {
            self.fault("MTYPE must be STD, DIF or ABS");
        }
        if upper(6) == "DIF" && na(fields[7]) {
            self.fault("DIF needs CNAME");
        }
        if upper(4) == "O" && na(fields[14]) {
            self.fault("FILTER O must be described in NOTES");
        }
    }
}
