//! Members as JSON.

use axum::extract::{FromRequest, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::birthday::{self, Birthday};
use super::entry;
use super::extract::{Acting, Officer, SignedIn};
use super::fields::{self, Email};
use super::model::Member;
use super::people::{self, Deed, Moment};
use super::preferences::{Notify, Preferences};
use super::sessions::{self, Caller};
use super::sign_up::{self, Wish};
use super::store;
use crate::platform::web::extract::{Form, Json, Path, Query};
use crate::platform::web::form::{Faults, given};
use crate::platform::web::limits::visitor;
use crate::platform::web::listing::Listed;
use crate::platform::web::problem::Problem;
use crate::platform::{App, Error, Result};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(join, members))
        .routes(routes!(token))
        .routes(routes!(me, change_me, delete_me))
        .routes(routes!(one, change_one, delete_one))
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Member)]
pub(super) struct MemberJson {
    id: i64,
    email: String,
    full_name: String,
    email_confirmed: bool,
    disabled: bool,
    officer: bool,
    notify: Notify,
    receive_notification: bool,
    preferences: Preferences,
    created_at: DateTime<Utc>,
}

impl From<Member> for MemberJson {
    fn from(member: Member) -> Self {
        Self {
            id: member.id,
            email: member.email,
            full_name: member.full_name,
            email_confirmed: member.confirmed_at.is_some(),
            disabled: member.disabled_at.is_some(),
            officer: member.officer,
            notify: member.notify,
            receive_notification: member.notify != Notify::None,
            preferences: member.preferences,
            created_at: member.created_at,
        }
    }
}

/// A member, for that member: with what nobody else is shown.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Me {
    #[serde(flatten)]
    member: MemberJson,
    /// `1990-05-17`, or `--05-17` without the year
    birthday: Option<String>,
    /// Other members may see the day, never the year.
    birthday_shown: bool,
    /// A letter comes on the day.
    birthday_letter: bool,
}

impl From<Member> for Me {
    fn from(member: Member) -> Self {
        Self {
            birthday: member.birthday.as_ref().map(Birthday::to_string),
            birthday_shown: member.birthday_shown,
            birthday_letter: member.birthday_letter,
            member: member.into(),
        }
    }
}

/// A new member, as it is posted.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default)]
struct Joining {
    #[schema(required, format = "email")]
    email: String,
    /// 1 to 100 characters on one line
    #[schema(required, min_length = 1, max_length = 100)]
    full_name: String,
    /// At least 8 characters; twelve or more are better
    #[schema(required, min_length = 8)]
    password: String,
    /// The same again
    #[schema(required)]
    password_confirmation: String,
    /// true alone means `notify: every`, false `none`
    receive_notification: Option<bool>,
    /// every, observable, digest or none
    notify: Option<String>,
}

/// What happens next, in a sentence.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Asked {
    detail: &'static str,
}

/// Signs somebody up. The answer is the same for an address that is taken: its owner is told by mail.
#[utoipa::path(post, path = "/api/users", tag = "members", request_body = Joining, responses((status = 202, description = "A letter has gone to the address; its link confirms it", body = Asked), (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn join(State(app): State<App>, request: Request) -> Result<(StatusCode, Json<Asked>)> {
    let (parts, body) = request.into_parts();
    let Json(joining) =
        Json::<Joining>::from_request(Request::from_parts(parts.clone(), body), &app).await?;
    let mut faults = Faults::default();
    let notify = faults.take(
        "notify",
        notify(joining.notify.as_deref(), joining.receive_notification),
    );
    let wish = Wish {
        email: joining.email,
        full_name: joining.full_name,
        password: joining.password,
        again: joining.password_confirmation,
        notify: notify.flatten().unwrap_or_default(),
    };
    sign_up::sign_up(&app, visitor(&parts), wish, faults).await?;
    let detail = "A letter is on its way to the address. Its link confirms it.";
    Ok((StatusCode::ACCEPTED, Json(Asked { detail })))
}

