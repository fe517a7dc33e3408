//! What the program says of itself at a terminal: help, completion, manual, version, licences.

use crate::commands::{grb_app, said};

fn out(arguments: &[&str]) -> String {
    let output = grb_app(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn without_a_command_it_prints_help_and_ends_with_64() {
    let output = grb_app(&[]).output().unwrap();
    assert_eq!(output.status.code(), Some(64));
    let said = said(&output);
    assert!(
        said.contains("serve") && said.contains("Examples:"),
        "{said}"
    );
}

#[test]
fn each_shell_gets_a_script_that_knows_the_commands() {
    for (shell, mark) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef grb-app"),
        ("fish", "complete -c grb-app"),
    ] {
        let script = out(&["completion", shell]);
        assert!(
            script.contains(mark) && script.contains("replay"),
            "{shell}"
        );
    }
    // Bash itself finds nothing wrong with its script.
    let script = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(script.path(), out(&["completion", "bash"])).unwrap();
    let read = std::process::Command::new("bash")
        .arg("-n")
        .arg(script.path())
        .status()
        .unwrap();
    assert!(read.success());
}

#[test]
fn there_is_a_manual_page_for_the_program_and_for_each_command() {
    assert!(out(&["man"]).contains(".TH grb-app 1"));
    let folder = tempfile::tempdir().unwrap();
    out(&["man", "--folder", folder.path().to_str().unwrap()]);
    for page in [
        "grb-app.1",
        "grb-app-serve.1",
        "grb-app-admin-user-create.1",
    ] {
        let text = std::fs::read_to_string(folder.path().join(page)).unwrap();
        assert!(text.contains(".SH NAME"), "{page}");
    }
}

#[test]
fn version_tells_what_is_in_the_program() {
    let version: serde_json::Value = serde_json::from_str(&out(&["version", "--json"])).unwrap();
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(version["sqlite"], rusqlite::version());
    let licences = out(&["version", "--licences"]);
    let written = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/THIRD-PARTY.md"));
    assert_eq!(licences, written.unwrap());
}

#[tokio::test]
async fn the_licences_open_in_pieces() {
    let desk = crate::common::TestApp::serve().await;
    let (status, list) = desk.page("/licences").await;
    assert_eq!(status, 200);
    assert!(list.contains("SQLite (within") && list.contains("/licences/0"));
    assert!(
        list.len() < 100_000,
        "{} bytes are slow on a phone",
        list.len()
    );
    let (status, terms) = desk.page("/licences/0").await;
    assert!(status == 200 && terms.contains("<pre>"));
    assert_eq!(desk.page("/licences/99999").await.0, 404);
    assert!(desk.page("/status").await.1.contains("/licences"));
}
