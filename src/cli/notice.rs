//! `grb-app notice show`: what notices say.

use std::io::Write;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::notices;
use crate::platform::error::Exit;

#[derive(clap::Subcommand)]
pub(super) enum Notice {
    /// Prints what notices say; the others are still printed where one cannot be read (exit 65)
    #[command(after_help = "Example:\n  grb-app notice show --json night/*.xml | jq .name")]
    Show(Show),
}

#[derive(clap::Args)]
pub(super) struct Show {
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    /// Files of notices: VOEvent, GCN's JSON, classic text or circulars
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Notice {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let Self::Show(show) = self;
        let mut out = std::io::stdout().lock();
        let mut unreadable = 0;
        for path in &show.files {
            let shown = shown(path);
            unreadable += usize::from(is_faulty(&shown));
            if show.json {
                writeln!(out, "{shown}")?;
            } else {
                print(&mut out, &shown)?;
            }
        }
        match unreadable {
            0 => Ok(()),
            count => Err(Exit::data(format!(
                "{count} of {} files could not be read.",
                show.files.len()
            ))
            .into()),
        }
    }
}

fn is_faulty(shown: &Value) -> bool {
    let inner = shown.get("notices").and_then(Value::as_array);
    shown.get("error").is_some() || inner.is_some_and(|notices| notices.iter().any(is_faulty))
}

/// What one file says: a notice, several, or why it cannot be read.
fn shown(path: &std::path::Path) -> Value {
    let file = path.to_string_lossy();
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => return json!({ "file": file, "error": error.to_string() }),
    };
    let mut bodies = notices::split(&bytes);
    let one = |body: &[u8]| match notices::read(body) {
        Ok(notice) => notices::show(&file, &notice),
        Err(error) => json!({ "file": file, "error": error.to_string() }),
    };
    match (bodies.len(), bodies.pop()) {
        (1, Some(body)) => one(&body),
        (0, _) | (_, None) => one(&bytes),
        (_, Some(last)) => {
            bodies.push(last);
            json!({ "file": file, "notices": bodies.iter().map(|body| one(body)).collect::<Vec<_>>() })
        }
    }
}

/// The same for people: a heading and a line a fact; what is null is left out.
fn print(out: &mut impl Write, shown: &Value) -> std::io::Result<()> {
    writeln!(out, "{}", shown["file"].as_str().unwrap_or_default())?;
    let facts = shown
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(key, value)| *key != "file" && !value.is_null());
    for (key, value) in facts {
        match value {
            Value::Array(notices) => notices.iter().try_for_each(|notice| print(out, notice))?,
            Value::String(text) => writeln!(out, "  {key:22} {text}")?,
            other => writeln!(out, "  {key:22} {other}")?,
        }
    }
    Ok(())
}
