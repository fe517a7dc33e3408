//! The page on which a member says what to be told.

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa_axum::router::OpenApiRouter;

use super::{Choice, MISSIONS, Notify, Preferences};
use crate::accounts::channels::{self, Channel};
use crate::accounts::extract::SignedIn;
use crate::accounts::model::Member;
use crate::accounts::people::{self, Moment};
use crate::accounts::{sites, store};
use crate::platform::error::FieldFault;
use crate::platform::web::extract::{Form, Path, Query};
use crate::platform::web::form::sentence;
use crate::platform::web::{Html, Viewer};
use crate::platform::{App, Error, Result};

pub(in crate::accounts) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/preferences", get(show).post(change))
        .route("/preferences/channels", post(add_channel))
        .route("/preferences/channels/{id}/test", post(test_channel))
        .route("/preferences/channels/{id}/delete", post(remove_channel))
}

/// `/preferences`
#[derive(Template)]
#[template(path = "accounts/preferences/page.html")]
struct Page {
    viewer: Viewer,
    choices: [Choice; 4],
    form: Fields,
    faults: Vec<FieldFault>,
    done: Option<&'static str>,
    has_site: bool,
    channels: Vec<Channel>,
    channel: ChannelFields,
    channel_faults: Vec<FieldFault>,
    /// A webhook that was just made: its secret is shown this once.
    made: Option<Channel>,
}

/// The finer choices as the form holds them.
#[derive(Debug, Default, PartialEq)]
struct Fields {
    missions: Vec<String>,
    tiers: Vec<String>,
    largest_error_deg: String,
    min_altitude_deg: String,
    only_when_dark: bool,
    latest_age_h: String,
    quiet_from: String,
    quiet_to: String,
    daily_cap: String,
}

#[derive(Debug, Default, Deserialize)]
struct ChannelFields {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    url: String,
}

/// What was sent: names may repeat.
type Sent = Form<Vec<(String, String)>>;

const TIERS: [&str; 2] = ["A", "B"];

impl Page {
    fn missions(&self) -> Vec<(&'static str, bool)> {
        let chosen = |name: &str| self.form.missions.iter().any(|one| one == name);
        MISSIONS.map(|name| (name, chosen(name))).to_vec()
    }

    fn tier(&self, tier: &str) -> bool {
        self.form.tiers.iter().any(|one| one == tier)
    }

    /// The finer choices are shown open where one is not as usual, or faulty.
    fn finer_open(&self) -> bool {
        !self.faults.is_empty() || self.form.differs()
    }

    fn fault(&self, field: &str) -> Option<String> {
        fault(&self.faults, field)
    }

    fn channel_fault(&self, field: &str) -> Option<String> {
        fault(&self.channel_faults, field)
    }
}

fn fault(faults: &[FieldFault], field: &str) -> Option<String> {
    let fault = faults.iter().find(|fault| fault.field == field)?;
    Some(sentence(&fault.message))
}

impl Fields {
    fn of(preferences: &Preferences) -> Self {
        let time = |time: Option<chrono::NaiveTime>| {
            time.map(|time| time.format("%H:%M").to_string())
                .unwrap_or_default()
        };
        Self {
            missions: ticked(&preferences.missions, &MISSIONS),
            tiers: ticked(&preferences.tiers, &TIERS),
            largest_error_deg: preferences
                .largest_error_deg
                .map(|error| error.to_string())
                .unwrap_or_default(),
            min_altitude_deg: preferences.min_altitude_deg.to_string(),
            only_when_dark: preferences.only_when_dark,
            latest_age_h: preferences.latest_age_h.to_string(),
            quiet_from: time(preferences.quiet_from),
            quiet_to: time(preferences.quiet_to),
            daily_cap: preferences
                .daily_cap
                .map(|cap| cap.to_string())
                .unwrap_or_default(),
        }
    }

    fn differs(&self) -> bool {
        *self != Self::of(&Preferences::default())
    }

