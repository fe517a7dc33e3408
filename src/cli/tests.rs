//! The commands themselves: all there, all explained.

use clap::{Command, CommandFactory as _};

/// What scripts and the manual may count on.
const PROMISED: &[&str] = &[
    "serve",
    "notice show",
    "replay",
    "listen",
    "admin status",
    "admin user create",
    "admin user list",
    "admin user show",
    "admin user disable",
    "admin user enable",
    "admin user promote",
    "admin user password",
    "admin user delete",
    "admin token create",
    "admin token list",
    "admin token revoke",
    "admin mail test",
    "admin mail queue",
    "admin mail retry",
    "admin burst list",
    "admin burst show",
    "admin burst retract",
    "admin burst merge",
    "backup",
    "restore",
    "check",
    "migrate",
    "config init",
    "config check",
    "config show",
    "health",
    "doctor",
    "openapi",
    "unit",
    "update",
    "completion",
    "man",
    "version",
];

/// Every command that does something, under its whole name.
fn all() -> Vec<(String, Command)> {
    let mut whole = super::Arguments::command();
    whole.build();
    let mut waiting = vec![(String::new(), whole)];
    let mut found = Vec::new();
    while let Some((name, command)) = waiting.pop() {
        let inner = command
            .get_subcommands()
            .filter(|inner| inner.get_name() != "help");
        let inner: Vec<_> = inner
            .map(|inner| {
                (
                    format!("{name} {}", inner.get_name()).trim().to_owned(),
                    inner.clone(),
                )
            })
            .collect();
        match inner.is_empty() {
            true => found.push((name, command)),
            false => waiting.extend(inner),
        }
    }
    found
}

#[test]
fn every_promised_command_is_there() {
    let all = all();
    for name in PROMISED {
        assert!(all.iter().any(|(known, _)| known == name), "{name}");
    }
}

#[test]
fn every_command_and_flag_has_a_sentence() {
    for (name, command) in all() {
        assert!(
            command.get_about().is_some(),
            "{name} says nothing of itself"
        );
        for argument in command.get_arguments() {
            let help = argument
                .get_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            assert!(
                help.len() > 5,
                "{name}: {} is not explained",
                argument.get_id()
            );
        }
    }
}

#[test]
fn folder_and_settings_are_taken_after_every_command_and_officers_get_json() {
    for (name, command) in all() {
        let takes = |id: &str| {
            command
                .get_arguments()
                .any(|argument| argument.get_id() == id)
        };
        assert!(takes("data_dir") && takes("config"), "{name}");
        assert!(
            takes("json") || !name.starts_with("admin"),
            "{name} has no --json"
        );
    }
}
