//! A burst as its page and its rows show it.

use chrono::{DateTime, Utc};

use super::model::{Best, Burst, Verdict, class_in_words};
use super::store::Heard;
use super::story::{capital, percent, seen_by, story, what_in_short};
use super::view::{
    self, Better, BurstPage, BurstRow, CircularRow, Class, ClassStep, Extent, Fact, Fragment,
    Headline, Latency, Link, Name, NoticeRow, Outcome, Position, When, after, narrowing, span,
};
use crate::notices::{self, Kind, Mission};
use crate::platform::web::Viewer;
use crate::sky::{self, ChartSpec, FinderSpec, Mark, Region, constellation};

/// A burst with everything its page needs.
pub struct Whole {
    pub burst: Burst,
    pub heard: Vec<Heard>,
    pub linked: Vec<Burst>,
    pub region: Option<Region>,
}

/// The burst as a row of a list, seen at `now`.
pub fn row(burst: &Burst, now: DateTime<Utc>) -> BurstRow {
    BurstRow {
        id: burst.id,
        name: burst.name(),
        seen_by: seen_by(burst),
        what: what_in_short(burst),
        tier: tier(burst),
        extent: burst
            .best
            .as_ref()
            .and_then(|best| best.error_radius_90)
            .map(Extent::of),
        when: When::new(burst.sort_time(), now),
        struck: match burst.verdict() {
            Verdict::Test => Some("Test".into()),
            Verdict::Withdrawn(_) => Some("Withdrawn".into()),
            Verdict::Unlikely(_) => Some("No burst".into()),
            Verdict::Burst | Verdict::Context => None,
        },
        notices: burst.notice_count,
    }
}

/// The burst shown large, on the first page.
pub fn headline(burst: &Burst, region: Option<&Region>, now: DateTime<Utc>) -> Headline {
    Headline {
        row: row(burst, now),
        story: story(burst),
        outcome: outcome(burst, now),
        position: burst.best.as_ref().map(sexagesimal),
        chart_svg: chart(burst, region, &[]),
    }
}

/// The burst's own page.
pub fn page(viewer: Viewer, whole: &Whole, now: DateTime<Utc>) -> BurstPage {
    let burst = &whole.burst;
    BurstPage {
        viewer,
        id: burst.id,
        name: burst.name(),
        story: story(burst),
        outcome: outcome(burst, now),
        trigger: burst.trigger_time.map(|at| When::new(at, now)),
        seen_by: all_seen_by(whole),
        trigger_id: burst.trigger_id.clone(),
        tier: tier(burst),
        position: burst.best.as_ref().map(|best| position(burst, best)),
        class: class(burst, &whole.heard),
        facts: facts(&whole.heard),
        chart_svg: chart(burst, whole.region.as_ref(), &whole.heard),
        finder_svg: finder(burst, whole.region.as_ref()),
        narrowing_svg: burst.trigger_time.and_then(|trigger| {
            narrowing(&steps(whole, trigger), (now - trigger).as_seconds_f64())
        }),
        links: links(burst),
        also_seen: whole.linked.iter().map(|other| row(other, now)).collect(),
        circulars: whole
            .heard
            .iter()
            .filter_map(|heard| circular(heard, now))
            .collect(),
        names: names(burst, &whole.heard),
        timeline: timeline(whole, now),
        answers: super::visibility::fragment(burst).into_iter().collect(),
        reports: vec![observations(burst)],
    }
}

/// What members saw of it, which the observations serve.
fn observations(burst: &Burst) -> Fragment {
    Fragment {
        id: "observations".into(),
        heading: "What was seen".into(),
        url: format!("/bursts/{}/observations", burst.id),
    }
}

/// The whole sky with the burst, as SVG; `None` without a position.
pub fn chart(burst: &Burst, region: Option<&Region>, heard: &[Heard]) -> Option<String> {
    let best = burst.best.as_ref()?;
    let circle = burst.circle();
    let before = heard.iter().filter(|heard| {
        heard
            .position
            .is_some_and(|position| position != best.position)
    });
    let earlier: Vec<Mark> = before
        .filter_map(|heard| {
            Some(Mark {
                position: heard.position?,
                radius: heard.error_radius_90.unwrap_or(0.0),
                label: "",
            })
        })
        .collect();
    let last = earlier.len().saturating_sub(3);
    Some(sky::chart(&ChartSpec {
        title: &burst.name(),
        position: best.position,
        region: region.or(circle.as_ref()),
        earlier: &earlier[last..],
        fields: &[],
        sun: None,
        moon: None,
        view: None,
    }))
}