/// The choice, of either way to make it; `None` where neither is used.
fn notify(word: Option<&str>, receive: Option<bool>) -> Result<Option<Notify>, String> {
    match (word, receive) {
        (Some(word), _) => Notify::parse(word)
            .map(Some)
            .ok_or_else(|| "must be every, observable, digest or none".into()),
        (None, Some(true)) => Ok(Some(Notify::Every)),
        (None, Some(false)) => Ok(Some(Notify::None)),
        (None, None) => Ok(None),
    }
}

#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default)]
struct Login {
    /// The mail address
    #[schema(required, min_length = 1)]
    username: String,
    #[schema(required, min_length = 1)]
    password: String,
    /// The code of the moment, where the account asks for one
    code: Option<String>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Access {
    access_token: String,
    token_type: &'static str,
    /// Unused until then, it ends; use puts that off, for 30 days at most
    expires_at: DateTime<Utc>,
}

/// A bearer token for an address and its password. JSON or a form.
///
/// 401 with one text for an unknown or unconfirmed address and a wrong password. Where the account asks for a code, a right password without one is told so.
#[utoipa::path(post, path = "/api/users/token", tag = "members", request_body(content((Login = "application/json"), (Login = "application/x-www-form-urlencoded"))), responses((status = 200, body = Access), (status = 401, description = "No such account, or not confirmed, or another password: one text for all; or a code is needed", body = Problem), (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn token(State(app): State<App>, request: Request) -> Result<Response> {
    let (parts, body) = request.into_parts();
    let login = login(&app, &parts, Request::from_parts(parts.clone(), body)).await?;
    let known = entry::judge(&app, visitor(&parts), &login.username, login.password, None).await?;
    if known.second_step {
        let code = login.code.filter(|code| !code.trim().is_empty());
        let code = code.ok_or(Error::Unauthorized(
            "this account asks for a second step: send its code as `code`",
        ))?;
        if !entry::is_code(&app, &known.member, code).await? {
            return Err(Error::Unauthorized("the code is wrong, or was used before"));
        }
    }
    let device = entry::device(agent(&parts.headers));
    let access = Access {
        access_token: entry::begin(&app, &known.member, device, None).await?,
        token_type: "Bearer",
        expires_at: app.clock.now() + sessions::IDLE,
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(access)).into_response())
}

async fn login(app: &App, parts: &Parts, request: Request) -> Result<Login> {
    let kind = parts.headers.get(header::CONTENT_TYPE);
    let is_form = kind.is_some_and(|kind| {
        kind.as_bytes()
            .starts_with(b"application/x-www-form-urlencoded")
    });
    let login = match is_form {
        true => Form::<Login>::from_request(request, app).await?.0,
        false => Json::<Login>::from_request(request, app).await?.0,
    };
    let mut faults = Faults::default();
    for (field, text) in [("username", &login.username), ("password", &login.password)] {
        if text.is_empty() {
            faults.add(field, "is needed");
        }
    }
    faults.done()?;
    Ok(login)
}

pub(super) fn agent(headers: &HeaderMap) -> &str {
    let agent = headers.get(header::USER_AGENT);
    agent
        .and_then(|agent| agent.to_str().ok())
        .unwrap_or_default()
}

/// Who I am.
#[utoipa::path(get, path = "/api/users/me", tag = "members", responses((status = 200, body = Me), (status = 401, body = Problem)))]
async fn me(SignedIn(member): SignedIn) -> Json<Me> {
    Json(member.into())
}

/// What a member may change; what is missing stays as it is.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default)]
struct Changes {
    full_name: Option<String>,
    /// every, observable, digest or none
    notify: Option<String>,
    receive_notification: Option<bool>,
    #[schema(value_type = Option<Preferences>)]
    preferences: Option<Map<String, Value>>,
    /// `1990-05-17`, from 1900 to yesterday, or `--05-17` without the year; null clears it
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    birthday: Option<Value>,
    /// Other members may see the day, never the year
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<bool>)]
    birthday_shown: Option<Value>,
    /// A letter on the day
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<bool>)]
    birthday_letter: Option<Value>,
    /// Another address: it is asked by letter first. Needs `current_password`.
    email: Option<String>,
    /// Another password. Needs `password_confirmation` and `current_password`. Every other session ends.
    password: Option<String>,
    /// With another password: tokens for scripts end too, this one included
    revoke_tokens: bool,
    password_confirmation: Option<String>,
    current_password: Option<String>,
}

