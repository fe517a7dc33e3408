//! Who was greeted in which year.

use rusqlite::params;

use crate::platform::{Result, Tx};

/// Notes that a member is greeted in `year`; false where that, or a later one, is noted already.
pub(super) fn note(tx: &Tx, member: i64, year: i32) -> Result<bool> {
    let noted = tx
        .prepare_cached(
            "insert into greetings (member_id, year) values (?1, ?2)
             on conflict (member_id) do update set year = excluded.year where year < excluded.year",
        )?
        .execute(params![member, year])?;
    Ok(noted == 1)
}
