//! Writes VOEvents 2.0.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use quick_xml::escape::escape;

use super::{flagged, linked, tjd};
use crate::notices::model::{Class, Kind, Mission, Notice, Suppressed};
use crate::notices::{classes, facts, packets};

pub(super) fn write(notice: &Notice) -> String {
    let mut xml = String::with_capacity(6000);
    let ivorn = notice.ivorn.clone().unwrap_or_else(|| ivorn(notice));
    let _ = write!(
        xml,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<voe:VOEvent\n  \
         xmlns:voe=\"http://www.ivoa.net/xml/VOEvent/v2.0\"\n  \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"\n  \
         xsi:schemaLocation=\"http://www.ivoa.net/xml/VOEvent/v2.0 http://www.ivoa.net/xml/VOEvent/VOEvent-v2.0.xsd\"\n  \
         role=\"{}\" version=\"2.0\" ivorn=\"{}\">\n",
        notice.role.as_str(),
        escape(&ivorn)
    );
    who(&mut xml, notice);
    what(&mut xml, notice);
    where_when(&mut xml, notice);
    citations(&mut xml, notice);
    xml.push_str("</voe:VOEvent>\n");
    xml
}

fn ivorn(notice: &Notice) -> String {
    let id = notice.trigger_id.as_deref().unwrap_or("0");
    let kind = notice.kind;
    match notice.mission {
        Mission::Svom => format!("ivo://org.svom/fsc#{id}_{kind}"),
        Mission::Lvk => format!("ivo://gwnet/LVC#{id}-1-{kind}"),
        _ => {
            let mission = notice.mission.as_str().replace(' ', "_");
            let time = notice.trigger_time.map(iso).unwrap_or_default();
            format!("ivo://nasa.gsfc.gcn/{mission}#{kind}_{time}_{id}")
        }
    }
}

fn who(xml: &mut String, notice: &Notice) {
    let date = notice
        .notice_time
        .map(|t| t.format("%Y-%m-%dT%H:%M:%S").to_string());
    let zone = if notice.mission == Mission::Svom {
        "+00:00"
    } else {
        ""
    };
    let date = date.map(|date| format!("    <Date>{date}{zone}</Date>\n"));
    let _ = write!(
        xml,
        "  <Who>\n    <AuthorIVORN>ivo://nasa.gsfc.tan/gcn</AuthorIVORN>\n    <Author>\n      \
         <shortName>{} (via VO-GCN)</shortName>\n    </Author>\n{}  </Who>\n",
        escape(notice.mission.as_str()),
        date.unwrap_or_default()
    );
}

fn what(xml: &mut String, notice: &Notice) {
    xml.push_str("  <What>\n");
    let number = packets::number_for(notice);
    if let Some(number) = number {
        param(xml, "Packet_Type", &number.to_string());
    }
    identify(xml, notice, number);
    packet_time(xml, notice);
    classify(xml, notice);
    for (label, shown) in &notice.details {
        let fact = facts::of_label(facts::VOEVENT, (label, shown), number);
        let raw = fact.and_then(|fact| Some((fact, fact.raw(shown)?)));
        if let Some((fact, (raw, partner))) = raw {
            param(xml, fact.field, &raw);
            if let (Some(field), Some(raw)) = (fact.partner(), partner) {
                param(xml, field, &raw);
            }
        }
    }
    flags(xml, notice, number);
    for (field, address) in linked(notice, link_fields(notice)) {
        param(xml, field, address);
    }
    xml.push_str("  </What>\n");
}

fn param(xml: &mut String, name: &str, value: &str) {
    let _ = writeln!(
        xml,
        "    <Param name=\"{name}\" value=\"{}\"/>",
        escape(value)
    );
}

fn group(xml: &mut String, name: &str, params: &[(&str, String)]) {
    let _ = writeln!(xml, "    <Group name=\"{name}\">");
    for (name, value) in params {
        param(xml, name, value);
    }
    xml.push_str("    </Group>\n");
}

