//! GCN's numbers of the classic notice types, what each is, and how the text notices name it.

use super::model::{Kind, Mission, Notice};

/// One classic notice type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    pub number: u16,
    pub mission: Mission,
    pub instrument: Option<&'static str>,
    pub kind: Kind,
    /// What the text notices call it after `NOTICE_TYPE:`.
    pub title: &'static str,
    /// True where the number itself says that it is a test.
    pub test: bool,
}

/// What GCN sends under a packet number; `None` for a number not known here.
pub fn packet(number: u16) -> Option<Packet> {
    let row = ROWS.iter().find(|row| row.0 == number)?;
    Some(of(row))
}

/// The packet that a text's `NOTICE_TYPE` names. Words count, not their order: `Fermi-GBM Ground Position`.
pub fn packet_titled(title: &str) -> Option<Packet> {
    let title = squeeze(title);
    let exact = ROWS.iter().find(|row| squeeze(row.4) == title);
    exact.or_else(|| by_words(&title)).map(of)
}

/// The packet number under which GCN would send such a notice, where it is known what that is.
pub(super) fn number_for(notice: &Notice) -> Option<u16> {
    if notice.packet_type.is_some() {
        return notice.packet_type;
    }
    let instrument = notice.instrument.as_deref();
    let fits = |packet: &Packet| {
        let same = packet.instrument.is_none() || packet.instrument == instrument;
        packet.mission == notice.mission && packet.kind == notice.kind && same
    };
    let packets: Vec<Packet> = ROWS.iter().map(of).filter(fits).collect();
    let first = packets.iter().find(|packet| packet.test == notice.test);
    first.or(packets.first()).map(|packet| packet.number)
}

fn of(row: &Row) -> Packet {
    let (number, mission, instrument, kind, title) = *row;
    Packet {
        number,
        mission: mission(),
        instrument: (!instrument.is_empty()).then_some(instrument),
        kind,
        title,
        test: TESTS.contains(&number),
    }
}

fn squeeze(title: &str) -> String {
    let letters = title.chars().filter(|c| c.is_ascii_alphanumeric());
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

fn by_words(title: &str) -> Option<&'static Row> {
    let named = |row: &&(&[&str], u16)| row.0.iter().all(|word| title.contains(word));
    let number = WORDS.iter().find(named)?.1;
    ROWS.iter().find(|row| row.0 == number)
}

type Row = (u16, fn() -> Mission, &'static str, Kind, &'static str);

const TESTS: [u16; 8] = [2, 82, 109, 119, 124, 136, 153, 159];

