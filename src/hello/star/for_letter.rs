//! The birthday star as a greeting letter tells it.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};

use super::tonight::{When, tonight};
use super::{chart, routes, words};
use crate::accounts::{Member, sites};
use crate::alerts::letters;
use crate::platform::outbox::{Picture, one_line};
use crate::platform::{App, Error, Result};

/// What a letter says of the star of somebody's birth.
#[derive(Debug, Clone)]
pub struct StarForLetter {
    /// Sentences of plain text.
    pub words: Vec<String>,
    /// Where to look on the evening of the letter, from the member's first site.
    pub where_to_look: Option<WhereToLook>,
    /// The page that says the same.
    pub url: String,
    /// The star among its neighbours; none where pictures in letters are switched off.
    pub picture: Option<Picture>,
}

/// Where a star is to be found from a site.
#[derive(Debug, Clone)]
pub struct WhereToLook {
    /// `Tonight at La Palma`; without the night where it is not up.
    pub heading: String,
    pub lines: Vec<String>,
}

/// The star of a member born on `born`, as of `at`; none for a day that is still to come.
pub async fn for_letter(
    app: &App,
    member: &Member,
    born: NaiveDate,
    at: DateTime<Utc>,
) -> Result<Option<StarForLetter>> {
    let id = member.id;
    let sites = app
        .db
        .read(move |conn| sites::store::of_member(conn, id))
        .await?;
    let site = sites.first();
    let choice = routes::chosen(born, site, app, at)?;
    if born > choice.today || choice.travelled <= 0.0 {
        return Ok(None);
    }
    let star = choice.star;
    let place = format!(
        "{} stands in {}, {} away, {}.",
        star.full(),
        star.constellation.name,
        words::distance(star),
        words::uncertainty(star)
    );
    let bright = format!("It is {}.", words::brightness(star.magnitude));
    let said = [
        Some(words::lead(&choice)),
        Some(place),
        Some(bright),
        words::others(&choice),
        words::next(&choice),
    ];
    let where_to_look = site.map(|site| {
        // A letter is read at some time of the day, so it tells of the whole night.
        let noon = tonight(star, site, at).observer.noon();
        let seen = tonight(star, site, noon);
        let from = match seen.when {
            When::Now | When::Tonight => "Tonight at",
            When::Later | When::Never => "At",
        };
        WhereToLook {
            heading: format!("{from} {}", one_line(&site.name, 80)),
            lines: seen.words,
        }
    });
    let picture = match app.config.mail_pictures {
        true => Some(picture(star).await?),
        false => None,
    };
    Ok(Some(StarForLetter {
        words: said.into_iter().flatten().collect(),
        where_to_look,
        url: format!("{}/birthday-star?born={born}", app.config.base_url()),
        picture,
    }))
}

/// The letters’ type has no Greek, so the title is spelled out.
async fn picture(star: &'static super::table::Star) -> Result<Picture> {
    let drawing = tokio::task::spawn_blocking(move || {
        letters::drawn(letters::View::Night, &chart(star, &star.spelled()))
    });
    let drawn = drawing
        .await
        .map_err(|stopped| Error::Internal(stopped.into()))?;
    Ok(Picture {
        cid: "birthday-star".into(),
        alt: format!(
            "A chart of {} with {} in the middle.",
            star.constellation.name,
            star.full()
        ),
        png: Arc::new(drawn?),
    })
}
