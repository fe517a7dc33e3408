//! The page of the birthday star.

use askama::Template;
use chrono::{DateTime, NaiveDate, Utc};

use super::asked::Asked;
use super::choice::Choice;
use super::tonight::{When, tonight};
use super::{chart, light, words};
use crate::accounts::Site;
use crate::platform::error::FieldFault;
use crate::platform::web::form::Field;
use crate::platform::web::listing::address;
use crate::platform::web::{Viewer, form};

/// `/birthday-star`, asked and unasked.
#[derive(Template)]
#[template(path = "hello/star/page.html")]
pub(super) struct Page {
    viewer: Viewer,
    /// The date as it was given.
    born: Field,
    /// What says where, to be sent along with another date.
    kept: Vec<(&'static str, String)>,
    coordinates: String,
    coordinates_fault: Option<String>,
    time_zone: String,
    /// The member's own date: what it is, and where its star is shown.
    own: Option<(String, String)>,
    signed_in: bool,
    /// The member's other sites, with the addresses that show the star from there.
    sites: Vec<(String, String)>,
    result: Option<Result>,
    /// The stars around the Sun, where nothing is asked.
    neighbours: Option<String>,
}

/// What a date gives.
pub(super) struct Result {
    day: String,
    heading: String,
    lead: String,
    more: Vec<String>,
    facts: Vec<(&'static str, String)>,
    chart: String,
    light: String,
    light_words: String,
    tonight: Option<Seen>,
}

/// The star from a site.
struct Seen {
    site: String,
    state: &'static str,
    verdict: &'static str,
    words: Vec<String>,
    /// None where it would show nothing.
    chart: Option<String>,
    clock: &'static str,
}

impl Page {
    pub(super) fn new(
        viewer: Viewer,
        asked: &Asked,
        faults: &[FieldFault],
        own: Option<NaiveDate>,
        signed_in: bool,
        sites: &[Site],
        result: Option<Result>,
    ) -> Self {
        let born = asked.born.trim();
        let to = |fields: &[(&str, &str)]| address("/birthday-star", fields);
        let own = own.map(|own| (words::day(own), to(&[("born", &own.to_string())])));
        let others = sites.iter().map(|site| {
            let id = site.id.to_string();
            (
                site.name.clone(),
                to(&[("born", born), ("site", &id)]) + "#tonight",
            )
        });
        let place_fault = faults.iter().find(|fault| fault.field != "born");
        let kept = asked.where_from().into_iter();
        let site = asked.site.map(|site| ("site", site.to_string()));
        Self {
            viewer,
            born: Field::new("born", "Date of birth")
                .kind("date", "bday")
                .value(born)
                .judged(faults),
            kept: kept
                .map(|(name, text)| (name, text.to_owned()))
                .chain(site)
                .collect(),
            coordinates: asked.coordinates.trim().to_owned(),
            coordinates_fault: place_fault.map(|fault| form::sentence(&fault.message)),
            time_zone: asked.time_zone.trim().to_owned(),
            own: own.filter(|_| result.is_none()),
            signed_in,
            sites: if sites.len() > 1 {
                others.collect()
            } else {
                Vec::new()
            },
            neighbours: result.is_none().then(light::neighbours),
            result,
        }
    }

    fn title(&self) -> String {
        match &self.result {
            Some(result) => format!("The star of {}", result.day),
            None => "Birthday star".into(),
        }
    }
}

impl Result {
    pub(super) fn new(choice: &Choice, site: Option<&Site>, now: DateTime<Utc>) -> Self {
        let star = choice.star;
        let heading = match (choice.fits, choice.is_under_way()) {
            (true, _) => star.title().to_owned(),
            (_, true) => "No star yet".into(),
            _ => "No star of that year".into(),
        };
        Self {
            day: words::day(choice.born),
            heading,
            lead: words::lead(choice),
            more: [words::others(choice), words::next(choice)]
                .into_iter()
                .flatten()
                .collect(),
            facts: facts(choice),
            chart: chart(star, star.title()),
            light: light::light(choice),
            light_words: format!(
                "The light of {} has come {} so far. Looked down on from the sky’s north pole, the Sun in the middle.",
                words::day(choice.born),
                words::way(choice)
            ),
            tonight: site.map(|site| Seen::new(choice, site, now)),
        }
    }
}

fn facts(choice: &Choice) -> Vec<(&'static str, String)> {
    let star = choice.star;
    let mut facts = vec![("Star", star.full())];
    facts.push(("Where", format!("in {}", star.constellation.name)));
    facts.push((
        "Distance",
        format!("{}, {}", words::distance(star), words::uncertainty(star)),
    ));
    facts.push((
        "Brightness",
        format!(
            "V {:.1}: {}",
            star.magnitude,
            words::brightness(star.magnitude)
        )
        .replace('-', "−"),
    ));
    if star.count > 1 {
        facts.push((
            "Double",
            "the eye sees two stars as one; this is their light together".into(),
        ));
    }
    facts
}

impl Seen {
    fn new(choice: &Choice, site: &Site, now: DateTime<Utc>) -> Self {
        let seen = tonight(choice.star, site, now);
        let (state, verdict) = match seen.when {
            When::Now => ("yes", "Now"),
            When::Tonight => ("later", "Tonight"),
            When::Later => ("no", "Not tonight"),
            When::Never => ("no", "Not from there"),
        };
        Self {
            site: site.name.clone(),
            state,
            verdict,
            chart: (seen.when != When::Never).then(|| seen.chart(choice.star, site, now)),
            words: seen.words,
            clock: site.time_zone.name(),
        }
    }
}