/// The field around the best position, as SVG; `None` without a position, or where it is too wide for a field.
pub fn finder(burst: &Burst, region: Option<&Region>) -> Option<String> {
    let best = burst.best.as_ref()?;
    best.error_radius_90.filter(|radius| *radius <= 12.0)?;
    let circle = burst.circle();
    let name = burst.name();
    let region = region.or(circle.as_ref());
    Some(sky::finder(&FinderSpec {
        title: &name,
        position: best.position,
        off: region.map_or(0.0, Region::radius),
        region,
        field: None,
        earlier: &[],
        fields: &[],
    }))
}

fn tier(burst: &Burst) -> view::Tier {
    view::Tier::of(burst.tier().letter())
}

/// What is said before anything else, where it is no burst.
pub fn outcome(burst: &Burst, now: DateTime<Utc>) -> Option<Outcome> {
    let (kind, heading, why, at) = match burst.verdict() {
        Verdict::Test => (
            "test",
            "A test, not a burst".to_owned(),
            "The mission sends these to try the line. Nobody is told of them.".to_owned(),
            None,
        ),
        Verdict::Withdrawn(withdrawal) => (
            "withdrawn",
            withdrawn_in_words(burst).to_owned(),
            withdrawal.why,
            Some(withdrawal.at),
        ),
        Verdict::Unlikely(class) => {
            let why = format!("{} takes it for {}.", burst.mission, class_in_words(&class));
            (
                "unlikely",
                "Most likely no gamma-ray burst".to_owned(),
                why,
                burst.class.as_ref().map(|class| class.at),
            )
        }
        Verdict::Burst | Verdict::Context => return None,
    };
    Some(Outcome {
        kind: kind.into(),
        heading,
        why,
        at: at.map(|at| When::new(at, now)),
    })
}

fn withdrawn_in_words(burst: &Burst) -> &'static str {
    match (burst.burst_like, &burst.retracted) {
        (true, _) => "Withdrawn: this was no gamma-ray burst",
        (false, Some(_)) => "Withdrawn by its mission",
        (false, None) => "Withdrawn by the club",
    }
}

/// `Swift BAT, XRT and UVOT`
fn all_seen_by(whole: &Whole) -> String {
    let mut instruments: Vec<&str> = Vec::new();
    let same_mission = whole
        .heard
        .iter()
        .filter(|heard| heard.mission == whole.burst.mission);
    for instrument in same_mission.filter_map(|heard| heard.instrument.as_deref()) {
        if !instruments.contains(&instrument) {
            instruments.push(instrument);
        }
    }
    match instruments.split_last() {
        None => whole.burst.mission.to_string(),
        Some((only, [])) => format!("{} {only}", whole.burst.mission),
        Some((last, others)) => format!("{} {} and {last}", whole.burst.mission, others.join(", ")),
    }
}

fn position(burst: &Burst, best: &Best) -> Position {
    let (l, b) = best.position.galactic();
    Position {
        sexagesimal: sexagesimal(best),
        decimal: format!("{:.4}  {:+.4}", best.position.ra, best.position.dec),
        extent: best.error_radius_90.map(Extent::of),
        source: format!(
            "{}, {}",
            title(&burst.mission, burst.instrument(), best.kind),
            best.at.format("%-d %b %Y, %H:%M:%S UTC")
        ),
        constellation: Some(constellation(best.position).name.to_owned()),
        galactic: Some(format!("{l:.2}°, {b:+.2}°")),
    }
}

fn sexagesimal(best: &Best) -> String {
    let (ra, dec) = best
        .position
        .sexagesimal(best.error_radius_90.unwrap_or(0.0));
    format!("{ra}  {dec}")
}

fn class(burst: &Burst, heard: &[Heard]) -> Option<Class> {
    let now = &burst.class.as_ref()?.what;
    let words = |class: &notices::Class| capital(class_in_words(class).trim_start_matches("a "));
    let mut history: Vec<ClassStep> = Vec::new();
    for (at, class) in heard
        .iter()
        .filter_map(|heard| Some((heard.notice_time?, heard.class.as_ref()?)))
    {
        let step = format!(
            "{}{}",
            words(&class.most_likely),
            percent(class.probability)
        );
        if history.last().is_none_or(|last| last.words != step) {
            history.push(ClassStep {
                words: step,
                after: burst
                    .trigger_time
                    .map(|trigger| after(at, trigger))
                    .unwrap_or_default(),
            });
        }
    }
    Some(Class {
        words: words(&now.most_likely),
        probability: now.probability.map(|p| format!("{:.0} %", p * 100.0)),
        history,
    })
}

