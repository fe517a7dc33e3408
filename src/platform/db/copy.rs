//! A copy of a database that may be in use: whole, checked, safely on the disk, and only then in its place.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use hmac::digest::Digest as _;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use rusqlite::{Connection, OpenFlags};
use serde::Serialize;
use sha2::Sha256;
use tempfile::NamedTempFile;
use tokio_util::sync::CancellationToken;

use super::migrate::{self, APPLICATION_ID};
use crate::platform::error::Exit;
use crate::platform::words;

/// What unfinished copies are called; one that a killed program left is swept away by a later copy.
const UNFINISHED: &str = ".grb-app-copy-";

/// An unfinished copy that nobody has written to for so long is nobody's: on a slow card, to check it takes some minutes.
const ABANDONED: Duration = Duration::from_secs(3600);

/// Left free beside the copy, bytes.
const SPARE: u64 = 32 << 20;

/// How often a copy that grows is brought to the disk as far as it is there.
const STEADILY: Duration = Duration::from_millis(100);

/// Steps of SQLite between two looks at whether to stop.
const STEPS: std::ffi::c_int = 20_000;

/// A copy in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Copied {
    pub path: PathBuf,
    pub bytes: u64,
    /// Of the file, in hexadecimal; `sha256sum --check` finds it beside the file as well.
    pub sha256: String,
    pub schema: i32,
}

/// Copies the database of `folder`, which may be in use, to `to`, where nothing may be yet, with its hash in `to.sha256`.
///
/// Fails with an [`Exit`]: 64 where something is at `to`, 65 where the copy is found damaged, 75 where the disk has no room for it,
/// 77 where the place cannot be written. Nothing is left behind then, nor where `stop` ends it.
pub fn back_up(folder: &Path, to: &Path, stop: &CancellationToken) -> anyhow::Result<Copied> {
    if to.exists() {
        let to = to.display();
        return Err(Exit::usage(format!("{to} is there already, and no copy is ever overwritten. Choose another name, or leave it out.")).into());
    }
    refuse_own_name(folder, to)?;
    let (source, _held) = open_whoever_writes(folder, stop)?;
    let fresh = Fresh::of(&source, folder_of(to), stop)?;
    let (sha256, bytes) = hash(fresh.file.path(), stop)?;
    let schema = fresh.schema;
    // The hash first: where the copy is in its place, it is complete.
    write_hash(to, &sha256)?;
    if let Err(error) = fresh.put(to) {
        drop(std::fs::remove_file(hash_file(to)));
        return Err(error);
    }
    Ok(Copied {
        path: to.into(),
        bytes,
        sha256,
        schema,
    })
}

/// In the data folder some names mean something: a copy called `grb-app.db-wal` would be taken for the database's log.
fn refuse_own_name(folder: &Path, to: &Path) -> anyhow::Result<()> {
    let name = to.file_name().unwrap_or_default().to_string_lossy();
    let same = |one: &Path, other: &Path| {
        one.canonicalize()
            .ok()
            .zip(other.canonicalize().ok())
            .is_some_and(|(one, other)| one == other)
    };
    if !name.starts_with("grb-app.") || !same(folder_of(to), folder) {
        return Ok(());
    }
    let to = to.display();
    Err(Exit::usage(format!("{to} would be taken for a part of the database itself. Choose another name, or leave it out.")).into())
}

/// A checked copy that has no place yet; it goes where it is dropped.
pub(super) struct Fresh {
    file: NamedTempFile,
    schema: i32,
}

impl Fresh {
    /// Copies one state of the database, whatever is written to it meanwhile, and checks the copy.
    pub(super) fn of(
        source: &Connection,
        folder: &Path,
        stop: &CancellationToken,
    ) -> anyhow::Result<Self> {
        // What was left behind may be what fills the disk.
        sweep(folder);
        refuse_small_disk(source, folder)?;
        let file = tempfile::Builder::new()
            .prefix(UNFINISHED)
            .tempfile_in(folder);
        let file = file.map_err(|error| unwritable(folder, &error))?;
        let path = file.path().to_string_lossy().into_owned();
        steadily(file.as_file(), || source.execute("vacuum into ?1", [path]))
            .context("Copying the database")?;
        let schema = verify(file.path(), stop)?;
        file.as_file().sync_all().context("Writing the copy")?;
        Ok(Self { file, schema })
    }

    /// Puts it where nothing may be yet, for good.
    pub(super) fn put(self, to: &Path) -> anyhow::Result<()> {
        let placed = self.file.persist_noclobber(to);
        placed.map_err(|error| unwritable(to, &error.error))?;
        sync(folder_of(to))
    }
}

