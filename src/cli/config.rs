//! `grb-app config`: the settings and where each came from.

use serde_json::json;

use super::{Common, print_json};
use crate::platform::config::{SETTINGS, Setting, Sources, variable};

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
    #[command(after_help = "Example:\n  grb-app config init > /etc/grb-app/grb-app.toml")]
    Init,
}

impl ConfigCommand {
    pub(super) fn run(&self, common: &Common) -> anyhow::Result<()> {
        if let Self::Init = self {
            print!("{}", sample());
            return Ok(());
        }
        let sources = common.sources(&[])?;
        match self {
            Self::Show { json } => show(&sources, *json),
            _ => sources
                .understand()
                .map(|_| println!("The settings can be used.")),
        }
    }
}

fn show(sources: &Sources, json: bool) -> anyhow::Result<()> {
    let masked = |setting: &Setting| match sources.get(setting.key) {
        Some(_) if setting.secret => Some("••••".to_owned()),
        found => found.map(|(value, _)| value.to_owned()),
    };
    let origin = |setting: &Setting| {
        sources
            .get(setting.key)
            .map(|(_, origin)| origin.to_string())
    };
    if json {
        let all: Vec<_> = SETTINGS
            .iter()
            .map(|setting| json!({ "key": setting.key, "value": masked(setting), "origin": origin(setting), "help": setting.help }))
            .collect();
        return print_json(&all);
    }
    for setting in SETTINGS {
        let origin = origin(setting).unwrap_or_else(|| "not set".into());
        println!(
            "{:22} {:36} {origin}",
            setting.key,
            masked(setting).unwrap_or_else(|| "–".into())
        );
    }
    Ok(())
}

/// Every setting as a comment with its default: nothing is set until someone sets it.
fn sample() -> String {
    let setting = |setting: &Setting| {
        let default = setting.default.unwrap_or_default();
        format!(
            "# {}. Also as {}.\n#{} = \"{default}\"\n\n",
            setting.help,
            variable(setting.key),
            setting.key
        )
    };
    SETTINGS.iter().map(setting).collect()
}
