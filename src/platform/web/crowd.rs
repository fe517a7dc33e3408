//! How many at once: in all, and for one visitor, so that nobody alone fills the house.

use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Visitors are folded into so many counters; that two share one is rare, and costs them little.
const SLOTS: usize = 4096;

/// Room for so many, and for so many of one visitor.
#[derive(Clone)]
pub struct Crowd(Arc<Room>);

struct Room {
    most: u32,
    share: u32,
    all: AtomicU32,
    each: Box<[AtomicU32]>,
    hash: RandomState,
}

/// A place in the crowd, until it is dropped.
pub struct Place {
    room: Arc<Room>,
    all: bool,
    slot: Option<usize>,
}

impl Crowd {
    pub fn new(most: u32, share: u32) -> Self {
        Self(Arc::new(Room {
            most,
            share,
            all: AtomicU32::new(0),
            each: (0..SLOTS).map(|_| AtomicU32::new(0)).collect(),
            hash: RandomState::new(),
        }))
    }

    /// A place for `who`, where there is room; `None` speaks for many, and may have all of it.
    pub fn enter(&self, who: Option<IpAddr>) -> Option<Place> {
        let room = &self.0;
        let own = who.map(|who| room.slot(who));
        let all = count(&room.all, room.most);
        let each = own.is_none_or(|slot| count(&room.each[slot], room.share));
        // Dropping it gives back what was counted.
        let place = Place {
            room: room.clone(),
            all,
            slot: own.filter(|_| each),
        };
        (all && each).then_some(place)
    }
}

impl Room {
    fn slot(&self, who: IpAddr) -> usize {
        usize::try_from(self.hash.hash_one(who) % SLOTS as u64).unwrap_or_default()
    }
}

/// Counts one more, where that is at most `most`.
fn count(counter: &AtomicU32, most: u32) -> bool {
    let room = counter.fetch_add(1, Ordering::Relaxed) < most;
    if !room {
        counter.fetch_sub(1, Ordering::Relaxed);
    }
    room
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.all {
            self.room.all.fetch_sub(1, Ordering::Relaxed);
        }
        if let Some(slot) = self.slot {
            self.room.each[slot].fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stranger(n: u8) -> Option<IpAddr> {
        Some(IpAddr::from([192, 0, 2, n]))
    }

    #[test]
    fn one_visitor_gets_a_share_and_places_come_back() {
        let crowd = Crowd::new(10, 2);
        let first = crowd.enter(stranger(1)).unwrap();
        let _second = crowd.enter(stranger(1)).unwrap();
        assert!(crowd.enter(stranger(1)).is_none());
        assert!(crowd.enter(stranger(2)).is_some());
        drop(first);
        assert!(crowd.enter(stranger(1)).is_some());
    }

    #[test]
    fn all_together_get_no_more_than_there_is() {
        let crowd = Crowd::new(3, 2);
        let mut places: Vec<_> = (0..3).map(|_| crowd.enter(None).unwrap()).collect();
        assert!(crowd.enter(None).is_none() && crowd.enter(stranger(1)).is_none());
        places.pop();
        // Who was refused has left nothing behind.
        assert!(crowd.enter(stranger(1)).is_some());
    }
}
