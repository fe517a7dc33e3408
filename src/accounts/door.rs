//! Pages at the door: signing up, confirming, signing in and out, a forgotten password, the first officer.

use std::time::Duration;

use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use chrono::TimeDelta;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;

use super::extract::{MaybeSignedIn, cookie_name, device_name, is_secure, kept, known};
use super::json::agent;
use super::links::{self, Purpose};
use super::model::Member;
use super::pages::{FormPage, SaidPage, new_password, refused};
use super::people::{self, Moment};
use super::preferences::{Choice, Notify};
use super::seal::Seal;
use super::sessions::{self, Caller};
use super::sign_up::{self, Wish};
use super::{entry, fields, password, store};
use crate::platform::error::FieldFault;
use crate::platform::web::extract::{Form, Path, Query};
use crate::platform::web::form::{Faults, Field, sentence};
use crate::platform::web::limits::visitor;
use crate::platform::web::{Html, Viewer, local};
use crate::platform::{App, Error, Result};

/// No person fills in the form sooner; an answer waits until then, which costs a robot its speed.
const SOONEST: TimeDelta = TimeDelta::seconds(3);

/// A form shown longer ago is asked for again.
const OLDEST: TimeDelta = TimeDelta::hours(24);

/// Between the right password and the code.
const STEP_PATIENCE: TimeDelta = TimeDelta::minutes(10);

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/sign-up", get(sign_up_page).post(sign_up_now))
        .route("/sign-up/done", get(look_into_mail))
        .route("/confirm/{token}", get(confirm_page).post(confirm_now))
        .route("/address/{token}", get(address_page).post(address_now))
        .route("/confirmed", get(confirmed))
        .route("/sign-in", get(sign_in_page).post(sign_in_now))
        .route("/sign-in/code", post(code_now))
        .route("/sign-out", post(sign_out))
        .route("/forgotten", get(forgotten_page).post(forgotten_now))
        .route("/forgotten/done", get(forgotten_done))
        .route("/reset/{token}", get(reset_page).post(reset_now))
}

// ---- Signing up ----

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SignUpForm {
    email: String,
    full_name: String,
    password: String,
    password_confirmation: String,
    notify: String,
    consent: String,
    /// When the form was shown, sealed.
    shown: String,
    /// Nobody sees this field; robots fill it in.
    website: String,
}

#[derive(askama::Template)]
#[template(path = "accounts/sign_up.html")]
struct SignUpPage {
    viewer: Viewer,
    notice: Option<String>,
    shown: String,
    fields: Vec<Field>,
    choices: [Choice; 4],
    consent: bool,
    consent_fault: Option<String>,
}

impl SignUpPage {
    async fn new(
        app: &App,
        viewer: Viewer,
        form: &SignUpForm,
        faults: &[FieldFault],
    ) -> Result<Self> {
        let seal = Seal::of(app).await?;
        let [password, again] = new_password();
        let fields = [
            Field::new("full_name", "Name")
                .kind("text", "name")
                .value(&form.full_name),
            Field::new("email", "Mail address")
                .kind("email", "email")
                .value(&form.email),
            Field {
                label: "Password",
                ..password
            },
            again,
        ];
        let consent = Field::new("consent", "").judged(faults).fault;
        Ok(Self {
            viewer,
            notice: None,
            shown: seal.stamp("sign-up", "", app.clock.wall()),
            fields: fields
                .into_iter()
                .map(|field| field.judged(faults))
                .collect(),
            choices: Notify::parse(&form.notify).unwrap_or_default().choices(),
            consent: !form.consent.is_empty(),
            consent_fault: consent,
        })
    }
}

async fn sign_up_page(
    State(app): State<App>,
    viewer: Viewer,
    known: MaybeSignedIn,
) -> Result<Response> {
    if known.0.is_some() {
        return Ok(Redirect::to("/account").into_response());
    }
    let page = SignUpPage::new(&app, viewer, &SignUpForm::default(), &[]).await?;
    Ok(Html(page).into_response())
}

