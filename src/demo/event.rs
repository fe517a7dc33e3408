//! From the facts of an event to the notices that its missions sent of it, one builder line a notice.
//!
//! Times are seconds: of a notice after the trigger it belongs to, of a trigger and of a circular after the start of the
//! event. Positions are (right ascension, declination, radius), deg, the radius as the mission's notice states it.

use chrono::{DateTime, SubsecRound as _, Utc};

use super::observers::{Field, Light};
use crate::notices::{
    self, Circular, Citation, Cite, Class, Classification, Format, Kind, Localization, Mission,
    Notice, Role, Suppressed,
};
use crate::platform::clock::seconds;
use crate::sky::Equatorial;

/// From the moment in which GCN stamps a notice to that in which a subscriber has it: half a second to one (GCN Circular 1529).
const ON_THE_WAY: f64 = 0.8;

/// Right ascension, declination and radius, deg.
pub(super) type Place = (f64, f64, f64);

/// Something that happened in the sky, or seemed to, and all that was said of it.
#[derive(Clone, Default)]
pub(super) struct Event {
    trigger: Trigger,
    pub told: Vec<Told>,
    pub field: Option<Field>,
}

/// The trigger that the next lines of a builder tell of.
#[derive(Clone, Default)]
struct Trigger {
    id: &'static str,
    /// GBM's name of it.
    name: Option<&'static str>,
    at: f64,
}

/// A notice without its times, and what they are.
#[derive(Clone)]
pub(super) struct Told {
    pub topic: String,
    notice: Notice,
    trigger: Option<f64>,
    after: f64,
}

impl Told {
    /// The notice with its times, of an event that starts at `start`.
    pub(super) fn notice(&self, start: DateTime<Utc>) -> Notice {
        let mut notice = self.notice.clone();
        notice.trigger_time = self
            .trigger
            .map(|at| start + seconds((at * 100.0).round() / 100.0));
        // Einstein Probe's notices do not say when they were made.
        let dated = notice.mission != Mission::EinsteinProbe;
        notice.notice_time = dated.then(|| (start + seconds(self.after)).trunc_subsecs(0));
        notice
    }

    /// When the notice reaches its subscribers.
    pub(super) fn arrival(&self, start: DateTime<Utc>) -> DateTime<Utc> {
        start + seconds(self.after + ON_THE_WAY)
    }
}

/// Minutes of arc, in deg.
pub(super) fn arcmin(minutes: f64) -> f64 {
    minutes / 60.0
}

/// Seconds of arc, in deg.
pub(super) fn arcsec(seconds: f64) -> f64 {
    seconds / 3600.0
}

/// An event that Fermi's GBM triggered on.
pub(super) fn fermi(id: &'static str, name: &'static str) -> Event {
    Event::default().fermi(id, name, 0.0)
}

/// An event that Swift's BAT triggered on.
pub(super) fn swift(id: &'static str) -> Event {
    Event::default().swift(id, 0.0)
}

/// An event that SVOM triggered on.
pub(super) fn svom(id: &'static str) -> Event {
    Event::default().svom(id, 0.0)
}

impl Event {
    /// Goes on with Fermi's trigger, `at` seconds after the start.
    pub(super) fn fermi(mut self, id: &'static str, name: &'static str, at: f64) -> Self {
        self.trigger = Trigger {
            id,
            name: Some(name).filter(|name| !name.is_empty()),
            at,
        };
        self
    }

    /// Goes on with Swift's trigger.
    pub(super) fn swift(mut self, id: &'static str, at: f64) -> Self {
        self.trigger = Trigger { id, name: None, at };
        self
    }

    /// Goes on with SVOM's trigger.
    pub(super) fn svom(mut self, id: &'static str, at: f64) -> Self {
        self.trigger = Trigger { id, name: None, at };
        self
    }

    /// GBM's first word: a trigger, its significance, its timescale in s, the detectors that saw it.
    pub(super) fn gbm_alert(
        self,
        after: f64,
        sigma: &str,
        timescale: &str,
        detectors: &str,
    ) -> Self {
        let mut notice = self.gbm(110);
        notice.details = vec![
            detail("Significance", format!("{sigma} σ")),
            detail("Timescale", format!("{timescale} s")),
            detail("Energy band", "47–291 keV"),
            detail("Detectors", detectors),
        ];
        self.say(after, "FERMI_GBM_ALERT", notice)
    }

