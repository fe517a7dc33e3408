//! `grb-app admin mail`: try the relay, look through the outbox, try again.

use axum::http::Method;
use serde_json::{Value, json};

use super::desk::Desk;
use super::{Common, print_json};
use crate::platform::web::escaped;
use crate::platform::{Clock, outbox};

#[derive(clap::Subcommand)]
pub(super) enum Mail {
    /// Sends a trial letter and prints each step: names, connection, encryption, login, every answer
    Test {
        /// Where the trial letter goes
        #[arg(long, value_name = "ADDRESS")]
        to: String,
        /// Prints the steps as JSON, one object a line
        #[arg(long)]
        json: bool,
    },
    /// Lists the outbox, the newest first
    Queue {
        /// Prints JSON
        #[arg(long)]
        json: bool,
        /// Only those that are waiting, sent, failed, expired or suppressed
        #[arg(long)]
        state: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Tries letters again at once, also those that have failed
    Retry {
        /// Numbers of letters, from the queue
        #[arg(value_name = "ID", required_unless_present = "all")]
        ids: Vec<i64>,
        /// All that wait or have failed
        #[arg(long, conflicts_with = "ids")]
        all: bool,
        /// Prints JSON
        #[arg(long)]
        json: bool,
    },
}

impl Mail {
    pub(super) async fn run(self, common: &Common) -> anyhow::Result<()> {
        match self {
            Self::Test { to, json } => test(common, &to, json).await,
            Self::Queue { json, state, limit } => {
                let state =
                    state.map_or_else(String::new, |state| format!("&state={}", escaped(&state)));
                let queue = ask(
                    common,
                    Method::GET,
                    &format!("/outbox?limit={limit}{state}"),
                    &Value::Null,
                )
                .await?;
                if json {
                    print_json(&queue)
                } else {
                    print(&queue);
                    Ok(())
                }
            }
            Self::Retry { ids, all, json } => {
                let chosen = if all { Value::Null } else { json!(ids) };
                let answer = ask(
                    common,
                    Method::POST,
                    "/outbox/retry",
                    &json!({ "ids": chosen }),
                )
                .await?;
                match answer["retried"].as_i64() {
                    _ if json => print_json(&answer)?,
                    Some(1) => say!("One letter is tried again."),
                    Some(0) => say!(
                        "No such letter was tried in vain; what waits leaves in its time, and what has left or expired is not sent again."
                    ),
                    more => say!("{} letters are tried again.", more.unwrap_or_default()),
                }
                Ok(())
            }
        }
    }
}

async fn test(common: &Common, to: &str, json: bool) -> anyhow::Result<()> {
    let config = common.settings()?;
    let tell = |step: &str, words: &str| match json {
        true => say!("{}", json!({ "step": step, "words": words })),
        false => say!("{step:<10}{words}"),
    };
    outbox::trial::try_out(
        &config.mail,
        &config.club_name,
        to,
        Clock::system().now(),
        &tell,
    )
    .await?;
    if json {
        say!("{}", json!({ "step": "end", "words": "taken" }));
        return Ok(());
    }
    say!("The trial letter was taken. Look whether it arrives, also among the spam.");
    Ok(())
}

async fn ask(common: &Common, method: Method, path: &str, body: &Value) -> anyhow::Result<Value> {
    let desk = Desk::open(common)?;
    let answer = desk.ask(method, path, body).await;
    desk.close().await;
    answer
}

fn print(queue: &Value) {
    let counts = queue["counts"].as_object().into_iter().flatten();
    let counts: Vec<String> = counts
        .map(|(state, count)| format!("{count} {state}"))
        .collect();
    if counts.is_empty() {
        say!("The outbox is empty.");
        return;
    }
    say!("{}", counts.join(", "));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for item in queue["items"].as_array().into_iter().flatten() {
        say!(
            "{:>8}  {:<10}  {}  {} to {}",
            item["id"],
            text(&item["state"]),
            text(&item["created_at"]),
            text(&item["kind"]),
            text(&item["address"]),
        );
        if let Some(answer) = item["last_answer"].as_str() {
            say!("          attempt {}: {answer}", item["attempts"]);
        }
    }
}
