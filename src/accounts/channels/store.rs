//! Members' channels in the database.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{Channel, Kind, kind};
use crate::platform::{Error, Result, Tx, random};

/// Channels that one member may have.
pub const MOST_CHANNELS: i64 = 10;

const CHANNEL: &str = "select id, member_id, kind, url, secret, created_at from channels";

/// A member's channels, the first made first.
pub fn of_member(conn: &Connection, member: i64) -> Result<Vec<Channel>> {
    let mut asked = conn.prepare_cached(&format!("{CHANNEL} where member_id = ?1 order by id"))?;
    let rows = asked.query_map([member], channel)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A member's channel; somebody else's is not found.
pub fn one(conn: &Connection, member: i64, id: i64) -> Result<Channel> {
    let sql = format!("{CHANNEL} where id = ?1 and member_id = ?2");
    conn.prepare_cached(&sql)?
        .query_row([id, member], channel)
        .optional()?
        .ok_or(Error::NotFound("channel"))
}

/// Adds a channel; a webhook gets a secret of its own. Refused where the address is there already, or [`MOST_CHANNELS`] are.
pub fn insert(tx: &Tx, now: DateTime<Utc>, member: i64, kind: Kind, url: &str) -> Result<Channel> {
    let have = of_member(tx, member)?;
    if have.iter().any(|channel| channel.url == url) {
        return Err(Error::invalid("url", "is among your channels already"));
    }
    if have.len() as i64 >= MOST_CHANNELS {
        let most = format!("you have {MOST_CHANNELS} channels, and more are not kept");
        return Err(Error::invalid("url", most));
    }
    let secret = (kind == Kind::Webhook).then(|| random::hex(32));
    tx.prepare_cached(
        "insert into channels (member_id, kind, url, secret, created_at) values (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        member,
        kind.as_str(),
        url,
        secret,
        now.timestamp_micros()
    ])?;
    one(tx, member, tx.last_insert_rowid())
}

/// Removes a member's channel.
pub fn delete(tx: &Tx, member: i64, id: i64) -> Result<()> {
    let gone = tx
        .prepare_cached("delete from channels where id = ?1 and member_id = ?2")?
        .execute([id, member])?;
    if gone == 0 {
        return Err(Error::NotFound("channel"));
    }
    Ok(())
}

fn channel(row: &Row) -> rusqlite::Result<Channel> {
    Ok(Channel {
        id: row.get(0)?,
        member_id: row.get(1)?,
        kind: kind(&row.get::<_, String>(2)?).unwrap_or(Kind::Webhook),
        url: row.get(3)?,
        secret: row.get(4)?,
        created_at: DateTime::from_timestamp_micros(row.get(5)?).unwrap_or_default(),
    })
}
