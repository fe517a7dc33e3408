//! `grb-app admin burst`: a burst looked up, withdrawn by hand, joined with another.

use axum::http::Method;
use serde_json::{Value, json};

use super::desk::Desk;
use super::{Common, print_json};
use crate::bursts::list::{self, Wanted};
use crate::bursts::{self, BurstJson, Tier, story};
use crate::platform::db::open_to_read;
use crate::platform::error::Exit;

#[derive(clap::Subcommand)]
pub(super) enum Burst {
    /// Lists the newest bursts
    List {
        /// Prints JSON
        #[arg(long)]
        json: bool,
        /// At most so many
        #[arg(long, default_value_t = 20)]
        limit: usize,
        /// Only of this mission: Fermi, Swift, …
        #[arg(long)]
        mission: Option<String>,
        /// Only of this tier: A pointable, B wide, C context, D self-test
        #[arg(long)]
        tier: Option<String>,
    },
    /// Prints one, with the bursts that it is linked with
    Show {
        /// Its number, as in the address of its page
        id: i64,
        /// Prints JSON
        #[arg(long)]
        json: bool,
    },
    /// Withdraws one: it stays on record, and whoever was told of it is told that it was none
    Retract {
        /// Its number, as in the address of its page
        id: i64,
        /// The reason, for everybody to read
        #[arg(long, required_unless_present = "undo")]
        why: Option<String>,
        /// Takes such a withdrawal back
        #[arg(long, conflicts_with = "why")]
        undo: bool,
        /// Prints JSON
        #[arg(long)]
        json: bool,
    },
    /// Says that two are one light in the sky: they share observations, names and letters
    Merge(Two),
    /// Takes that back
    Part(Two),
}

#[derive(clap::Args)]
pub(super) struct Two {
    /// A burst's number, as in the address of its page
    one: i64,
    /// The other's
    other: i64,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

impl Burst {
    pub(super) async fn run(self, common: &Common) -> anyhow::Result<()> {
        let (method, path, body, json) = match self {
            Self::List {
                json,
                limit,
                mission,
                tier,
            } => return list(common, json, limit, mission, tier.as_deref()),
            Self::Show { id, json } => (Method::GET, format!("/bursts/{id}"), json!({}), json),
            Self::Retract { id, why, json, .. } => {
                let deed = why.as_ref().map_or("stand", |_| "retract");
                let body = json!({ "why": why.unwrap_or_default() });
                (Method::POST, format!("/bursts/{id}/{deed}"), body, json)
            }
            Self::Merge(two) => two.asked("merge"),
            Self::Part(two) => two.asked("part"),
        };
        let desk = Desk::open(common)?;
        let answer = desk.ask(method, &path, &body).await;
        desk.close().await;
        let answer = answer?;
        match json {
            true => print_json(&answer),
            false => {
                print(&answer);
                Ok(())
            }
        }
    }
}

impl Two {
    fn asked(self, deed: &str) -> (Method, String, Value, bool) {
        let body = json!({ "other": self.other });
        (
            Method::POST,
            format!("/bursts/{}/{deed}", self.one),
            body,
            self.json,
        )
    }
}

fn list(
    common: &Common,
    json: bool,
    limit: usize,
    mission: Option<String>,
    tier: Option<&str>,
) -> anyhow::Result<()> {
    let understood = tier.map(Tier::parse);
    if understood == Some(None) {
        return Err(Exit::usage("--tier is A, B, C or D.").into());
    }
    let wanted = Wanted {
        mission,
        tier: understood.flatten(),
        ..Wanted::default()
    };
    let conn = open_to_read(&common.settings()?.data_dir)?;
    let (found, _) = list::list(&conn, &wanted, limit)?;
    if json {
        return print_json(&found.iter().map(BurstJson::from).collect::<Vec<_>>());
    }
    if found.is_empty() {
        say!("There is no such burst.");
    }
    for burst in &found {
        say!("{}", line(burst));
    }
    Ok(())
}

/// A burst as a line of the list.
fn line(burst: &bursts::Burst) -> String {
    format!(
        "{:>6}  {}  {}  {}  {}, {}",
        burst.id,
        burst.sort_time().format("%Y-%m-%d %H:%M:%S"),
        burst.tier().letter(),
        burst.name(),
        story::seen_by(burst),
        burst.verdict().word(),
    )
}

/// A burst as the server tells of it.
fn print(burst: &Value) {
    let text = |value: &Value| value.as_str().unwrap_or("unknown").to_owned();
    say!("{}  {}", burst["id"], text(&burst["name"]));
    say!("mission    {}", text(&burst["mission"]));
    say!("triggered  {}", text(&burst["trigger_time"]));
    say!(
        "verdict    {}, tier {}",
        text(&burst["verdict"]),
        text(&burst["tier"])
    );
    if let Some(position) = burst["position"].as_object() {
        let radius = position["error_radius_90_deg"].as_f64();
        let within = radius.map(|radius| format!(", within {radius:.3}° (90 %)"));
        say!(
            "position   ra {:.4}°, dec {:.4}°{}",
            position["ra"].as_f64().unwrap_or_default(),
            position["dec"].as_f64().unwrap_or_default(),
            within.unwrap_or_default()
        );
    }
    say!("notices    {}", burst["notice_count"]);
    if let Some(why) = burst["withdrawn"]["why"].as_str() {
        say!("withdrawn  {why}");
    }
    for other in burst["linked"].as_array().into_iter().flatten() {
        let how = match other["by_hand"].as_bool() {
            Some(true) => "joined by hand",
            _ => "by time and place",
        };
        say!(
            "one with   {}  {} ({}), {}, {how}",
            other["id"],
            text(&other["name"]),
            text(&other["seen_by"]),
            text(&other["verdict"])
        );
    }
}
