//! The file for whoever helps: report, settings, counts and log, with everything private taken out.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use rusqlite::Connection;
use serde_json::json;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::scrub::Scrub;
use super::{config, doctor};
use crate::platform::config::Sources;
use crate::platform::db::{self, copy};
use crate::platform::doctor::{Case, Report};

/// So many lines of the log.
const LINES: &str = "1000";

/// Writes the file at `path`; it appears whole or not at all, for its owner only.
pub(super) fn write(
    path: &Path,
    case: &Case,
    sources: &Sources,
    report: &Report,
) -> anyhow::Result<()> {
    let conn = case.db().ok();
    let scrub = Scrub::new(sources, conn.as_ref())?;
    let parts = [
        ("report.txt", doctor::text(report)),
        ("report.json", serde_json::to_string_pretty(report)?),
        ("settings.txt", config::table(sources)),
        (
            "about.json",
            serde_json::to_string_pretty(&about(conn.as_ref()))?,
        ),
        ("log.txt", log()),
    ];
    let folder = copy::folder_of(path);
    let part = tempfile::NamedTempFile::new_in(folder);
    let part = part.map_err(|error| copy::unwritable(folder, &error))?;
    let mut zip = ZipWriter::new(part);
    for (name, text) in parts {
        zip.start_file(name, SimpleFileOptions::default())?;
        zip.write_all(scrub.clean(&text).as_bytes())?;
    }
    zip.finish()?
        .persist(path)
        .map_err(|error| copy::unwritable(path, &error.error))?;
    Ok(())
}

/// The program, the machine, and how many rows each table has.
fn about(conn: Option<&Connection>) -> serde_json::Value {
    let kernel = std::fs::read_to_string("/proc/version").unwrap_or_default();
    let model = std::fs::read_to_string("/proc/device-tree/model").unwrap_or_default();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "sqlite": rusqlite::version(),
        "schema": conn.and_then(|conn| db::version(conn).ok()),
        "machine": std::env::consts::ARCH,
        "model": model.trim_end_matches('\0'),
        "kernel": kernel.split_whitespace().take(3).collect::<Vec<_>>().join(" "),
        "rows": conn.and_then(|conn| rows(conn).ok()),
    })
}

fn rows(conn: &Connection) -> anyhow::Result<serde_json::Map<String, serde_json::Value>> {
    let mut select =
        conn.prepare("select name from sqlite_schema where type = 'table' order by name")?;
    let names = select.query_map([], |row| row.get::<_, String>(0))?;
    names
        .map(|name| {
            let name = name?;
            let count: i64 =
                conn.query_row(&format!("select count(*) from \"{name}\""), [], |row| {
                    row.get(0)
                })?;
            Ok((name, count.into()))
        })
        .collect()
}

/// The newest lines of the service's log, where systemd keeps one.
fn log() -> String {
    let asked = Command::new("journalctl")
        .args([
            "--unit",
            "grb-app",
            "--lines",
            LINES,
            "--no-pager",
            "--output",
            "short-iso",
            "--no-hostname",
        ])
        .output();
    match asked {
        Ok(told) if told.status.success() => String::from_utf8_lossy(&told.stdout).into_owned(),
        Ok(_) => {
            "The log is not here: only root may read it. With: sudo journalctl -u grb-app -n 1000\n"
                .into()
        }
        Err(_) => "There is no journalctl on this machine.\n".into(),
    }
}