    /// GBM's position made on board, with the class it takes the trigger for, in percent.
    pub(super) fn gbm_flight(
        self,
        after: f64,
        place: Place,
        class: (Class, f64),
        sigma: &str,
        timescale: &str,
    ) -> Self {
        let mut notice = self.gbm(111);
        notice.localization = located(place);
        notice.classification = Some(Classification {
            most_likely: class.0,
            probability: Some(class.1 / 100.0),
        });
        notice.details = vec![
            detail("Significance", format!("{sigma} σ")),
            detail("Timescale", format!("{timescale} s")),
        ];
        self.say(after, "FERMI_GBM_FLT_POS", notice)
    }

    /// GBM's position made on the ground within a minute or two.
    pub(super) fn gbm_ground(self, after: f64, place: Place, sigma: &str) -> Self {
        let mut notice = self.gbm(112);
        notice.localization = located(place);
        notice.details = vec![detail("Significance", format!("{sigma} σ"))];
        self.say(after, "FERMI_GBM_GND_POS", notice)
    }

    /// GBM's last automatic position; `duration` is `long` or `short`.
    pub(super) fn gbm_final(self, after: f64, place: Place, duration: &str) -> Self {
        let mut notice = self.gbm(115);
        notice.localization = located(place);
        if let Some(name) = self.trigger.name {
            notice
                .links
                .insert("map".into(), quicklook(name, "locplot_all", "png"));
        }
        notice.details = vec![
            detail("Duration class", duration),
            detail("Made by", "a program"),
        ];
        self.say(after, "FERMI_GBM_FIN_POS", notice)
    }

    /// A position that Fermi's LAT gave on the ground.
    pub(super) fn lat(self, after: f64, place: Place) -> Self {
        let mut notice = self.classic(127);
        notice.localization = located(place);
        self.say(after, "FERMI_LAT_GND", notice)
    }

    /// The fast first look of Swift's BAT.
    pub(super) fn quick_look(self, after: f64, place: Place) -> Self {
        let mut notice = self.classic(97);
        notice.localization = located(place);
        self.say(after, "SWIFT_BAT_QL_POS", notice)
    }

    /// BAT's position, with the significance of its image and its timescale in s.
    pub(super) fn bat(self, after: f64, place: Place, sigma: &str, timescale: &str) -> Self {
        let notice = self.bat_position(place, sigma, timescale);
        self.say(after, "SWIFT_BAT_GRB_POS_ACK", notice)
    }

    /// BAT's position where the star tracker had lost lock.
    pub(super) fn bat_lost(self, after: f64, place: Place, sigma: &str, timescale: &str) -> Self {
        let mut notice = self.bat_position(place, sigma, timescale);
        notice.suppressed = Some(Suppressed::LostLock);
        self.say(after, "SWIFT_BAT_GRB_POS_ACK", notice)
    }

    /// Swift's observatory says that it will look, and then that it turns.
    pub(super) fn slew(self, after: f64, (ra, dec): (f64, f64)) -> Self {
        let (mut looks, mut turns) = (self.classic(65), self.classic(66));
        looks.localization = pointing(ra, dec);
        turns.localization.clone_from(&looks.localization);
        self.say(after, "SWIFT_FOM_OBS", looks)
            .say(after + 6.0, "SWIFT_SC_SLEW", turns)
    }

    /// A source that Swift's X-ray telescope found, with its flux in erg/cm²/s.
    pub(super) fn xrt(self, after: f64, place: Place, flux: &str) -> Self {
        let mut notice = self.classic(67);
        notice.localization = located(place);
        notice.details = vec![detail("Flux", format!("{flux} erg/cm²/s"))];
        self.say(after, "SWIFT_XRT_POSITION", notice)
    }