impl Changes {
    /// The member with these changes; each fault is noted.
    fn applied(&self, member: &Member, today: NaiveDate, faults: &mut Faults) -> Member {
        let mut member = member.clone();
        if let Some(name) = &self.full_name {
            let name = faults.take("full_name", fields::full_name(name));
            member.full_name = name.unwrap_or(member.full_name);
        }
        let chosen = faults.take(
            "notify",
            notify(self.notify.as_deref(), self.receive_notification),
        );
        member.notify = chosen.flatten().unwrap_or(member.notify);
        if let Some(given) = &self.preferences {
            match member.preferences.checked(given) {
                Ok(preferences) => member.preferences = preferences,
                Err(found) => {
                    for fault in found {
                        faults.add(&format!("preferences.{}", fault.field), fault.message);
                    }
                }
            }
        }
        let given = birthday::Given {
            birthday: self.birthday.as_ref(),
            shown: self.birthday_shown.as_ref(),
            letter: self.birthday_letter.as_ref(),
        };
        given.apply(&mut member, today, faults);
        member
    }
}

/// Changes my profile. Any subset of the fields.
#[utoipa::path(put, path = "/api/users/me", tag = "members", request_body = Changes, responses((status = 200, body = Me), (status = 401, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn change_me(
    State(app): State<App>,
    caller: Caller,
    Json(changes): Json<Changes>,
) -> Result<Json<Me>> {
    let (mut faults, today) = (Faults::default(), birthday::today(&app));
    let member = changes.applied(&caller.member, today, &mut faults);
    let email = changes
        .email
        .as_deref()
        .filter(|email| fields::key(email) != fields::key(&caller.member.email));
    let email = email.and_then(|email| faults.take("email", Email::parse(email)));
    let password = changes.password.clone();
    if let Some(password) = &password {
        let again = changes.password_confirmation.clone().unwrap_or_default();
        let known = vec![member.full_name.clone(), member.email.clone()];
        sign_up::judge_password(&mut faults, password, &again, known).await?;
    }
    if email.is_some() || password.is_some() {
        let current = changes.current_password.clone().unwrap_or_default();
        if !entry::is_password(&app, &caller.member, current).await? {
            faults.add("current_password", "is not your password");
        }
    }
    faults.done()?;
    let hash = match password {
        Some(password) => Some(super::password::hash(password).await?),
        None => None,
    };
    if let Some(email) = &email {
        app.limits.letters.take(&email.key())?;
    }
    let (at, bus) = (Moment::of(&app), app.bus.clone());
    let saved = app.db.write(move |tx| {
        // What has changed meanwhile stays changed.
        let mut faults = Faults::default();
        let member = changes.applied(&store::member(tx, member.id)?, today, &mut faults);
        faults.done()?;
        people::save(tx, &bus, at, &member)?;
        if let Some(hash) = &hash {
            people::set_password(tx, &bus, at, member.id, hash, Some(caller.proof))?;
            if changes.revoke_tokens {
                sessions::revoke_all(tx, member.id)?;
            }
        }
        if let Some(email) = &email {
            people::ask_address(tx, at, &member, email)?;
        }
        store::member(tx, member.id)
    });
    Ok(Json(saved.await?.into()))
}

#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default)]
struct Leaving {
    /// Yours, as a proof that it is you
    #[schema(required)]
    password: String,
}

