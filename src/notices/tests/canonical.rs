//! Made-up notices as the formats carry them: what is written of one reads as the same again.

use chrono::{DateTime, Duration, Utc};
use proptest::prelude::*;

use crate::notices::facts::{self, Fact, Shape};
use crate::notices::{
    Circular, Citation, Cite, Class, Classification, Format, Kind, Localization, Mission, Notice,
    Role, Suppressed, classes, containment, gbm_name, packet,
};
use crate::sky::Equatorial;

pub(super) const VOEVENTS: &[u16] = &[
    45, 53, 55, 61, 67, 71, 81, 82, 89, 97, 110, 111, 112, 115, 119, 120, 121, 128, 131, 134, 135,
    136, 150, 152, 164, 173, 174, 176, 188, 189, 201, 202, 203, 209, 210, 219,
];
pub(super) const TEXTS: &[u16] = &[
    53, 54, 61, 67, 71, 81, 82, 97, 110, 111, 112, 115, 119, 120, 121, 128, 134, 135, 136, 173,
    174, 176, 188, 189,
];

/// The numbers from which a notice is made.
#[derive(Debug, Clone)]
pub(super) struct Draw {
    pub hundredths: i64,
    pub delay: i64,
    pub ra: u32,
    pub dec: i32,
    pub radius: u32,
    pub id: u32,
    pub percent: u32,
    pub choice: u8,
    pub words: String,
}

pub(super) fn draws() -> impl Strategy<Value = Draw> {
    let times = (126_230_400_000_i64..189_345_600_000, 0..86_400_i64); // 2010…2030
    let angles = (1..3_599_999_u32, -899_999..899_999_i32, 1..400_000_u32);
    let rest = (100_000..999_999_u32, 1..=100_u32, any::<u8>());
    // What XML and JSON have to escape, but no blank at either end.
    let words = "[A-Za-z0-9<>&\"'/.+-]([A-Za-z0-9<>&\"' /.+-]{0,20}[A-Za-z0-9<>&\"'])?";
    (times, angles, rest, words).prop_map(|(times, angles, rest, words)| Draw {
        hundredths: times.0,
        delay: times.1,
        ra: angles.0,
        dec: angles.1,
        radius: angles.2,
        id: rest.0,
        percent: rest.1,
        choice: rest.2,
        words,
    })
}

impl Draw {
    fn time(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.hundredths * 10).unwrap()
    }

    /// Seconds after 2001-01-01 with Fermi's five leap seconds.
    fn met(&self) -> i64 {
        self.hundredths / 100 - 978_307_200 + 5
    }

    fn notice_time(&self) -> DateTime<Utc> {
        let time = self.time() + Duration::seconds(self.delay);
        DateTime::from_timestamp(time.timestamp(), 0).unwrap()
    }

    fn place(&self, notice: &Notice) -> Localization {
        let (ra, dec) = (f64::from(self.ra) / 1e4, f64::from(self.dec) / 1e4);
        let radius = f64::from(self.radius) / 1e4;
        Localization {
            position: Equatorial::new(ra, dec).unwrap(),
            error_radius: Some(radius),
            error_radius_90: containment::error_radius_90(notice, radius, None),
        }
    }
}

/// A notice of this packet type with everything that the format carries of it.
pub(super) fn of_packet(number: u16, format: Format, draw: &Draw) -> Notice {
    let packet = packet(number).unwrap();
    let mut notice = Notice::new(format, packet.mission, packet.kind);
    notice.packet_type = Some(number);
    notice.instrument = packet.instrument.map(str::to_owned);
    notice.trigger_time = Some(draw.time());
    notice.notice_time = Some(draw.notice_time());
    notice.test = packet.test;
    if packet.test && format == Format::Text {
        notice.role = Role::Test;
    }
    identify(&mut notice, draw);
    if !matches!(number, 110 | 150 | 152 | 164 | 201) {
        notice.localization = Some(draw.place(&notice));
    }
    if format == Format::Voevent {
        notice.ivorn = Some(format!(
            "ivo://example/{}#{}",
            draw.id,
            draw.words.replace(' ', "_")
        ));
        notice.citations = vec![Citation {
            ivorn: "ivo://example/first?a=1&b=2#x".to_owned(),
            cite: if notice.kind == Kind::Retraction {
                Cite::Retraction
            } else {
                Cite::Followup
            },
        }];
    }
    notice.retraction = notice.kind == Kind::Retraction;
    let table = if format == Format::Text {
        facts::TEXT
    } else {
        facts::VOEVENT
    };
    notice.details = details(table, Some(number), draw);
    classify(&mut notice, number, draw);
    suppress(&mut notice, draw);
    link(&mut notice);
    notice
}