/// What the notices measured; of each label the latest value.
fn facts(heard: &[Heard]) -> Vec<Fact> {
    let mut facts: Vec<Fact> = Vec::new();
    for (label, value) in heard
        .iter()
        .filter(|heard| heard.circular_id.is_none())
        .flat_map(|heard| &heard.details)
    {
        match facts.iter_mut().find(|fact| fact.label == *label) {
            Some(known) => known.value.clone_from(value),
            None => facts.push(Fact {
                label: label.clone(),
                value: value.clone(),
            }),
        }
    }
    facts
}

fn links(burst: &Burst) -> Vec<Link> {
    let given = burst.links.iter().map(|(label, url)| Link {
        label: link_in_words(label),
        url: url.clone(),
    });
    let elsewhere = burst.best.as_ref().into_iter().flat_map(|best| {
        let (ra, dec) = (best.position.ra, best.position.dec);
        let arcmin = (best.error_radius_90.unwrap_or(0.1) * 60.0).clamp(2.0, 120.0);
        let field = (best.error_radius_90.unwrap_or(0.1) * 4.0).clamp(0.2, 60.0);
        [
            ("The field in Aladin", format!("https://aladin.cds.unistra.fr/AladinLite/?target={ra:.5}%20{dec:+.5}&fov={field:.2}")),
            ("Known objects there, in Simbad", format!("https://simbad.cds.unistra.fr/simbad/sim-coo?Coord={ra:.5}d{dec:+.5}d&Radius={arcmin:.1}&Radius.unit=arcmin")),
        ]
    });
    let search = burst.name().replace(' ', "%20");
    let circulars = (
        "Circulars about it",
        format!("https://gcn.nasa.gov/circulars?query={search}"),
    );
    let swift = burst
        .trigger_id
        .as_ref()
        .filter(|_| burst.mission == Mission::Swift && !burst.test);
    let swift = swift.map(|id| {
        (
            "Swift’s light curve and spectrum",
            format!("https://www.swift.ac.uk/xrt_live_cat/{id}"),
        )
    });
    let ours = elsewhere
        .chain(swift)
        .chain([circulars])
        .map(|(label, url)| Link {
            label: label.into(),
            url,
        });
    given.chain(ours).collect()
}

fn link_in_words(label: &str) -> String {
    match label {
        "healpix" => "Probability map (FITS)".into(),
        "map" => "Map of the position".into(),
        "light_curve" => "Light curve".into(),
        other => capital(&other.replace('_', " ")),
    }
}

fn circular(heard: &Heard, now: DateTime<Utc>) -> Option<CircularRow> {
    Some(CircularRow {
        number: heard.circular_id,
        subject: heard.subject.clone()?,
        submitter: heard.submitter.clone().unwrap_or_default(),
        when: When::new(heard.notice_time.unwrap_or(heard.received_at), now),
        url: heard.circular_id.map_or_else(
            || "https://gcn.nasa.gov/circulars".into(),
            |id| format!("https://gcn.nasa.gov/circulars/{id}"),
        ),
    })
}

fn names(burst: &Burst, heard: &[Heard]) -> Vec<Name> {
    let naming = heard.iter().find(|heard| {
        heard
            .subject
            .as_ref()
            .zip(burst.official_name.as_ref())
            .is_some_and(|(subject, name)| subject.contains(name))
    });
    let circular = naming
        .and_then(|heard| heard.circular_id)
        .map_or_else(|| "GCN circulars".into(), |id| format!("GCN Circular {id}"));
    let official = burst.official_name.as_ref().map(|name| Name {
        name: name.clone(),
        by: circular,
    });
    let own = burst.mission_name.as_ref().map(|name| Name {
        name: name.clone(),
        by: burst.mission.to_string(),
    });
    let number = burst.trigger_id.as_ref().map(|id| Name {
        name: id.clone(),
        by: format!("{}’s trigger number", burst.mission),
    });
    [official, own, number].into_iter().flatten().collect()
}

/// The positions in use, each better than the one before.
fn steps(whole: &Whole, trigger: DateTime<Utc>) -> Vec<Better> {
    let mut steps: Vec<Better> = Vec::new();
    for heard in &whole.heard {
        let (Some(radius), Some(at), Some(_)) =
            (heard.error_radius_90, heard.notice_time, heard.position)
        else {
            continue;
        };
        if radius > 0.0 && steps.last().is_none_or(|last| radius < last.radius) {
            steps.push(Better {
                seconds: (at - trigger).as_seconds_f64(),
                radius,
            });
        }
    }
    steps
}