    fn of_sent(sent: Vec<(String, String)>) -> Self {
        let mut fields = Self::default();
        for (name, value) in sent {
            match name.as_str() {
                "missions" => fields.missions.push(value),
                "tiers" => fields.tiers.push(value),
                "largest_error_deg" => fields.largest_error_deg = value,
                "min_altitude_deg" => fields.min_altitude_deg = value,
                "only_when_dark" => fields.only_when_dark = true,
                "latest_age_h" => fields.latest_age_h = value,
                "quiet_from" => fields.quiet_from = value,
                "quiet_to" => fields.quiet_to = value,
                "daily_cap" => fields.daily_cap = value,
                _ => {}
            }
        }
        fields
    }

    /// What is wrong with the boxes: none of them is not all of them, nor a way to hear nothing.
    fn judge(&self, faults: &mut Vec<FieldFault>) {
        for (field, boxes) in [("missions", &self.missions), ("tiers", &self.tiers)] {
            if boxes.is_empty() {
                faults.push(FieldFault {
                    field: field.into(),
                    message: "choose at least one; to hear nothing, choose that above".into(),
                });
            }
        }
    }

    /// As [`Preferences::checked`] takes it; a field left empty has its default.
    fn given(&self) -> Map<String, Value> {
        let texts = [
            ("largest_error_deg", &self.largest_error_deg),
            ("min_altitude_deg", &self.min_altitude_deg),
            ("latest_age_h", &self.latest_age_h),
            ("quiet_from", &self.quiet_from),
            ("quiet_to", &self.quiet_to),
            ("daily_cap", &self.daily_cap),
        ];
        let text = |(name, text): (&str, &String)| {
            let value = match text.trim() {
                "" => Value::Null,
                text => text.into(),
            };
            (name.to_owned(), value)
        };
        let others = [
            ("missions", chosen(&self.missions, &MISSIONS).into()),
            ("tiers", chosen(&self.tiers, &TIERS).into()),
            ("only_when_dark", self.only_when_dark.into()),
        ];
        let others = others.map(|(name, value)| (name.to_owned(), value));
        texts.into_iter().map(text).chain(others).collect()
    }
}

/// The boxes that are ticked: all of them where the preference names none.
fn ticked(named: &[String], all: &[&str]) -> Vec<String> {
    match named {
        [] => all.iter().map(ToString::to_string).collect(),
        some => some.to_vec(),
    }
}

/// The preference of ticked boxes. All of them are none by name, which stays true when another mission flies.
fn chosen(ticked: &[String], all: &[&str]) -> Vec<String> {
    match all.iter().all(|one| ticked.iter().any(|sent| sent == one)) {
        true => Vec::new(),
        false => ticked.to_vec(),
    }
}

#[derive(Deserialize)]
struct Done {
    done: Option<String>,
}

/// GET /preferences
async fn show(
    State(app): State<App>,
    viewer: Viewer,
    SignedIn(member): SignedIn,
    Query(done): Query<Done>,
) -> Result<Html<Page>> {
    let done = match done.done.as_deref() {
        Some("saved") => Some("Your preferences are saved."),
        Some("sent") => Some("The test is on its way; it should arrive within a minute."),
        Some("again") => Some("A test went a moment ago; wait a minute for the next."),
        Some("removed") => Some("The channel is removed."),
        Some("added") => Some("The channel is there. Send a test to see that it works."),
        _ => None,
    };
    let page = page(&app, viewer, &member).await?;
    Ok(Html(Page { done, ..page }))
}

