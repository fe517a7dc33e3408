//! The morning's letter: the bursts of a day and a night, each in a few lines.

use super::plain::plain;
use super::words::{Row, Said, Section, Sentence, signed};
use super::{Asked, Material, is_over, page, store};
use crate::alerts::Reason;
use crate::bursts::Sight;
use crate::bursts::story::story;
use crate::platform::outbox::{Composed, Order};
use crate::platform::{App, Config, Result};
use crate::sky::angle_words as angle;

/// The letter with all that a member was told for this morning.
pub(super) async fn compose(
    app: &App,
    order: &Order,
    asked: &Asked,
    reader: store::Reader,
    stop: String,
) -> Result<Composed> {
    let (due_at, at) = (asked.due_at.unwrap_or(order.created_at), order.at);
    let kept = asked.kept;
    let name = reader.member.full_name.clone();
    let bursts: Vec<Material> = app
        .db
        .read(move |conn| {
            let told = store::of_morning(conn, reader.member.id, due_at, kept)?;
            told.into_iter()
                .map(|burst| {
                    let record = store::record(conn, burst, burst, Reason::Digest)?;
                    Ok(record.seen_by(&reader, None, at, Reason::Digest, None))
                })
                .collect()
        })
        .await?;
    if bursts.iter().all(|letter| is_over(&letter.burst)) {
        return Ok(Composed::Nothing(
            "nothing is left of what it would tell".into(),
        ));
    }
    page::letter(words(&app.config, bursts, stop), Vec::new(), name, None).map(Composed::Letter)
}

/// What the letter says: the most useful burst first.
pub(super) fn words(config: &Config, mut bursts: Vec<Material>, stop: String) -> Said {
    bursts.sort_by(|a, b| rank(a).total_cmp(&rank(b)));
    let standing = bursts.iter().filter(|letter| !is_over(&letter.burst));
    let count = match standing.clone().count() {
        1 => "1 burst".to_owned(),
        many => format!("{many} bursts"),
    };
    let observable: Vec<&Material> = standing.filter(|letter| is_observable(letter)).collect();
    let (answer, tone) = match observable[..] {
        [] => ("none to point at tonight".to_owned(), "no"),
        [one] => (format!("{}, {}", one.burst.name(), short(one)), "yes"),
        [first, ..] => (
            format!(
                "{} to observe tonight, first {}, {}",
                observable.len(),
                first.burst.name(),
                short(first)
            ),
            "yes",
        ),
    };
    Said {
        subject: plain(&format!("{count} since yesterday: {answer}"), 160),
        answers: vec![Sentence {
            label: None,
            words: plain(&format!("{count} since yesterday: {answer}."), 300),
            tone,
        }],
        sections: bursts
            .iter()
            .map(|letter| section(config, letter))
            .collect(),
        why:
            "You get this because you asked for a letter in the morning, when there was something."
                .into(),
        ..signed(config, Some(stop))
    }
}

fn section(config: &Config, letter: &Material) -> Section {
    let burst = &letter.burst;
    let sight = letter.sights.first();
    let answer = sight.map(|sight| Row::new("Tonight", plain(&sight.sentence(), 400)));
    let from = sight.map(|sight| Row::new("From", sight.label()));
    let place = burst.best.as_ref().map(|best| {
        let (ra, dec) = best
            .position
            .sexagesimal(best.error_radius_90.unwrap_or(0.0));
        Row {
            label: "J2000".into(),
            lines: vec![format!("{ra}  {dec}")],
            copied: true,
        }
    });
    let known = letter
        .radius()
        .map(|radius| Row::new("Known", format!("within {} (90 %)", angle(radius))));
    let when = burst
        .trigger_time
        .map(|at| Row::new("When", at.format("%-d %B, %H:%M:%S UTC").to_string()));
    let what = Some(Row::new("What", plain(&story(burst), 300)));
    Section {
        heading: plain(&burst.name(), 60),
        url: Some(format!("{}/bursts/{}", config.base_url(), burst.id)),
        rows: [answer, from, what, when, place, known]
            .into_iter()
            .flatten()
            .collect(),
        picture: None,
    }
}

fn short(letter: &Material) -> String {
    letter
        .sights
        .first()
        .map(Sight::in_short)
        .unwrap_or_default()
}

fn is_observable(letter: &Material) -> bool {
    letter.sights.first().is_some_and(Sight::is_observable)
}

/// The most useful lowest; those that are none any more come last.
fn rank(letter: &Material) -> f64 {
    match letter.sights.first() {
        _ if is_over(&letter.burst) => f64::MAX,
        Some(sight) => sight.rank(),
        None => letter.radius().unwrap_or(1e6),
    }
}