async fn sign_up_now(
    State(app): State<App>,
    viewer: Viewer,
    parts: Parts,
    Form(form): Form<SignUpForm>,
) -> Result<Response> {
    let done = Redirect::to("/sign-up/done").into_response();
    let Some(shown) = Seal::of(&app)
        .await?
        .open("sign-up", &form.shown, app.clock.wall(), OLDEST)
    else {
        let mut page = SignUpPage::new(&app, viewer, &form, &[]).await?;
        page.notice = Some("This page had been open for more than a day. Choose a password once more and press the button again; the rest is still here.".into());
        return Ok(refused(page));
    };
    let early = SOONEST - (app.clock.wall() - shown.1);
    tokio::time::sleep(early.to_std().unwrap_or(Duration::ZERO)).await;
    if !form.website.is_empty() {
        return Ok(done);
    }
    let mut faults = Faults::default();
    if form.consent.is_empty() {
        faults.add("consent", "without this we cannot write to you");
    }
    let wish = Wish {
        email: form.email.clone(),
        full_name: form.full_name.clone(),
        password: form.password.clone(),
        again: form.password_confirmation.clone(),
        notify: Notify::parse(&form.notify).unwrap_or_default(),
    };
    match sign_up::sign_up(&app, visitor(&parts), wish, faults).await {
        Ok(()) => Ok(done),
        Err(Error::Invalid(faults)) => Ok(refused(
            SignUpPage::new(&app, viewer, &form, &faults).await?,
        )),
        Err(other) => Err(other),
    }
}

async fn look_into_mail(viewer: Viewer) -> Html<SaidPage> {
    let sent = [
        "A letter is on its way to you.",
        "Open the link in it and press the button there: that shows that the address is yours. The link works for two days.",
        "Nothing after a few minutes? Look among the unwanted mail, or sign up again with the address spelt right.",
    ];
    let kept = [
        "In a demonstration no letter leaves: yours lies in the outbox.",
        "Open the link in it and press the button there: that shows that the address is yours.",
    ];
    posted(viewer, &sent, &kept)
}

/// Where to find the letter; in a demonstration it is kept, and everybody may read it.
fn posted(viewer: Viewer, sent: &[&str], kept: &[&str]) -> Html<SaidPage> {
    if viewer.demo.is_none() {
        return Html(SaidPage::new(viewer, "Look into your mail", sent));
    }
    Html(SaidPage {
        ways: vec![("/outbox", "Open the outbox")],
        ..SaidPage::new(viewer, "Look into the outbox", kept)
    })
}

// ---- Links of letters. Programs that look for harmful mail open them, so only the button acts. ----

async fn confirm_page(
    State(app): State<App>,
    viewer: Viewer,
    Path(token): Path<String>,
) -> Result<Html<FormPage>> {
    let action = format!("/confirm/{token}");
    link_page(&app, viewer, Purpose::Confirm, token, action).await
}

async fn address_page(
    State(app): State<App>,
    viewer: Viewer,
    Path(token): Path<String>,
) -> Result<Html<FormPage>> {
    let action = format!("/address/{token}");
    link_page(&app, viewer, Purpose::Address, token, action).await
}

/// One button, where the link still works.
async fn link_page(
    app: &App,
    viewer: Viewer,
    purpose: Purpose,
    token: String,
    action: String,
) -> Result<Html<FormPage>> {
    let wall = app.clock.wall();
    let found = app.db.read(move |conn| {
        let link = links::look(conn, wall, purpose, &token)?;
        let member = store::member(conn, link.member.ok_or(Error::NotFound("link any more"))?)?;
        Ok(link.email.unwrap_or(member.email))
    });
    let address = found.await?;
    let lead =
        format!("Is {address} your address? Then press the button, and letters can go there.");
    let page = FormPage {
        lead,
        button: "Yes, confirm it",
        ..FormPage::new(viewer, "Confirm your address", action)
    };
    Ok(Html(page))
}

async fn confirm_now(State(app): State<App>, Path(token): Path<String>) -> Result<Redirect> {
    let (at, bus) = (Moment::of(&app), app.bus.clone());
    let confirmed = app
        .db
        .write(move |tx| people::confirm(tx, &bus, at, &token));
    Ok(match confirmed.await? {
        Some(choose) => Redirect::to(&format!("/reset/{choose}")),
        None => Redirect::to("/confirmed"),
    })
}

async fn address_now(State(app): State<App>, Path(token): Path<String>) -> Result<Redirect> {
    let (at, bus) = (Moment::of(&app), app.bus.clone());
    app.db
        .write(move |tx| people::change_address(tx, &bus, at, &token))
        .await?;
    Ok(Redirect::to("/confirmed"))
}

async fn confirmed(viewer: Viewer) -> Html<SaidPage> {
    let ways = match viewer.person {
        Some(_) => vec![("/account", "Your account")],
        None => vec![("/sign-in?next=/sites", "Sign in and add your site")],
    };
    let lines = [
        "Your address is confirmed.",
        "Next, say where you observe from: then letters can tell what is up for you.",
    ];
    Html(SaidPage {
        ways,
        ..SaidPage::new(viewer, "Welcome", &lines)
    })
}