/// Does `work`, which fills `file`, and meanwhile brings to the disk what is there of it: all of it at the end, in one go, would
/// hold up everybody else who writes.
fn steadily<T>(file: &File, work: impl FnOnce() -> T) -> T {
    std::thread::scope(|scope| {
        let (done, until_done) = mpsc::channel::<()>();
        scope.spawn(move || {
            while until_done.recv_timeout(STEADILY) == Err(RecvTimeoutError::Timeout) {
                drop(file.sync_data());
            }
        });
        let result = work();
        drop(done);
        result
    })
}

/// The schema of the file at `path`, which nobody writes to: it is ours, every page of it is sound, every reference leads somewhere.
///
/// Fails with an [`Exit`]: 65 where one of it is not so, 78 where the file is a newer program's.
pub fn verify(path: &Path, stop: &CancellationToken) -> anyhow::Result<i32> {
    let conn = open_still(path, stop)?;
    let schema = ours(&conn, path)?;
    let faults = faults(&conn).unwrap_or_else(|error| vec![format!("{error:#}")]);
    match faults.first() {
        None => Ok(schema),
        Some(first) => Err(Exit::data(format!(
            "{} is damaged and was not used: {first}{}.",
            path.display(),
            more(faults.len())
        ))
        .into()),
    }
}

/// What is wrong with pages, indexes and references, in words; nothing where all is well.
pub(super) fn faults(conn: &Connection) -> anyhow::Result<Vec<String>> {
    let mut integrity = conn.prepare("pragma integrity_check(20)")?;
    let mut faults = integrity
        .query_map([], |row| row.get(0))?
        .collect::<Result<Vec<String>, _>>()?;
    faults.retain(|verdict| verdict != "ok");
    let mut references = conn.prepare("select \"table\", parent, count(*) from pragma_foreign_key_check group by 1, 2 order by 1, 2")?;
    let broken = references.query_map([], |row| {
        let (table, parent, rows): (String, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(format!(
            "{rows} rows of {table} refer to {parent} that are not there"
        ))
    })?;
    faults.extend(broken.collect::<Result<Vec<_>, _>>()?);
    Ok(faults)
}

/// Checks the file at `path` against the hash beside it, where there is one (65 where they differ).
pub(super) fn verify_hash(path: &Path, stop: &CancellationToken) -> anyhow::Result<()> {
    let Ok(beside) = std::fs::read_to_string(hash_file(path)) else {
        return Ok(());
    };
    let (found, _) = hash(path, stop)?;
    if beside.split_whitespace().next() == Some(&found) {
        return Ok(());
    }
    let (path, beside) = (path.display(), hash_file(path));
    Err(Exit::data(format!("{path} is not the file that was copied: its SHA-256 is {found}, and {} says otherwise. Take another copy.", beside.display())).into())
}

/// Fails with 77 where `path` may not be read: a command that root begins goes on as the owner of the data folder.
pub(super) fn readable(path: &Path) -> anyhow::Result<()> {
    match std::fs::File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            let path = path.display();
            Err(Exit::permission(format!(
                "{path} cannot be read by the owner of the data folder, as whom this works. Hand that user a copy, for instance: \
                 install -o grb-app -m 600 {path} /var/lib/grb-app/"
            ))
            .into())
        }
        _ => Ok(()),
    }
}

/// Where a copy's hash lies.
pub fn hash_file(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".sha256");
    name.into()
}

/// Opens the database of `folder`, whether or not a desk runs there. Where none does, none begins to write while the lock is held.
pub(super) fn open_whoever_writes(
    folder: &Path,
    stop: &CancellationToken,
) -> anyhow::Result<(Connection, Option<File>)> {
    let path = folder.join(super::FILE);
    match super::lock(folder) {
        Ok(held) => Ok((open_still(&path, stop)?, Some(held))),
        Err(error) if super::is_in_use(&error) => Ok((open(&path, stop)?, None)),
        // Nobody can hold it, as on a card that may only be read.
        Err(_) => Ok((open_still(&path, stop)?, None)),
    }
}

/// Opens a file that others may write to meanwhile.
pub(super) fn open(path: &Path, stop: &CancellationToken) -> anyhow::Result<Connection> {
    open_as(path, "", stop)
}

/// Opens a file that nobody writes to. Without a log beside it, it is taken as it lies: it may be on a stick that cannot be written.
pub(super) fn open_still(path: &Path, stop: &CancellationToken) -> anyhow::Result<Connection> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let how = match Path::new(&log).exists() {
        true => "",
        false => "&immutable=1",
    };
    open_as(path, how, stop)
}

