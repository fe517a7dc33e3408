//! `grb-app update`: a newer program in this one's place, once it has proved itself, and the old one back if it does not serve.

mod back;
mod place;
mod program;
mod service;
mod trial;

use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use semver::Version;
use serde::Serialize;
use tokio::signal::unix::{Signal, SignalKind, signal};

use self::back::{Before, Returned};
use self::place::Place;
use self::program::{About, Program};
use self::service::Service;
use super::say::note;
use super::{Common, print_json};
use crate::ops::doctor::UNIT;
use crate::platform::config::Config;
use crate::platform::db;
use crate::platform::error::Exit;
use crate::platform::release::{self, Offer, ReleaseKey};
use crate::platform::words;
use crate::serve::Signals;

const EXAMPLES: &str = "\
Examples:
  sudo grb-app update --from /media/stick/grb-app
  sudo grb-app update --from https://example.org/grb-app/0.2.0
  sudo grb-app update --check   is there a newer one where release_from says?

Ends with 0 where all is well, 65 where the release is not what was signed, 69 where the new \
program failed, 75 where there is no room, 77 where you may not, 78 where settings, key or schema \
do not fit.";

/// Puts a newer, signed program in place, and comes back to this one if that does not serve
#[derive(clap::Args)]
#[command(
    after_help = EXAMPLES,
    long_about = "Puts a newer program in this one's place. The release must be signed by the key that install.sh left in \
/etc/grb-app (setting release_key).\n\n\
Before anything changes, the new program must run here, understand the settings, and migrate and check a copy of the club's \
file. Then it is put in place, and the service is restarted.\n\n\
If it does not get ready, the old program comes back by itself, and with it the club's file, where the new one had migrated \
it. What the new one wrote meanwhile is kept, and named."
)]
pub(super) struct Update {
    /// Where the release lies; the setting release_from unless given
    #[arg(long, value_name = "FOLDER|https://…")]
    from: Option<release::Place>,
    /// Only says whether the release is newer and rightly signed
    #[arg(long)]
    check: bool,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// What came of it.
#[derive(Serialize)]
struct Outcome {
    outcome: &'static str,
    installed: Version,
    offered: Version,
    #[serde(skip_serializing_if = "Option::is_none")]
    old_program: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    #[serde(flatten)]
    returned: Option<Returned>,
}

/// What is there, and what is to come.
struct Step<'a> {
    config: &'a Config,
    place: Place,
    old: Program,
    installed: Version,
    new: Program,
    offered: Version,
}

impl Update {
    pub(super) async fn run(self, common: &Common) -> anyhow::Result<()> {
        let config = common.settings()?;
        let place = Place::own()?;
        let offer = self.offer(&config).await?;
        note(format_args!(
            "The release is signed by the key in {}.",
            config.release_key.display()
        ));
        let installed = Version::parse(env!("CARGO_PKG_VERSION"))?;
        if offer.is_at(&place.program) {
            let words = format!("grb-app {installed} of this release is here already.");
            return self.tell(&words, &Outcome::plain("present", &installed, &installed));
        }
        if self.check {
            return self.look(&offer, &place, common).await;
        }
        let claim = place.claim()?;
        place::fetch(&offer, &claim.waiting).await?;
        let new = Program::at(&claim.waiting, common);
        let about = new.about()?;
        refuse_older(&installed, &about)?;
        let step = Step {
            config: &config,
            old: Program::at(&place.program, common),
            place,
            installed,
            new,
            offered: about.version,
        };
        step.take(&self).await
    }

    async fn offer(&self, config: &Config) -> anyhow::Result<Offer> {
        let from = self.from.clone().or_else(|| config.release_from.clone());
        let from = from.ok_or_else(|| {
            Exit::usage(
                "Where is the release? Say --from FOLDER or --from https://…, or set release_from.",
            )
        })?;
        Offer::read(from, &ReleaseKey::read(&config.release_key)?).await
    }

    /// Says what the release is, and changes nothing.
    async fn look(&self, offer: &Offer, place: &Place, common: &Common) -> anyhow::Result<()> {
        let installed = Version::parse(env!("CARGO_PKG_VERSION"))?;
        let folder = place.somewhere()?;
        let path = folder.path().join("grb-app");
        place::fetch(offer, &path).await?;
        let offered = Program::at(&path, common).about()?.version;
        let (outcome, words) = match offered.cmp(&installed) {
            std::cmp::Ordering::Less => ("older", "older than"),
            std::cmp::Ordering::Equal => ("rebuilt", "another build of"),
            std::cmp::Ordering::Greater => ("newer", "newer than"),
        };
        let words = format!(
            "{} is what was signed: grb-app {offered}, {words} {installed}, which is here.",
            offer.name
        );
        self.tell(&words, &Outcome::plain(outcome, &installed, &offered))
    }

    /// The last word, or JSON.
    fn tell(&self, words: &str, outcome: &Outcome) -> anyhow::Result<()> {
        if self.json {
            return print_json(outcome);
        }
        Ok(writeln!(std::io::stdout(), "{words}")?)
    }
}

impl Outcome {
    fn plain(outcome: &'static str, installed: &Version, offered: &Version) -> Self {
        Self {
            outcome,
            installed: installed.clone(),
            offered: offered.clone(),
            old_program: None,
            why: None,
            returned: None,
        }
    }
}