    /// Swift's X-ray telescope looked where BAT had seen something, and found nothing.
    pub(super) fn xrt_none(self, after: f64, (ra, dec): (f64, f64)) -> Self {
        let mut notice = self.classic(71);
        notice.localization = pointing(ra, dec);
        self.say(after, "SWIFT_XRT_CENTROID", notice)
    }

    /// A source that Swift's optical telescope found, with its brightness in mag.
    pub(super) fn uvot(self, after: f64, place: Place, brightness: &str) -> Self {
        let mut notice = self.classic(81);
        notice.localization = located(place);
        notice.details = vec![detail("Brightness", format!("{brightness} mag"))];
        self.say(after, "SWIFT_UVOT_POS", notice)
    }

    /// Swift's optical telescope looked and found nothing brighter than `limit`, mag.
    pub(super) fn uvot_none(self, after: f64, (ra, dec): (f64, f64), limit: &str) -> Self {
        let mut notice = self.classic(89);
        notice.localization = pointing(ra, dec);
        notice.details = vec![detail("Limiting magnitude", format!("{limit} mag"))];
        self.say(after, "SWIFT_UVOT_POS_NACK", notice)
    }

    /// A position that BAT's data gave after another mission had called for them (GUANO).
    pub(super) fn guano(self, after: f64, place: Place, sigma: &str, follows: &str) -> Self {
        let mut notice = Notice::new(Format::Json, Mission::Swift, Kind::Position);
        notice.instrument = Some("BAT-GUANO".into());
        notice.trigger_id = Some(self.trigger.id.into());
        notice.localization = located(place);
        notice.classification = Some(Classification {
            most_likely: Class::Grb,
            probability: Some(1.0),
        });
        notice.links.insert(
            "data".into(),
            format!(
                "https://guano.swift.psu.edu/trigger_report?id={}",
                self.trigger.id
            ),
        );
        notice.details = vec![
            detail("Significance", format!("{sigma} σ")),
            detail("Follows", follows),
        ];
        self.push(after, "gcn.notices.swift.bat.guano", notice)
    }

    /// A trigger of SVOM's gamma-ray monitor, without a position.
    pub(super) fn grm(self, after: f64, sigma: &str, timescale: &str) -> Self {
        let mut notice = self.svom_notice(201, "grm-trigger");
        notice.details = vec![
            detail("Significance", format!("{sigma} σ")),
            detail("Timescale", format!("{timescale} s")),
        ];
        self.push(after, "gcn.notices.svom.voevent.grm", notice)
    }

    /// The first position of SVOM's ECLAIRs.
    pub(super) fn eclairs(self, after: f64, place: Place, sigma: &str, timescale: &str) -> Self {
        let mut notice = self.svom_notice(202, "eclairs-wakeup");
        notice.localization = located(place);
        notice.details = vec![
            detail("Significance", format!("{sigma} σ")),
            detail("Timescale", format!("{timescale} s")),
            detail("Slew", "not-requested"),
        ];
        self.push(after, "gcn.notices.svom.voevent.eclairs", notice)
    }

    /// ECLAIRs' better position, with which SVOM turns to it.
    pub(super) fn slewing(self, after: f64, place: Place, sigma: &str) -> Self {
        self.eclairs_again(after, (204, "slewing", "accepted"), place, sigma)
    }

    /// ECLAIRs' better position, to which SVOM does not turn.
    pub(super) fn not_slewing(self, after: f64, place: Place, sigma: &str) -> Self {
        self.eclairs_again(after, (205, "not-slewing", "rejected"), place, sigma)
    }

    /// A source that SVOM's X-ray telescope found.
    pub(super) fn mxt(self, after: f64, place: Place, sigma: &str) -> Self {
        let mut notice = self.svom_notice(209, "mxt-initial_qf2");
        notice.localization = located(place);
        notice.details = vec![detail("Significance", format!("{sigma} σ"))];
        self.push(after, "gcn.notices.svom.voevent.mxt", notice)
    }

    /// SVOM takes all of it back.
    pub(super) fn svom_retracts(self, after: f64, place: Place) -> Self {
        let mut notice = self.svom_notice(219, "retraction");
        notice.instrument = Some("ECLAIRs".into());
        notice.localization = located(place);
        notice.retraction = true;
        let cited = ["grm-trigger", "eclairs-wakeup", "not-slewing"].map(|what| self.ivorn(what));
        notice.citations = cited
            .map(|ivorn| Citation {
                ivorn,
                cite: Cite::Retraction,
            })
            .into();
        self.push(after, "gcn.notices.svom.voevent.eclairs", notice)
    }

