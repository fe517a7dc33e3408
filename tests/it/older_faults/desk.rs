//! Faults of pages, settings, and what is printed.

use std::fs;
use std::path::Path;

use grb_app::intake::push::sign;
use grb_app::notices::Kind;
use grb_app::platform::config::{Secret, Sources};
use serde_json::json;

use crate::common::{NOW, SECRET, TestApp, body, gbm};

/// "Secrets, expected signature, mails printed": nothing secret is in an answer or in what a configuration shows.
#[tokio::test]
async fn no_answer_and_no_log_line_holds_a_secret() {
    let desk = TestApp::serve().await;
    let honest = body(&gbm(785_074_797, Kind::Alert, 5));
    let timestamp = NOW.timestamp().to_string();
    let expected = sign(&Secret::new(SECRET), &timestamp, "topic", &honest);
    let post = desk
        .client
        .post(desk.url("/api/notices"))
        .header("X-Topic", "topic");
    let post = post
        .header("X-Timestamp", &timestamp)
        .header("X-Signature", "00")
        .body(honest);
    let answer = post.send().await.unwrap();
    assert_eq!(answer.status(), 401);
    let said = format!("{:?}", answer.headers()) + &answer.text().await.unwrap();
    assert!(
        !said.contains(&expected) && !said.contains(SECRET),
        "{said}"
    );
    // Whatever is printed of a secret or of the whole configuration.
    let printed = format!("{:?} {:?}", Secret::new(SECRET), desk.app.config);
    assert!(!printed.contains(SECRET), "{printed}");
    for address in ["/metrics", "/api/openapi.json", "/status", "/health"] {
        let text = desk.get(address).await.text().await.unwrap();
        assert!(!text.contains(SECRET), "{address}");
    }
    // The source prints to standard output only what commands are for.
    for (file, text) in sources(Path::new("src")) {
        let quiet = ["/cli/", "/serve.rs", "/main.rs", "/tests/", "/tests.rs"]
            .iter()
            .any(|part| file.contains(part));
        assert!(
            quiet || !(text.contains("println!(") || text.contains("dbg!(")),
            "{file}"
        );
    }
}

fn sources(folder: &Path) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push((
                path.to_string_lossy().into_owned(),
                fs::read_to_string(&path).unwrap(),
            ));
        }
    }
    found
}

/// "404 `No events yet` when empty".
#[tokio::test]
async fn an_empty_desk_answers() {
    let desk = TestApp::serve().await;
    assert_eq!(desk.json("/api/bursts/latest").await["items"], json!([]));
    assert_eq!(desk.page("/").await.0, 200);
    assert_eq!(desk.page("/bursts").await.0, 200);
}

/// A page that was opened by its own address, or loaded again, was blank.
#[tokio::test]
async fn every_burst_has_a_page_that_can_be_opened_by_its_address() {
    let desk = TestApp::serve().await;
    desk.take(&gbm(785_074_797, Kind::Alert, 5)).await;
    let (status, page) = desk.page("/bursts/1").await;
    assert!(status == 200 && page.contains("785074797"), "{page}");
    assert_eq!(desk.page("/bursts/2").await.0, 404);
}

/// "Committed user-style image in static/": pictures were files of a folder that anybody could list, and one got into the
/// repository. Here they are in the database, no folder is served, and the repository has pictures of pages and symbols only.
#[tokio::test]
async fn no_members_picture_is_in_the_repository_or_in_a_served_folder() {
    let desk = TestApp::serve().await;
    for path in [
        "/static/",
        "/static/1.webp",
        "/images/",
        "/uploads/",
        "/assets/",
        "/assets/x/../../Cargo.toml",
    ] {
        assert_eq!(desk.get(path).await.status(), 404, "{path}");
    }
    let listed = std::process::Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    // A packaged source has no history, and nothing to look at.
    let listed = String::from_utf8(listed.stdout).unwrap();
    let ends = [".webp", ".jpg", ".jpeg", ".png", ".gif", ".fits", ".fit"];
    let homes = ["docs/", "assets/", "tests/fixtures/", "fuzz/"];
    let stray: Vec<&str> = listed
        .split('\0')
        .filter(|file| ends.iter().any(|end| file.to_lowercase().ends_with(end)))
        .filter(|file| !homes.iter().any(|home| file.starts_with(home)))
        .collect();
    assert_eq!(stray, Vec::<&str>::new());
}

/// `"Ttrue"`: a setting that was misspelt was silently another.
#[test]
fn a_setting_that_is_none_is_an_error() {
    let misspelt = |name: &str| match name {
        "GRB_KAFKA_SECURITY" => Some("Ttrue".to_owned()),
        "GRB_KAFKA_BOOTSTRAP" => Some("127.0.0.1:1".to_owned()),
        _ => None,
    };
    let understood = Sources::gather(None, &misspelt, &[]).and_then(|sources| sources.understand());
    let said = format!("{:#}", understood.expect_err("`Ttrue` is taken"));
    assert!(
        said.contains("Ttrue") || said.to_lowercase().contains("kafka_security"),
        "{said}"
    );
}
