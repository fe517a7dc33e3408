//! `grb-app admin hello`: what is stored under a name of the hello API, and taking it out.

use axum::http::Method;
use serde_json::{Value, json};

use super::desk::Desk;
use super::{Common, print_json};

#[derive(clap::Subcommand)]
pub(super) enum Hello {
    /// Prints the date of birth that is stored under a name
    Show(Whom),
    /// Takes a name and its date of birth out, for good
    Forget(Whom),
}

#[derive(clap::Args)]
pub(super) struct Whom {
    /// The name, letters only
    name: String,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

impl Hello {
    pub(super) async fn run(self, common: &Common) -> anyhow::Result<()> {
        let (verb, Whom { name, json }) = match self {
            Self::Show(whom) => ("show", whom),
            Self::Forget(whom) => ("forget", whom),
        };
        let desk = Desk::open(common)?;
        let body = json!({ "name": name });
        let answer = desk
            .ask(Method::POST, &format!("/hello/{verb}"), &body)
            .await;
        desk.close().await;
        let answer = answer?;
        if json {
            return print_json(&answer);
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        match verb {
            "show" => say!(
                "{}, born {}",
                text(&answer["name"]),
                text(&answer["dateOfBirth"])
            ),
            _ => say!("{} is forgotten.", text(&answer["forgotten"])),
        }
        Ok(())
    }
}
