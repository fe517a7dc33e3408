//! A Chromium driven over WebDriver: the little of the protocol that the tests need, as JSON over HTTP.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, SemaphorePermit};

/// One browser at a time: on a small machine, several would only wait for each other.
static TURN: Semaphore = Semaphore::const_new(1);

const FLAGS: [&str; 11] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
];

/// A browser with a window; it and its driver end when this is dropped.
pub(crate) struct Browser {
    http: Client,
    /// The session's address.
    session: String,
    chromium: u64,
    driver: Child,
    _said: BufReader<ChildStdout>,
    _profile: tempfile::TempDir,
    _turn: SemaphorePermit<'static>,
}

impl Browser {
    /// A new browser, or `None`, said aloud, where none is installed.
    pub(crate) async fn open() -> Option<Self> {
        Self::with_prefs(json!({})).await
    }

    /// A browser that runs no scripts of pages.
    pub(crate) async fn without_javascript() -> Option<Self> {
        Self::with_prefs(json!({ "profile.managed_default_content_settings.javascript": 2 })).await
    }

    async fn with_prefs(prefs: Value) -> Option<Self> {
        let (Some(chromium), Some(chromedriver)) = (
            found(&["chromium", "chromium-browser", "google-chrome"]),
            found(&["chromedriver"]),
        ) else {
            println!("SKIPPED: no chromium and chromedriver found on the PATH");
            return None;
        };
        let turn = TURN.acquire().await.unwrap();
        let profile = tempfile::tempdir().unwrap();
        let mut driver = Command::new(chromedriver)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(driver.stdout.take().unwrap());
        let port = port(&mut said);
        let arguments: Vec<String> = FLAGS
            .iter()
            .map(ToString::to_string)
            .chain([format!("--user-data-dir={}", profile.path().display())])
            .collect();
        let options = json!({ "binary": chromium, "args": arguments, "prefs": prefs });
        let wanted = json!({ "browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" }, "timeouts": { "pageLoad": 15_000, "script": 15_000 } });
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = Client::builder().tls_certs_only([]).build().unwrap();
        let root = format!("http://127.0.0.1:{port}/session");
        let mut browser = Self {
            http,
            session: root,
            chromium: 0,
            driver,
            _said: said,
            _profile: profile,
            _turn: turn,
        };
        let opened = browser
            .call(
                Method::POST,
                "",
                json!({ "capabilities": { "alwaysMatch": wanted } }),
            )
            .await;
        browser.chromium = opened["capabilities"]["goog:processID"].as_u64().unwrap();
        browser.session = format!(
            "{}/{}",
            browser.session,
            opened["sessionId"].as_str().unwrap()
        );
        browser.size(1280).await;
        Some(browser)
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> Value {
        let request = self
            .http
            .request(method.clone(), format!("{}{path}", self.session));
        let request = if method == Method::POST {
            request.json(&body)
        } else {
            request
        };
        let answered = async { request.send().await.unwrap().json::<Value>().await.unwrap() };
        let mut answer = tokio::time::timeout(Duration::from_secs(60), answered)
            .await
            .unwrap_or_else(|_| panic!("no answer to {path} {body}"));
        let value = answer["value"].take();
        assert!(
            value["error"].is_null(),
            "{path} {body}: {} {}",
            value["error"],
            value["message"]
        );
        value
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        self.call(Method::POST, path, body).await
    }

    /// A command of Chromium's own protocol.
    pub(crate) async fn devtools(&self, command: &str, params: Value) -> Value {
        self.post(
            "/goog/cdp/execute",
            json!({ "cmd": command, "params": params }),
        )
        .await
    }

    pub(crate) async fn go(&self, url: &str) {
        self.post("/url", json!({ "url": url })).await;
    }

    pub(crate) async fn reload(&self) {
        self.post("/refresh", json!({})).await;
    }

    pub(crate) async fn url(&self) -> String {
        self.call(Method::GET, "/url", Value::Null)
            .await
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// The value of a script that `return`s one.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.post("/execute/sync", json!({ "script": script, "args": [] }))
            .await
    }

