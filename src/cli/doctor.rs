//! `grb-app doctor`: every check, beside a serving desk or without one.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use super::{Common, bundle, desk, print_json, say};
use crate::platform::doctor::{Case, Report, Verdict, examine};
use crate::platform::error::Exit;
use crate::platform::{Clock, words};

const EXAMPLES: &str = "\
Examples:
  grb-app doctor                       what is wrong, and what to do
  grb-app doctor --json | jq '.checks[] | select(.verdict != \"ok\")'
  grb-app doctor --bundle report.zip   a file for whoever helps: no addresses, names or secrets are in it

Ends with 0 where nothing is broken, also with warnings; with 69 where something is.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Doctor {
    /// Prints one JSON document
    #[arg(long)]
    json: bool,
    /// Also writes a zip file for whoever helps, without addresses, names and secrets
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
}

impl Doctor {
    pub(super) async fn run(self, common: &Common) -> anyhow::Result<()> {
        let sources = common.sources(&[])?;
        let config = sources.understand()?;
        let case = Case {
            server: desk::said(&config.data_dir).await.map(Arc::new),
            config: Arc::new(config),
            clock: Clock::system(),
        };
        let report = examine(&crate::serve::checks(), &case).await;
        match self.json {
            true => print_json(&report)?,
            false => write!(std::io::stdout(), "{}", text(&report))?,
        }
        if let Some(file) = self.bundle {
            bundle::write(&file, &case, &sources, &report)?;
            let file = file.display();
            say::note(format_args!(
                "{file} is written. Look into it before you send it; a private word may hide where nobody thought of it."
            ));
        }
        match report.count(Verdict::Fault) {
            0 => Ok(()),
            1 => Err(Exit::unavailable("One check found a fault.").into()),
            more => Err(Exit::unavailable(format!("{more} checks found faults.")).into()),
        }
    }
}

/// The report for people: what is broken first.
pub(super) fn text(report: &Report) -> String {
    let mut items: Vec<_> = report.checks.iter().collect();
    items.sort_by_key(|item| std::cmp::Reverse(item.finding.verdict));
    let mut text = String::new();
    for item in items {
        let verdict = item.finding.verdict.as_str();
        text += &format!("{verdict:<8} {:<24} {}\n", item.title, item.finding.found);
        if let Some(remedy) = &item.finding.remedy {
            text += &format!("{:33} → {remedy}\n", "");
        }
    }
    let count = |verdict| report.count(verdict);
    text + &format!(
        "\n{} checks: {}, {}, {} that do not apply here.\n",
        report.checks.len(),
        counted(count(Verdict::Fault), "fault"),
        counted(count(Verdict::Warn), "warning"),
        count(Verdict::Skipped)
    )
}

/// `no faults`, `1 fault`, `2 faults`
fn counted(number: usize, thing: &str) -> String {
    match number {
        0 => format!("no {thing}s"),
        some => words::count(some, thing),
    }
}