    /// A source that Einstein Probe's wide-field telescope found.
    pub(super) fn wxt(
        mut self,
        after: f64,
        id: &'static str,
        place: Place,
        rate: &str,
        sigma: &str,
    ) -> Self {
        self.trigger = Trigger {
            id,
            name: None,
            at: 0.0,
        };
        let mut notice = Notice::new(Format::Json, Mission::EinsteinProbe, Kind::Position);
        notice.instrument = Some("WXT".into());
        notice.trigger_id = Some(id.into());
        notice.localization = located(place);
        notice.details = vec![
            detail("Energy band of the image", "0.5–4.0 keV"),
            detail("Intensity", format!("{rate} counts/s")),
            detail("Image significance", format!("{sigma} σ")),
        ];
        self.push(after, "gcn.notices.einstein_probe.wxt.alert", notice)
    }

    /// Any other notice of a classic type.
    pub(super) fn other(
        mut self,
        after: f64,
        (packet, topic): (u16, &str),
        id: &'static str,
        place: Option<Place>,
        details: &[(&str, &str)],
    ) -> Self {
        self.trigger = Trigger {
            id,
            name: None,
            at: self.trigger.at,
        };
        let mut notice = self.classic(packet);
        notice.localization = place.and_then(located);
        notice.details = details
            .iter()
            .map(|(label, shown)| detail(label, *shown))
            .collect();
        if notices::packet(packet).is_some_and(|packet| packet.test) {
            (notice.role, notice.test) = (Role::Test, true);
        }
        self.say(after, topic, notice)
    }

    /// A gravitational-wave alert.
    pub(super) fn gravitational_wave(
        mut self,
        after: f64,
        id: &'static str,
        class: Option<(&str, f64)>,
        details: &[(&str, &str)],
    ) -> Self {
        self.trigger = Trigger {
            id,
            name: None,
            at: 0.0,
        };
        let mut notice = self.superevent(Kind::GravitationalWave);
        notice.classification = class.map(|(class, p)| Classification {
            most_likely: Class::Other(class.into()),
            probability: Some(p),
        });
        notice.details = details
            .iter()
            .map(|(label, shown)| detail(label, *shown))
            .collect();
        self.push(after, "igwn.gwalert", notice)
    }

    /// The gravitational-wave detectors take it back.
    pub(super) fn gravitational_wave_retracted(mut self, after: f64) -> Self {
        let mut notice = self.superevent(Kind::Retraction);
        notice.retraction = true;
        notice.details = vec![detail("Stage", "Retraction")];
        self = self.push(after, "igwn.gwalert", notice);
        if let Some(told) = self.told.last_mut() {
            told.trigger = None;
        }
        self
    }

    /// A circular, `after` seconds from the start of the event; `number` is 0 where it could not be verified.
    pub(super) fn circular(
        mut self,
        after: f64,
        number: u32,
        by: &str,
        subject: &str,
        body: &str,
    ) -> Self {
        let mut notice = Notice::new(
            Format::Circular,
            Mission::Other("GCN Circulars".into()),
            Kind::Circular,
        );
        notice.circular = Some(Circular {
            id: Some(number).filter(|number| *number > 0),
            subject: subject.into(),
            submitter: Some(by.into()),
            body: body.into(),
        });
        self.told.push(Told {
            topic: "gcn.circulars".into(),
            notice,
            trigger: None,
            after,
        });
        self
    }

    fn classic(&self, packet: u16) -> Notice {
        let known = notices::packet(packet);
        let (mission, kind) = known
            .as_ref()
            .map_or((Mission::Other("GCN".into()), Kind::Other), |known| {
                (known.mission.clone(), known.kind)
            });
        let mut notice = Notice::new(Format::Voevent, mission, kind);
        notice.instrument = known.and_then(|known| known.instrument).map(str::to_owned);
        notice.packet_type = Some(packet);
        notice.trigger_id = Some(self.trigger.id.to_owned());
        notice
    }

