//! Gives room that deleted rows left in the file back to the disk, in slices between other writes.

use std::time::Duration;

use super::Db;
use crate::platform::Result;

/// Pages of one slice: about a megabyte, so that whoever writes next waits for a few hundredths of a second.
const SLICE: u32 = 256;

/// Pages that may lie empty for the rows of tomorrow, and this share of the file, one in so many.
const SPARE: i64 = 1000;
const SHARE: i64 = 10;

/// Between two slices.
const PAUSE: Duration = Duration::from_millis(50);

/// How many empty pages were given back; those that are likely to be filled again are kept.
pub async fn give_room_back(db: &Db) -> Result<i64> {
    let began = empty(db).await?;
    let mut left = began;
    while left.pages > left.may_stay {
        db.write(|tx| {
            // It gives a row for each page, and a page for each row that is asked for.
            let mut slice = tx.prepare(&format!("pragma incremental_vacuum({SLICE})"))?;
            let mut pages = slice.query([])?;
            while pages.next()?.is_some() {}
            Ok(())
        })
        .await?;
        tokio::time::sleep(PAUSE).await;
        let now = empty(db).await?;
        if now.pages >= left.pages {
            // Others delete faster, or the file was made without the means; the next time will show.
            break;
        }
        left = now;
    }
    Ok((began.pages - left.pages).max(0))
}

#[derive(Clone, Copy)]
struct Empty {
    pages: i64,
    may_stay: i64,
}

async fn empty(db: &Db) -> Result<Empty> {
    let sql =
        "select f.freelist_count, p.page_count from pragma_freelist_count f, pragma_page_count p";
    let read = |row: &rusqlite::Row| Ok((row.get(0)?, row.get::<_, i64>(1)?));
    let (pages, all) = db
        .read(move |conn| Ok(conn.query_row(sql, [], read)?))
        .await?;
    Ok(Empty {
        pages,
        may_stay: SPARE.max(all / SHARE),
    })
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[tokio::test]
    async fn a_file_that_was_large_becomes_small_and_loses_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(folder.path(), DateTime::UNIX_EPOCH).unwrap();
        let fill = "with recursive n (i) as (select 1 union all select i + 1 from n where i < 6000)
                    insert into keepsakes select 'load ' || i, hex(randomblob(2000)) from n";
        db.write(move |tx| Ok(tx.execute(fill, []).map(drop)?))
            .await
            .unwrap();
        let forget = "delete from keepsakes where name like 'load %' and name not like '%00'";
        db.write(move |tx| Ok(tx.execute(forget, []).map(drop)?))
            .await
            .unwrap();
        let pages = async || {
            let sql = "select page_count from pragma_page_count";
            let count =
                db.read(move |conn| Ok(conn.query_row(sql, [], |row| row.get::<_, i64>(0))?));
            count.await.unwrap()
        };
        let before = pages().await;
        let back = give_room_back(&db).await.unwrap();
        let after = pages().await;
        assert!(before > 6000 && after < 1400, "{before} {after}");
        // With them went pages that only said where others lie.
        assert!((back..back + 20).contains(&(before - after)), "{back}");
        let left =
            "select count(*) from keepsakes where name like 'load %' and length(value) = 4000";
        let left: i64 = db
            .read(move |conn| Ok(conn.query_row(left, [], |row| row.get(0))?))
            .await
            .unwrap();
        assert_eq!(left, 60);
        assert_eq!(give_room_back(&db).await.unwrap(), 0, "the rest may stay");
    }
}