fn identify(xml: &mut String, notice: &Notice, packet: Option<u16>) {
    let instrument = notice.instrument.as_deref().unwrap_or_default();
    if notice.mission == Mission::Svom {
        param(xml, "Instrument", instrument);
    }
    if let (Mission::Gecam, Some(letter)) = (&notice.mission, instrument.strip_prefix("GECAM-")) {
        param(xml, "MISSION", letter);
    }
    let Some(id) = notice.trigger_id.clone() else {
        return;
    };
    match (&notice.mission, packet) {
        (Mission::Svom, _) => group(xml, "Svom_Identifiers", &[("Burst_Id", id)]),
        (Mission::Lvk, _) => param(xml, "GraceID", &id),
        (Mission::IceCube, Some(173 | 174 | 176)) => param(xml, "AMON_ID", &id),
        (_, Some(131)) => param(xml, "Trans_Num", &id),
        (_, Some(172)) => param(xml, "Event_ID", &id),
        (_, Some(175 | 188 | 189)) => param(xml, "Trigger_Number", &id),
        _ => param(xml, "TrigID", &id),
    }
}

fn packet_time(xml: &mut String, notice: &Notice) {
    let classic = !matches!(notice.mission, Mission::Svom | Mission::Lvk);
    if let Some(time) = notice.trigger_time.filter(|_| classic) {
        let (days, seconds) = tjd(time);
        param(xml, "Burst_TJD", &days.to_string());
        param(xml, "Burst_SOD", &format!("{seconds:.2}"));
    }
}

fn classify(xml: &mut String, notice: &Notice) {
    let Some(class) = &notice.classification else {
        return;
    };
    match notice.mission {
        Mission::Fermi => {
            param(
                xml,
                "Most_Likely_Index",
                &classes::index(&class.most_likely).to_string(),
            );
            if let Some(probability) = class.probability {
                param(
                    xml,
                    "Most_Likely_Prob",
                    &format!("{:.0}", probability * 100.0),
                );
            }
        }
        Mission::Gecam => param(xml, "SRC_CLASS", classes::title(&class.most_likely)),
        Mission::Lvk => {
            let all = merger_classes(notice);
            let all: Vec<(&str, String)> = all
                .iter()
                .map(|c| (c.0.as_str(), c.1.to_string()))
                .collect();
            group(xml, "Classification", &all);
        }
        _ => {}
    }
}

/// The classes of a merger with their probabilities: the likeliest as exact as the notice has it.
pub(super) fn merger_classes(notice: &Notice) -> Vec<(String, f64)> {
    let shown = notice.details.iter().find(|(label, _)| label == "Classes");
    let mut all = shown
        .map(|(_, shown)| classes::of_shown(shown))
        .unwrap_or_default();
    let Some(likeliest) = &notice.classification else {
        return all;
    };
    let (class, probability) = (&likeliest.most_likely, likeliest.probability.unwrap_or(1.0));
    let is = |name: &str| classes::of_words(name) == *class;
    match all.iter_mut().find(|(name, _)| is(name)) {
        Some(found) => found.1 = probability,
        None => all.push((class.as_str().to_owned(), probability)),
    }
    all
}

fn flags(xml: &mut String, notice: &Notice, packet: Option<u16>) {
    let why = flagged(notice);
    let flag = |on: bool| on.to_string();
    let test_type = packet.and_then(packets::packet).is_some_and(|p| p.test);
    let mut flags = match notice.mission {
        Mission::Swift => vec![
            (
                "StarTrack_Lost_Lock",
                flag(why == Some(Suppressed::LostLock)),
            ),
            ("Def_NOT_a_GRB", flag(why == Some(Suppressed::NotAGrb))),
            (
                "Target_in_Gnd_Catalog",
                flag(why == Some(Suppressed::KnownSource)),
            ),
        ],
        Mission::Fermi | Mission::Integral => {
            vec![("Def_NOT_a_GRB", flag(why == Some(Suppressed::NotAGrb)))]
        }
        Mission::IceCube | Mission::Amon => {
            vec![("Retraction", flag(notice.kind == Kind::Retraction))]
        }
        _ => Vec::new(),
    };
    if !matches!(notice.mission, Mission::Svom | Mission::Lvk) {
        flags.push(("Test_Submission", flag(notice.test && !test_type)));
    }
    if !flags.is_empty() {
        group(xml, "Solution_Status", &flags);
    }
}

