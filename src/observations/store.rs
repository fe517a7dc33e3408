//! Observations in the database. Names of observers are read from `members`.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Params, Row, named_params, params};
use sha2::{Digest as _, Sha256};

use super::model::{Hidden, Image, Observation, Photometry, System};
use crate::accounts::Member;
use crate::bursts::store::SAME;
use crate::platform::{Error, Result, Tx};
use crate::sky::Equatorial;

/// Columns as [`observation`] reads them; what follows in a query names `observations` o and `members` m.
pub(super) const OBSERVATION: &str = "select o.id, o.burst_id, o.member_id, m.full_name, o.revision, o.site_id, o.site, o.ra, o.dec, o.coordinates, o.coordinate_system,
            o.instrument, o.field_deg, o.observed_at, o.exposure_s, o.filter, o.magnitude, o.magnitude_error, o.limiting_magnitude, o.magnitude_system,
            o.comparison_stars, o.notes, o.airmass, o.time_meant, o.hidden_at, o.hidden_why, o.created_at, o.updated_at
     from observations o join members m on m.id = o.member_id";

/// One observation, hidden or not.
pub fn one(conn: &Connection, id: i64) -> Result<Observation> {
    let found = select(conn, "where o.id = ?1", [id])?;
    found
        .into_iter()
        .next()
        .ok_or(Error::NotFound("observation"))
}

/// Observations of a burst, and of the same one as other missions saw it, that everybody sees: the earliest first.
pub fn shown(conn: &Connection, burst: i64) -> Result<Vec<Observation>> {
    let of_burst =
        format!("where o.burst_id in {SAME} and o.hidden_at is null order by o.observed_at, o.id");
    select(conn, &of_burst, named_params! { ":burst": burst })
}

/// Those of them that this member, or a stranger, may see: the latest first.
pub fn seen_by(conn: &Connection, burst: i64, member: Option<&Member>) -> Result<Vec<Observation>> {
    let of_burst = format!("where o.burst_id in {SAME} order by o.observed_at desc, o.id desc");
    let mut all = select(conn, &of_burst, named_params! { ":burst": burst })?;
    all.retain(|observation| observation.is_seen_by(member));
    Ok(all)
}

/// What [`OBSERVATION`] with this end finds, with the pictures. Two queries.
pub(super) fn select(
    conn: &Connection,
    which: &str,
    params: impl Params,
) -> Result<Vec<Observation>> {
    select_first(conn, which, params, usize::MAX, |_| true)
}

/// The first `most` of them that `wanted` lets pass, with the pictures.
pub(super) fn select_first(
    conn: &Connection,
    which: &str,
    params: impl Params,
    most: usize,
    wanted: impl Fn(&Observation) -> bool,
) -> Result<Vec<Observation>> {
    let mut asked = conn.prepare_cached(&format!("{OBSERVATION} {which}"))?;
    let mut rows = asked.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let read = observation(row)?;
        if wanted(&read) {
            found.push(read);
        }
        if found.len() >= most {
            break;
        }
    }
    if found.is_empty() {
        return Ok(found);
    }
    let ids: Vec<i64> = found.iter().map(|observation| observation.id).collect();
    let mut images = images(conn, &ids)?;
    for observation in &mut found {
        observation.images = images.remove(&observation.id).unwrap_or_default();
    }
    Ok(found)
}

/// Keeps a new observation; gives its id. `id`, `observer`, `revision`, `images` and the times of the record are not read.
pub fn insert(tx: &Tx, now: DateTime<Utc>, new: &Observation) -> Result<i64> {
    tx.prepare_cached(
        "insert into observations (burst_id, member_id, site_id, site, ra, dec, coordinates, coordinate_system, instrument, field_deg, observed_at, exposure_s,
             filter, magnitude, magnitude_error, limiting_magnitude, magnitude_system, comparison_stars, notes, airmass, time_meant, fingerprint, created_at, updated_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?23)",
    )?
    .execute(params![
        new.burst_id,
        new.member_id,
        new.site_id,
        new.site,
        new.position.ra,
        new.position.dec,
        new.coordinates,
        new.system.as_str(),
        new.instrument,
        new.field_deg,
        new.start.timestamp_micros(),
        new.exposure,
        new.filter,
        new.photometry.magnitude,
        new.photometry.error,
        new.photometry.limit,
        new.photometry.system,
        new.comparison_stars,
        new.notes,
        new.airmass,
        new.time_meant,
        fingerprint(new),
        now.timestamp_micros(),
    ])?;
    Ok(tx.last_insert_rowid())
}

