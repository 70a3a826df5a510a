//! A real browser without a window, driven over WebDriver: HTTP with JSON, so plain calls are enough.
//!
//! Source of the calls: the W3C's "WebDriver". The browser reaches this machine alone: every other name is
//! made unknown to it.

use super::super::sandbox::{Running, Sandbox};
use serde_json::{Value, json};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};
use ureq::Agent;

/// How long a browser may take to start, and a page to show something: both are slow beside other work.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long the driver may run in all.
const BOUND: Duration = Duration::from_secs(180);
/// What the driver says once it listens.
const STARTED: &str = "was started successfully on port ";

/// A browser with one window, which nobody sees.
pub(super) struct Browser {
    agent: Agent,
    /// Where the driver takes calls about this browser.
    session: String,
    driver: Option<Running>,
}

impl Browser {
    /// Starts one whose files lie in the sandbox.
    pub(super) fn start(sandbox: &Sandbox) -> Self {
        Self::with(sandbox, &["--no-proxy-server"])
    }

    /// The same behind a proxy, whose certificates it takes as they are. This machine's own addresses are reached
    /// without it, as browsers do.
    pub(super) fn behind(sandbox: &Sandbox, proxy: &str) -> Self {
        Self::with(sandbox, &[&format!("--proxy-server={proxy}"), "--ignore-certificate-errors"])
    }

    fn with(sandbox: &Sandbox, way: &[&str]) -> Self {
        let driver = needed("chromedriver", "chromium-driver");
        let chromium = needed("chromium", "chromium");
        let driver = sandbox.command(driver, ["--port=0"]).within(BOUND).spawn();
        let agent = Agent::config_builder()
            .proxy(None)
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .build()
            .into();
        let mut browser = Self { agent, session: String::new(), driver: Some(driver) };
        let root = format!("http://127.0.0.1:{}", browser.port());
        let profile = sandbox.root().join("chromium");
        let arguments = [
            "--headless",
            // As root, which tests in a container are, Chromium has no sandbox of its own.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-breakpad",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            &format!("--user-data-dir={}", profile.display()),
        ];
        let arguments: Vec<&str> = arguments.iter().chain(way).copied().collect();
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {"binary": chromium, "args": arguments},
        }}});
        let session = browser.call(&format!("{root}/session"), &wanted);
        let id = session["sessionId"].as_str().expect("a session has an id");
        browser.session = format!("{root}/session/{id}");
        browser
    }

    /// The port on which the driver listens: it takes a free one and says which.
    fn port(&mut self) -> u16 {
        let driver = self.driver.as_mut().expect("it runs");
        let start = Instant::now();
        loop {
            let said = driver.so_far();
            if let Some((_, port)) = said.split_once(STARTED) {
                let digits: String = port.chars().take_while(char::is_ascii_digit).collect();
                return digits.parse().expect("it is a port");
            }
            assert!(!driver.has_ended() && start.elapsed() < PATIENCE, "chromedriver did not start: {said}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Opens an address.
    pub(super) fn open(&self, address: &str) {
        self.call(&format!("{}/url", self.session), &json!({"url": address}));
    }

    /// Clicks the link with this text.
    pub(super) fn follow(&self, text: &str) {
        self.click(&json!({"using": "link text", "value": text}));
    }

    /// Presses the button with this text.
    pub(super) fn press(&self, text: &str) {
        self.click(&json!({"using": "xpath", "value": format!("//button[normalize-space()='{text}']")}));
    }

    /// The text that the page shows.
    pub(super) fn text(&self) -> String {
        // In one call: an element found first may be gone with its page before it is read.
        let script = json!({"script": "return document.body ? document.body.innerText : ''", "args": []});
        let text = self.call(&format!("{}/execute/sync", self.session), &script);
        text.as_str().expect("a text").to_owned()
    }

    /// Waits until the page shows this.
    pub(super) fn wait_for(&self, text: &str) {
        let start = Instant::now();
        while !self.text().contains(text) {
            assert!(start.elapsed() < PATIENCE, "the page should show {text}:\n{}", self.text());
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn click(&self, what: &Value) {
        let element = self.find(what);
        self.call(&format!("{}/element/{element}/click", self.session), &json!({}));
    }

    fn find(&self, what: &Value) -> String {
        let found = self.call(&format!("{}/element", self.session), what);
        let (_, id) = found.as_object().and_then(|ids| ids.iter().next()).expect("an element has an id");
        id.as_str().expect("the id is a text").to_owned()
    }

    /// Calls the driver, and gives the value of its answer; an error is the end of the test.
    fn call(&self, address: &str, body: &Value) -> Value {
        let response =
            self.agent.post(address).header("Content-Type", "application/json").send(body.to_string());
        let mut response = response.unwrap_or_else(|error| panic!("{address}: {error}"));
        let text = response.body_mut().read_to_string().expect("the driver answers");
        let answer: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert!(response.status() == 200, "{address} {body}: {text}");
        answer["value"].clone()
    }
}

/// With the session the browser ends, and then the driver.
impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() {
            // A test that has failed already must not fail here again.
            let _ = self.agent.delete(&self.session).call();
        }
        if let Some(driver) = self.driver.take() {
            driver.kill();
        }
    }
}

/// A program of a Debian package; without it nothing can be tested here, which is a failure.
fn needed(program: &str, package: &str) -> String {
    let folders = ["/usr/bin", "/usr/local/bin", "/usr/lib/chromium"];
    let mut paths = folders.iter().map(|folder| format!("{folder}/{program}"));
    paths
        .find(|path| Path::new(path).is_file())
        .unwrap_or_else(|| panic!("there is no {program}: install the package {package} (tests/run does it)"))
}
