//! The member's own page: name, address, password, second step, devices, tokens, taking everything out, leaving.

use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;

use super::extract::InPerson;
use super::fields::{self, Email};
use super::pages::{SaidPage, new_password, refused, unkept};
use super::people::{self, Moment};
use super::sessions::{self, Caller, Kept, Proof};
use super::{entry, export, password, second_step, sign_up, store};
use crate::platform::error::FieldFault;
use crate::platform::web::extract::{Form, Path, Query};
use crate::platform::web::form::{Faults, Field};
use crate::platform::web::{Html, Viewer};
use crate::platform::{App, Error, Result};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/account", get(page))
        .route("/account/name", post(rename))
        .route("/account/address", post(readdress))
        .route("/account/password", post(set_password))
        .route("/account/second-step", get(step_page).post(step_confirm))
        .route("/account/second-step/start", post(step_start))
        .route("/account/second-step/off", post(step_off))
        .route("/account/sessions/{id}/end", post(end_session))
        .route("/account/sessions/end-others", post(end_others))
        .route("/account/tokens", post(give_token))
        .route("/account/tokens/{id}/revoke", post(revoke_token))
        .route("/account/export", get(take_out))
        .route("/account/delete", post(leave))
}

/// A device or a token on the page.
struct Row {
    id: i64,
    name: String,
    facts: String,
    /// The device that the page is seen on.
    here: bool,
}

#[derive(Template)]
#[template(path = "accounts/account.html")]
pub(super) struct AccountPage {
    viewer: Viewer,
    notice: Option<&'static str>,
    email: String,
    name: Vec<Field>,
    pub(super) birthday: super::birthday::Section,
    address: Vec<Field>,
    password: Vec<Field>,
    token: Vec<Field>,
    lasts_fault: Option<String>,
    on: Vec<Field>,
    off: Vec<Field>,
    leave: Vec<Field>,
    second_step: bool,
    codes_left: i64,
    sessions: Vec<Row>,
    tokens: Vec<Row>,
}

/// A form that was not accepted: which, what was typed into its first field, and what is wrong.
#[derive(Default)]
pub(super) struct Refused {
    form: &'static str,
    typed: String,
    faults: Vec<FieldFault>,
}

impl Refused {
    fn new(form: &'static str, typed: impl Into<String>, faults: Vec<FieldFault>) -> Self {
        Self {
            form,
            typed: typed.into(),
            faults,
        }
    }

