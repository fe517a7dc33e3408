//! The commands. Each is one thin file: read the arguments, call the area, print.

#[macro_use]
mod say;

mod admin;
mod audit;
mod bundle;
mod burst;
mod completion;
mod config;
mod desk;
mod doctor;
mod hello;
mod keeping;
mod listen;
mod mail;
mod man;
mod migrate;
mod notice;
mod owner;
mod people;
mod replay;
mod scrub;
mod serve;
mod unit;
mod update;
mod version;

#[cfg(test)]
mod tests;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::platform::config::{Config, FILE, SETTINGS, Sources, nearest, variable};
use crate::platform::error::Exit;

/// What a newcomer tries first.
const EXAMPLES: &str = "\
Examples:
  grb-app serve --demo             a made-up club on a busy night; nothing leaves this machine
  grb-app serve                    the club's own desk
  grb-app config show              every setting, its value, and where that came from
  grb-app admin mail test --to me@example.org
                                   does a letter leave, and if not, at which step does it fail

Settings come from /etc/grb-app/grb-app.toml, then GRB_… in the environment, then flags.
Exit codes: 0 well, 64 usage, 65 data, 69 not available, 75 try again, 77 not allowed, 78 settings or schema.";

#[derive(Parser)]
#[command(name = "grb-app", version, about, max_term_width = 100, after_help = EXAMPLES)]
struct Arguments {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// Accepted after every subcommand.
#[derive(clap::Args, Clone)]
#[command(next_help_heading = "Everywhere")]
struct Common {
    /// Folder of grb-app.db
    #[arg(long, global = true, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    /// Settings file instead of /etc/grb-app/grb-app.toml
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Everything: pages, API, and the listener where GCN credentials are set
    Serve(serve::Serve),
    /// Reads notices
    #[command(subcommand)]
    Notice(notice::Notice),
    /// Takes recorded notices into the database, each as of its own date
    Replay(replay::Replay),
    /// Hears notices here and forwards them, signed, to a grb-app that serves elsewhere
    Listen(listen::Listen),
    /// What an officer of the club needs at a terminal
    #[command(subcommand)]
    Admin(admin::Admin),
    /// Brings the database to this program's schema
    Migrate(migrate::Migrate),
    Backup(keeping::Backup),
    Restore(keeping::Restore),
    Check(keeping::Check),
    /// Shows or checks the settings
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Asks a serving grb-app whether it is ready
    Health(serve::Health),
    /// Looks at everything the desk stands on, and says what to do about what is wrong
    Doctor(doctor::Doctor),
    /// Prints the description of the API (OpenAPI 3.1)
    Openapi,
    Update(update::Update),
    /// Prints the unit for systemd
    Unit(unit::Unit),
    /// Prints what a shell needs to complete commands and flags
    Completion(completion::Completion),
    /// Prints the manual page, or writes all of them
    Man(man::Man),
    /// Prints the version, and with --licences what others made that is in the program
    Version(version::Version),
}

/// Runs the command of the process's arguments; its exit code is of sysexits.h.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(told) => {
            // Help and version are no errors.
            let code = if told.use_stderr() { 64 } else { 0 };
            drop(told.print());
            return ExitCode::from(code);
        }
    };
    if arguments.command.works_on_the_data()
        && let Err(error) = owner::go_on_as_owner(&arguments.common)
    {
        return fail(&error);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(8)
        .build();
    let done = runtime
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(dispatch(arguments)));
    match done {
        Ok(()) if say::said_all() => ExitCode::SUCCESS,
        Ok(()) => ExitCode::from(70),
        Err(error) => fail(&error),
    }
}

impl Command {
    /// False for what only reads and writes elsewhere, which root may do as root.
    fn works_on_the_data(&self) -> bool {
        !matches!(
            self,
            Self::Notice(_)
                | Self::Listen(_)
                | Self::Config(_)
                | Self::Health(_)
                | Self::Openapi
                | Self::Unit(_)
                | Self::Update(_)
                | Self::Completion(_)
                | Self::Man(_)
                | Self::Version(_)
        )
    }
}