fn link_fields(notice: &Notice) -> &'static [&'static str] {
    match notice.mission {
        Mission::Lvk => &["EventPage", "skymap_fits", "skymap_png"],
        Mission::Fermi if notice.kind == Kind::Subthreshold => {
            &["HealPix_URL", "Map_URL", "LC_URL"]
        }
        Mission::Swift => &[
            "Lightcurve_Link_Jpeg",
            "Spectrum1",
            "Image_URL",
            "FindChart_URL",
            "Scaled_Map",
        ],
        _ => &["LightCurve_URL", "LocationMap_URL", "skymap_fits"],
    }
}

fn iso(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.6f").to_string()
}

fn where_when(xml: &mut String, notice: &Notice) {
    let modern = matches!(notice.mission, Mission::Svom | Mission::Lvk);
    let frame = if notice.mission == Mission::Svom {
        "UTC-ICRS-GEO"
    } else {
        "UTC-FK5-GEO"
    };
    let _ = write!(
        xml,
        "  <WhereWhen>\n    <ObsDataLocation>\n      <ObservatoryLocation id=\"GEOLUN\"/>\n      \
         <ObservationLocation>\n        <AstroCoordSystem id=\"{frame}\"/>\n        \
         <AstroCoords coord_system_id=\"{frame}\">\n"
    );
    if let Some(time) = notice.trigger_time {
        let time = iso(time);
        // GCN writes hundredths, SVOM and the gravitational waves microseconds.
        let time = if modern {
            &time
        } else {
            &time[..time.len() - 4]
        };
        let _ = writeln!(
            xml,
            "          <Time unit=\"s\"><TimeInstant><ISOTime>{time}</ISOTime></TimeInstant></Time>"
        );
    }
    position(xml, notice, modern);
    xml.push_str(
        "        </AstroCoords>\n      </ObservationLocation>\n    </ObsDataLocation>\n  </WhereWhen>\n",
    );
}

fn position(xml: &mut String, notice: &Notice, modern: bool) {
    let (ra, dec, radius) = match &notice.localization {
        Some(place) => (
            place.position.ra,
            place.position.dec,
            place.error_radius.unwrap_or(0.0),
        ),
        // The classic packets say "nowhere" with zeros.
        None if !modern => (0.0, 0.0, 0.0),
        None => return,
    };
    let _ = writeln!(
        xml,
        "          <Position2D unit=\"deg\">\n            <Name1>RA</Name1>\n            <Name2>Dec</Name2>\n            \
         <Value2>\n              <C1>{ra:.4}</C1>\n              <C2>{dec:.4}</C2>\n            </Value2>\n            \
         <Error2Radius>{radius:.4}</Error2Radius>\n          </Position2D>"
    );
}

fn citations(xml: &mut String, notice: &Notice) {
    let class = notice.classification.as_ref().map(|c| &c.most_likely);
    if class == Some(&Class::Grb) {
        xml.push_str("  <Why>\n    <Inference><Concept>process.variation.burst;em.gamma</Concept></Inference>\n  </Why>\n");
    }
    if notice.citations.is_empty() {
        return;
    }
    xml.push_str("  <Citations>\n");
    for citation in &notice.citations {
        let (cite, ivorn) = (citation.cite.as_str(), escape(&citation.ivorn));
        let _ = writeln!(xml, "    <EventIVORN cite=\"{cite}\">{ivorn}</EventIVORN>");
    }
    xml.push_str("  </Citations>\n");
}
