//! The words of a greeting, and how they are laid out.

use askama::Template;
use chrono::NaiveDate;
use futures::future::BoxFuture;
use rusqlite::Connection;

use super::{due, unsubscribe};
use crate::accounts::{self, Birthday, Member, Site, sites};
use crate::alerts;
use crate::hello::star::{self, StarForLetter};
use crate::platform::outbox::{Composed, Letter, Order, one_line};
use crate::platform::{App, Config, Error, Result};

#[derive(Template)]
#[template(path = "hello/greetings/letter.html")]
struct Html<'a>(&'a Said);

#[derive(Template)]
#[template(path = "hello/greetings/letter.txt")]
struct Text<'a>(&'a Said);

/// What is said.
struct Said {
    lead: String,
    wish: String,
    star: Option<StarForLetter>,
    /// The year of birth is not known, without which there is no star.
    yearless: bool,
    /// Where a birthday is entered and changed.
    account: String,
    stop: String,
    club: String,
}

/// Composes a greeting, if the member still is somebody to be greeted: looks again at all that led to it.
pub fn compose(app: App, order: Order) -> BoxFuture<'static, Result<Composed>> {
    Box::pin(async move {
        let Some(id) = order.member else {
            return Ok(Composed::Nothing("it is for no member".into()));
        };
        let read = move |conn: &Connection| {
            let member = accounts::store::member(conn, id)?;
            Ok((member, sites::store::of_member(conn, id)?))
        };
        let (member, sites) = match app.db.read(read).await {
            Ok(read) => read,
            Err(Error::NotFound(_)) => return Ok(Composed::Nothing("the member has left".into())),
            Err(error) => return Err(error),
        };
        if let Some(why) = unwelcome(&app.config, &member, &sites, &order) {
            return Ok(Composed::Nothing(why.into()));
        }
        let zone = alerts::due::zone(&sites, app.config.time_zone);
        let leaves = due::leaves(order.at, zone, &member.preferences);
        if leaves > order.at {
            return Ok(Composed::Later(leaves, "these are quiet hours there"));
        }
        letter(&app, &member, &order).await
    })
}

/// Why the member is not to be greeted, if that is so.
fn unwelcome(
    config: &Config,
    member: &Member,
    sites: &[Site],
    order: &Order,
) -> Option<&'static str> {
    let zone = alerts::due::zone(sites, config.time_zone);
    let is_today = |birthday| due::kept_at(birthday, zone, config.leap_day, order.at).is_some();
    match member.birthday {
        _ if !member.may_enter() => Some("the member may not enter any more"),
        _ if !member.birthday_letter => Some("the member wants no letter on the birthday any more"),
        None => Some("the member's birthday is not known any more"),
        Some(birthday) if !is_today(birthday) => {
            Some("it is not the member's birthday there and then")
        }
        Some(_) => None,
    }
}

async fn letter(app: &App, member: &Member, order: &Order) -> Result<Composed> {
    let born: Option<NaiveDate> = member.birthday.and_then(Birthday::born);
    let star = match born {
        Some(born) => star::for_letter(app, member, born, order.at).await?,
        None => None,
    };
    let (base, club) = (app.config.base_url(), one_line(&app.config.club_name, 100));
    let said = Said {
        lead: format!("Happy birthday, {}!", given_name(&member.full_name)),
        wish: format!("{club} wishes you a good year, and many dark, clear nights in it."),
        star,
        yearless: born.is_none(),
        account: format!("{base}/account#birthday"),
        stop: unsubscribe::LETTERS.address(app, member.id).await?,
        club,
    };
    let laid_out = |error: askama::Error| Error::Internal(error.into());
    Ok(Composed::Letter(Box::new(Letter {
        to_name: Some(member.full_name.clone()),
        subject: said.lead.clone(),
        text: Text(&said).render().map_err(laid_out)?,
        html: Html(&said).render().map_err(laid_out)?,
        pictures: said
            .star
            .and_then(|star| star.picture)
            .into_iter()
            .collect(),
        thread: None,
        unsubscribe: Some(said.stop),
    })))
}

/// What friends call somebody: the first of several names, unless that is a title or an initial.
fn given_name(full_name: &str) -> String {
    let first = full_name.split_whitespace().next().unwrap_or_default();
    match first.ends_with('.') {
        true => one_line(full_name, 80),
        false => one_line(first, 80),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::hello::star::WhereToLook;
    use crate::platform::outbox::Picture;

    #[test]
    fn the_star_is_told_in_text_and_in_html_and_stays_words() {
        let star = StarForLetter {
            words: vec![
                "The light that left Denebola on the day you were born is here now.".into(),
                "It is 35.9 ± 0.2 light years away, in the constellation <Leo>.".into(),
            ],
            where_to_look: Some(WhereToLook {
                heading: "Tonight at Orion Hill".into(),
                lines: vec!["It is best at 05:40, 52° high in the south-east.".into()],
            }),
            url: "https://desk.example.org/birthday-star?born=1990-11-21".into(),
            picture: Some(Picture {
                cid: "star".into(),
                alt: "Denebola in Leo".into(),
                png: Arc::default(),
            }),
        };
        let said = Said {
            lead: "Happy birthday, Vera!".into(),
            wish: "Orion Hill wishes you a good year.".into(),
            star: Some(star),
            yearless: false,
            account: "https://desk.example.org/account#birthday".into(),
            stop: "https://desk.example.org/birthdays/unsubscribe/TOKEN".into(),
            club: "Orion Hill".into(),
        };
        let (text, html) = (Text(&said).render().unwrap(), Html(&said).render().unwrap());
        let star = said.star.as_ref().unwrap();
        let look = star.where_to_look.as_ref().unwrap();
        for words in star
            .words
            .iter()
            .chain(&look.lines)
            .chain([&look.heading, &star.url])
        {
            assert!(text.contains(words), "{words}: {text}");
            let escaped = words.replace('<', "&#60;").replace('>', "&#62;");
            assert!(html.contains(&escaped), "{words}: {html}");
        }
        assert!(html.contains("src=\"cid:star\""), "{html}");
        assert!(!text.contains("Tell us the year"), "{text}");
        assert!(
            !text.contains("\n\n\n") && !text.starts_with('\n'),
            "{text:?}"
        );
    }
}