async fn dispatch(arguments: Arguments) -> anyhow::Result<()> {
    let common = arguments.common;
    match arguments.command {
        Command::Serve(serve) => serve.run(&common).await,
        Command::Notice(notice) => notice.run(),
        Command::Replay(replay) => replay.run(&common).await,
        Command::Listen(listen) => listen.run(&common).await,
        Command::Admin(admin) => admin.run(&common).await,
        Command::Migrate(migrate) => migrate.run(&common).await,
        Command::Backup(backup) => backup.run(&common),
        Command::Restore(restore) => restore.run(&common),
        Command::Check(check) => check.run(&common),
        Command::Config(config) => config.run(&common),
        Command::Health(health) => health.run(&common).await,
        Command::Doctor(doctor) => doctor.run(&common).await,
        Command::Openapi => print_json(&crate::serve::openapi()),
        Command::Update(update) => update.run(&common).await,
        Command::Unit(unit) => unit.run(&common),
        Command::Completion(completion) => completion.run(),
        Command::Man(man) => man.run(),
        Command::Version(version) => version.run(),
    }
}

impl Common {
    /// Every setting with its origin; `flags` are those of the command.
    fn sources(&self, flags: &[(&'static str, Option<String>)]) -> anyhow::Result<Sources> {
        warn_of_typing_errors();
        self.may_read_the_settings()?;
        self.gathered(flags)
    }

    /// Without the settings a command would look into another folder than the desk's, and find nothing there.
    fn may_read_the_settings(&self) -> anyhow::Result<()> {
        let named = self.config.is_some() || self.data_dir.is_some();
        if named || std::env::var_os(variable("data_dir")).is_some() {
            return Ok(());
        }
        match Path::new(FILE).try_exists() {
            Ok(_) => Ok(()),
            Err(_) => Err(Exit::permission(format!(
                "The club's settings in {FILE} are not for every user of this machine: put sudo before the command. For a desk of your own, name its folder with --data-dir."
            ))
            .into()),
        }
    }

    /// The same, without a word.
    fn gathered(&self, flags: &[(&'static str, Option<String>)]) -> anyhow::Result<Sources> {
        let folder = self
            .data_dir
            .as_ref()
            .map(|path| path.to_string_lossy().into_owned());
        let flags: Vec<_> = flags
            .iter()
            .cloned()
            .chain([("data_dir", folder)])
            .collect();
        Sources::gather(
            self.config.as_deref(),
            &|name| std::env::var(name).ok(),
            &flags,
        )
    }

    fn settings(&self) -> anyhow::Result<Config> {
        self.sources(&[])?.understand()
    }
}

/// Settings of the environment that are none. A warning only: other programs may use our prefix.
fn warn_of_typing_errors() {
    let ours = |name: &str| {
        SETTINGS
            .iter()
            .any(|setting| variable(setting.key) == name.trim_end_matches("_FILE"))
    };
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let strangers = names.filter(|name| {
        name.starts_with("GRB_")
            && !name.starts_with("GRB_LOG")
            && !name.starts_with("GRB_TEST")
            && !ours(name)
    });
    for name in strangers {
        let nearest = nearest(&name[4..].to_lowercase())
            .map(variable)
            .unwrap_or_default();
        tracing::warn!("{name} is no setting. Did you mean {nearest}?");
    }
}

fn print_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    Ok(writeln!(
        std::io::stdout(),
        "{}",
        serde_json::to_string_pretty(value)?
    )?)
}

fn fail(error: &anyhow::Error) -> ExitCode {
    let io = error.downcast_ref::<std::io::Error>();
    if io.is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe) {
        // Whoever read our output has seen enough.
        return ExitCode::SUCCESS;
    }
    say::note(format_args!("grb-app: {error:#}"));
    ExitCode::from(error.downcast_ref::<Exit>().map_or(70, |exit| exit.code))
}
