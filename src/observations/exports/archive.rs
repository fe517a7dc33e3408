//! Everything of a burst as one zip file: the tables, the circular, the pictures, and a page that says what is what.

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::time::Duration;

use anyhow::Context as _;
use axum::body::Bytes;
use chrono::{DateTime, Datelike as _, Timelike as _, Utc};
use futures::{Stream, StreamExt as _, stream};
use rusqlite::Connection;
use serde_json::json;
use tokio::sync::{Semaphore, SemaphorePermit, mpsc};
use tokio::time::timeout;
use tokio_util::io::ReaderStream;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::circular::Draft;
use super::harvest::Harvest;
use super::{aavso, csv, votable};
use crate::bursts::json::BurstJson;
use crate::observations::curve::{Curve, Size, drawing};
use crate::observations::images;
use crate::observations::json::ObservationJson;
use crate::platform::{App, Error, Result};

/// Made and read at the same time; each is a file on the disk until it has been read.
static ROOM: Semaphore = Semaphore::const_new(4);

/// How long one waits for room.
const TURN: Duration = Duration::from_secs(10);

/// Who does not take the next piece for so long, or the whole in so long, is given up: others wait, and the disk is small.
const SILENCE: Duration = Duration::from_secs(30);
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// Bytes that are on their way at once.
const PIECE: usize = 64 * 1024;

/// A text of the archive.
struct Part {
    name: &'static str,
    words: &'static str,
    text: String,
}

/// The archive's length in bytes, and its pieces. It is a file without a name, which goes when it is closed. [`Error::Busy`] where
/// too many others are made or read.
pub(super) async fn archive(
    app: &App,
    harvest: Harvest,
) -> Result<(u64, impl Stream<Item = std::io::Result<Bytes>> + use<>)> {
    let room = timeout(TURN, ROOM.acquire()).await;
    let room = room.ok().and_then(Result::ok).ok_or(Error::Busy)?;
    let pictures: Vec<(i64, i64)> = harvest
        .observations
        .iter()
        .flat_map(|one| one.images.iter().map(|image| (one.id, image.id)))
        .collect();
    let (folder, now) = (app.config.data_dir.clone(), app.clock.now());
    let begin = move || begun(&folder, now, &harvest);
    let begun = tokio::task::spawn_blocking(begin).await;
    let mut zip = begun.map_err(|stopped| Error::Internal(stopped.into()))??;
    for (observation, image) in pictures {
        zip = with_picture(app, zip, now, observation, image).await?;
    }
    let finish = tokio::task::spawn_blocking(move || finished(zip)).await;
    let (file, length) = finish.map_err(|stopped| Error::Internal(stopped.into()))??;
    Ok((length, pieces(file, room, SILENCE)))
}

/// A file's pieces, and then room for another. A reader who is gone, or takes no piece within `silence`, gets no more.
pub(super) fn pieces(
    file: File,
    room: SemaphorePermit<'static>,
    silence: Duration,
) -> impl Stream<Item = std::io::Result<Bytes>> + use<> {
    let (sender, receiver) = mpsc::channel(1);
    let send = async move {
        let _room = room;
        let mut pieces = ReaderStream::with_capacity(tokio::fs::File::from_std(file), PIECE);
        while let Some(piece) = pieces.next().await {
            if sender.send_timeout(piece, silence).await.is_err() {
                return;
            }
        }
    };
    // Not the reader's own doing: one that does not read does nothing at all.
    tokio::spawn(timeout(LONGEST, send));
    stream::unfold(receiver, |mut receiver| async move {
        let piece = receiver.recv().await?;
        Some((piece, receiver))
    })
}

/// The texts, first what says what they are. Beside the database: `/tmp` may be memory.
fn begun(
    folder: &std::path::Path,
    now: DateTime<Utc>,
    harvest: &Harvest,
) -> anyhow::Result<ZipWriter<File>> {
    let file = tempfile::tempfile_in(folder).context("Making a file for an archive")?;
    let mut zip = ZipWriter::new(file);
    let parts = parts(harvest)?;
    let readme = readme(harvest, &parts, now);
    zip.start_file("README.txt", options(now))?;
    zip.write_all(readme.as_bytes())?;
    for part in parts {
        zip.start_file(part.name, options(now))?;
        zip.write_all(part.text.as_bytes())?;
    }
    Ok(zip)
}