fn timeline(whole: &Whole, now: DateTime<Utc>) -> Vec<NoticeRow> {
    let best = whole.burst.best.as_ref();
    let in_use = whole.heard.iter().rposition(|heard| {
        best.is_some_and(|best| {
            heard.position == Some(best.position)
                && heard.kind == best.kind
                && heard.notice_time.unwrap_or(heard.received_at) == best.at
        })
    });
    let mut before: Option<&Heard> = None;
    let mut rows = Vec::with_capacity(whole.heard.len());
    for (index, heard) in whole.heard.iter().enumerate() {
        rows.push(notice_row(whole, heard, before, in_use == Some(index), now));
        if heard.position.is_some() {
            before = Some(heard);
        }
    }
    rows
}

fn notice_row(
    whole: &Whole,
    heard: &Heard,
    before: Option<&Heard>,
    best: bool,
    now: DateTime<Utc>,
) -> NoticeRow {
    let said = heard.notice_time.unwrap_or(heard.received_at);
    let trigger = whole.burst.trigger_time;
    NoticeRow {
        id: heard.id,
        after: trigger
            .map(|trigger| after(said, trigger))
            .unwrap_or_default(),
        title: match heard.circular_id {
            Some(id) => format!("GCN Circular {id}"),
            None => title(&heard.mission, heard.instrument.as_deref(), heard.kind),
        },
        brought: brought(heard, before),
        when: When::new(said, now),
        extent: heard.position.and(heard.error_radius_90).map(Extent::of),
        best,
        withdraws: heard.retraction || heard.suppressed.is_some(),
        latency: Some(Latency {
            mission: heard
                .notice_time
                .zip(trigger)
                .filter(|(said, trigger)| said >= trigger)
                .map(|(said, trigger)| span(said - trigger)),
            // A replay is dated as of the notice: its way here is not known.
            network: heard
                .notice_time
                .filter(|said| *said < heard.received_at)
                .map(|said| span(heard.received_at - said)),
            here: span(heard.stored_at - heard.received_at),
        }),
        raw_url: format!("/api/bursts/{}/notices/{}", whole.burst.id, heard.id),
    }
}

/// What a notice added to what was known.
fn brought(heard: &Heard, before: Option<&Heard>) -> String {
    let mut sentences = Vec::new();
    if let Some(subject) = &heard.subject {
        sentences.push(format!("{subject}."));
    }
    match (heard.position, before.and_then(|before| before.position)) {
        (Some(_), None) => sentences.push("The first position.".into()),
        (Some(here), Some(there)) if here.separation(there) >= 0.001 => sentences.push(format!(
            "Moved by {}.",
            sky::angle_words(here.separation(there))
        )),
        (None, _) if heard.kind == Kind::Alert => {
            sentences.push("Something was detected; where is not known yet.".into());
        }
        (None, _) if heard.kind == Kind::NoPosition => {
            sentences.push("It looked and found nothing.".into());
        }
        _ => {}
    }
    if let Some(class) = &heard.class {
        sentences.push(format!(
            "Taken for {}{}.",
            class_in_words(&class.most_likely),
            percent(class.probability)
        ));
    }
    if heard.retraction {
        sentences.push("The mission withdraws the burst.".into());
    }
    if let Some(why) = heard.suppressed {
        sentences.push(format!("{}.", capital(why.as_str())));
    }
    sentences.join(" ")
}

/// Who and what: `Fermi GBM, flight position`.
fn title(mission: &Mission, instrument: Option<&str>, kind: Kind) -> String {
    let maker = instrument.map_or_else(
        || mission.to_string(),
        |instrument| format!("{mission} {instrument}"),
    );
    let kind = match kind {
        Kind::Alert => "alert",
        Kind::Flight => "position made on board",
        Kind::Ground => "position made on the ground",
        Kind::Final => "final position",
        Kind::Subthreshold => "weak signal found later",
        Kind::QuickLook => "quick look",
        Kind::Position => "position",
        Kind::Update => "better position",
        Kind::NoPosition => "nothing found",
        Kind::Slew => "turn of the spacecraft",
        Kind::Pointing => "pointing",
        Kind::LightCurve => "light curve",
        Kind::Data => "data",
        Kind::KnownSource => "known source",
        Kind::Counterpart => "counterpart",
        Kind::Neutrino => "neutrino",
        Kind::GravitationalWave => "gravitational waves",
        Kind::FastRadioBurst => "radio burst",
        Kind::Supernova => "supernova watch",
        Kind::Transient => "transient",
        Kind::Circular => "circular",
        Kind::Retraction => "retraction",
        Kind::Other => "notice",
    };
    format!("{maker}, {kind}")
}
