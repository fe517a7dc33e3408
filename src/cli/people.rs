//! `grb-app admin user` and `grb-app admin token`.

use std::io::Read as _;

use anyhow::Context as _;
use axum::http::Method;
use serde_json::{Value, json};

use super::desk::Desk;
use super::{Common, print_json};
use crate::platform::error::Exit;

#[derive(clap::Subcommand)]
pub(super) enum User {
    /// Makes a member and prints them; without --confirmed a letter asks them to confirm the address
    #[command(
        after_help = "Example:\n  echo 'a long pass phrase' | grb-app admin user create --email vera@example.org --name Vera --password-stdin --confirmed --officer"
    )]
    Create {
        /// The member's mail address
        #[arg(long)]
        email: String,
        /// The name that other members see
        #[arg(long)]
        name: String,
        /// Read the password from standard input, up to the end of its first line
        #[arg(long, required = true)]
        password_stdin: bool,
        /// The address needs no confirmation
        #[arg(long)]
        confirmed: bool,
        /// The member may do what officers may
        #[arg(long)]
        officer: bool,
        /// Prints JSON
        #[arg(long)]
        json: bool,
    },
    /// Lists every member
    List {
        /// Prints JSON
        #[arg(long)]
        json: bool,
    },
    /// Prints one member
    Show(Who),
    /// Shuts a member out and ends their sessions
    Disable(Who),
    /// Lets a member in again
    Enable(Who),
    /// Makes a member an officer
    Promote(Who),
    /// Turns a member's second step off, who has lost the phone and the codes; a letter tells them
    SecondStepOff(Who),
    /// Sets a password and ends every session of the member
    Password {
        #[command(flatten)]
        who: Who,
        /// Read the password from standard input, up to the end of its first line
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// Deletes a member with everything that is theirs
    Delete(Who),
}

#[derive(clap::Subcommand)]
pub(super) enum Token {
    /// Makes a token and prints it alone; it is never shown again
    #[command(
        after_help = "Example:\n  TOKEN=$(grb-app admin token create --email vera@example.org --name telescope)\n  curl -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8080/api/users/me"
    )]
    Create {
        #[command(flatten)]
        who: Who,
        /// What it is for
        #[arg(long, default_value = "made at the terminal")]
        name: String,
    },
    /// Lists a member's tokens, not the tokens themselves
    List(Who),
    /// Takes a token back
    Revoke {
        #[command(flatten)]
        who: Who,
        /// Its number in the list
        #[arg(long)]
        id: i64,
    },
}

/// A member, by address.
#[derive(clap::Args)]
pub(super) struct Who {
    /// The member's mail address
    #[arg(long, required_unless_present = "who")]
    email: Option<String>,
    /// The same without --email
    #[arg(value_name = "EMAIL", conflicts_with = "email")]
    who: Option<String>,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

impl Who {
    fn email(&self) -> String {
        let email = self.email.clone().or_else(|| self.who.clone());
        email.unwrap_or_default()
    }
}

impl User {
    pub(super) async fn run(self, common: &Common) -> anyhow::Result<()> {
        let (path, body, json) = self.asked()?;
        let answer = ask(common, &path, &body).await?;
        match (&answer, json) {
            (_, true) => print_json(&answer),
            (Value::Array(members), false) => {
                for member in members {
                    say!("{}", line(member));
                }
                Ok(())
            }
            (member, false) => {
                say!("{}", line(member));
                Ok(())
            }
        }
    }

    fn asked(self) -> anyhow::Result<(String, Value, bool)> {
        let about = |verb: &str, who: Who| {
            let body = json!({ "email": who.email() });
            (format!("/people/{verb}"), body, who.json)
        };
        Ok(match self {
            Self::Create {
                email,
                name,
                confirmed,
                officer,
                json,
                ..
            } => {
                let body = json!({ "email": email, "name": name, "password": password()?, "confirmed": confirmed, "officer": officer });
                ("/people".into(), body, json)
            }
            Self::List { json } => ("/people/list".into(), json!({}), json),
            Self::Show(who) => about("show", who),
            Self::Disable(who) => about("disable", who),
            Self::Enable(who) => about("enable", who),
            Self::Promote(who) => about("promote", who),
            Self::Delete(who) => about("delete", who),
            Self::SecondStepOff(who) => about("second-step-off", who),
            Self::Password { who, .. } => {
                let body = json!({ "email": who.email(), "password": password()? });
                ("/people/password".into(), body, who.json)
            }
        })
    }
}

impl Token {
    pub(super) async fn run(self, common: &Common) -> anyhow::Result<()> {
        let (verb, body, json) = match self {
            Self::Create { who, name } => (
                "create",
                json!({ "email": who.email(), "name": name }),
                who.json,
            ),
            Self::List(who) => ("list", json!({ "email": who.email() }), who.json),
            Self::Revoke { who, id } => (
                "revoke",
                json!({ "email": who.email(), "id": id }),
                who.json,
            ),
        };
        let answer = ask(common, &format!("/people/tokens/{verb}"), &body).await?;
        if json {
            return print_json(&answer);
        }
        match &answer {
            Value::Array(tokens) => {
                for token in tokens {
                    let used = token["last_used_at"].as_str().unwrap_or("never used");
                    say!("{:>6}  {}  {used}", token["id"], text(&token["name"]));
                }
            }
            answer if verb == "create" => say!("{}", text(&answer["token"])),
            answer => say!("Token {} is revoked.", answer["revoked"]),
        }
        Ok(())
    }
}

async fn ask(common: &Common, path: &str, body: &Value) -> anyhow::Result<Value> {
    let desk = Desk::open(common)?;
    let answer = desk.ask(Method::POST, path, body).await;
    desk.close().await;
    answer
}

fn line(member: &Value) -> String {
    let is = |field: &str, word: &'static str| {
        member[field].as_bool().unwrap_or_default().then_some(word)
    };
    let unconfirmed = is("email_confirmed", "")
        .is_none()
        .then_some("not confirmed");
    let states = [
        is("officer", "officer"),
        is("disabled", "shut out"),
        unconfirmed,
    ];
    let states: Vec<&str> = states.into_iter().flatten().collect();
    let (name, email) = (text(&member["full_name"]), text(&member["email"]));
    format!(
        "{:>6}  {name} <{email}>  {}",
        member["id"],
        states.join(", ")
    )
    .trim_end()
    .to_owned()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The first line of standard input.
fn password() -> anyhow::Result<String> {
    let mut text = String::new();
    let read = std::io::stdin().take(4096).read_to_string(&mut text);
    read.context("Reading the password")?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(line.to_owned()),
        _ => Err(Exit::usage("There was no password on standard input.").into()),
    }
}
