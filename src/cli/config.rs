//! `grb-app config`: the settings and where each came from.

use std::io::Write as _;

use serde_json::json;

use super::{Common, print_json};
use crate::platform::config::{SETTINGS, Setting, Sources};

#[derive(clap::Subcommand)]
pub(super) enum ConfigCommand {
    /// Prints every setting with its value and origin; secrets are masked
    Show {
        /// Prints JSON
        #[arg(long)]
        json: bool,
    },
    /// Says whether the settings can be used
    Check,
    /// Prints a settings file to begin with
    #[command(after_help = "Example:\n  grb-app config init > grb-app.toml")]
    Init,
}

impl ConfigCommand {
    pub(super) fn run(&self, common: &Common) -> anyhow::Result<()> {
        if let Self::Init = self {
            return Ok(write!(std::io::stdout(), "{}", sample())?);
        }
        let sources = common.sources(&[])?;
        match self {
            Self::Show { json } => show(&sources, *json),
            _ => sources
                .understand()
                .map(|_| say!("The settings can be used.")),
        }
    }
}

fn show(sources: &Sources, json: bool) -> anyhow::Result<()> {
    if json {
        let all: Vec<_> = SETTINGS
            .iter()
            .map(|setting| json!({ "key": setting.key, "value": masked(sources, setting), "origin": origin(sources, setting), "help": setting.help }))
            .collect();
        return print_json(&all);
    }
    Ok(write!(std::io::stdout(), "{}", table(sources))?)
}

/// Every setting with its value and origin, a line each; secrets are masked.
pub(super) fn table(sources: &Sources) -> String {
    let line = |setting: &Setting| {
        let value = masked(sources, setting).unwrap_or_else(|| "–".into());
        let origin = origin(sources, setting).unwrap_or_else(|| "not set".into());
        format!("{:22} {value:36} {origin}\n", setting.key)
    };
    SETTINGS.iter().map(line).collect()
}

fn masked(sources: &Sources, setting: &Setting) -> Option<String> {
    match sources.get(setting.key) {
        Some(_) if setting.secret => Some("••••".to_owned()),
        found => found.map(|(value, _)| value.to_owned()),
    }
}

fn origin(sources: &Sources, setting: &Setting) -> Option<String> {
    let (_, origin) = sources.get(setting.key)?;
    Some(origin.to_string())
}

/// What stands above all settings.
const INTRODUCTION: &str = "\
# The settings of grb-app. What begins with #name shows a default: take the # away to change it.
# A club needs a handful: club_name, time_zone and public_url; gcn_client_id and gcn_client_secret to hear bursts;
# smtp_url and mail_from to send letters.
#
# After a change:  sudo grb-app config check && sudo systemctl restart grb-app
#
# Each may be given as a variable instead, which goes before this file: smtp_url as GRB_SMTP_URL; and where it is secret, as the
# file that holds it: GRB_SMTP_URL_FILE.

";

/// Headings, each above the setting that is named.
const SECTIONS: [(&str, &str); 9] = [
    ("listen", "The desk"),
    ("gcn_client_id", "Notices"),
    ("smtp_url", "Letters"),
    ("cors_origins", "Limits"),
    ("backup_at", "Backups"),
    ("metrics_listen", "Figures for Prometheus, and the log"),
    ("trusted_proxies", "At the door"),
    ("tls_certificate", "https without a proxy"),
    ("release_from", "Newer releases"),
];

/// Every setting as a comment with its default: nothing is set until someone sets it.
fn sample() -> String {
    let setting = |setting: &Setting| {
        let Setting { key, help, .. } = setting;
        let heading = SECTIONS.iter().find(|(first, _)| first == key);
        let heading =
            heading.map_or_else(String::new, |(_, words)| format!("# ---- {words} ----\n\n"));
        let default = setting.default.unwrap_or_default();
        format!("{heading}# {help}.\n#{key} = \"{default}\"\n\n")
    };
    INTRODUCTION.to_owned() + &SETTINGS.iter().map(setting).collect::<String>()
}