    fn gbm(&self, packet: u16) -> Notice {
        let mut notice = self.classic(packet);
        notice.name = self.trigger.name.map(str::to_owned);
        if let Some(name) = self.trigger.name {
            notice
                .links
                .insert("light_curve".into(), quicklook(name, "lc_medres34", "gif"));
        }
        notice
    }

    fn bat_position(&self, place: Place, sigma: &str, timescale: &str) -> Notice {
        let mut notice = self.classic(61);
        notice.localization = located(place);
        notice.details = vec![
            detail("Image significance", format!("{sigma} σ")),
            detail("Timescale", format!("{timescale} s")),
        ];
        notice
    }

    fn svom_notice(&self, packet: u16, what: &str) -> Notice {
        let mut notice = self.classic(packet);
        notice.ivorn = Some(self.ivorn(what));
        notice
    }

    fn ivorn(&self, what: &str) -> String {
        format!("ivo://org.svom/fsc#{}_{what}", self.trigger.id)
    }

    fn eclairs_again(
        self,
        after: f64,
        (packet, what, status): (u16, &str, &str),
        place: Place,
        sigma: &str,
    ) -> Self {
        let mut notice = self.svom_notice(packet, what);
        notice.localization = located(place);
        notice.details = vec![
            detail("Significance", format!("{sigma} σ")),
            detail("Slew", status),
        ];
        notice.citations = vec![Citation {
            ivorn: self.ivorn("eclairs-wakeup"),
            cite: Cite::Followup,
        }];
        self.push(after, "gcn.notices.svom.voevent.eclairs", notice)
    }

    /// Observers knew `known_after` s after the trigger where to look, and what was there.
    pub(super) fn looked_at(
        mut self,
        known_after: f64,
        (ra, dec, radius): Place,
        light: Option<Light>,
    ) -> Self {
        let Trigger { id, at, .. } = self.trigger;
        self.field = Equatorial::new(ra, dec).map(|position| Field {
            trigger: (id, at),
            known_after,
            position,
            radius,
            light,
        });
        self
    }

    fn superevent(&self, kind: Kind) -> Notice {
        let mut notice = Notice::new(Format::Json, Mission::Lvk, kind);
        notice.trigger_id = Some(self.trigger.id.into());
        notice.links.insert(
            "event_page".into(),
            format!(
                "https://gracedb.ligo.org/superevents/{}/view/",
                self.trigger.id
            ),
        );
        notice
    }

    fn say(self, after: f64, classic: &str, notice: Notice) -> Self {
        self.push(after, &format!("gcn.classic.voevent.{classic}"), notice)
    }

    fn push(mut self, after: f64, topic: &str, notice: Notice) -> Self {
        let at = self.trigger.at;
        self.told.push(Told {
            topic: topic.into(),
            notice,
            trigger: Some(at),
            after: at + after,
        });
        self
    }
}

fn detail(label: &str, shown: impl Into<String>) -> (String, String) {
    (label.into(), shown.into())
}

/// Notices write angles to a ten-thousandth of a degree, so that is what they mean.
fn located((ra, dec, radius): Place) -> Option<Localization> {
    let written = |angle: f64| (angle * 1e4).round() / 1e4;
    let position = Equatorial::new(written(ra), written(dec))?;
    Some(Localization {
        position,
        error_radius: Some(written(radius).max(1e-4)),
        error_radius_90: None,
    })
}

/// Where a telescope looks.
fn pointing(ra: f64, dec: f64) -> Option<Localization> {
    Equatorial::new(ra, dec).map(|position| Localization {
        position,
        error_radius: None,
        error_radius_90: None,
    })
}

/// Where HEASARC keeps the quick look at a trigger of GBM.
fn quicklook(name: &str, what: &str, end: &str) -> String {
    let year = name.get(2..4).unwrap_or_default();
    format!(
        "https://heasarc.gsfc.nasa.gov/FTP/fermi/data/gbm/triggers/20{year}/{name}/quicklook/glg_{what}_{name}.{end}"
    )
}
