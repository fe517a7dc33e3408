//! Reads VOEvents: GCN's classic notices, SVOM's, gravitational waves', and those of other brokers.

use chrono::{DateTime, Utc};

use super::model::{
    Citation, Cite, Class, Classification, Format, Kind, Mission, Notice, Role, Suppressed,
};
use super::xml::{Document, document};
use super::{NoticeError, classes, facts, links, name, packets, rules, times};

/// Reads a VOEvent.
pub(super) fn read(body: &[u8]) -> Result<Notice, NoticeError> {
    let document = document(body)?;
    let number: Option<u16> = document.param("Packet_Type").and_then(|p| p.parse().ok());
    let packet = number.and_then(packets::packet);
    let mut notice = match &packet {
        Some(packet) => {
            let mut notice = Notice::new(Format::Voevent, packet.mission.clone(), packet.kind);
            notice.instrument = packet.instrument.map(str::to_owned);
            notice
        }
        None => unnumbered(&document),
    };
    notice.packet_type = number;
    notice.role = Role::parse(&document.role).unwrap_or(Role::Observation);
    notice.ivorn = Some(document.ivorn.clone()).filter(|ivorn| !ivorn.is_empty());
    notice.trigger_id = trigger_id(&document).map(str::to_owned);
    instrument(&document, &mut notice);
    time(&document, &mut notice);
    cited(&document, &mut notice);
    flags(&document, &mut notice);
    place(&document, &mut notice);
    notice.classification = classification(&document, &notice);
    fill_in(&document, &mut notice);
    let test_type = packet.is_some_and(|p| p.test) || says_test(&document);
    rules::settle(&mut notice, test_type);
    Ok(notice)
}

/// A VOEvent of no GCN packet: Gaia, KM3NeT, H.E.S.S., ANTARES, and whoever comes next.
fn unnumbered(document: &Document) -> Notice {
    let path = document
        .ivorn
        .strip_prefix("ivo://")
        .unwrap_or(&document.ivorn);
    let lower = path.to_ascii_lowercase();
    let known: [(&str, Mission, Kind); 8] = [
        ("km3net", Mission::Km3net, Kind::Neutrino),
        (
            "antares",
            Mission::Other("ANTARES".to_owned()),
            Kind::Neutrino,
        ),
        ("icecube", Mission::IceCube, Kind::Neutrino),
        ("gaia", Mission::Other("Gaia".to_owned()), Kind::Transient),
        ("hess", Mission::Other("H.E.S.S.".to_owned()), Kind::Other),
        ("chime", Mission::Chime, Kind::FastRadioBurst),
        ("svom", Mission::Svom, Kind::Other),
        ("gwnet", Mission::Lvk, Kind::GravitationalWave),
    ];
    let found = known.into_iter().find(|row| lower.contains(row.0));
    let (mission, kind) = found.map_or_else(
        || (Mission::Other(sender(document, path)), Kind::Other),
        |row| (row.1, row.2),
    );
    Notice::new(Format::Voevent, mission, kind)
}

fn sender(document: &Document, path: &str) -> String {
    let author = document.author.split(" (via").next().unwrap_or_default();
    let authority = path.split(['/', '#']).next().unwrap_or_default();
    let names = [author.trim(), authority, "unknown"];
    let name = names.into_iter().find(|name| !name.is_empty());
    name.unwrap_or_default().chars().take(80).collect()
}

/// The id as the mission writes it, in the field where the mission puts it.
fn trigger_id(document: &Document) -> Option<&str> {
    let fields = [
        "TrigID",
        "Burst_Id",
        "GraceID",
        "AMON_ID",
        "Trans_Num",
        "Trigger_Number",
        "Event_ID",
        "event_id",
    ];
    fields.into_iter().find_map(|field| document.param(field))
}

fn instrument(document: &Document, notice: &mut Notice) {
    match notice.mission {
        Mission::Svom => {
            let named = document.param("Instrument").map(str::to_owned);
            notice.instrument = named.or(notice.instrument.take());
        }
        Mission::Gecam => {
            notice.instrument = document.param("MISSION").map(|m| format!("GECAM-{m}"));
        }
        _ => {}
    }
}

fn time(document: &Document, notice: &mut Notice) {
    notice.notice_time = times::iso(&document.date);
    notice.trigger_time = times::iso(&document.time).or_else(|| time_otherwise(document, notice));
}

/// The time of a trigger whose ISO time is broken. The days and seconds of the packet are finer than what a Fermi
/// trigger number tells, but have to agree with it.
fn time_otherwise(document: &Document, notice: &Notice) -> Option<DateTime<Utc>> {
    let met = notice
        .trigger_id
        .as_deref()
        .filter(|_| notice.mission == Mission::Fermi);
    let met = met.and_then(times::fermi_met);
    let prefixes = [
        "Burst",
        "Trans",
        "Event",
        "Source",
        "Slew",
        "ExpoStart",
        "SpecStart",
        "LCStart",
    ];
    let packet = prefixes.into_iter().find_map(|prefix| {
        let day = document.param(&format!("{prefix}_TJD"))?;
        let seconds = document.param(&format!("{prefix}_SOD"))?;
        times::tjd(day, seconds)
    });
    let agrees = |time: &DateTime<Utc>| {
        met.is_none_or(|met| (*time - met).abs() < chrono::Duration::seconds(10))
    };
    times::plausible(notice.notice_time, [packet.filter(agrees), met, packet])
}

