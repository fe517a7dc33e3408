//! The ways a parcel can leave, and how many may go at once.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;

use super::push::Pushes;
use super::reach::Reach;
use super::settings::Way;
use super::smtp::Post;
use crate::platform::App;
use crate::platform::health::Condition;

/// Pushes at once: each may go to another host, and none is waited for long.
const PUSHES: u32 = 4;

/// Where letters go.
pub(super) enum Transport {
    Off,
    Relay(Box<Post>),
    Folder(PathBuf),
    Memory(Kept),
}

/// Letters that have been handed over to nobody, for tests to look at.
#[derive(Clone, Default)]
pub struct Kept(Arc<Mutex<Vec<HandedOver>>>);

/// Address and bytes of a letter.
type HandedOver = (String, Vec<u8>);

impl Kept {
    /// Address and bytes of each letter, in the order they left.
    pub fn letters(&self) -> Vec<HandedOver> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(super) fn keep(&self, to: String, letter: Vec<u8>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push((to, letter));
    }
}

/// Who carries one kind of parcel.
pub(super) enum Carrier {
    Letters(Transport),
    /// `None` in a demonstration, which nothing leaves.
    Pushes(Option<Box<Pushes>>),
}

impl Transport {
    pub(super) fn of(way: &Way) -> Self {
        match way {
            Way::Off => Self::Off,
            Way::Relay(relay) => Self::Relay(Box::new(Post::new((**relay).clone()))),
            Way::Folder(folder) => Self::Folder(folder.clone()),
        }
    }
}

impl Carrier {
    /// Out into the world, unless nothing is to leave this machine.
    pub(super) fn pushes(app: &App) -> anyhow::Result<Arc<Self>> {
        let pushes = if app.config.mail.goes_out {
            Some(Box::new(Pushes::new(Reach::world())?))
        } else {
            None
        };
        Ok(Arc::new(Self::Pushes(pushes)))
    }

    pub(super) fn is_off(&self) -> bool {
        matches!(self, Self::Letters(Transport::Off) | Self::Pushes(None))
    }

    pub(super) fn is_letters(&self) -> bool {
        matches!(self, Self::Letters(_))
    }

    pub(super) fn lanes(&self) -> u32 {
        match self {
            Self::Letters(Transport::Relay(post)) => post.relay.connections,
            Self::Letters(_) => 1,
            Self::Pushes(_) => PUSHES,
        }
    }

    /// The least time between two letters.
    pub(super) fn pace(&self, app: &App) -> Option<TimeDelta> {
        app.config.mail.pace.filter(|_| self.is_letters())
    }

    /// Nothing is to be done for a while.
    pub(super) async fn rest(&self) {
        if let Self::Letters(Transport::Relay(post)) = self {
            post.rest().await;
        }
    }

    /// Notes that letters leave.
    pub(super) fn say_well(&self, app: &App) {
        let words = match self {
            Self::Letters(Transport::Relay(post)) => {
                format!("Letters leave by {}.", post.relay.place())
            }
            Self::Letters(Transport::Folder(folder)) => {
                format!("Letters are written into {}.", folder.display())
            }
            Self::Letters(Transport::Off | Transport::Memory(_)) | Self::Pushes(_) => return,
        };
        app.health.note("mail", Condition::ok(words));
    }
}