fn identify(notice: &mut Notice, draw: &Draw) {
    let id = match notice.mission {
        _ if notice.test => "99999".to_owned(),
        Mission::Fermi => draw.met().to_string(),
        Mission::Svom => format!("sb{}", draw.id),
        Mission::Lvk => format!("S{}x", draw.id),
        Mission::IceCube if notice.format != Format::Voevent => {
            format!("13{}_{}", draw.id % 9999, draw.id)
        }
        _ => draw.id.to_string(),
    };
    notice.trigger_id = Some(id);
    if notice.mission == Mission::Gecam {
        notice.instrument = Some("GECAM-C".to_owned());
    }
}

fn details(table: &'static [Fact], packet: Option<u16>, draw: &Draw) -> Vec<(String, String)> {
    let held = table.iter().filter(|fact| match packet {
        Some(number) => fact.packets.is_empty() || fact.packets.contains(&number),
        None => fact.packets.is_empty(),
    });
    let mut details: Vec<(String, String)> = Vec::new();
    for fact in held {
        let shown = sample(fact, draw);
        if !details.iter().any(|(label, _)| label == fact.label) {
            details.push((fact.label.to_owned(), shown));
        }
    }
    details
}

fn sample(fact: &Fact, draw: &Draw) -> String {
    let number = format!("{}.{}", draw.id % 97, draw.id % 9 + 1);
    let text = match (&fact.shape, fact.field) {
        (Shape::Text, "DETECTORS") | (Shape::Mask, _) => "n0, n7, b1".to_owned(),
        (Shape::Text, "E_RANGE") => "47–291 keV".to_owned(),
        (Shape::Text, "2nd_MOST_LIKELY") => "solar flare, 17 %".to_owned(),
        (Shape::Text, _) => draw.words.clone(),
        (Shape::Number, _) => number,
        (Shape::Hundredths, _) => "17.88".to_owned(),
        (Shape::Percent, _) => format!("{} %", draw.percent),
        (Shape::Rate, _) => "one in 98.5 years".to_owned(),
        (Shape::Words(words), _) => words[0].1.to_owned(),
        (Shape::Band(_), _) => "15–350".to_owned(),
        (Shape::Guess(_), _) => "local particles, 25 %".to_owned(),
    };
    if fact.unit.is_empty() {
        text
    } else {
        format!("{text} {}", fact.unit)
    }
}

fn classify(notice: &mut Notice, number: u16, draw: &Draw) {
    let probability = Some(f64::from(draw.percent) / 100.0);
    let class = match number {
        111 | 119 => Classification {
            most_likely: classes::of_index(u16::from(draw.choice % 20)),
            probability,
        },
        188 | 189 => Classification {
            most_likely: Class::Grb,
            probability: None,
        },
        150 | 152 => {
            notice
                .details
                .push(("Classes".to_owned(), format!("BNS {} %", draw.percent)));
            Classification {
                most_likely: Class::Other("BNS".to_owned()),
                probability,
            }
        }
        173 | 174 | 176 => Classification {
            most_likely: classes::grade(number).unwrap(),
            probability: None,
        },
        _ => return,
    };
    notice.classification = Some(class);
}

fn suppress(notice: &mut Notice, draw: &Draw) {
    notice.suppressed = match notice.classification.as_ref().map(|c| &c.most_likely) {
        Some(Class::LocalParticles | Class::DistantParticles) => Some(Suppressed::Particles),
        Some(Class::SolarFlare) => Some(Suppressed::SolarFlare),
        Some(Class::TerrestrialFlash) => Some(Suppressed::TerrestrialFlash),
        Some(Class::SoftGammaRepeater | Class::KnownSource) => Some(Suppressed::KnownSource),
        _ if notice.kind == Kind::KnownSource => Some(Suppressed::KnownSource),
        _ => None,
    };
    if notice.mission == Mission::Swift {
        notice.suppressed = match draw.choice % 4 {
            0 => Some(Suppressed::LostLock),
            1 => Some(Suppressed::NotAGrb),
            2 => Some(Suppressed::KnownSource),
            _ => None,
        };
    }
    if notice.packet_type == Some(173) && draw.choice.is_multiple_of(3) {
        notice.kind = Kind::Retraction;
        notice.retraction = true;
    }
}

fn link(notice: &mut Notice) {
    let gbm = notice.instrument.as_deref() == Some("GBM") && notice.kind != Kind::Subthreshold;
    if !gbm || notice.test {
        return;
    }
    let name = gbm_name(notice.trigger_time.unwrap());
    let folder =
        format!("https://heasarc.gsfc.nasa.gov/FTP/fermi/data/gbm/triggers/2026/{name}/quicklook");
    let mut put = |link: &str, file: &str| {
        let address = format!("{folder}/{file}{name}");
        notice.links.insert(link.to_owned(), address);
    };
    put("light_curve", "glg_lc_medres34_");
    if notice.kind == Kind::Final {
        put("map", "glg_locplot_all_");
        put("healpix", "glg_healpix_all_");
        for (link, end) in [("map", ".png"), ("healpix", ".fit")] {
            notice
                .links
                .entry(link.to_owned())
                .and_modify(|address| address.push_str(end));
        }
    }
    notice.name = Some(name);
}