    /// The fields of `form`, with what is wrong if it is the one.
    fn judged(&self, form: &'static str, fields: Vec<Field>) -> Vec<Field> {
        let faults: &[FieldFault] = if self.form == form { &self.faults } else { &[] };
        let fields = fields.into_iter().enumerate().map(|(at, field)| match at {
            0 if self.form == form && field.kind != "password" => field.value(self.typed.clone()),
            _ => field,
        });
        fields
            .map(|field| field.within(form).judged(faults))
            .collect()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Way {
    said: String,
}

async fn page(
    State(app): State<App>,
    viewer: Viewer,
    caller: Caller,
    Query(way): Query<Way>,
) -> Result<Html<AccountPage>> {
    let mut page = laid_out(&app, viewer, caller, &Refused::default()).await?;
    page.notice = match way.said.as_str() {
        "name" => Some("Your name is changed."),
        "birthday" => Some("Your birthday is saved."),
        "forgotten" => Some("Your birthday is forgotten."),
        "address" => Some(
            "A letter is on its way to the new address. Its link makes it yours; until then nothing changes.",
        ),
        "password" if page.tokens.is_empty() => {
            Some("Your password is changed, and every other device is signed out.")
        }
        "password" => Some(
            "Your password is changed, and every other device is signed out. Your tokens for scripts still work.",
        ),
        "ended" => Some("That device is signed out."),
        "others" => Some("Every other device is signed out."),
        "revoked" => Some("That token no longer works."),
        "off" => Some("The second step is off."),
        _ => None,
    };
    Ok(Html(page))
}

pub(super) async fn laid_out(
    app: &App,
    viewer: Viewer,
    caller: Caller,
    refused: &Refused,
) -> Result<AccountPage> {
    let (now, id) = (app.clock.now(), caller.member.id);
    let read = app.db.read(move |conn| {
        let step = second_step::of(conn, id)?.is_some_and(|step| step.confirmed);
        let left = second_step::codes_left(conn, id)?;
        Ok((
            step,
            left,
            sessions::sessions(conn, now, id)?,
            sessions::tokens(conn, id)?,
        ))
    });
    let (second_step, codes_left, sessions, tokens) = read.await?;
    let mine = |label| Field::new("current", label).kind("password", "current-password");
    let token =
        Field::new("token_name", "What it is for").hint("Such as: script on the dome's computer");
    Ok(AccountPage {
        viewer,
        notice: None,
        birthday: super::birthday::Section::of(&caller.member),
        name: refused.judged(
            "name",
            vec![
                Field::new("full_name", "Name")
                    .kind("text", "name")
                    .value(caller.member.full_name),
            ],
        ),
        address: refused.judged(
            "address",
            vec![
                Field::new("email", "New mail address").kind("email", "email"),
                mine("Your password"),
            ],
        ),
        password: refused.judged(
            "password",
            [vec![mine("Current password")], new_password().into()].concat(),
        ),
        token: refused.judged("token", vec![token, mine("Your password")]),
        lasts_fault: Field::new("lasts", "").judged(&refused.faults).fault,
        on: refused.judged("on", vec![mine("Your password")]),
        off: refused.judged("off", vec![mine("Your password")]),
        leave: refused.judged("leave", vec![mine("Your password")]),
        email: caller.member.email,
        second_step,
        codes_left,
        sessions: sessions
            .into_iter()
            .map(|kept| row(kept, now, Some(caller.proof), "used"))
            .collect(),
        tokens: tokens
            .into_iter()
            .map(|kept| row(kept, now, None, "last used"))
            .collect(),
    })
}

fn row(kept: Kept, now: DateTime<Utc>, caller: Option<Proof>, used: &str) -> Row {
    let seen = kept.seen_at.map_or_else(
        || "never used".into(),
        |at| format!("{used} {}", ago(now - at)),
    );
    let since = format!("since {}", kept.created_at.format("%-d %B %Y"));
    let until = kept.expires_at.filter(|_| caller.is_none());
    let until = until.map(|at| format!(", until {}", at.format("%-d %B %Y")));
    Row {
        id: kept.id,
        name: kept.name,
        facts: format!("{seen}, {since}{}", until.unwrap_or_default()),
        here: caller == Some(Proof::Session(kept.id)),
    }
}

fn ago(span: TimeDelta) -> String {
    let count = |n: i64, unit: &str| format!("{n} {unit}{} ago", if n == 1 { "" } else { "s" });
    match (span.num_days(), span.num_hours(), span.num_minutes()) {
        (0, 0, 0..=1) => "just now".into(),
        (0, 0, minutes) => count(minutes, "minute"),
        (0, hours, _) => count(hours, "hour"),
        (days, _, _) => count(days, "day"),
    }
}

/// The page again, with what is wrong.
async fn again(app: &App, viewer: Viewer, caller: Caller, wrong: Refused) -> Result<Response> {
    Ok(refused(laid_out(app, viewer, caller, &wrong).await?))
}

/// Notes where `current` is not the member's password.
async fn prove(app: &App, caller: &Caller, current: String, faults: &mut Faults) -> Result<()> {
    if !entry::is_password(app, &caller.member, current).await? {
        faults.add("current", "this is not your password");
    }
    Ok(())
}

/// What any of the forms holds.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Typed {
    full_name: String,
    email: String,
    current: String,
    password: String,
    password_confirmation: String,
    code: String,
    token_name: String,
    lasts: String,
    /// Of the form for the password: tokens are to end too.
    revoke: String,
}

async fn rename(
    State(app): State<App>,
    viewer: Viewer,
    caller: Caller,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    let mut faults = Faults::default();
    let name = faults.take("full_name", fields::full_name(&typed.full_name));
    if let Err(Error::Invalid(faults)) = faults.done() {
        return again(
            &app,
            viewer,
            caller,
            Refused::new("name", typed.full_name, faults),
        )
        .await;
    }
    let (at, bus, id) = (Moment::of(&app), app.bus.clone(), caller.member.id);
    let saved = app.db.write(move |tx| {
        let mut member = store::member(tx, id)?;
        member.full_name = name.unwrap_or(member.full_name);
        people::save(tx, &bus, at, &member)
    });
    saved.await?;
    Ok(Redirect::to("/account?said=name").into_response())
}

async fn readdress(
    State(app): State<App>,
    viewer: Viewer,
    caller: Caller,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    let mut faults = Faults::default();
    let email = faults.take("email", Email::parse(&typed.email));
    if fields::key(&typed.email) == fields::key(&caller.member.email) {
        faults.add("email", "this is your address already");
    }
    prove(&app, &caller, typed.current, &mut faults).await?;
    if let Err(Error::Invalid(faults)) = faults.done() {
        return again(
            &app,
            viewer,
            caller,
            Refused::new("address", typed.email, faults),
        )
        .await;
    }
    if let Some(email) = email {
        app.limits.letters.take(&email.key())?;
        let (at, member) = (Moment::of(&app), caller.member);
        let asked = app
            .db
            .write(move |tx| people::ask_address(tx, at, &member, &email));
        asked.await?;
    }
    Ok(Redirect::to("/account?said=address").into_response())
}

async fn set_password(
    State(app): State<App>,
    viewer: Viewer,
    caller: Caller,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    let mut faults = Faults::default();
    prove(&app, &caller, typed.current, &mut faults).await?;
    let known = vec![caller.member.full_name.clone(), caller.member.email.clone()];
    sign_up::judge_password(
        &mut faults,
        &typed.password,
        &typed.password_confirmation,
        known,
    )
    .await?;
    if let Err(Error::Invalid(faults)) = faults.done() {
        return again(&app, viewer, caller, Refused::new("password", "", faults)).await;
    }
    let hash = password::hash(typed.password).await?;
    let (at, bus) = (Moment::of(&app), app.bus.clone());
    let (id, revoke) = (caller.member.id, !typed.revoke.is_empty());
    let set = app.db.write(move |tx| {
        people::set_password(tx, &bus, at, id, &hash, Some(caller.proof))?;
        if revoke {
            sessions::revoke_all(tx, id)?;
        }
        Ok(())
    });
    set.await?;
    Ok(Redirect::to("/account?said=password").into_response())
}

// ---- The second step ----

#[derive(Template)]
#[template(path = "accounts/second_step.html")]
struct StepPage {
    viewer: Viewer,
    /// SVG.
    picture: String,
    /// The secret in groups of four.
    secret: String,
    field: Field,
}

async fn step_start(
    State(app): State<App>,
    viewer: Viewer,
    InPerson(caller): InPerson,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    let mut faults = Faults::default();
    prove(&app, &caller, typed.current, &mut faults).await?;
    if let Err(Error::Invalid(faults)) = faults.done() {
        return again(&app, viewer, caller, Refused::new("on", "", faults)).await;
    }
    app.db
        .write(move |tx| second_step::propose(tx, caller.member.id))
        .await?;
    Ok(Redirect::to("/account/second-step").into_response())
}

async fn step_page(
    State(app): State<App>,
    viewer: Viewer,
    InPerson(caller): InPerson,
) -> Result<Response> {
    match step_form(&app, viewer, &caller, &[]).await? {
        Some(page) => Ok(Html(page).into_response()),
        None => Ok(Redirect::to("/account").into_response()),
    }
}

/// `None` where there is nothing to confirm.
async fn step_form(
    app: &App,
    viewer: Viewer,
    caller: &Caller,
    faults: &[FieldFault],
) -> Result<Option<StepPage>> {
    let id = caller.member.id;
    let step = app.db.read(move |conn| second_step::of(conn, id)).await?;
    let Some(step) = step.filter(|step| !step.confirmed) else {
        return Ok(None);
    };
    let groups: Vec<&str> = step
        .secret
        .as_bytes()
        .chunks(4)
        .filter_map(|group| std::str::from_utf8(group).ok())
        .collect();
    let field = Field::new("code", "The code that it shows now")
        .kind("text", "one-time-code")
        .judged(faults);
    Ok(Some(StepPage {
        viewer,
        picture: second_step::picture(&step.secret, &app.config.club_name, &caller.member.email)?,
        secret: groups.join(" "),
        field,
    }))
}

async fn step_confirm(
    State(app): State<App>,
    viewer: Viewer,
    InPerson(caller): InPerson,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    let (id, wall) = (caller.member.id, app.clock.wall());
    let codes = app
        .db
        .write(move |tx| second_step::confirm(tx, wall, id, &typed.code))
        .await;
    let codes = match codes {
        Ok(codes) => codes,
        Err(Error::Invalid(faults)) => {
            let page = step_form(&app, viewer, &caller, &faults).await?;
            return Ok(page.map_or_else(|| Redirect::to("/account").into_response(), refused));
        }
        Err(other) => return Err(other),
    };
    let lines = [
        "The second step is on.",
        "Keep these codes where the phone is not: on paper, say. Each signs you in once without it. They are shown only now.",
    ];
    let page = SaidPage {
        secrets: codes,
        ways: vec![("/account", "I have kept them")],
        ..SaidPage::new(viewer, "For the day the phone is lost", &lines)
    };
    Ok(unkept(page))
}

async fn step_off(
    State(app): State<App>,
    viewer: Viewer,
    InPerson(caller): InPerson,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    let mut faults = Faults::default();
    prove(&app, &caller, typed.current, &mut faults).await?;
    if let Err(Error::Invalid(faults)) = faults.done() {
        return again(&app, viewer, caller, Refused::new("off", "", faults)).await;
    }
    app.db
        .write(move |tx| second_step::turn_off(tx, caller.member.id))
        .await?;
    Ok(Redirect::to("/account?said=off").into_response())
}

// ---- Devices and tokens ----

async fn end_session(
    State(app): State<App>,
    InPerson(caller): InPerson,
    Path(id): Path<i64>,
) -> Result<Redirect> {
    let ended = app
        .db
        .write(move |tx| sessions::end(tx, caller.member.id, Proof::Session(id)));
    ended.await?;
    Ok(Redirect::to("/account?said=ended"))
}

async fn end_others(State(app): State<App>, InPerson(caller): InPerson) -> Result<Redirect> {
    let ended = app
        .db
        .write(move |tx| sessions::end_others(tx, caller.member.id, Some(caller.proof)));
    ended.await?;
    Ok(Redirect::to("/account?said=others"))
}

async fn give_token(
    State(app): State<App>,
    viewer: Viewer,
    InPerson(caller): InPerson,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    let mut faults = Faults::default();
    let name = faults.take("token_name", fields::full_name(&typed.token_name));
    let lasts = faults.take("lasts", lasts(&typed.lasts));
    prove(&app, &caller, typed.current, &mut faults).await?;
    if let Err(Error::Invalid(faults)) = faults.done() {
        return again(
            &app,
            viewer,
            caller,
            Refused::new("token", typed.token_name, faults),
        )
        .await;
    }
    let (id, now) = (caller.member.id, app.clock.now());
    let until = lasts.flatten().map(|span| now + span);
    let given = app
        .db
        .write(move |tx| sessions::give(tx, now, id, &name.unwrap_or_default(), until));
    let lines = [
        "This is the new token. It is shown only now.",
        "Send it with every request: Authorization: Bearer and the token. It may do what you may, but not change how you sign in.",
    ];
    let page = SaidPage {
        secrets: vec![given.await?],
        ways: vec![
            ("/account", "I have kept it"),
            ("/api/docs", "What it can do"),
        ],
        ..SaidPage::new(viewer, "A token for scripts", &lines)
    };
    Ok(unkept(page))
}

/// How long a token is to work; `None`: until it is revoked.
fn lasts(days: &str) -> Result<Option<TimeDelta>, String> {
    match days.trim().parse() {
        _ if days.trim().is_empty() => Ok(None),
        Ok(days @ 1..=3650) => Ok(Some(TimeDelta::days(days))),
        _ => Err("must be a number of days from 1 to 3650, or nothing".into()),
    }
}

async fn revoke_token(
    State(app): State<App>,
    InPerson(caller): InPerson,
    Path(id): Path<i64>,
) -> Result<Redirect> {
    let ended = app
        .db
        .write(move |tx| sessions::end(tx, caller.member.id, Proof::Token(id)));
    ended.await?;
    Ok(Redirect::to("/account?said=revoked"))
}

// ---- Taking everything out, and leaving ----

async fn take_out(State(app): State<App>, caller: Caller) -> Result<Response> {
    let all = app
        .db
        .read(move |conn| export::everything(conn, caller.member))
        .await?;
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"my-data.json\"",
        ),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, serde_json::to_string_pretty(&all)?).into_response())
}

async fn leave(
    State(app): State<App>,
    viewer: Viewer,
    caller: Caller,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    let mut faults = Faults::default();
    prove(&app, &caller, typed.current, &mut faults).await?;
    let (at, bus, id) = (Moment::of(&app), app.bus.clone(), caller.member.id);
    let left = match faults.done() {
        Ok(()) => {
            app.db
                .write(move |tx| people::with_care(tx, || people::delete(tx, &bus, at, id)))
                .await
        }
        Err(error) => Err(error),
    };
    match left {
        Ok(()) => Ok(Redirect::to("/sign-in?said=left").into_response()),
        Err(Error::Invalid(faults)) => {
            // The form has one field; the club's need of an officer is said there too.
            let faults = faults.into_iter().map(|fault| FieldFault {
                field: "current".into(),
                ..fault
            });
            again(
                &app,
                viewer,
                caller,
                Refused::new("leave", "", faults.collect()),
            )
            .await
        }
        Err(other) => Err(other),
    }
}