fn fermi() -> Mission {
    Mission::Fermi
}
fn swift() -> Mission {
    Mission::Swift
}
fn integral() -> Mission {
    Mission::Integral
}
fn agile() -> Mission {
    Mission::Agile
}
fn icecube() -> Mission {
    Mission::IceCube
}
fn svom() -> Mission {
    Mission::Svom
}
fn lvk() -> Mission {
    Mission::Lvk
}
fn maxi() -> Mission {
    Mission::Maxi
}
fn ipn() -> Mission {
    Mission::Ipn
}
fn other(name: &str) -> Mission {
    Mission::Other(name.to_owned())
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    (2, || other("GCN"), "", Kind::Other, "Test Coords"),
    (31, ipn, "", Kind::Alert, "IPN Raw"),
    (32, ipn, "", Kind::Position, "IPN Segment"),
    (39, ipn, "", Kind::Position, "IPN Position"),
    (45, || other("Counterpart"), "", Kind::Counterpart, "GRB Counterpart Position"),
    (46, swift, "", Kind::Slew, "Swift-TOO FOM"),
    (47, swift, "", Kind::Slew, "Swift-TOO SC_Slew"),
    (51, integral, "", Kind::Pointing, "INTEGRAL Point Dir"),
    (52, integral, "SPI-ACS", Kind::Alert, "INTEGRAL SPIACS"),
    (53, integral, "IBIS", Kind::Position, "INTEGRAL Wakeup"),
    (54, integral, "IBIS", Kind::Update, "INTEGRAL Refined"),
    (55, integral, "IBIS", Kind::Update, "INTEGRAL Offline"),
    (56, integral, "IBIS", Kind::Subthreshold, "INTEGRAL Weak"),
    (57, || other("AAVSO"), "", Kind::Transient, "AAVSO"),
    (59, || Mission::Konus, "", Kind::LightCurve, "KONUS Lightcurve"),
    (60, swift, "BAT", Kind::Alert, "Swift-BAT GRB Alert"),
    (61, swift, "BAT", Kind::Position, "Swift-BAT GRB Position"),
    (62, swift, "BAT", Kind::NoPosition, "Swift-BAT GRB Nack-Position"),
    (63, swift, "BAT", Kind::LightCurve, "Swift-BAT GRB Lightcurve"),
    (64, swift, "BAT", Kind::Data, "Swift-BAT Scaled Map"),
    (65, swift, "", Kind::Slew, "Swift-FOM Will_Observe"),
    (66, swift, "", Kind::Slew, "Swift-SC Will_Slew"),
    (67, swift, "XRT", Kind::Position, "Swift-XRT Position"),
    (68, swift, "XRT", Kind::Data, "Swift-XRT Spectrum"),
    (69, swift, "XRT", Kind::Data, "Swift-XRT Image"),
    (70, swift, "XRT", Kind::LightCurve, "Swift-XRT Lightcurve"),
    (71, swift, "XRT", Kind::NoPosition, "Swift-XRT Nack-Position"),
    (72, swift, "UVOT", Kind::Data, "Swift-UVOT Image"),
    (73, swift, "UVOT", Kind::Data, "Swift-UVOT Source List"),
    (76, swift, "BAT", Kind::LightCurve, "Swift-BAT Processed Lightcurve"),
    (77, swift, "XRT", Kind::Data, "Swift-XRT Processed Spectrum"),
    (78, swift, "XRT", Kind::Data, "Swift-XRT Processed Image"),
    (79, swift, "UVOT", Kind::Data, "Swift-UVOT Processed Image"),
    (80, swift, "UVOT", Kind::Data, "Swift-UVOT Processed Source List"),
    (81, swift, "UVOT", Kind::Position, "Swift-UVOT Position"),
    (82, swift, "BAT", Kind::Position, "Swift-BAT GRB Test Position"),
    (83, swift, "", Kind::Pointing, "Swift Pointing Direction"),
    (84, swift, "BAT", Kind::Transient, "Swift-BAT Transient Position"),
    (85, swift, "XRT", Kind::Data, "Swift-XRT Thresholded Pixels"),
    (86, swift, "XRT", Kind::Data, "Swift-XRT Processed Thresholded Pixels"),
    (87, swift, "XRT", Kind::Data, "Swift-XRT Single Pixel Events"),
    (88, swift, "XRT", Kind::Data, "Swift-XRT Processed Single Pixel Events"),
    (89, swift, "UVOT", Kind::NoPosition, "Swift-UVOT Nack-Position"),
    (95, swift, "", Kind::Other, "Swift-FOM Safe Point"),
    (96, swift, "", Kind::Other, "Swift-FOM Slew Abort"),
    (97, swift, "BAT", Kind::QuickLook, "Swift-BAT Quicklook Position"),
    (98, swift, "BAT", Kind::Subthreshold, "Swift-BAT SubThreshold Position"),
    (100, agile, "GRID", Kind::Position, "AGILE GRB Wakeup Position"),
    (101, agile, "GRID", Kind::Ground, "AGILE GRB Ground Position"),
    (102, agile, "GRID", Kind::Update, "AGILE GRB Refined Position"),
    (103, swift, "", Kind::Pointing, "Swift Actual Pointing Direction"),
    (105, agile, "MCAL", Kind::Alert, "AGILE MCAL Alert"),
    (107, agile, "", Kind::Pointing, "AGILE Pointing Direction"),
    (108, agile, "GRID", Kind::Transient, "AGILE Transient"),
    (109, agile, "GRID", Kind::Position, "AGILE GRB Test Position"),
    (110, fermi, "GBM", Kind::Alert, "Fermi-GBM Alert"),
    (111, fermi, "GBM", Kind::Flight, "Fermi-GBM Flight Position"),
    (112, fermi, "GBM", Kind::Ground, "Fermi-GBM Ground Position"),
    (113, fermi, "GBM", Kind::LightCurve, "Fermi-GBM Lightcurve"),
    (115, fermi, "GBM", Kind::Final, "Fermi-GBM Final Position"),
    (116, fermi, "GBM", Kind::Other, "Fermi-GBM Internal Alert"),
    (117, fermi, "GBM", Kind::Other, "Fermi-GBM Internal Flight Position"),
    (118, fermi, "GBM", Kind::Other, "Fermi-GBM Internal Transient"),
    (119, fermi, "GBM", Kind::Flight, "Fermi-GBM Test Position"),
    (120, fermi, "LAT", Kind::Position, "Fermi-LAT Initial Position"),
    (121, fermi, "LAT", Kind::Update, "Fermi-LAT Update Position"),
    (122, fermi, "LAT", Kind::Data, "Fermi-LAT Diagnostic Position"),
    (123, fermi, "LAT", Kind::Transient, "Fermi-LAT Transient"),
    (124, fermi, "LAT", Kind::Position, "Fermi-LAT Test Position"),
    (125, fermi, "LAT", Kind::KnownSource, "Fermi-LAT Monitor"),
    (126, fermi, "", Kind::Slew, "Fermi-SC Slew"),
    (127, fermi, "LAT", Kind::Update, "Fermi-LAT Ground Position"),
    (128, fermi, "LAT", Kind::Position, "Fermi-LAT Offline Position"),
    (129, fermi, "", Kind::Pointing, "Fermi Pointing Direction"),
    (131, fermi, "GBM", Kind::Subthreshold, "Fermi-GBM SubThreshold"),
    (133, swift, "BAT", Kind::KnownSource, "Swift-BAT Monitor"),
    (134, maxi, "GSC", Kind::Position, "MAXI Unknown Source Position"),
    (135, maxi, "GSC", Kind::KnownSource, "MAXI Known Source Position"),
    (136, maxi, "GSC", Kind::Position, "MAXI Test Position"),
    (137, || other("OGLE"), "", Kind::Transient, "OGLE Lensing Event"),
    (138, || other("CBAT"), "", Kind::Transient, "CBAT Transient"),
    (139, || Mission::Moa, "", Kind::Transient, "MOA Lensing Event"),
    (140, swift, "BAT", Kind::Subthreshold, "Swift-BAT SubSubThreshold Position"),
    (141, swift, "BAT", Kind::KnownSource, "Swift-BAT Known Source Position"),
    (145, || other("GCN"), "", Kind::Other, "Coincidence"),
    (148, || other("Suzaku"), "WAM", Kind::LightCurve, "SUZAKU Lightcurve"),
    (149, || Mission::Snews, "", Kind::Supernova, "SNEWS Event"),
    (150, lvk, "", Kind::GravitationalWave, "LVC Preliminary"),
    (151, lvk, "", Kind::GravitationalWave, "LVC Initial Skymap"),
    (152, lvk, "", Kind::GravitationalWave, "LVC Update Skymap"),
    (153, lvk, "", Kind::GravitationalWave, "LVC Test"),
    (154, lvk, "", Kind::Counterpart, "LVC Counterpart"),
    (157, || Mission::Amon, "", Kind::Neutrino, "AMON ICECUBE Coincidence"),
    (158, icecube, "", Kind::Neutrino, "AMON ICECUBE HESE"),
    (159, icecube, "", Kind::Neutrino, "AMON ICECUBE Test"),
    (160, || Mission::Calet, "GBM", Kind::LightCurve, "CALET GBM Flight Lightcurve"),
    (161, || Mission::Calet, "GBM", Kind::LightCurve, "CALET GBM Ground Lightcurve"),
    (163, lvk, "", Kind::GravitationalWave, "LVC Early Warning"),
    (164, lvk, "", Kind::Retraction, "LVC Retraction"),
    (169, icecube, "", Kind::Neutrino, "AMON ICECUBE EHE"),
    (171, || Mission::Hawc, "", Kind::Alert, "HAWC Burst Monitor"),
    (172, || Mission::Amon, "", Kind::Neutrino, "AMON Neutrino-EM Coincidence"),
    (173, icecube, "", Kind::Neutrino, "ICECUBE Astrotrack Gold"),
    (174, icecube, "", Kind::Neutrino, "ICECUBE Astrotrack Bronze"),
    (175, || Mission::SuperK, "", Kind::Supernova, "SK SN"),
    (176, icecube, "", Kind::Neutrino, "ICECUBE Cascade"),
    (188, || Mission::Gecam, "", Kind::Flight, "GECAM Flight Position"),
    (189, || Mission::Gecam, "", Kind::Ground, "GECAM Ground Position"),
    (201, svom, "GRM", Kind::Alert, "SVOM GRM Trigger"),
    (202, svom, "ECLAIRs", Kind::Position, "SVOM ECLAIRs Wakeup"),
    (203, svom, "ECLAIRs", Kind::KnownSource, "SVOM ECLAIRs Catalog"),
    (204, svom, "ECLAIRs", Kind::Update, "SVOM ECLAIRs Slewing"),
    (205, svom, "ECLAIRs", Kind::Update, "SVOM ECLAIRs Not Slewing"),
    (209, svom, "MXT", Kind::Position, "SVOM MXT Initial"),
    (210, svom, "MXT", Kind::Update, "SVOM MXT Update"),
    (211, svom, "VT", Kind::Position, "SVOM VT"),
    (219, svom, "", Kind::Retraction, "SVOM Retraction"),
];

