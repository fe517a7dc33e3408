//! Who shows their birthday, and which turn of a member's calendar address is the one that works.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::days::Shown;
use crate::accounts::Birthday;
use crate::platform::{Result, Tx};

/// Everybody who shows their birthday and may enter, by their number; the year stays behind. Read from `members`.
pub(super) fn shown(conn: &Connection) -> Result<Vec<Shown>> {
    let mut select = conn.prepare_cached(
        "select id, full_name, birthday from members
         where birthday_shown = 1 and birthday is not null and confirmed_at is not null and disabled_at is null order by id",
    )?;
    let mut rows = select.query([])?;
    let mut shown = Vec::new();
    while let Some(row) = rows.next()? {
        let birthday: String = row.get(2)?;
        if let Ok(birthday) = birthday.parse::<Birthday>() {
            shown.push(Shown {
                member: row.get(0)?,
                name: row.get(1)?,
                birthday: birthday.of_the_year(),
            });
        }
    }
    Ok(shown)
}

/// How often the member has asked for another address of the feed.
pub(super) fn turn(conn: &Connection, member: i64) -> Result<i64> {
    let mut select = conn.prepare_cached("select turn from birthday_feeds where member_id = ?1")?;
    let turn = select.query_row([member], |row| row.get(0)).optional()?;
    Ok(turn.unwrap_or_default())
}

/// Ends the addresses that the member's feed has had.
pub(super) fn renew(tx: &Tx, member: i64) -> Result<()> {
    tx.execute(
        "insert into birthday_feeds (member_id, turn) values (?1, 1)
         on conflict (member_id) do update set turn = turn + 1",
        params![member],
    )?;
    Ok(())
}