/// A file's name as SQLite takes it with parameters, to be read only.
pub(super) fn address(path: &Path, how: &str) -> std::io::Result<String> {
    const UNSAFE: &AsciiSet = &CONTROLS.add(b'%').add(b'?').add(b'#').add(b' ');
    let whole = std::path::absolute(path)?.to_string_lossy().into_owned();
    let whole = utf8_percent_encode(&whole, UNSAFE);
    Ok(format!("file://{whole}?mode=ro{how}"))
}

fn open_as(path: &Path, how: &str, stop: &CancellationToken) -> anyhow::Result<Connection> {
    if !path.is_file() {
        return Err(Exit::unavailable(format!("There is no file {}.", path.display())).into());
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let conn = Connection::open_with_flags(address(path, how)?, flags)
        .with_context(|| format!("Opening {}", path.display()))?;
    let stop = stop.clone();
    conn.progress_handler(STEPS, Some(move || stop.is_cancelled()))?;
    conn.execute_batch("pragma busy_timeout = 5000; pragma trusted_schema = off; pragma cell_size_check = on; pragma mmap_size = 0;")?;
    Ok(conn)
}

/// The schema of a file of ours that this program can use.
pub(super) fn ours(conn: &Connection, path: &Path) -> anyhow::Result<i32> {
    let id = conn.query_row("pragma application_id", [], |row| row.get::<_, i64>(0));
    let path = path.display();
    if id.as_ref().is_ok_and(|id| *id != APPLICATION_ID) {
        let words = format!("{path} is a SQLite file, but not one of grb-app's.");
        return Err(Exit::data(words).into());
    }
    let schema = id.map_err(anyhow::Error::from).and(migrate::version(conn));
    let schema = schema.map_err(|error| {
        Exit::data(format!(
            "{path} cannot be read as a database: {error:#}. Put a good copy in place: sudo grb-app restore FILE"
        ))
    })?;
    let known = migrate::newest();
    if schema > known {
        let words = format!(
            "{path} has schema {schema}; this grb-app knows schemas up to {known}. Install the newer grb-app that wrote it, or take an older copy."
        );
        return Err(Exit::config(words).into());
    }
    if schema == 0 {
        let words = format!("{path} is empty: nothing has been stored in it yet.");
        return Err(Exit::data(words).into());
    }
    Ok(schema)
}

fn refuse_small_disk(source: &Connection, folder: &Path) -> anyhow::Result<()> {
    let size = "select (p.page_count - f.freelist_count) * s.page_size from pragma_page_count p, pragma_freelist_count f, pragma_page_size s";
    let size: u64 = source
        .query_row(size, [], |row| row.get::<_, i64>(0))?
        .unsigned_abs();
    let free = free_bytes(folder)?;
    let needed = size + size / 10 + SPARE;
    if free >= needed {
        return Ok(());
    }
    let (folder, needed, free) = (folder.display(), words::size(needed), words::size(free));
    Err(Exit {
        code: 75,
        message: format!(
            "The copy wants {needed}, and {folder} has {free} left. Make room, or put the copy elsewhere."
        ),
    }
    .into())
}

/// Room for this user on the file system of `folder`, bytes.
pub fn free_bytes(folder: &Path) -> anyhow::Result<u64> {
    let room = rustix::fs::statvfs(folder);
    let room = room.map_err(|error| unwritable(folder, &error.into()))?;
    Ok(room.f_bavail * room.f_frsize)
}

fn hash(path: &Path, stop: &CancellationToken) -> anyhow::Result<(String, u64)> {
    let mut file = File::open(path)?;
    let (mut hash, mut bytes, mut piece) = (Sha256::new(), 0, vec![0; 1 << 20]);
    loop {
        let read = file.read(&mut piece)?;
        anyhow::ensure!(!stop.is_cancelled(), "it was stopped");
        if read == 0 {
            return Ok((hex::encode(hash.finalize()), bytes));
        }
        hash.update(&piece[..read]);
        bytes += read as u64;
    }
}

/// In the form that `sha256sum --check` reads.
fn write_hash(to: &Path, sha256: &str) -> anyhow::Result<()> {
    let name = to.file_name().unwrap_or_default().to_string_lossy();
    write_whole(&hash_file(to), &format!("{sha256}  {name}\n"))
}

/// Writes a small file so that it is there whole or not at all.
pub(super) fn write_whole(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    let folder = folder_of(path);
    let mut file = NamedTempFile::new_in(folder).map_err(|error| unwritable(folder, &error))?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path)
        .map_err(|error| unwritable(path, &error.error))?;
    sync(folder)
}