// ---- Signing in and out ----

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Way {
    next: String,
    said: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SignInForm {
    email: String,
    password: String,
    next: String,
}

fn sign_in_form(viewer: Viewer, form: &SignInForm) -> FormPage {
    FormPage {
        hidden: vec![("next", form.next.clone())],
        fields: vec![
            Field::new("email", "Mail address")
                .kind("email", "username")
                .value(&form.email),
            Field::new("password", "Password").kind("password", "current-password"),
        ],
        button: "Sign in",
        ways: vec![
            ("/forgotten", "I have forgotten my password"),
            ("/sign-up", "Sign up"),
        ],
        ..FormPage::new(viewer, "Sign in", "/sign-in")
    }
}

async fn sign_in_page(viewer: Viewer, known: MaybeSignedIn, Query(way): Query<Way>) -> Response {
    let next = next(&way.next);
    if known.0.is_some() {
        return Redirect::to(next).into_response();
    }
    let notice = match way.said.as_str() {
        "password" => Some("Your new password is set. Sign in with it."),
        "left" => Some("Your account is deleted, with everything that was yours."),
        "out" => Some("You are signed out."),
        "officer" => Some("You are the club's first officer. Sign in."),
        _ => None,
    };
    let form = SignInForm {
        next: way.next,
        ..SignInForm::default()
    };
    let page = FormPage {
        notice: notice.map(str::to_owned),
        ..sign_in_form(viewer, &form)
    };
    Html(page).into_response()
}

/// Where to go once signed in.
fn next(wanted: &str) -> &str {
    match wanted.is_empty() || wanted.starts_with("/sign-") {
        true => "/",
        false => local(wanted),
    }
}

async fn sign_in_now(
    State(app): State<App>,
    viewer: Viewer,
    parts: Parts,
    Form(mut form): Form<SignInForm>,
) -> Result<Response> {
    let password = std::mem::take(&mut form.password);
    let device = kept(&parts.headers, device_name(&app));
    let judged = entry::judge(
        &app,
        visitor(&parts),
        &form.email,
        password,
        device.as_deref(),
    );
    let known = match judged.await {
        Ok(known) => known,
        Err(Error::Unauthorized(why)) => {
            let page = FormPage {
                notice: Some(sentence(why)),
                ..sign_in_form(viewer, &form)
            };
            return Ok((StatusCode::UNAUTHORIZED, Html(page)).into_response());
        }
        Err(other) => return Err(other),
    };
    if !known.second_step {
        return enter(&app, &parts, &known.member, &form.next).await;
    }
    let seal = Seal::of(&app).await?;
    let ticket = seal.stamp("code", &known.member.id.to_string(), app.clock.wall());
    Ok(Html(code_form(viewer, ticket, form.next)).into_response())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CodeForm {
    code: String,
    ticket: String,
    next: String,
}

fn code_form(viewer: Viewer, ticket: String, next: String) -> FormPage {
    FormPage {
        lead: "The password is right. Now the code that your phone shows.".into(),
        hidden: vec![("ticket", ticket), ("next", next)],
        fields: vec![
            Field::new("code", "Code")
                .kind("text", "one-time-code")
                .hint("Six digits. Without the phone, one of the codes you kept for that."),
        ],
        button: "Sign in",
        ..FormPage::new(viewer, "Second step", "/sign-in/code")
    }
}

async fn code_now(
    State(app): State<App>,
    viewer: Viewer,
    parts: Parts,
    Form(form): Form<CodeForm>,
) -> Result<Response> {
    let opened = Seal::of(&app)
        .await?
        .open("code", &form.ticket, app.clock.wall(), STEP_PATIENCE);
    let Some(id) = opened.and_then(|(words, _)| words.parse::<i64>().ok()) else {
        return Ok(Redirect::to("/sign-in").into_response());
    };
    let member = app.db.read(move |conn| store::member(conn, id)).await?;
    if member.may_enter() && entry::is_code(&app, &member, form.code).await? {
        return enter(&app, &parts, &member, &form.next).await;
    }
    let mut page = code_form(viewer, form.ticket, form.next);
    page.fields[0].fault =
        Some("This code is wrong, or was used before. Take the next one.".into());
    Ok(refused(page))
}

/// Begins a session, ends the one the browser had, and goes on.
async fn enter(app: &App, parts: &Parts, member: &Member, wanted: &str) -> Result<Response> {
    let device = entry::device(agent(&parts.headers));
    let secret = entry::begin(app, member, device, known(parts)?).await?;
    let session = cookie(app, cookie_name(app), &secret, sessions::LONGEST);
    let device = device_cookie(app, member).await?;
    let cookies = AppendHeaders([session, device]);
    Ok((cookies, Redirect::to(next(wanted))).into_response())
}

/// By which the member's browser is known again when somebody else has used up the guesses of an hour.
async fn device_cookie(app: &App, member: &Member) -> Result<(HeaderName, String)> {
    let device = entry::known_device(app, &member.email).await?;
    Ok(cookie(app, device_name(app), &device, entry::DEVICE))
}

fn cookie(app: &App, name: &str, value: &str, lasts: TimeDelta) -> (HeaderName, String) {
    let secure = if is_secure(app) { "; Secure" } else { "" };
    let seconds = lasts.num_seconds();
    let cookie =
        format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    (header::SET_COOKIE, cookie)
}

async fn sign_out(State(app): State<App>, caller: Option<Caller>) -> Result<Response> {
    if let Some(caller) = caller {
        let ended = app
            .db
            .write(move |tx| sessions::end(tx, caller.member.id, caller.proof));
        ended.await?;
    }
    let gone = cookie(&app, cookie_name(&app), "", TimeDelta::zero());
    Ok(([gone], Redirect::to("/sign-in?said=out")).into_response())
}

// ---- A forgotten password ----

fn forgotten_form(viewer: Viewer) -> FormPage {
    FormPage {
        lead: "We send a letter with a link, with which you choose a new one.".into(),
        fields: vec![Field::new("email", "Mail address").kind("email", "username")],
        button: "Send the letter",
        ways: vec![("/sign-in", "Back to signing in")],
        ..FormPage::new(viewer, "Forgotten password", "/forgotten")
    }
}

async fn forgotten_page(viewer: Viewer) -> Html<FormPage> {
    Html(forgotten_form(viewer))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ForgottenForm {
    email: String,
}

async fn forgotten_now(
    State(app): State<App>,
    viewer: Viewer,
    parts: Parts,
    Form(form): Form<ForgottenForm>,
) -> Result<Response> {
    let email = match fields::Email::parse(&form.email) {
        Ok(email) => email,
        Err(why) => {
            let mut page = forgotten_form(viewer);
            page.fields[0].value = form.email;
            page.fields[0].fault = Some(sentence(&why));
            return Ok(refused(page));
        }
    };
    app.limits.sign_ups.take(&visitor(&parts))?;
    let (key, at) = (email.key(), Moment::of(&app));
    // Too many to one address: nothing is written, and nobody sees it.
    if app.limits.letters.take(&key).is_ok() {
        app.db
            .write(move |tx| people::forgotten(tx, at, &key))
            .await?;
    }
    Ok(Redirect::to("/forgotten/done").into_response())
}

async fn forgotten_done(viewer: Viewer) -> Html<SaidPage> {
    let sent = [
        "If the address belongs to an account, a letter is on its way.",
        "Its link works for half an hour, once. Nothing after a few minutes? Look among the unwanted mail.",
    ];
    let kept = [
        "In a demonstration no letter leaves: if the address belongs to an account, it lies in the outbox.",
        "Its link works for half an hour, once.",
    ];
    posted(viewer, &sent, &kept)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ResetForm {
    password: String,
    password_confirmation: String,
}

fn reset_form(viewer: Viewer, token: &str, faults: &[FieldFault]) -> FormPage {
    FormPage {
        lead: "You will be signed out everywhere and sign in with the new one.".into(),
        fields: new_password().map(|field| field.judged(faults)).into(),
        button: "Set the password",
        ..FormPage::new(viewer, "Choose a new password", format!("/reset/{token}"))
    }
}

/// Whose password the link sets.
async fn whose(app: &App, token: &str) -> Result<Member> {
    let (wall, token) = (app.clock.wall(), token.to_owned());
    let found = app.db.read(move |conn| {
        let link = links::look(conn, wall, Purpose::Reset, &token)?;
        store::member(conn, link.member.ok_or(Error::NotFound("link any more"))?)
    });
    found.await
}

async fn reset_page(
    State(app): State<App>,
    viewer: Viewer,
    Path(token): Path<String>,
) -> Result<Html<FormPage>> {
    whose(&app, &token).await?;
    Ok(Html(reset_form(viewer, &token, &[])))
}

async fn reset_now(
    State(app): State<App>,
    viewer: Viewer,
    Path(token): Path<String>,
    Form(form): Form<ResetForm>,
) -> Result<Response> {
    let member = whose(&app, &token).await?;
    let mut faults = Faults::default();
    let known = vec![member.full_name.clone(), member.email.clone()];
    sign_up::judge_password(
        &mut faults,
        &form.password,
        &form.password_confirmation,
        known,
    )
    .await?;
    if let Err(Error::Invalid(faults)) = faults.done() {
        return Ok(refused(reset_form(viewer, &token, &faults)));
    }
    let hash = password::hash(form.password).await?;
    let (at, bus) = (Moment::of(&app), app.bus.clone());
    app.db
        .write(move |tx| people::reset(tx, &bus, at, &token, &hash))
        .await?;
    // Who reads the member's mail is as well known as who has signed in.
    let device = device_cookie(&app, &member).await?;
    Ok(([device], Redirect::to("/sign-in?said=password")).into_response())
}
