//! `grb-app admin`: what an officer needs at a terminal.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::{Common, people, print_json};
use crate::bursts::store::{self, Holdings};
use crate::intake::aside;
use crate::platform::db::open_to_read;
use crate::platform::words;

#[derive(clap::Subcommand)]
pub(super) enum Admin {
    /// What the database holds and when the last notice came
    Status {
        /// Prints JSON
        #[arg(long)]
        json: bool,
    },
    /// Notices that could not be read; they are kept whole
    #[command(subcommand)]
    Aside(Aside),
    /// What officers did, the latest first; kept for two years
    Audit(super::audit::Audit),
    /// Bursts: look one up, withdraw one by hand, join two
    #[command(subcommand)]
    Burst(super::burst::Burst),
    /// Members of the club
    #[command(subcommand)]
    User(people::User),
    /// Members' tokens for scripts
    #[command(subcommand)]
    Token(people::Token),
    /// Letters: try the relay, look through the outbox, try again
    #[command(subcommand)]
    Mail(super::mail::Mail),
    /// Names of the hello API: look one up, take one out
    #[command(subcommand)]
    Hello(super::hello::Hello),
}

#[derive(clap::Subcommand)]
pub(super) enum Aside {
    /// Lists the newest of them, with the reason of each
    List {
        /// Prints JSON
        #[arg(long)]
        json: bool,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Prints the bytes of one as they came
    #[command(
        after_help = "Example:\n  grb-app admin aside show 12 > notice.xml && grb-app notice show notice.xml"
    )]
    Show {
        /// Its number in the list
        id: i64,
        /// Prints one JSON object, the bytes in base64
        #[arg(long)]
        json: bool,
    },
}

impl Admin {
    pub(super) async fn run(self, common: &Common) -> anyhow::Result<()> {
        let look = || open_to_read(&common.settings()?.data_dir);
        match self {
            Self::Status { json } => status(&look()?, json),
            Self::Aside(Aside::List { json, limit }) => list(&look()?, json, limit),
            Self::Audit(audit) => audit.run(&look()?),
            Self::Burst(burst) => burst.run(common).await,
            Self::Mail(mail) => mail.run(common).await,
            Self::Hello(hello) => hello.run(common).await,
            Self::Aside(Aside::Show { id, json }) => show(&look()?, id, json),
            Self::User(user) => user.run(common).await,
            Self::Token(token) => token.run(common).await,
        }
    }
}

fn status(conn: &rusqlite::Connection, json: bool) -> anyhow::Result<()> {
    let Holdings {
        notices,
        bursts,
        waiting,
        ..
    } = store::holdings(conn)?;
    let newest = store::newest(conn)?;
    let asides = aside::count(conn)?;
    if json {
        return print_json(&json!({
            "version": env!("CARGO_PKG_VERSION"), "notices": notices, "bursts": bursts, "set_aside": asides, "circulars_waiting": waiting,
            "last_notice": newest.notice, "last_self_test": newest.test,
        }));
    }
    let moment = |at: Option<chrono::DateTime<chrono::Utc>>| {
        at.map_or_else(
            || "none yet".into(),
            |at| at.format("%-d %b %Y, %H:%M:%S UTC").to_string(),
        )
    };
    say!(
        "{} of {}; {asides} set aside; {} about bursts not heard of here",
        words::count(notices, "notice"),
        words::count(bursts, "burst"),
        words::count(waiting, "circular")
    );
    say!("last notice     {}", moment(newest.notice));
    say!("last self-test  {}", moment(newest.test));
    Ok(())
}

fn show(conn: &rusqlite::Connection, id: i64, json: bool) -> anyhow::Result<()> {
    let body = aside::body(conn, id)?;
    if json {
        return print_json(
            &json!({ "id": id, "bytes": body.len(), "body_base64": STANDARD.encode(&body) }),
        );
    }
    Ok(std::io::stdout().write_all(&body)?)
}

fn list(conn: &rusqlite::Connection, json: bool, limit: u32) -> anyhow::Result<()> {
    let asides = aside::list(conn, limit)?;
    if json {
        return print_json(&asides);
    }
    if asides.is_empty() {
        say!("Nothing is set aside: every notice could be read.");
    }
    for one in asides {
        say!(
            "{:>6}  {}  {}  {} bytes, {}×\n        {}",
            one.id,
            one.received_at.to_rfc3339(),
            one.topic,
            one.bytes,
            one.times,
            one.reason
        );
    }
    Ok(())
}
