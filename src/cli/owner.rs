//! Run as root, a command goes on as the owner of the data folder: what it makes there must be the service's to change.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use rustix::process::{Gid, Uid};
use rustix::thread::{set_thread_gid, set_thread_groups, set_thread_uid};

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
    let failed = become_user(&owner).map_or_else(Into::into, |()| again(&sources).exec());
    Err(Exit::permission(format!(
        "This is root, and the data folder belongs to user {}, whom root cannot become here: {failed}. Run grb-app as that user.",
        owner.uid()
    ))
    .into())
}

/// Gives up all that root may, but for reading the service's log, which belongs into the file for whoever helps.
///
/// There is one thread yet.
fn become_user(owner: &Metadata) -> rustix::io::Result<()> {
    let groups = std::fs::read_to_string("/etc/group").unwrap_or_default();
    set_thread_groups(&Vec::from_iter(readers_of_the_log(&groups)))?;
    set_thread_gid(Gid::from_raw(owner.gid()))?;
    set_thread_uid(Uid::from_raw(owner.uid()))
}

/// The group whose members may read systemd's journal, where `groups` (group(5)) names it.
fn readers_of_the_log(groups: &str) -> Option<Gid> {
    let mut lines = groups.lines().map(|line| line.split(':'));
    let number = lines.find_map(|mut fields| {
        (fields.next() == Some("systemd-journal")).then(|| fields.nth(1))?
    });
    number?.parse().ok().map(Gid::from_raw)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_that_reads_the_log_is_found_where_there_is_one() {
        let groups = "root:x:0:\nadm:x:4:syslog\nsystemd-journal:x:999:\nnobody:x:65534:\n";
        assert_eq!(readers_of_the_log(groups), Some(Gid::from_raw(999)));
        assert_eq!(readers_of_the_log("root:x:0:\nbroken\n"), None);
    }
}
