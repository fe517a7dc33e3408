//! Says in words how far, how sure, how long ago and how bright.

use chrono::NaiveDate;

use super::choice::Choice;
use super::table::{Star, stars};

/// `4.4 light-years`, with as many figures as are sure.
pub fn distance(star: &Star) -> String {
    match star.sigma < 0.4 {
        true => format!("{:.1} light-years", star.distance),
        false => format!("{:.0} light-years", star.distance),
    }
}

/// `between 2 and 3 light-years either way`.
pub fn uncertainty(star: &Star) -> String {
    let sigma = star.sigma;
    let (whole, part) = (sigma.floor(), sigma.fract());
    match sigma {
        small if small < 0.095 => "less than a tenth of a light-year either way".into(),
        small if small < 0.95 => format!("about {small:.1} light-years either way"),
        _ if part > 0.2 && part < 0.8 && sigma > 1.2 => {
            format!(
                "between {whole:.0} and {:.0} light-years either way",
                whole + 1.0
            )
        }
        near if near < 1.5 => "about one light-year either way".into(),
        near => format!("about {near:.0} light-years either way"),
    }
}

/// A time in words, from years: `five months`, `a year and a half`, `12 years`.
pub fn span(years: f64) -> String {
    let years = years.abs();
    let (weeks, months) = ((years * 52.18).round(), (years * 12.0).round());
    let whole = |count: f64, one: &str, many: &str| match count {
        1.0 => one.to_owned(),
        count => format!("{} {many}", number(count)),
    };
    if weeks < 1.0 {
        "a few days".into()
    } else if weeks < 4.0 {
        whole(weeks, "a week", "weeks")
    } else if months < 11.0 {
        whole(months, "a month", "months")
    } else {
        let halves = (years * 2.0).round().max(2.0);
        let (full, half) = ((halves / 2.0).floor(), halves % 2.0 > 0.5);
        match (full, half) {
            (1.0, true) => "a year and a half".into(),
            (full, true) if full < 10.0 => format!("{} and a half years", number(full)),
            _ => whole(years.round().max(1.0), "a year", "years"),
        }
    }
}

/// Up to twelve as a word.
fn number(count: f64) -> String {
    const WORDS: [&str; 13] = [
        "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve",
    ];
    let found = WORDS
        .into_iter()
        .zip(0_u8..)
        .find(|(_, n)| f64::from(*n) == count);
    found.map_or_else(|| format!("{count:.0}"), |(word, _)| word.to_owned())
}

/// `about five months before you were born, give or take a year`.
pub fn left(choice: &Choice, star: &Star) -> String {
    let early = choice.early(star);
    let sure = give_or_take(star);
    match early {
        near if near.abs() < star.sigma.min(0.25) / 2.0 || near.abs() < 0.03 => {
            format!("just about when you were born{sure}")
        }
        before if before > 0.0 => format!("about {} before you were born{sure}", span(before)),
        after => format!("about {} after you were born{sure}", span(after)),
    }
}

/// Never less than a month: of double stars the orbit is in the measurement too, and later ones have moved even α Centauri by 19 days.
fn give_or_take(star: &Star) -> String {
    format!(", give or take {}", span(star.sigma.max(1.0 / 12.0)))
}

/// When the light of a birth reaches a star, never more exactly than is known: `about May 2031, give or take two weeks`.
pub fn reached(choice: &Choice, star: &Star) -> String {
    let day = choice.reaches(star);
    let sure = give_or_take(star);
    if choice.early(star) < star.sigma {
        return format!("about now{sure}");
    }
    match star.sigma < 0.4 {
        true => format!("about {}{sure}", day.format("%B %Y")),
        false => format!("about {}{sure}", day.format("%Y")),
    }
}

/// What a magnitude means to the eye, as said after "it is".
pub fn brightness(magnitude: f64) -> &'static str {
    match magnitude {
        bright if bright < 1.5 => "one of the brightest in the sky, seen from any city",
        bright if bright < 3.0 => "bright enough for a city",
        fair if fair < 4.0 => "to be seen from a suburb on a clear night",
        faint if faint < 5.0 => "to be seen from a village, or from a city with binoculars",
        faint if faint < 5.8 => "faint: for a dark sky in the country, or for binoculars anywhere",
        _ => "as faint as the eye sees, for a really dark sky; easy in binoculars",
    }
}

/// `17 May 1990`.
pub fn day(date: NaiveDate) -> String {
    date.format("%-d %B %Y").to_string()
}

/// What is said first: whose light it is, or that there is none yet.
pub fn lead(choice: &Choice) -> String {
    let star = choice.star;
    if choice.fits {
        let title = star.title();
        return format!(
            "The light of {title} that reaches you tonight left it {}.",
            left(choice, star)
        );
    }
    if choice.is_under_way() {
        return format!(
            "The light of that day has come {} so far, and has passed no star yet that the eye can see. {} is the first, {}.",
            way(choice),
            star.full(),
            reached(choice, star)
        );
    }
    format!(
        "No star that the eye can see shines with light from the year you were born. Nearest to it is {}: its light left it {}.",
        star.full(),
        left(choice, star)
    )
}

/// How far the light of a birth has come.
pub fn way(choice: &Choice) -> String {
    match choice.travelled {
        near if near < 0.5 / 365.25 => "no way at all".into(),
        near if near < 1.5 / 365.25 => "one light-day".into(),
        near if near < 0.1 => format!("{} light-days", number((near * 365.25).round())),
        near => format!("{near:.1} light-years"),
    }
}

/// The star that the light of a birth reaches next; for a child whose first star the lead has named, the one after it.
pub fn next(choice: &Choice) -> Option<String> {
    if choice.is_under_way() {
        // What the first star is has been said already.
        let second = stars().get(1)?;
        let when = reached(choice, second);
        return Some(format!(
            "After that comes {}, {} away: {when}.",
            second.full(),
            distance(second)
        ));
    }
    let next = choice.next?;
    let when = reached(choice, next);
    Some(match next.hip == choice.star.hip {
        true => format!(
            "The light of your birth reaches {} itself {when}.",
            next.title()
        ),
        false => format!(
            "The next star that the light of your birth reaches is {}, {} away in {}: {when}.",
            next.full(),
            distance(next),
            next.constellation.name
        ),
    })
}

/// Other stars of which the same may be said.
pub fn others(choice: &Choice) -> Option<String> {
    let names: Vec<String> = choice
        .others
        .iter()
        .map(|star| format!("{} in {}", star.full(), star.constellation.name))
        .collect();
    let which = match choice.others.first() {
        Some(other) if other.magnitude < choice.star.magnitude => {
            "Easier to see, and from about then too as well as can be told"
        }
        _ => "From about then too, as well as can be told",
    };
    (choice.fits && !names.is_empty())
        .then(|| format!("{which}: the light of {}.", names.join(" and ")))
}
