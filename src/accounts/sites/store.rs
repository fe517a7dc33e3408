//! Sites and telescopes in the database.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use rusqlite::{Connection, Row, params};

use super::model::{Delivery, Site, Telescope};
use crate::platform::{Error, Result, Tx};
use crate::sky::{self, Horizon};

/// Sites that one member may have.
pub const MOST_SITES: i64 = 20;

const SITE: &str = "select id, member_id, name, latitude, longitude, elevation_m, time_zone, horizon, delivery from sites";
const TELESCOPE: &str = "select site_id, telescopes.id, telescopes.name, fov_deg, limiting_magnitude from telescopes join sites on sites.id = site_id";

/// A member's sites, the first made first.
pub fn of_member(conn: &Connection, member: i64) -> Result<Vec<Site>> {
    let mut all = of_members(conn, member..=member)?;
    Ok(all.remove(&member).unwrap_or_default())
}

/// The sites of all members with ids in `members`, each member's in the order in which they were made. Two queries.
pub fn of_members(
    conn: &Connection,
    members: RangeInclusive<i64>,
) -> Result<BTreeMap<i64, Vec<Site>>> {
    let range = params![members.start(), members.end()];
    let mut telescopes = telescopes(
        conn,
        &format!("{TELESCOPE} where member_id between ?1 and ?2 order by telescopes.id"),
        range,
    )?;
    let mut asked = conn.prepare_cached(&format!(
        "{SITE} where member_id between ?1 and ?2 order by member_id, id"
    ))?;
    let mut rows = asked.query(range)?;
    let mut all: BTreeMap<i64, Vec<Site>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let mut site = site(row)?;
        site.telescopes = telescopes.remove(&site.id).unwrap_or_default();
        all.entry(site.member_id).or_default().push(site);
    }
    Ok(all)
}

/// A member's site; somebody else's is not found.
pub fn one(conn: &Connection, member: i64, id: i64) -> Result<Site> {
    let mut asked = conn.prepare_cached(&format!("{SITE} where id = ?1 and member_id = ?2"))?;
    let mut rows = asked.query([id, member])?;
    let mut site = site(rows.next()?.ok_or(Error::NotFound("site"))?)?;
    let own = format!("{TELESCOPE} where site_id = ?1 order by telescopes.id");
    site.telescopes = telescopes(conn, &own, params![id])?
        .remove(&id)
        .unwrap_or_default();
    Ok(site)
}

/// Adds a site with its telescopes and gives its id. Refused where the member has [`MOST_SITES`].
pub fn insert(tx: &Tx, now: DateTime<Utc>, site: &Site) -> Result<i64> {
    let count = "select count(*) from sites where member_id = ?1";
    let have: i64 = tx
        .prepare_cached(count)?
        .query_row([site.member_id], |row| row.get(0))?;
    if have >= MOST_SITES {
        return Err(Error::invalid(
            "name",
            format!("you have {MOST_SITES} sites, and more are not kept; delete one first"),
        ));
    }
    tx.prepare_cached(
        "insert into sites (member_id, name, latitude, longitude, elevation_m, time_zone, horizon, delivery, created_at, updated_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)",
    )?
    .execute(params![
        site.member_id,
        site.name,
        site.place.latitude,
        site.place.longitude,
        site.place.elevation,
        site.time_zone.name(),
        serde_json::to_string(site.place.horizon.points())?,
        site.delivery.as_str(),
        now.timestamp_micros(),
    ])?;
    let id = tx.last_insert_rowid();
    insert_telescopes(tx, id, &site.telescopes)?;
    Ok(id)
}

/// Writes a site that is there already, with the telescopes that it has now.
pub fn update(tx: &Tx, now: DateTime<Utc>, site: &Site) -> Result<()> {
    let changed = tx
        .prepare_cached(
            "update sites set name = ?3, latitude = ?4, longitude = ?5, elevation_m = ?6, time_zone = ?7, horizon = ?8, delivery = ?9, updated_at = ?10
             where id = ?1 and member_id = ?2",
        )?
        .execute(params![
            site.id,
            site.member_id,
            site.name,
            site.place.latitude,
            site.place.longitude,
            site.place.elevation,
            site.time_zone.name(),
            serde_json::to_string(site.place.horizon.points())?,
            site.delivery.as_str(),
            now.timestamp_micros(),
        ])?;
    if changed == 0 {
        return Err(Error::NotFound("site"));
    }
    tx.prepare_cached("delete from telescopes where site_id = ?1")?
        .execute([site.id])?;
    insert_telescopes(tx, site.id, &site.telescopes)
}

/// Removes a member's site and its telescopes.
pub fn delete(tx: &Tx, member: i64, id: i64) -> Result<()> {
    let gone = tx
        .prepare_cached("delete from sites where id = ?1 and member_id = ?2")?
        .execute([id, member])?;
    if gone == 0 {
        return Err(Error::NotFound("site"));
    }
    Ok(())
}

fn insert_telescopes(tx: &Tx, site: i64, telescopes: &[Telescope]) -> Result<()> {
    let mut insert = tx.prepare_cached(
        "insert into telescopes (site_id, name, fov_deg, limiting_magnitude) values (?1, ?2, ?3, ?4)",
    )?;
    for telescope in telescopes {
        insert.execute(params![
            site,
            telescope.name,
            telescope.fov_deg,
            telescope.limiting_magnitude
        ])?;
    }
    Ok(())
}

/// Telescopes by the site where they stand.
fn telescopes(
    conn: &Connection,
    sql: &str,
    params: &[&dyn rusqlite::ToSql],
) -> Result<BTreeMap<i64, Vec<Telescope>>> {
    let mut asked = conn.prepare_cached(sql)?;
    let mut rows = asked.query(params)?;
    let mut all: BTreeMap<i64, Vec<Telescope>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        all.entry(row.get(0)?).or_default().push(Telescope {
            id: row.get(1)?,
            name: row.get(2)?,
            fov_deg: row.get(3)?,
            limiting_magnitude: row.get(4)?,
        });
    }
    Ok(all)
}

fn horizon(text: &str) -> anyhow::Result<Horizon> {
    let points: Vec<(f64, f64)> = serde_json::from_str(text)?;
    match points[..] {
        [(_, altitude)] => Ok(Horizon::flat(altitude)),
        _ => Ok(Horizon::profile(&points)?),
    }
}

/// A row of [`SITE`], without its telescopes.
fn site(row: &Row) -> Result<Site> {
    let time_zone: String = row.get(6)?;
    let id: i64 = row.get(0)?;
    let horizon = horizon(&row.get::<_, String>(7)?).unwrap_or_else(|error| {
        tracing::warn!("The horizon of site {id} cannot be read, and is taken as flat: {error:#}.");
        Horizon::flat(0.0)
    });
    Ok(Site {
        id,
        member_id: row.get(1)?,
        name: row.get(2)?,
        place: sky::Site {
            latitude: row.get(3)?,
            longitude: row.get(4)?,
            elevation: row.get(5)?,
            horizon,
        },
        // Nor must a zone that the tables no longer have make a site unreadable.
        time_zone: time_zone.parse().unwrap_or(Tz::UTC),
        delivery: Delivery::parse(&row.get::<_, String>(8)?).unwrap_or_default(),
        telescopes: Vec::new(),
    })
}