fn cited(document: &Document, notice: &mut Notice) {
    let whole = document
        .citations
        .iter()
        .filter(|(_, ivorn)| !ivorn.is_empty());
    notice.citations = whole
        .filter_map(|(cite, ivorn)| {
            let cite = Cite::parse(cite)?;
            Some(Citation {
                ivorn: ivorn.clone(),
                cite,
            })
        })
        .collect();
    notice.retraction = notice.citations.iter().any(|c| c.cite == Cite::Retraction);
}

fn flags(document: &Document, notice: &mut Notice) {
    let flag = |name: &str| document.is_true(name);
    if flag("Retraction") || flag("retraction") || flag("RetractFlag") {
        notice.retraction = true;
        notice.kind = Kind::Retraction;
    }
    let catalogued = [
        "Target_in_Flt_Catalog",
        "Target_in_Gnd_Catalog",
        "Target_in_Blk_Catalog",
    ];
    notice.suppressed = if flag("StarTrack_Lost_Lock") || flag("ImTrig_during_ST_LoL") {
        Some(Suppressed::LostLock)
    } else if flag("Def_NOT_a_GRB") {
        Some(Suppressed::NotAGrb)
    } else if catalogued.into_iter().any(flag) {
        Some(Suppressed::KnownSource)
    } else if notice.packet_type == Some(61) && document.param("GRB_Identified") == Some("false") {
        // Other packets carry the flag for their own instrument: UVOT's Nack has it false for a real burst.
        Some(Suppressed::NotAGrb)
    } else {
        None
    };
    // INTEGRAL takes a trigger back with an offline notice that says so.
    if notice.packet_type == Some(55) && notice.suppressed == Some(Suppressed::NotAGrb) {
        notice.retraction = true;
    }
}

fn says_test(document: &Document) -> bool {
    let named = [
        "Test_Submission",
        "Test_Notice",
        "InternalTest",
        "Test",
        "HardwareInj",
    ];
    named.into_iter().any(|flag| document.is_true(flag)) || document.param("Search") == Some("MDC")
}

fn place(document: &Document, notice: &mut Notice) {
    let number = |text: &str| text.parse::<f64>().ok();
    let (Some(ra), Some(dec)) = (number(&document.ra), number(&document.dec)) else {
        return;
    };
    let radius = number(&document.radius);
    notice.localization = rules::localization(notice, (ra, dec), radius, None);
    // NU_EM's radius is the one of 50 %, and Super-Kamiokande gives none but here.
    let stated = match notice.packet_type {
        Some(172) => document.number("src_err_90").map(|arcmin| arcmin / 60.0),
        Some(175) => document.number("Src_Error90"),
        _ => None,
    };
    if let (Some(place), Some(stated)) = (&mut notice.localization, stated) {
        place.error_radius_90 = Some(stated).filter(|r| *r > 0.0);
    }
}

fn classification(document: &Document, notice: &Notice) -> Option<Classification> {
    if let Some(index) = document.param("Most_Likely_Index") {
        let percent = document.number("Most_Likely_Prob");
        return Some(Classification {
            most_likely: classes::of_index(index.parse().ok()?),
            probability: percent
                .map(|p| p / 100.0)
                .filter(|p| (0.0..=1.0).contains(p)),
        });
    }
    if let Some(class) = document.param("SRC_CLASS") {
        return Some(certain(classes::of_words(class)));
    }
    match notice.packet_type? {
        150..=164 => classes::likeliest(&merger_classes(document)),
        packet => classes::grade(packet).map(certain),
    }
}

fn certain(most_likely: Class) -> Classification {
    Classification {
        most_likely,
        probability: None,
    }
}

fn merger_classes(document: &Document) -> Vec<(String, f64)> {
    let params = document.group("Classification");
    params
        .filter_map(|p| Some((p.name.clone(), p.value.trim().parse().ok()?)))
        .collect()
}

/// Links, name and details, from the parameters in their order.
fn fill_in(document: &Document, notice: &mut Notice) {
    for param in &document.params {
        if let Some(link) = links::link_of(&param.name) {
            if notice.name.is_none() && notice.mission == Mission::Fermi {
                notice.name = name::find(&param.value);
            }
            links::keep(&mut notice.links, link, &param.value);
        } else if let Some(fact) = facts::of_field(facts::VOEVENT, &param.name, notice.packet_type)
        {
            let partner = fact.partner().and_then(|partner| document.param(partner));
            if let Some(shown) = fact.shown(&param.value, partner) {
                notice.details.push((fact.label.to_owned(), shown));
            }
        }
    }
    if let Some(classes) = classes::shown(&merger_classes(document)) {
        notice.details.push(("Classes".to_owned(), classes));
    }
    rules::derive_healpix(notice);
}