pub(super) type Modern = (Mission, &'static str, Kind);

pub(super) const JSONS: &[Modern] = &[
    (Mission::Fermi, "GBM", Kind::Alert),
    (Mission::Fermi, "GBM", Kind::Flight),
    (Mission::Fermi, "GBM", Kind::Ground),
    (Mission::Fermi, "GBM", Kind::Final),
    (Mission::Swift, "BAT-GUANO", Kind::Position),
    (Mission::EinsteinProbe, "WXT", Kind::Position),
    (Mission::Svom, "GRM", Kind::Alert),
    (Mission::Svom, "ECLAIRs", Kind::Position),
    (Mission::Svom, "ECLAIRs", Kind::Update),
    (Mission::Maxi, "GSC", Kind::Position),
    (Mission::Maxi, "GSC", Kind::KnownSource),
    (Mission::Maxi, "GSC", Kind::Retraction),
    (Mission::IceCube, "", Kind::Neutrino),
    (Mission::Chime, "", Kind::FastRadioBurst),
];

/// A notice after gcn-schema.
pub(super) fn of_schema((mission, instrument, kind): &Modern, draw: &Draw) -> Notice {
    let mut notice = Notice::new(Format::Json, mission.clone(), *kind);
    notice.instrument = (!instrument.is_empty()).then(|| (*instrument).to_owned());
    notice.trigger_time = Some(draw.time());
    notice.notice_time = Some(draw.notice_time());
    identify(&mut notice, draw);
    if draw.choice.is_multiple_of(5) {
        notice.role = Role::Test;
        notice.test = true;
    }
    if !matches!(kind, Kind::Alert | Kind::Retraction) {
        notice.localization = Some(draw.place(&notice));
    }
    notice.retraction = *kind == Kind::Retraction;
    notice.details = details(facts::JSON, None, draw);
    match mission {
        Mission::Fermi => {
            let most_likely = classes::of_index(u16::from(draw.choice % 20));
            notice.classification = Some(Classification {
                most_likely,
                probability: Some(0.75),
            });
            // The list of detectors is no row of the table.
            notice
                .details
                .insert(0, ("Detectors".to_owned(), "n3, na".to_owned()));
            link(&mut notice);
            notice.name.get_or_insert_with(|| gbm_name(draw.time()));
        }
        Mission::IceCube => {
            let most_likely = Class::Other("Gold".to_owned());
            notice.classification = Some(Classification {
                most_likely,
                probability: None,
            });
        }
        _ => {}
    }
    suppress(
        &mut notice,
        &Draw {
            choice: 3,
            ..draw.clone()
        },
    );
    notice
}

/// A gravitational-wave alert as `igwn.gwalert` sends it.
pub(super) fn of_igwn(draw: &Draw) -> Notice {
    let retracted = draw.choice.is_multiple_of(4);
    let kind = if retracted {
        Kind::Retraction
    } else {
        Kind::GravitationalWave
    };
    let mut notice = Notice::new(Format::Json, Mission::Lvk, kind);
    notice.retraction = retracted;
    notice.notice_time = Some(draw.notice_time());
    let mock = draw.choice.is_multiple_of(3);
    notice.test = mock;
    notice.trigger_id = Some(format!("{}S{}ab", if mock { "M" } else { "" }, draw.id));
    notice.links.insert(
        "event_page".to_owned(),
        "https://gracedb.ligo.org/superevents/S1/view/".to_owned(),
    );
    let mut tell =
        |label: &str, shown: &str| notice.details.push((label.to_owned(), shown.to_owned()));
    if retracted {
        tell("Stage", "Retraction");
        return notice;
    }
    tell("Stage", "Preliminary");
    tell("Significant", "no");
    tell("Detectors", "H1,L1,V1");
    tell("False alarms", "one in 12.3 days");
    tell("Search", "compact binary merger");
    tell("Neutron star involved", "33 %");
    tell("Classes", &format!("NSBH {} %", draw.percent));
    notice.trigger_time = Some(draw.time());
    notice.classification = Some(Classification {
        most_likely: Class::Other("NSBH".to_owned()),
        probability: Some(f64::from(draw.percent) / 100.0),
    });
    notice
}

pub(super) fn circular(draw: &Draw) -> Notice {
    let mission = Mission::Other("GCN Circulars".to_owned());
    let mut notice = Notice::new(Format::Circular, mission, Kind::Circular);
    notice.notice_time = Some(draw.notice_time());
    notice.links.insert(
        "event_page".to_owned(),
        format!("https://gcn.nasa.gov/circulars/{}", draw.id),
    );
    notice.circular = Some(Circular {
        id: Some(draw.id),
        subject: format!("GRB 260301A: {}", draw.words),
        submitter: Some(draw.words.clone()),
        body: format!("{}\n\n\"quoted\"\t{}\n", draw.words, draw.id),
    });
    notice
}
