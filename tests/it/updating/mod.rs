//! `grb-app update`: a signed release put in place of the running program, and the way back.

mod house;
mod refused;
mod returned;

use serde_json::Value;

use self::house::{GOOD, House, REAL, same};
use crate::commands::said;

#[tokio::test]
async fn a_newer_program_proves_itself_takes_the_place_and_serves() {
    let house = House::new();
    house.release(GOOD);
    let before = house.pid();
    let output = house.update(&[]);
    let words = said(&output);
    assert_eq!(output.status.code(), Some(0), "{words}");
    assert!(words.contains("Updated from 0.1.0 to 0.2.0"), "{words}");
    assert!(house.serves().await && house.pid() != before, "{words}");
    let program = std::fs::read_to_string(house.at("bin/grb-app")).unwrap();
    assert!(program.contains(GOOD));
    assert!(same(&house.at("bin/grb-app.old"), REAL.as_ref()));
    assert_eq!(house.calls(), ["daemon-reload", "restart grb-app"]);
    let unit = std::fs::read_to_string(house.at("grb-app.service")).unwrap();
    assert!(unit.ends_with("# newer\n"));
    assert_eq!(house.leftovers(), Vec::<String>::new());
    assert_eq!(house.marks(&house.file()), ["old"]);
}

#[test]
fn where_the_service_was_stopped_it_stays_so_and_a_unit_changed_by_hand_stays_too() {
    let house = House::new();
    house.release(GOOD);
    drop(house.command("systemctl").arg("stop").status());
    std::fs::write(house.at("grb-app.service"), "# ours\n").unwrap();
    let output = house.update(&["--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let outcome: Value = serde_json::from_slice(&output.stdout).unwrap();
    let old = house.at("bin/grb-app.old");
    assert_eq!(
        (
            &outcome["outcome"],
            &outcome["offered"],
            &outcome["old_program"]
        ),
        (
            &"updated".into(),
            &"0.2.0".into(),
            &old.to_str().unwrap().into()
        )
    );
    assert_eq!((house.pid(), house.calls()), (None, vec!["stop".into()]));
    let unit = std::fs::read_to_string(house.at("grb-app.service")).unwrap();
    assert_eq!(unit, "# ours\n");
}

#[test]
fn without_systemd_the_officer_is_told_to_start_it() {
    let house = House::new();
    house.release(GOOD);
    std::fs::remove_file(house.at("path/systemctl")).unwrap();
    std::os::unix::fs::symlink("/bin/false", house.at("path/systemctl")).unwrap();
    let output = house.update(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let words = said(&output);
    assert!(words.contains("start the new one yourself"), "{words}");
    // So that the desk is stopped in the end.
    let pid = house.pid().unwrap().to_string();
    drop(std::process::Command::new("kill").arg(pid).status());
}

#[tokio::test]
async fn a_check_says_what_is_offered_by_http_too_and_changes_nothing() {
    let house = House::new();
    house.release(GOOD);
    let files = axum::Router::new().fallback({
        let release = house.at("release");
        async move |uri: axum::http::Uri| {
            let name = uri.path().strip_prefix("/grb-app/").unwrap().to_owned();
            std::fs::read(release.join(name)).unwrap()
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let from = format!("http://{}/grb-app", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, files).await });
    let before = house.pid();
    let check = async |words: &'static [&'static str]| {
        let mut command = house.command("bin/grb-app");
        command
            .arg("update")
            .args(words)
            .env("GRB_RELEASE_FROM", &from);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap());
        output.await.unwrap()
    };
    let output = check(&["--check"]).await;
    let words = said(&output);
    assert_eq!(output.status.code(), Some(0), "{words}");
    assert!(words.contains("0.2.0, newer than 0.1.0"), "{words}");
    let output = check(&["--check", "--json"]).await;
    let outcome: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(outcome["outcome"], "newer");
    assert!(house.has_the_old_program() && house.pid() == before);
    assert_eq!(house.calls(), Vec::<String>::new());
    // What is here already is not fetched again.
    let name = format!("grb-app-{}-linux", std::env::consts::ARCH);
    let sum = std::process::Command::new("sha256sum").arg(REAL).output();
    let sum = String::from_utf8(sum.unwrap().stdout).unwrap();
    house.sign_own(&format!("{}  {name}\n", &sum[..64]));
    let output = check(&["--json"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let outcome: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(outcome["outcome"], "present");
}