/// An older program is not what somebody who updates wants; whoever does want it is told how.
fn refuse_older(installed: &Version, about: &About) -> anyhow::Result<()> {
    let offered = &about.version;
    if offered >= installed {
        return Ok(());
    }
    let file = match about.schema < db::newest() {
        true => {
            ", and put the copy from before its migration back first (grb-app restore --before-migration)"
        }
        false => "",
    };
    Err(Exit::usage(format!(
        "The release is grb-app {offered}, older than {installed}, which is here. Nothing was changed. \
         To go back to it all the same, run the install.sh of that release{file}."
    ))
    .into())
}

impl Step<'_> {
    /// Proves the new program, puts it in place, and has it serve; the way back where it does not.
    async fn take(&self, update: &Update) -> anyhow::Result<()> {
        let folder = &self.config.data_dir;
        let took = self.prove()?;
        let service = Service::find().filter(|service| service.starts(&self.place.program));
        let unit = service
            .as_ref()
            .and_then(|service| self.other_unit(service));
        let watched = service::ready(folder).await.is_some();
        // From here on nothing that happens to the terminal may leave the desk half-way.
        let _deaf = deaf()?;
        self.place.put(&self.new.path)?;
        let Some(service) = service else {
            return self.without_service(update, watched);
        };
        let before = match unit {
            None => None,
            Some(unit) => renew(&service, &unit),
        };
        if !service.runs {
            let words = "The service is stopped; start it when you like: systemctl start grb-app";
            return self.end(update, words);
        }
        note("In place. The service is restarted …");
        let (began, patience) = (Instant::now(), Duration::from_secs(90) + 4 * took);
        let started = service.restart(patience);
        let away = began.elapsed().as_secs_f64();
        let served = match started {
            Ok(()) if watched => service::steady(folder).await,
            other => other,
        };
        match served {
            Ok(()) => self.end(update, &format!("The desk was away for {away:.1} s.")),
            Err(why) => {
                let before = Before {
                    place: &self.place,
                    service: &service,
                    unit: before,
                    folder,
                };
                self.go_back(update, &before, why, watched).await
            }
        }
    }

    /// The new program shows what it can do; how long it takes to migrate.
    fn prove(&self) -> anyhow::Result<Duration> {
        let Self { offered, .. } = self;
        self.new.try_settings()?;
        note(format_args!(
            "grb-app {offered} runs here and understands the settings. It is tried on a copy of the club's file …"
        ));
        let folder = &self.config.data_dir;
        let tried = trial::on_a_copy(&self.old, &self.new, folder)?;
        let Some(tried) = tried else {
            note(format_args!(
                "There is no file in {} yet.",
                folder.display()
            ));
            return Ok(Duration::ZERO);
        };
        let size = words::size(tried.bytes);
        let seconds = tried.took.as_secs_f64();
        note(format_args!(
            "It took over a copy of {size} in {seconds:.1} s; every page and every reference of it is in order."
        ));
        Ok(tried.took)
    }

    /// The unit that the new program wants, where it is another; one that was changed by hand is left alone.
    fn other_unit(&self, service: &Service) -> Option<String> {
        let wanted = self.new.unit()?;
        let there = std::fs::read_to_string(&service.unit).ok()?;
        if wanted == there || wanted == UNIT {
            return None;
        }
        if there != UNIT {
            let unit = service.unit.display();
            note(format_args!(
                "{unit} was changed by hand and stays as it is; `grb-app doctor` says what is new."
            ));
            return None;
        }
        Some(wanted)
    }

    /// Where nobody can restart it for the officer.
    fn without_service(&self, update: &Update, serves: bool) -> anyhow::Result<()> {
        let words = match serves {
            true => {
                "It does not run as a service of systemd here: stop the old one and start the new one yourself."
            }
            false => "It does not run as a service of systemd here: start it yourself.",
        };
        self.end(update, words)
    }

    fn end(&self, update: &Update, words: &str) -> anyhow::Result<()> {
        let Self {
            installed, offered, ..
        } = self;
        let old = self.place.old();
        let words = format!(
            "Updated from {installed} to {offered}. {words}\nThe old program is kept as {}.",
            old.display()
        );
        let plain = Outcome::plain("updated", installed, offered);
        let outcome = Outcome {
            old_program: Some(old),
            ..plain
        };
        update.tell(&words, &outcome)
    }

    async fn go_back(
        &self,
        update: &Update,
        before: &Before<'_>,
        why: String,
        watched: bool,
    ) -> anyhow::Result<()> {
        let Self {
            installed, offered, ..
        } = self;
        note(format_args!(
            "It does not serve. Going back to {installed} …"
        ));
        let returned = before.again(&self.old, watched).await?;
        let words = format!(
            "grb-app {offered} did not serve: {why}\n{}\nSee why: sudo journalctl -u grb-app -n 50",
            returned.words(installed)
        );
        let plain = Outcome::plain("returned", installed, offered);
        if update.json {
            print_json(&Outcome {
                why: Some(why),
                returned: Some(returned),
                ..plain
            })?;
        }
        Err(Exit::unavailable(words).into())
    }
}

/// Writes the new unit; what was there before. The desk runs under the old one, too.
fn renew(service: &Service, unit: &str) -> Option<String> {
    let before = std::fs::read_to_string(&service.unit).ok()?;
    if let Err(error) = place::write(&service.unit, unit) {
        let at = service.unit.display();
        note(format_args!(
            "{at} cannot be written and stays as it is: {error}."
        ));
        return None;
    }
    service.read_units();
    Some(before)
}

/// While it is held, and ever after, the terminal's signals do nothing.
fn deaf() -> anyhow::Result<(Signals, Signal)> {
    Ok((Signals::listen()?, signal(SignalKind::hangup())?))
}