/// Deletes me, with everything that is mine.
#[utoipa::path(delete, path = "/api/users/me", tag = "members", request_body = Leaving, responses((status = 204), (status = 401, body = Problem), (status = 422, body = Problem)))]
async fn delete_me(
    State(app): State<App>,
    SignedIn(member): SignedIn,
    Json(leaving): Json<Leaving>,
) -> Result<StatusCode> {
    if !entry::is_password(&app, &member, leaving.password).await? {
        return Err(Error::invalid("password", "is not your password"));
    }
    let (at, bus) = (Moment::of(&app), app.bus.clone());
    app.db
        .write(move |tx| people::with_care(tx, || people::delete(tx, &bus, at, member.id)))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
struct Listing {
    /// Part of a name or an address
    q: String,
    /// 1…200, 20 unless given
    #[param(value_type = u16, minimum = 1, maximum = 200)]
    limit: String,
    /// `next` of the page before
    after: String,
}

/// Every member, for officers.
#[utoipa::path(get, path = "/api/users", tag = "members", params(Listing), responses((status = 200, body = Listed<MemberJson>), (status = 401, body = Problem), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn members(
    State(app): State<App>,
    _: Officer,
    Query(listing): Query<Listing>,
) -> Result<Json<Listed<MemberJson>>> {
    let mut faults = Faults::default();
    let limit = faults.limit(&listing.limit);
    let after = faults.after(&listing.after, |text| text.parse().ok());
    faults.done()?;
    let mut found = app
        .db
        .read(move |conn| store::list(conn, listing.q.trim(), after.unwrap_or(0), limit + 1))
        .await?;
    let more = found.len() > limit;
    found.truncate(limit);
    Ok(Json(Listed {
        next: found
            .last()
            .filter(|_| more)
            .map(|last| last.id.to_string()),
        items: found.into_iter().map(MemberJson::from).collect(),
    }))
}

/// One member, for officers.
#[utoipa::path(get, path = "/api/users/{id}", tag = "members", params(("id" = i64, Path)), responses((status = 200, body = MemberJson), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn one(State(app): State<App>, _: Officer, Path(id): Path<i64>) -> Result<Json<MemberJson>> {
    let member = app.db.read(move |conn| store::member(conn, id)).await?;
    Ok(Json(member.into()))
}

/// What an officer may change; what is missing stays as it is.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
struct Ruling {
    #[serde(flatten)]
    changes: Changes,
    officer: Option<bool>,
    disabled: Option<bool>,
    email_confirmed: Option<bool>,
}

impl Ruling {
    fn deeds(&self) -> impl Iterator<Item = Deed> {
        let either =
            |wanted: Option<bool>, yes, no| wanted.map(|wanted| if wanted { yes } else { no });
        let deeds = [
            either(self.officer, Deed::Promote, Deed::Demote),
            either(self.disabled, Deed::Disable, Deed::Enable),
            either(self.email_confirmed, Deed::Confirm, Deed::Doubt),
        ];
        deeds.into_iter().flatten()
    }

    /// Notes what officers may not change.
    fn judge(&self, faults: &mut Faults) {
        let changes = &self.changes;
        for (field, given) in [
            ("email", changes.email.is_some()),
            ("password", changes.password.is_some()),
            ("birthday", changes.birthday.is_some()),
            ("birthday_shown", changes.birthday_shown.is_some()),
            ("birthday_letter", changes.birthday_letter.is_some()),
        ] {
            if given {
                faults.add(field, "is for the member alone to change");
            }
        }
    }
}

/// Changes a member, for officers. The last officer stays one.
#[utoipa::path(put, path = "/api/users/{id}", tag = "members", params(("id" = i64, Path)), request_body = Ruling, responses((status = 200, body = MemberJson), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn change_one(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<i64>,
    Json(ruling): Json<Ruling>,
) -> Result<Json<MemberJson>> {
    let (at, bus, today) = (Moment::of(&app), app.bus.clone(), birthday::today(&app));
    let actor = acting.actor();
    let saved = app.db.write(move |tx| {
        let mut faults = Faults::default();
        ruling.judge(&mut faults);
        let before = store::member(tx, id)?;
        let member = ruling.changes.applied(&before, today, &mut faults);
        faults.done()?;
        people::rewrite(tx, &bus, at, &actor, (&before, &member))?;
        people::with_care(tx, || {
            let mut deeds = ruling.deeds();
            deeds.try_for_each(|deed| people::perform(tx, &bus, at, &actor, id, deed))
        })?;
        store::member(tx, id)
    });
    Ok(Json(saved.await?.into()))
}

/// Deletes a member with everything that is theirs, for officers.
#[utoipa::path(delete, path = "/api/users/{id}", tag = "members", params(("id" = i64, Path)), responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn delete_one(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<i64>,
) -> Result<StatusCode> {
    let (at, bus, actor) = (Moment::of(&app), app.bus.clone(), acting.actor());
    app.db
        .write(move |tx| {
            people::with_care(tx, || {
                people::perform(tx, &bus, at, &actor, id, Deed::Delete)
            })
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
