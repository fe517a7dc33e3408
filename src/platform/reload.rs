//! Settings read again while the program runs: what can be taken up is, and what cannot is said.

use super::config::{Config, RELOADED, SETTINGS, Sources};

/// Gathers the settings as at the start.
pub type Gather = Box<dyn Fn() -> anyhow::Result<Sources> + Send + Sync>;

/// The settings that are in force.
pub struct Settings {
    gather: Gather,
    /// Those of the start, and those last taken up.
    first: Sources,
    last: Sources,
}

/// What is otherwise than before.
#[derive(Debug)]
pub struct Change {
    pub config: Config,
    /// Keys that can be taken up at once.
    pub now: Vec<&'static str>,
    /// Keys whose new values wait for the next start.
    pub later: Vec<&'static str>,
}

impl Settings {
    /// The settings of the start, and how they are gathered again.
    pub fn new(gather: Gather) -> anyhow::Result<Self> {
        let first = gather()?;
        let last = first.clone();
        Ok(Self {
            gather,
            first,
            last,
        })
    }

    /// The settings in force, understood.
    pub fn config(&self) -> anyhow::Result<Config> {
        self.last.understand()
    }

    /// Reads them again. Where they cannot be understood, those of before stay in force. `adopt` takes up what has changed; where
    /// it fails, nothing has.
    pub fn again(
        &mut self,
        adopt: impl FnOnce(&Change) -> anyhow::Result<()>,
    ) -> anyhow::Result<Change> {
        let new = (self.gather)()?;
        let config = new.understand()?;
        let keys = || SETTINGS.iter().map(|setting| setting.key);
        let differs = |old: &Sources, key| value(old, key) != value(&new, key);
        let change = Change {
            config,
            now: keys()
                .filter(|key| RELOADED.contains(key) && differs(&self.last, key))
                .collect(),
            later: keys()
                .filter(|key| !RELOADED.contains(key) && differs(&self.first, key))
                .collect(),
        };
        adopt(&change)?;
        self.last = new;
        Ok(change)
    }
}

fn value<'a>(sources: &'a Sources, key: &str) -> Option<&'a str> {
    sources.get(key).map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn what_cannot_be_taken_up_is_said_until_it_is_undone() {
        let club = Arc::new(Mutex::new(("Orion", "10")));
        let theirs = club.clone();
        let gather = move || {
            let (club, reads) = *theirs.lock().unwrap();
            let flags = [
                ("club_name", Some(club.to_owned())),
                ("reads_per_minute", Some(reads.to_owned())),
            ];
            Sources::gather(None, &|_| None, &flags)
        };
        let mut settings = Settings::new(Box::new(gather)).unwrap();
        let mut ask = |now: (&'static str, &'static str)| {
            *club.lock().unwrap() = now;
            let change = settings.again(|_| Ok(()));
            change.map(|change| (change.now, change.later))
        };
        let (reads, name) = (vec!["reads_per_minute"], vec!["club_name"]);
        assert_eq!(ask(("Orion", "10")).unwrap(), (vec![], vec![]));
        assert_eq!(ask(("Lyra", "20")).unwrap(), (reads.clone(), name.clone()));
        assert_eq!(ask(("Lyra", "20")).unwrap(), (vec![], name));
        assert!(ask(("Lyra", "lots")).is_err());
        assert_eq!(ask(("Orion", "10")).unwrap(), (reads, vec![]));
    }

    #[test]
    fn what_could_not_be_adopted_is_tried_again() {
        let gather = || Sources::gather(None, &|_| None, &[]);
        let mut settings = Settings::new(Box::new(gather)).unwrap();
        let flags = [("reads_per_minute", Some("7".to_owned()))];
        settings.gather = Box::new(move || Sources::gather(None, &|_| None, &flags));
        let refused = settings.again(|_| anyhow::bail!("not now"));
        assert!(refused.is_err());
        let change = settings.again(|_| Ok(())).unwrap();
        assert_eq!(change.now, ["reads_per_minute"]);
    }
}
