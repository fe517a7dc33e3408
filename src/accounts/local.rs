//! What commands of this machine ask about people, through a socket that only the owner of the data folder reaches.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::post;
use serde::Deserialize;
use serde_json::{Value, json};

use super::fields::{self, Email};
use super::json::MemberJson;
use super::model::{Member, NewMember};
use super::people::{self, Deed, Moment};
use super::sessions::{self, Kept, Proof};
use super::{Notify, password, store};
use crate::platform::audit::{self, About};
use crate::platform::web::extract::Json;
use crate::platform::web::form::Faults;
use crate::platform::{Actor, App, Bus, Error, Result, Tx};

/// Routes for commands on this machine.
pub fn local_routes(app: App) -> Router {
    Router::new()
        .route("/people", post(create))
        .route("/people/list", post(list))
        .route("/people/tokens/{verb}", post(tokens))
        .route("/people/{verb}", post(change))
        .with_state(app)
}

/// What the commands send.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    email: String,
    name: String,
    password: String,
    confirmed: bool,
    officer: bool,
    id: i64,
}

async fn create(State(app): State<App>, Json(asked): Json<Asked>) -> Result<Json<MemberJson>> {
    let mut faults = Faults::default();
    let email = faults.take("email", Email::parse(&asked.email));
    let full_name = faults.take("name", fields::full_name(&asked.name));
    faults.take("password", password::long_enough(&asked.password));
    faults.done()?;
    let hash = password::hash(asked.password).await?;
    let (Some(email), Some(full_name)) = (email, full_name) else {
        return Err(anyhow::anyhow!("a fault was not counted").into());
    };
    let new = NewMember {
        email,
        full_name,
        password: Some(hash),
        notify: Notify::default(),
        officer: asked.officer,
        confirmed: asked.confirmed,
    };
    let (at, bus) = (Moment::of(&app), app.bus.clone());
    let made = app.db.write(move |tx| {
        let member = store::member(tx, people::add(tx, &bus, at, &new)?)?;
        let details = json!({ "officer": new.officer, "confirmed": new.confirmed });
        on_record(tx, at, "member.create", &member, &details)?;
        if !new.confirmed {
            people::send_confirmation(tx, at, &member)?;
        }
        Ok(member)
    });
    Ok(Json(made.await?.into()))
}

async fn list(State(app): State<App>) -> Result<Json<Vec<MemberJson>>> {
    let all = app
        .db
        .read(|conn| store::list(conn, "", 0, usize::MAX))
        .await?;
    Ok(Json(all.into_iter().map(MemberJson::from).collect()))
}

async fn change(
    State(app): State<App>,
    Path(verb): Path<String>,
    Json(asked): Json<Asked>,
) -> Result<Json<MemberJson>> {
    let hash = match verb.as_str() {
        "password" => {
            let mut faults = Faults::default();
            faults.take("password", password::long_enough(&asked.password));
            faults.done()?;
            Some(password::hash(asked.password).await?)
        }
        _ => None,
    };
    let (at, bus) = (Moment::of(&app), app.bus.clone());
    let changed = app.db.write(move |tx| {
        let member = named(tx, &asked.email)?;
        apply(tx, &bus, at, &verb, &member, hash.as_deref())?;
        Ok(store::by_email(tx, &fields::key(&asked.email))?.unwrap_or(member))
    });
    Ok(Json(changed.await?.into()))
}

/// Whoever owns the machine acts as nobody in particular.
fn on_record(
    tx: &Tx,
    at: Moment,
    act: &'static str,
    member: &Member,
    details: &Value,
) -> Result<()> {
    let about = About::from(member);
    audit::note(tx, at.now, &Actor::Terminal, act, &about, details)
}

fn named(tx: &Tx, email: &str) -> Result<Member> {
    let member = store::by_email(tx, &fields::key(email))?;
    member.ok_or(Error::NotFound("member"))
}

/// Whoever owns the machine may also leave the club without an officer: the next start prints a link for a new one.
/// A password that is set from there ends sessions and tokens alike.
fn apply(
    tx: &Tx,
    bus: &Bus,
    at: Moment,
    verb: &str,
    member: &Member,
    hash: Option<&str>,
) -> Result<()> {
    match (verb, hash) {
        ("show", _) => Ok(()),
        ("password", Some(hash)) => {
            on_record(tx, at, "member.password", member, &json!({}))?;
            people::set_password(tx, bus, at, member.id, hash, None)?;
            sessions::revoke_all(tx, member.id)
        }
        _ => {
            let deed = Deed::parse(verb).ok_or(Error::NotFound("command"))?;
            people::perform(tx, bus, at, &Actor::Terminal, member.id, deed)
        }
    }
}

async fn tokens(
    State(app): State<App>,
    Path(verb): Path<String>,
    Json(asked): Json<Asked>,
) -> Result<Json<Value>> {
    let at = Moment::of(&app);
    let done = app.db.write(move |tx| {
        let member = named(tx, &asked.email)?;
        match verb.as_str() {
            "create" => {
                let name =
                    fields::full_name(&asked.name).map_err(|why| Error::invalid("name", why))?;
                let token = sessions::give(tx, at.now, member.id, &name, None)?;
                let details = json!({ "token": name });
                on_record(tx, at, "token.create", &member, &details)?;
                Ok(json!({ "token": token, "name": name }))
            }
            "list" => Ok(sessions::tokens(tx, member.id)?.iter().map(told).collect()),
            "revoke" => {
                sessions::end(tx, member.id, Proof::Token(asked.id))?;
                let details = json!({ "token": asked.id });
                on_record(tx, at, "token.revoke", &member, &details)?;
                Ok(json!({ "revoked": asked.id }))
            }
            _ => Err(Error::NotFound("command")),
        }
    });
    Ok(Json(done.await?))
}

fn told(token: &Kept) -> Value {
    json!({ "id": token.id, "name": token.name, "created_at": token.created_at, "last_used_at": token.seen_at, "expires_at": token.expires_at })
}
