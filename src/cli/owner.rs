//! Run as root, a command goes on as the owner of the data folder: what it makes there must be the service's to change.

use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use super::Common;
use crate::platform::config::{Origin, SETTINGS, Sources, variable};
use crate::platform::error::Exit;

/// Begins this command anew as the owner of the data folder, where root runs it and the folder is another's; input and
/// output stay. Comes back where there is nothing to change, and with 77 where it cannot be changed.
pub(super) fn go_on_as_owner(common: &Common) -> anyhow::Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    // What is wrong with the settings, the command says itself.
    let Ok(sources) = common.gathered(&[]) else {
        return Ok(());
    };
    let folder = sources.get("data_dir").map(|(folder, _)| Path::new(folder));
    let Some(owner) = folder.and_then(|folder| folder.metadata().ok()) else {
        return Ok(());
    };
    if owner.uid() == 0 {
        return Ok(());
    }
    let mut again = again(&sources);
    let failed = again.uid(owner.uid()).gid(owner.gid()).exec();
    Err(Exit::permission(format!(
        "This is root, and the data folder belongs to user {}, whom root cannot become here: {failed}. Run grb-app as that user.",
        owner.uid()
    ))
    .into())
}

/// This very command. Secrets that only root may read go along in the environment.
fn again(sources: &Sources) -> Command {
    let mut words = std::env::args_os();
    let name = words.next().unwrap_or_else(|| "grb-app".into());
    let own = Path::new("/proc/self/exe");
    let mut command = match own.exists() {
        true => Command::new(own),
        false => Command::new(&name),
    };
    command
        .arg0(name)
        .args(words)
        .env_remove("CREDENTIALS_DIRECTORY");
    for setting in SETTINGS {
        let variable = variable(setting.key);
        let file = format!("{variable}_FILE");
        if let Some((value, Origin::Credential(_) | Origin::Environment(_))) =
            sources.get(setting.key)
        {
            command.env_remove(file).env(variable, value);
        }
    }
    command
}
