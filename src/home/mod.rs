//! The first page: what happened last.

use axum::extract::State;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;

use crate::accounts::MaybeSignedIn;
use crate::bursts::list::{self, Wanted};
use crate::bursts::page;
use crate::bursts::store;
use crate::bursts::view::{Desk, LatestPage};
use crate::hello::party;
use crate::intake;
use crate::observations;
use crate::platform::health::State as Mood;
use crate::platform::web::{Html, Viewer};
use crate::platform::{App, Result};

/// The newest one large, and these below it.
const EARLIER: usize = 12;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().route("/", get(latest))
}

async fn latest(
    State(app): State<App>,
    viewer: Viewer,
    MaybeSignedIn(member): MaybeSignedIn,
) -> Result<Html<LatestPage>> {
    let now = app.clock.now();
    let desk = desk(&app, viewer.is_officer());
    let asked = app.clone();
    let (newest, others, region, seen, birthdays) = app
        .db
        .read(move |conn| {
            let (mut bursts, _) = list::list(conn, &Wanted::default(), EARLIER + 1)?;
            // A mission's self-test is no news; it stays in the list below.
            let newest = bursts
                .iter()
                .position(|burst| !burst.test)
                .map(|at| bursts.remove(at));
            let region = newest
                .as_ref()
                .map(|newest| store::region(conn, newest.id))
                .transpose()?
                .flatten();
            let seen = observations::latest(conn, now)?;
            let birthdays = member
                .map(|member| party::sentence(&asked, conn, member.id))
                .transpose()?
                .flatten();
            Ok((newest, bursts, region, seen, birthdays))
        })
        .await?;
    Ok(Html(LatestPage {
        viewer,
        desk,
        seen,
        birthdays,
        newest: newest.map(|burst| page::headline(&burst, region.as_ref(), now)),
        earlier: others.iter().map(|burst| page::row(burst, now)).collect(),
    }))
}

/// What to do is said to those who can do it.
fn desk(app: &App, officer: bool) -> Desk {
    let condition = intake::condition(app);
    let state = match condition.state {
        Mood::Ok => "ok",
        Mood::Off => "off",
        Mood::Warn => "warn",
    };
    Desk {
        state: state.into(),
        words: condition.words,
        remedy: condition.remedy.filter(|_| officer),
    }
}