/// POST /preferences
async fn change(
    State(app): State<App>,
    viewer: Viewer,
    SignedIn(member): SignedIn,
    Form(sent): Sent,
) -> Result<Response> {
    let chosen = sent.iter().find(|(name, _)| name == "notify");
    let notify = chosen.and_then(|(_, word)| Notify::parse(word));
    let form = Fields::of_sent(sent);
    let mut faults = Vec::new();
    form.judge(&mut faults);
    if notify.is_none() {
        faults.push(FieldFault {
            field: "notify".into(),
            message: "choose one".into(),
        });
    }
    let checked = member.preferences.checked(&form.given());
    let (notify, preferences) = match (notify, checked) {
        (Some(notify), Ok(preferences)) if faults.is_empty() => (notify, preferences),
        (notify, checked) => {
            faults.extend(checked.err().unwrap_or_default());
            let page = Page {
                choices: notify.unwrap_or(member.notify).choices(),
                form,
                faults,
                ..page(&app, viewer, &member).await?
            };
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response());
        }
    };
    let (at, bus) = (Moment::of(&app), app.bus.clone());
    let saved = app.db.write(move |tx| {
        let member = Member {
            notify,
            preferences,
            ..store::member(tx, member.id)?
        };
        people::save(tx, &bus, at, &member)
    });
    saved.await?;
    Ok(Redirect::to("/preferences?done=saved").into_response())
}

/// POST /preferences/channels. A webhook's secret is in this answer and in no other.
async fn add_channel(
    State(app): State<App>,
    viewer: Viewer,
    SignedIn(member): SignedIn,
    Form(sent): Form<ChannelFields>,
) -> Result<Response> {
    let given = channels::Given {
        kind: Some(sent.kind.as_str().into()),
        url: Some(sent.url.as_str().into()),
    };
    let now = app.clock.now();
    let made = match given.checked() {
        Ok((kind, url)) => {
            let add = move |tx: &crate::platform::Tx| {
                channels::store::insert(tx, now, member.id, kind, &url)
            };
            app.db.write(add).await
        }
        Err(faults) => Err(Error::Invalid(faults)),
    };
    match made {
        Ok(made) if made.secret.is_none() => {
            Ok(Redirect::to("/preferences?done=added#channels").into_response())
        }
        Ok(made) => {
            let page = Page {
                made: Some(made),
                ..page(&app, viewer, &member).await?
            };
            Ok(([(header::CACHE_CONTROL, "no-store")], Html(page)).into_response())
        }
        Err(Error::Invalid(channel_faults)) => {
            let page = Page {
                channel: sent,
                channel_faults,
                ..page(&app, viewer, &member).await?
            };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
        }
        Err(other) => Err(other),
    }
}

/// POST /preferences/channels/{id}/test
async fn test_channel(
    State(app): State<App>,
    SignedIn(member): SignedIn,
    Path(id): Path<i64>,
) -> Result<Redirect> {
    let now = app.clock.now();
    let sent = app
        .db
        .write(move |tx| {
            let channel = channels::store::one(tx, member.id, id)?;
            channels::send_trial(tx, now, &channel)
        })
        .await?;
    let done = if sent { "sent" } else { "again" };
    Ok(Redirect::to(&format!("/preferences?done={done}#channels")))
}

/// POST /preferences/channels/{id}/delete
async fn remove_channel(
    State(app): State<App>,
    SignedIn(member): SignedIn,
    Path(id): Path<i64>,
) -> Result<Redirect> {
    app.db
        .write(move |tx| channels::store::delete(tx, member.id, id))
        .await?;
    Ok(Redirect::to("/preferences?done=removed#channels"))
}

/// The page as it stands for a member, nothing having been done.
async fn page(app: &App, viewer: Viewer, member: &Member) -> Result<Page> {
    let id = member.id;
    let (channels, has_site) = app
        .db
        .read(move |conn| {
            let sites = sites::store::of_member(conn, id)?;
            Ok((channels::store::of_member(conn, id)?, !sites.is_empty()))
        })
        .await?;
    Ok(Page {
        viewer,
        choices: member.notify.choices(),
        form: Fields::of(&member.preferences),
        faults: Vec::new(),
        done: None,
        has_site,
        channels,
        channel: ChannelFields::default(),
        channel_faults: Vec::new(),
        made: None,
    })
}
