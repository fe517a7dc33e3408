//! Notes that a burst's change may have to be told, in the transaction that makes the change.

use chrono::{DateTime, Utc};

use super::standing::{self, Standing, State};
use super::store;
use crate::accounts::preferences::OLDEST;
use crate::bursts::{Burst, Filed, Recorded};
use crate::platform::{Result, Tx};

/// What becomes of the letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Letters {
    Sent,
    /// They stay in the outbox, to be looked at: a replay's.
    Kept,
}

/// Notes what a notice changed, where members may have to be told. What can never be told costs nothing: tests, what no
/// mission takes for a burst, bursts too old for every member.
pub fn tell(tx: &Tx, now: DateTime<Utc>, letters: Letters, filed: &Filed) -> Result<()> {
    match &filed.recorded {
        Recorded::New(burst) => changed(tx, now, letters, None, burst)?,
        Recorded::Updated { before, after } => changed(tx, now, letters, Some(before), after)?,
        Recorded::Waiting | Recorded::Seen | Recorded::Aside => {}
    }
    // That a burst was linked to another is told with that other; that it was withdrawn beside it, by itself.
    for burst in &filed.touched {
        withdrawn(tx, now, letters, None, burst)?;
    }
    Ok(())
}

fn changed(
    tx: &Tx,
    now: DateTime<Utc>,
    letters: Letters,
    before: Option<&Burst>,
    after: &Burst,
) -> Result<()> {
    match standing::state(after) {
        State::Withdrawn => withdrawn(tx, now, letters, before, after),
        State::Burst if now <= after.sort_time() + OLDEST => {
            let before = before.map(|burst| Standing::of(tx, burst)).transpose()?;
            let after = Standing::of(tx, after)?;
            let news = after.state == State::Burst && before.as_ref() != Some(&after);
            if news {
                store::note(tx, now, letters, before.as_ref(), &after)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// A withdrawal is noted once, and only where somebody has been or is being told of the burst.
fn withdrawn(
    tx: &Tx,
    now: DateTime<Utc>,
    letters: Letters,
    before: Option<&Burst>,
    after: &Burst,
) -> Result<()> {
    let already = before.is_some_and(|burst| burst.withdrawn().is_some());
    if already || after.withdrawn().is_none() || !store::is_told(tx, after.id, letters)? {
        return Ok(());
    }
    let before = before.map(|burst| Standing::of(tx, burst)).transpose()?;
    let after = Standing::of(tx, after)?;
    store::note(tx, now, letters, before.as_ref(), &after)
}