/// Makes what was put into `folder`, or taken out of it, last.
pub(super) fn sync(folder: &Path) -> anyhow::Result<()> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.with_context(|| format!("Writing the folder {}", folder.display()))
}

/// The folder in which `path` lies.
pub fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Takes away what killed programs left of their copies.
fn sweep(folder: &Path) {
    let left = |entry: &std::fs::DirEntry| {
        // By a clock that was set back in between, it is of the future.
        let age = |at: SystemTime| at.elapsed().unwrap_or_else(|ahead| ahead.duration());
        let changed = entry.metadata().and_then(|meta| meta.modified());
        let ours = entry.file_name().to_string_lossy().starts_with(UNFINISHED);
        ours && changed.is_ok_and(|at| age(at) > ABANDONED)
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(left) {
        drop(std::fs::remove_file(entry.path()));
    }
}

/// What to do where `path` cannot be written, by the service or by a command that goes on as its user.
pub fn unwritable(path: &Path, error: &std::io::Error) -> Exit {
    let at = path.display();
    match error.kind() {
        std::io::ErrorKind::NotFound => {
            Exit::unavailable(format!("The folder {at} is not there. Make it first."))
        }
        std::io::ErrorKind::ReadOnlyFilesystem => Exit::permission(format!(
            "{at} is on a file system that may only be read here. Where the service is kept from it, let it in: \
             systemctl edit grb-app, and there [Service] with ReadWritePaths={at}; then restart it."
        )),
        std::io::ErrorKind::PermissionDenied => Exit::permission(format!(
            "{at} may not be written by the owner of the data folder, as whom this works. Choose a folder such as /tmp and carry it on \
             from there, or give that user one: install -d -o grb-app -m 700 FOLDER"
        )),
        _ => Exit::permission(format!("{at} cannot be written: {error}.")),
    }
}

fn more(faults: usize) -> String {
    match faults {
        0 | 1 => String::new(),
        _ => format!(", and {} more", faults - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_program_left_goes_soon_and_what_is_being_made_stays() {
        let folder = tempfile::tempdir().unwrap();
        let now = SystemTime::from(crate::platform::Clock::system().wall());
        let hours = Duration::from_secs(2 * 3600);
        let left = |name: &str, at: SystemTime| {
            let path = folder.path().join(format!("{UNFINISHED}{name}"));
            File::create(&path).unwrap().set_modified(at).unwrap();
            path
        };
        let all = [
            ("killed", now - hours),
            ("ahead", now + hours),
            ("young", now),
        ];
        let all = all.map(|(name, at)| left(name, at));
        sweep(folder.path());
        assert_eq!(all.map(|path| path.exists()), [false, false, true]);
    }

    /// The service's unit lets it write into its data folder alone.
    #[test]
    fn who_is_kept_from_another_disk_hears_how_to_be_let_in() {
        let error = std::io::Error::from(std::io::ErrorKind::ReadOnlyFilesystem);
        let told = unwritable(Path::new("/mnt/stick/desk"), &error);
        assert_eq!(told.code, 77);
        assert!(
            told.message.contains("ReadWritePaths=/mnt/stick/desk"),
            "{told:?}"
        );
    }

    #[test]
    fn who_may_not_write_there_hears_where_else() {
        let error = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        let told = unwritable(Path::new("/root"), &error);
        assert_eq!(told.code, 77);
        assert!(told.message.contains("such as /tmp"), "{told:?}");
    }

    #[test]
    fn a_copy_never_gets_a_name_that_means_something_to_the_database() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join(super::super::FILE);
        super::super::migrate(&database, chrono::DateTime::UNIX_EPOCH).unwrap();
        let other_way = folder.path().join(".");
        let elsewhere = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(folder.path(), elsewhere.path().join("link")).unwrap();
        let code = |to: PathBuf| {
            let copied = back_up(folder.path(), &to, &CancellationToken::new());
            copied.map_err(|error| error.downcast_ref::<Exit>().map(|exit| exit.code))
        };
        for to in [
            folder.path().join("grb-app.db-journal"),
            other_way.join("grb-app.db-wal"),
            elsewhere.path().join("link/grb-app.restoring"),
        ] {
            assert_eq!(code(to.clone()), Err(Some(64)), "{to:?}");
            assert!(!to.exists() && !hash_file(&to).exists());
        }
        assert!(code(elsewhere.path().join("grb-app.db")).is_ok());
    }
}