    /// The text of a script that `return`s one.
    pub(crate) async fn text(&self, script: &str) -> String {
        self.run(script)
            .await
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Waits until the expression is true, and tells how long that took.
    pub(crate) async fn wait(&self, within: f64, expression: &str) -> Duration {
        let began = Instant::now();
        while self.run(&format!("return Boolean({expression})")).await != true {
            if began.elapsed().as_secs_f64() > within {
                let shown = self.text("return document.body.innerText").await;
                panic!(
                    "not within {within} s: {expression}\nThe page at {} shows:\n{shown}",
                    self.url().await
                );
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        began.elapsed()
    }

    /// Presses a key: a character, or a code of WebDriver's table.
    pub(crate) async fn press(&self, key: char) {
        let strokes =
            json!([{ "type": "keyDown", "value": key }, { "type": "keyUp", "value": key }]);
        self.post(
            "/actions",
            json!({ "actions": [{ "type": "key", "id": "keys", "actions": strokes }] }),
        )
        .await;
    }

    /// Makes the window's content so many CSS pixels wide; below 600 it behaves like a phone's.
    pub(crate) async fn size(&self, width: u32) {
        let phone = width < 600;
        let height = if phone { 800 } else { 1000 };
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics)
            .await;
    }

    /// What the system prefers, `light` or `dark`.
    pub(crate) async fn system_prefers(&self, scheme: &str) {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", features).await;
    }

    /// Sets the cookie that remembers the theme; the page must be the desk's.
    pub(crate) async fn theme(&self, theme: &str) {
        self.post(
            "/cookie",
            json!({ "cookie": { "name": "theme", "value": theme } }),
        )
        .await;
    }

    /// Opens a second window and goes there.
    pub(crate) async fn new_window(&self) {
        let opened = self.post("/window/new", json!({ "type": "window" })).await;
        self.post("/window", json!({ "handle": opened["handle"] }))
            .await;
    }

    /// Goes to a window: 0 is the first.
    pub(crate) async fn window(&self, number: usize) {
        let handles = self.call(Method::GET, "/window/handles", Value::Null).await;
        self.post("/window", json!({ "handle": handles[number] }))
            .await;
    }

    /// What the console has said since it was last asked: errors, warnings, breaches of the security policy.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let log = self.post("/se/log", json!({ "type": "browser" })).await;
        let entries = log.as_array().cloned().unwrap_or_default();
        entries
            .iter()
            .filter(|entry| entry["level"] == "SEVERE" || entry["level"] == "WARNING")
            .map(|entry| entry["message"].to_string())
            .collect()
    }

    /// The first element that fits, as WebDriver names it.
    pub(crate) async fn find(&self, css: &str) -> String {
        let found = self
            .post("/element", json!({ "using": "css selector", "value": css }))
            .await;
        found
            .as_object()
            .and_then(|object| object.values().next()?.as_str())
            .unwrap()
            .to_owned()
    }

    pub(crate) async fn click(&self, css: &str) {
        let element = self.find(css).await;
        self.post(&format!("/element/{element}/click"), json!({}))
            .await;
    }

    /// Puts a file into a file input, as its dialogue does.
    pub(crate) async fn attach(&self, css: &str, file: &Path) {
        let element = self.find(css).await;
        let path = format!("/element/{element}/value");
        self.post(&path, json!({ "text": file })).await;
    }

    /// Chooses an option of a select.
    pub(crate) async fn choose(&self, css: &str, value: &str) {
        self.click(&format!("{css} option[value='{value}']")).await;
    }

    /// The text that an element shows.
    pub(crate) async fn shown(&self, css: &str) -> String {
        let element = self.find(css).await;
        self.call(
            Method::GET,
            &format!("/element/{element}/text"),
            Value::Null,
        )
        .await
        .as_str()
        .unwrap()
        .to_owned()
    }

    pub(crate) async fn attribute(&self, css: &str, name: &str) -> String {
        let element = self.find(css).await;
        self.call(
            Method::GET,
            &format!("/element/{element}/attribute/{name}"),
            Value::Null,
        )
        .await
        .as_str()
        .unwrap_or_default()
        .to_owned()
    }

    /// Clicks on something that leads elsewhere, and waits until an element of the page it leads to is there.
    pub(crate) async fn follow(&self, css: &str, arrived: &str) {
        self.click(css).await;
        for _ in 0..250 {
            if self.count(arrived).await > 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{css} led to {}, which has no {arrived}", self.url().await);
    }

    pub(crate) async fn count(&self, css: &str) -> usize {
        let found = self
            .post(
                "/elements",
                json!({ "using": "css selector", "value": css }),
            )
            .await;
        found.as_array().unwrap().len()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        for process in [self.chromium, u64::from(self.driver.id())] {
            if process != 0 {
                drop(
                    Command::new("kill")
                        .args(["-KILL", &process.to_string()])
                        .stderr(Stdio::null())
                        .status(),
                );
            }
        }
        drop(self.driver.wait());
    }
}

fn found(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    names.iter().find_map(|name| {
        std::env::split_paths(&path)
            .map(|folder| folder.join(name))
            .find(|file| file.is_file())
    })
}

/// The port that the driver says it took.
fn port(said: &mut impl BufRead) -> u16 {
    let mut lines = said.lines().map_while(Result::ok);
    let line = lines
        .find(|line| line.contains("started successfully on port"))
        .expect("the driver did not start");
    line.trim_end_matches('.')
        .rsplit(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap()
}