fn parts(harvest: &Harvest) -> anyhow::Result<Vec<Part>> {
    let observations: Vec<ObservationJson> = harvest
        .observations
        .iter()
        .map(ObservationJson::from)
        .collect();
    let burst = serde_json::to_string_pretty(&BurstJson::from(&harvest.burst))?;
    let observations =
        serde_json::to_string_pretty(&json!({ "items": observations, "next": null }))?;
    let part = |name, words, text| Part { name, words, text };
    let mut parts = vec![
        part(
            "observations.csv",
            "for spreadsheets and scripts; units are in the column names",
            csv::csv(harvest),
        ),
        part(
            "observations.vot",
            "VOTable, for Aladin, TOPCAT and astropy",
            votable::votable(harvest),
        ),
        part(
            "observations.aavso.txt",
            "AAVSO Extended File Format, to be uploaded by each observer at aavso.org/webobs/file",
            aavso::aavso(harvest),
        ),
        part("observations.json", "as the API gives them", observations),
        part("burst.json", "what is known of the burst", burst),
        part(
            "circular.txt",
            "draft of a GCN Circular; what a human must decide stands in [brackets]",
            Draft::of(harvest).whole(),
        ),
    ];
    if let Some(curve) = Curve::of(&harvest.burst, &harvest.observations) {
        let svg = drawing(&curve, curve.default_scale(), Size::Wide);
        parts.push(part("light-curve.svg", "the light curve, drawn", svg));
    }
    Ok(parts)
}

fn readme(harvest: &Harvest, parts: &[Part], now: DateTime<Utc>) -> String {
    let pictures: usize = harvest
        .observations
        .iter()
        .map(|one| one.images.len())
        .sum();
    let mut text = format!(
        "{}: what members of {} observed\n{}\n{} observations, {pictures} pictures; made {} UTC\n\n",
        harvest.burst.name(),
        harvest.club,
        harvest.page(),
        harvest.observations.len(),
        now.format("%Y-%m-%d %H:%M:%S"),
    );
    for part in parts {
        text += &format!("{:<24}{}\n", part.name, part.words);
    }
    if pictures > 0 {
        text += "images/                 OBSERVATION-PICTURE.webp: the numbers as in observations.json\n";
    }
    text + "\nAngles are degrees (ICRS), times UTC. An observation with a limiting magnitude and no\nmagnitude says that nothing was seen down to it. Ask the observers before you publish.\n"
}

/// The archive with one more picture, if it is still there. It is read here and let go: never are two in memory.
async fn with_picture(
    app: &App,
    mut zip: ZipWriter<File>,
    now: DateTime<Utc>,
    observation: i64,
    image: i64,
) -> Result<ZipWriter<File>> {
    let add = move |conn: &Connection| {
        let full = match images::pixels(conn, observation, image, images::Size::Full) {
            Err(Error::NotFound(_)) => return Ok(zip),
            found => found?,
        };
        // It is as small as it gets.
        let stored = options(now).compression_method(CompressionMethod::Stored);
        let written = zip
            .start_file(format!("images/{observation}-{image}.webp"), stored)
            .map_err(anyhow::Error::from)
            .and_then(|()| Ok(zip.write_all(&full)?));
        written.context("Writing an archive")?;
        Ok(zip)
    };
    app.db.read(add).await
}

fn finished(zip: ZipWriter<File>) -> anyhow::Result<(File, u64)> {
    let mut file = zip.finish()?;
    let length = file.seek(SeekFrom::End(0))?;
    file.rewind()?;
    Ok((file, length))
}

/// Deflated, and as of now; before 1980 and after 2107 zip knows no time.
fn options(now: DateTime<Utc>) -> SimpleFileOptions {
    let part = |value: u32| u8::try_from(value).unwrap_or_default();
    let year = u16::try_from(now.year()).unwrap_or_default();
    let at = zip::DateTime::from_date_and_time(
        year,
        part(now.month()),
        part(now.day()),
        part(now.hour()),
        part(now.minute()),
        part(now.second()),
    );
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(at.unwrap_or_default())
}