/// Titles that vary: the first row whose words all occur decides.
#[rustfmt::skip]
const WORDS: &[(&[&str], u16)] = &[
    (&["fermigbm", "test"], 119),
    (&["fermigbm", "sub"], 131),
    (&["fermigbm", "flight"], 111),
    (&["fermigbm", "final"], 115),
    (&["fermigbm", "ground"], 112),
    (&["fermigbm", "curve"], 113),
    (&["fermigbm", "alert"], 110),
    (&["fermilat", "test"], 124),
    (&["fermilat", "offline"], 128),
    (&["fermilat", "diag"], 122),
    (&["fermilat", "monitor"], 125),
    (&["fermilat", "gnd"], 127),
    (&["fermilat", "ground"], 127),
    (&["fermilat", "ini"], 120),
    (&["fermilat", "trans"], 123),
    (&["fermilat", "position"], 121),
    (&["fermi", "slew"], 126),
    (&["fermi", "point"], 129),
    (&["swiftbat", "test"], 82),
    (&["swiftbat", "quick"], 97),
    (&["swiftbat", "nack"], 62),
    (&["swiftbat", "known"], 141),
    (&["swiftbat", "monitor"], 133),
    (&["swiftbat", "subsub"], 140),
    (&["swiftbat", "sub"], 98),
    (&["swiftbat", "trans"], 84),
    (&["swiftbat", "proc", "curve"], 76),
    (&["swiftbat", "curve"], 63),
    (&["swiftbat", "map"], 64),
    (&["swiftbat", "alert"], 60),
    (&["swiftbat", "position"], 61),
    (&["swiftxrt", "nack"], 71),
    (&["swiftxrt", "centroid"], 71),
    (&["swiftxrt", "proc", "spec"], 77),
    (&["swiftxrt", "spec"], 68),
    (&["swiftxrt", "proc", "image"], 78),
    (&["swiftxrt", "image"], 69),
    (&["swiftxrt", "curve"], 70),
    (&["swiftxrt", "position"], 67),
    (&["swiftuvot", "nack"], 89),
    (&["swiftuvot", "proc", "list"], 80),
    (&["swiftuvot", "list"], 73),
    (&["swiftuvot", "proc"], 79),
    (&["swiftuvot", "image"], 72),
    (&["swiftuvot", "position"], 81),
    (&["swift", "too", "fom"], 46),
    (&["swift", "too", "slew"], 47),
    (&["swift", "willobserve"], 65),
    (&["swift", "slew"], 66),
    (&["swift", "actual"], 103),
    (&["swift", "point"], 83),
    (&["maxi", "unknown"], 134),
    (&["maxi", "known"], 135),
    (&["maxi", "test"], 136),
    (&["maxi"], 134),
    (&["integral", "spiacs"], 52),
    (&["integral", "wakeup"], 53),
    (&["integral", "refined"], 54),
    (&["integral", "offline"], 55),
    (&["integral", "weak"], 56),
    (&["integral", "point"], 51),
    (&["icecube", "gold"], 173),
    (&["icecube", "bronze"], 174),
    (&["icecube", "cascade"], 176),
    (&["icecube", "hese"], 158),
    (&["icecube", "ehe"], 169),
    (&["neutrino", "em", "coinc"], 172),
    (&["hawc"], 171),
    (&["gecam", "gnd"], 189),
    (&["gecam", "ground"], 189),
    (&["gecam"], 188),
    (&["calet", "gnd"], 161),
    (&["calet", "ground"], 161),
    (&["calet"], 160),
    (&["konus"], 59),
    (&["agile", "mcal"], 105),
    (&["agile", "test"], 109),
    (&["agile", "ground"], 101),
    (&["agile", "refined"], 102),
    (&["agile", "point"], 107),
    (&["agile", "position"], 100),
    (&["ipn", "raw"], 31),
    (&["ipn", "seg"], 32),
    (&["ipn"], 39),
    (&["counterpart"], 45),
    (&["lvc", "early"], 163),
    (&["lvc", "preliminary"], 150),
    (&["lvc", "initial"], 151),
    (&["lvc", "update"], 152),
    (&["lvc", "retraction"], 164),
    (&["snews"], 149),
    (&["superk"], 175),
    (&["moa"], 139),
    (&["ogle"], 137),
];
