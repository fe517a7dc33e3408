//! The judge of AAVSO files, judged itself.

#[path = "../rules/aavso.rs"]
pub(crate) mod rules;

use rules::{faults, rows};

const HEAD: &str =
    "#TYPE=EXTENDED\n#OBSCODE=TST01\n#SOFTWARE=GCX 2.0\n#DELIM=,\n#DATE=JD\n#OBSTYPE=CCD\n";
/// Shaped as the examples that the AAVSO gives.
const GOOD: &str =
    "SS CYG,2450702.1234,11.235,0.003,B,NO,STD,105,na,na,na,na,na,X16382L,This is a test";

fn file(row: &str) -> String {
    format!("{HEAD}{row}\n")
}

#[test]
fn good_files_are_good() {
    let ensemble = "#TYPE=Extended\n#OBSCODE=TST01\n#SOFTWARE=IRAF 12.4\n#DELIM=;\n#DATE=JD\n#OBSTYPE=CCD\n#NAME;DATE;MAG\n\
        SS CYG;2450702.1234;<11.135;na;V;NO;STD;ENSEMBLE;na;105;10.593;1.561;1;070613;na\n\
        #OBSCODE=TST02\nSS CYG;2450702.1254;11.135;0.003;O;NO;STD;na;na;na;na;na;na;na;FILTER=Luminance\n";
    for good in [file(GOOD), ensemble.to_owned(), HEAD.to_owned()] {
        assert_eq!(faults(&good), Vec::<String>::new(), "{good}");
    }
    let rows = rows(ensemble);
    assert_eq!((rows[0].0.as_str(), rows[1].0.as_str()), ("TST01", "TST02"));
}

#[test]
fn each_broken_rule_is_found() {
    let swap = |from: &str, to: &str| {
        let broken = file(GOOD).replacen(from, to, 1);
        assert_ne!(broken, file(GOOD), "{from}");
        broken
    };
    let broken = [
        swap("#TYPE=EXTENDED", "#TYPE=VISUAL"),
        swap("#OBSCODE=TST01\n", ""),
        swap("#OBSCODE=TST01", "#OBSCODE="),
        swap("#OBSCODE=TST01", "#OBSCODE=T ST"),
        swap("#DELIM=,", "#DELIM=#"),
        swap("#DATE=JD", "#DATE=MJD"),
        swap("#OBSTYPE=CCD", "#OBSTYPE=EYE"),
        swap("SS CYG", ""),
        swap("SS CYG", "GRB é"),
        swap("SS CYG", "A star whose name is far too long for it"),
        swap("SS CYG,", "SS,CYG,"),
        swap("2450702.1234", "50702.1234"),
        swap("2450702.1234", "2450702"),
        swap("11.235", "11"),
        swap("11.235", "<11.235"),
        swap("11.235", ">11.235"),
        swap("11.235", "11.23456789"),
        swap("0.003", "0.00345678"),
        swap("0.003", ""),
        swap("0.003", "small"),
        swap(",B,", ",r',"),
        swap(
            ",B,NO,STD,105,na,na,na,na,na,X16382L,This is a test",
            ",O,NO,STD,105,na,na,na,na,na,X16382L,na",
        ),
        swap("NO", "MAYBE"),
        swap("STD,105", "STD,A comparison star's long name"),
        swap("STD,105", "DIF,na"),
        swap("STD", "VIS"),
        swap("X16382L,This", "X16382L,x,This"),
        file(&format!("{GOOD}\n\n{GOOD}")),
        file(&format!("{GOOD}\n#DELIM=;")),
    ];
    for broken in broken {
        assert!(!faults(&broken).is_empty(), "{broken}");
    }
}