/// Writes what an observation says now over what it said; its revision grows.
pub fn update(tx: &Tx, now: DateTime<Utc>, changed: &Observation) -> Result<()> {
    tx.prepare_cached(
        "update observations set site_id = ?2, site = ?3, ra = ?4, dec = ?5, coordinates = ?6, coordinate_system = ?7, instrument = ?8, field_deg = ?9, observed_at = ?10,
             exposure_s = ?11, filter = ?12, magnitude = ?13, magnitude_error = ?14, limiting_magnitude = ?15, magnitude_system = ?16, comparison_stars = ?17, notes = ?18,
             airmass = ?19, time_meant = ?20, fingerprint = ?21, revision = revision + 1, updated_at = ?22
         where id = ?1",
    )?
    .execute(params![
        changed.id,
        changed.site_id,
        changed.site,
        changed.position.ra,
        changed.position.dec,
        changed.coordinates,
        changed.system.as_str(),
        changed.instrument,
        changed.field_deg,
        changed.start.timestamp_micros(),
        changed.exposure,
        changed.filter,
        changed.photometry.magnitude,
        changed.photometry.error,
        changed.photometry.limit,
        changed.photometry.system,
        changed.comparison_stars,
        changed.notes,
        changed.airmass,
        changed.time_meant,
        fingerprint(changed),
        now.timestamp_micros(),
    ])?;
    Ok(())
}

/// Removes an observation with its pictures, its history and what was reported of it.
pub fn delete(tx: &Tx, id: i64) -> Result<()> {
    tx.prepare_cached("delete from observations where id = ?1")?
        .execute([id])?;
    Ok(())
}

/// Whether an observation is hidden from now on, since when and why.
pub fn set_hidden(tx: &Tx, id: i64, hidden: Option<&Hidden>) -> Result<()> {
    let at = hidden.map(|hidden| hidden.at.timestamp_micros());
    let why = hidden.map(|hidden| hidden.why.as_str());
    tx.prepare_cached("update observations set hidden_at = ?2, hidden_why = ?3 where id = ?1")?
        .execute(params![id, at, why])?;
    Ok(())
}

/// What says the very same of the same burst, from the same member, and was posted since then.
pub fn same_since(
    conn: &Connection,
    new: &Observation,
    since: DateTime<Utc>,
) -> Result<Option<Observation>> {
    let same = "where o.fingerprint = ?1 and o.created_at >= ?2 order by o.id desc limit 1";
    let found = select(
        conn,
        same,
        params![fingerprint(new), since.timestamp_micros()],
    )?;
    Ok(found.into_iter().next())
}

/// SHA-256 of what an observation says, and who says it of which burst. Of each field, since `Debug` leaves out none.
fn fingerprint(observation: &Observation) -> [u8; 32] {
    Sha256::digest(format!("{:?}", observation.bare())).into()
}

/// What a member posted last, on whatever burst.
pub fn last_of(conn: &Connection, member: i64) -> Result<Option<Observation>> {
    let last = "where o.member_id = ?1 order by o.id desc limit 1";
    Ok(select(conn, last, [member])?.into_iter().next())
}

/// Pictures by observation, the first added first.
fn images(conn: &Connection, observations: &[i64]) -> Result<BTreeMap<i64, Vec<Image>>> {
    let ids = serde_json::to_string(observations)?;
    let mut asked = conn.prepare_cached(
        "select observation_id, id, kind, width, height, thumb_width, thumb_height, footprint from observation_images
         where observation_id in (select value from json_each(?1)) order by id",
    )?;
    let mut rows = asked.query([ids])?;
    let mut all: BTreeMap<i64, Vec<Image>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let footprint: Option<String> = row.get(7)?;
        all.entry(row.get(0)?).or_default().push(Image {
            id: row.get(1)?,
            kind: row.get(2)?,
            width: row.get(3)?,
            height: row.get(4)?,
            thumb_width: row.get(5)?,
            thumb_height: row.get(6)?,
            footprint: footprint
                .map(|text| serde_json::from_str(&text))
                .transpose()?,
        });
    }
    Ok(all)
}

pub(super) fn time(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

/// A row of [`OBSERVATION`], without its pictures.
fn observation(row: &Row) -> Result<Observation> {
    let (ra, dec) = (row.get(7)?, row.get(8)?);
    let hidden: Option<i64> = row.get(24)?;
    let why: Option<String> = row.get(25)?;
    Ok(Observation {
        id: row.get(0)?,
        burst_id: row.get(1)?,
        member_id: row.get(2)?,
        observer: row.get(3)?,
        revision: row.get(4)?,
        site_id: row.get(5)?,
        site: row.get(6)?,
        position: Equatorial { ra, dec },
        coordinates: row.get(9)?,
        system: System::parse(&row.get::<_, String>(10)?).unwrap_or_default(),
        instrument: row.get(11)?,
        field_deg: row.get(12)?,
        start: time(row.get(13)?),
        exposure: row.get(14)?,
        filter: row.get(15)?,
        photometry: Photometry {
            magnitude: row.get(16)?,
            error: row.get(17)?,
            limit: row.get(18)?,
            system: row.get(19)?,
        },
        comparison_stars: row.get(20)?,
        notes: row.get(21)?,
        airmass: row.get(22)?,
        time_meant: row.get(23)?,
        hidden: hidden.map(|at| Hidden {
            at: time(at),
            why: why.unwrap_or_default(),
        }),
        images: Vec::new(),
        created_at: time(row.get(26)?),
        updated_at: time(row.get(27)?),
    })
}
