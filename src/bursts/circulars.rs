//! What circulars say of bursts: their names, and that they are none; whichever of the two comes first.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::model::{Burst, is_official, mission_name};
use super::rows::{self, SELECT};
use super::store::{
    Arrival, Filed, Recorded, by_key, collect, file, insert_notice, linked_ids, save,
};
use crate::notices::{self, Circular, Notice};
use crate::platform::{Result, Tx};

/// A circular belongs to the first burst it is about; those it withdraws beside that one are told as well.
pub(super) fn record(
    tx: &Tx,
    now: DateTime<Utc>,
    arrival: &Arrival,
    notice: &Notice,
    circular: &Circular,
    body: &[u8],
) -> Result<Filed> {
    let mut about = about(tx, circular)?.into_iter();
    let Some(before) = about.next() else {
        let id = insert_notice(tx, now, arrival, notice, None, body)?;
        await_name(tx, id, circular)?;
        return Ok(Filed::alone(Recorded::Waiting));
    };
    let said = notice.notice_time.unwrap_or(arrival.received_at);
    let burst = save(
        tx,
        before
            .clone()
            .with_circular(circular, said, arrival.received_at),
    )?;
    insert_notice(tx, now, arrival, notice, Some(&burst), body)?;
    let mut touched = linked_ids(tx, burst.id)?;
    // Two of its names may be of one burst.
    let others = about.filter(|other| other.id != burst.id && circular.says_not_a_grb());
    for other in others {
        touched.insert(save(tx, other.retracted_by(circular, said))?.id);
    }
    let burst = if burst.official_name == before.official_name {
        burst
    } else {
        adopt_waiting(tx, burst)?
    };
    file(tx, Some(before), burst, touched.into_iter().collect())
}

/// The bursts a circular is about: by the triggers in its subject, else by the names there.
///
/// A trigger that only the body mentions may be another burst's. It counts where the subject names its mission, as in the
/// mission's own first circular, or where the subject leads to nothing.
fn about(conn: &Connection, circular: &Circular) -> Result<Vec<Burst>> {
    let subject = Circular {
        body: String::new(),
        ..circular.clone()
    };
    let by_subject = by_triggers(conn, &subject)?;
    if !by_subject.is_empty() {
        return Ok(by_subject);
    }
    let only = <[_; 1]>::try_from(circular.triggers()).ok();
    let by_body = match &only {
        Some([(mission, trigger)]) => by_key(conn, mission, trigger)?,
        None => None,
    };
    let speaks_of_it = |burst: &Burst| circular.subject.contains(burst.mission.as_str());
    if by_body.as_ref().is_some_and(speaks_of_it) {
        return Ok(by_body.into_iter().collect());
    }
    let named = circular
        .burst_names()
        .iter()
        .map(|name| by_name(conn, name))
        .collect::<Result<Vec<_>>>()?;
    let named: Vec<Burst> = named.into_iter().flatten().collect();
    Ok(if named.is_empty() {
        by_body.into_iter().collect()
    } else {
        named
    })
}

fn by_triggers(conn: &Connection, circular: &Circular) -> Result<Vec<Burst>> {
    let triggers = circular.triggers();
    let found = triggers
        .iter()
        .map(|(mission, trigger)| by_key(conn, mission, trigger));
    Ok(found
        .collect::<Result<Vec<_>>>()?
        .into_iter()
        .flatten()
        .collect())
}

fn by_name(conn: &Connection, name: &str) -> Result<Option<Burst>> {
    let sql = format!(
        "select {SELECT} from bursts where official_name = ?1 or mission_name = ?2 order by burst_like desc, id limit 1",
        SELECT = *SELECT
    );
    Ok(conn
        .prepare_cached(&sql)?
        .query_row([name, &mission_name(name)], rows::burst)
        .optional()?)
}

fn await_name(tx: &Tx, notice_id: i64, circular: &Circular) -> Result<()> {
    let mut insert = tx.prepare_cached(
        "insert into circular_names (name, notice_id) values (?1, ?2) on conflict do nothing",
    )?;
    let triggers = circular
        .triggers()
        .into_iter()
        .map(|(mission, trigger)| format!("{mission} {trigger}"));
    let names = circular.burst_names().into_iter().map(|name| {
        if is_official(&name) {
            name
        } else {
            mission_name(&name)
        }
    });
    for name in triggers.chain(names) {
        insert.execute(params![name, notice_id])?;
    }
    Ok(())
}

/// Circulars that named the burst before it was known join it now, and what they say is taken in; they may bring further names.
pub(super) fn adopt_waiting(tx: &Tx, mut burst: Burst) -> Result<Burst> {
    loop {
        let waiting = waiting_for(tx, &burst)?;
        if waiting.is_empty() {
            return Ok(burst);
        }
        for (notice_id, body) in waiting {
            tx.prepare_cached("update notices set burst_id = ?1 where id = ?2")?
                .execute([burst.id, notice_id])?;
            tx.prepare_cached("delete from circular_names where notice_id = ?1")?
                .execute([notice_id])?;
            let Ok(notice) = notices::read(&body) else {
                continue;
            };
            if let Some(circular) = &notice.circular {
                let (said, at) = (
                    notice.notice_time.unwrap_or(burst.updated_at),
                    burst.updated_at,
                );
                burst = burst.with_circular(circular, said, at);
            }
        }
        burst = save(tx, burst)?;
    }
}

fn waiting_for(conn: &Connection, burst: &Burst) -> Result<Vec<(i64, Vec<u8>)>> {
    let by_trigger = format!("{} {}", burst.mission, burst.key);
    collect(
        conn,
        "select distinct circular_names.notice_id, body from circular_names
         join notice_bodies on notice_bodies.notice_id = circular_names.notice_id
         where name in (?1, ?2, ?3) order by 1",
        params![by_trigger, burst.official_name, burst.mission_name],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}
