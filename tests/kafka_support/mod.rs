//! Support of the roles' tests: a broker, and one pipeline of processes on it with topics,
//! groups and folders of its own.

#![allow(
    clippy::disallowed_methods,
    dead_code,
    reason = "each test file uses its part"
)]

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::pipeline::send_signal;
use crate::common::{Done, Workplace};

/// Far beyond what anything takes that is waited for here.
const PATIENCE: Duration = Duration::from_secs(240);

/// The broker of the tests, or `None` when there is none and that is allowed.
pub(crate) fn broker() -> Option<String> {
    if let Ok(broker) = std::env::var("CLOSECALL_TEST_KAFKA") {
        return Some(broker);
    }
    // One for all test programs; it goes some seconds after the last of them.
    let own = std::process::id().to_string();
    let done = Command::new(script("kafka"))
        .args(["start", "--name", "tests", "--while", &own])
        .output()
        .unwrap();
    if done.status.success() {
        return Some(String::from_utf8_lossy(&done.stdout).trim().to_owned());
    }
    let why = String::from_utf8_lossy(&done.stderr).trim().to_owned();
    let required = testing::is_required("CLOSECALL_REQUIRE_KAFKA");
    assert!(!required, "a Kafka broker is required: {why}");
    testing::skip(&format!("no Kafka broker ({why})"));
    None
}

/// A program of the `scripts` folder.
pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("scripts")
        .join(name)
}

/// Waits for what must come.
#[track_caller]
pub(crate) fn until(what: &str, mut came: impl FnMut() -> bool) {
    let began = Instant::now();
    while !came() {
        assert!(began.elapsed() < PATIENCE, "still waiting: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A pipeline's place on the broker.
pub(crate) struct Pipeline {
    workplace: Workplace,
    pub(crate) prefix: String,
}

impl Pipeline {
    /// With its topics made, fed by the market at `market`.
    pub(crate) fn on(broker: &str, market: &str) -> Self {
        let pipeline = Self::without_topics(broker, market);
        let made = pipeline.run(&["topics", "create"]);
        assert_eq!(made.code(), 0, "{}", made.stderr());
        pipeline
    }

    pub(crate) fn without_topics(broker: &str, market: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let prefix = format!("roles-{}-{number}", std::process::id());
        let workplace = Workplace::on(market)
            .with("CLOSECALL__KAFKA__BROKERS", broker)
            .with("CLOSECALL__KAFKA__TOPIC_PREFIX", &format!("{prefix}."))
            .with("CLOSECALL__KAFKA__GROUP_PREFIX", &prefix)
            .with("CLOSECALL__KAFKA__SESSION_TIMEOUT", "6s")
            .with("CLOSECALL__KAFKA__HEARTBEAT_INTERVAL", "2s")
            .with("CLOSECALL__SUPERVISION__RESTART__BACKOFF__FIRST", "200ms")
            .with("CLOSECALL__SUPERVISION__DELIVERY__BACKOFF__FIRST", "200ms")
            .with("CLOSECALL__PICKER__TICKERS", "AAPL")
            .with("CLOSECALL__MARKET__WINDOW_DAYS", "70")
            .with("CLOSECALL__FORECAST__MIN_ROWS", "20")
            .with("CLOSECALL__FORECAST__NETWORK__EPOCHS", "2")
            .with("CLOSECALL__FORECAST__NETWORK__MEMBERS", "1")
            .with("CLOSECALL__LOG__FORMAT", "text");
        Self { workplace, prefix }
    }

    /// With another setting, by its name in the environment.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.workplace = self.workplace.with(name, value);
        self
    }

    /// Runs a command; the ledger that it sees is the reporter's.
    pub(crate) fn run(&self, arguments: &[&str]) -> Done {
        let mut command = self.workplace.command(arguments);
        command.arg("--data-dir").arg(self.data("reporter"));
        Done(command.output().unwrap())
    }

    fn data(&self, role: &str) -> PathBuf {
        self.workplace.folder.path().join(role)
    }

    /// Starts a role; `name` is its folder's, for when there are several of one role.
    pub(crate) fn start_as(&self, name: &str, role: &str, more: &[&str]) -> Role {
        let log = self.workplace.folder.path().join(format!("{name}.log"));
        let out = OpenOptions::new()
            .append(true)
            .create(true)
            .open(self.out(name))
            .unwrap();
        let mut command = self.workplace.command(["run", "--stage", role]);
        let child = command
            .args(more)
            .arg("--data-dir")
            .arg(self.data(name))
            .stdout(out)
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        Role { child, log }
    }

    fn out(&self, name: &str) -> PathBuf {
        self.workplace.folder.path().join(format!("{name}.out"))
    }

    /// The lines that a role's processes have printed, those of a killed one included.
    pub(crate) fn printed(&self, name: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.out(name)).unwrap();
        let lines = text.lines().map(serde_json::from_str);
        lines.filter_map(Result::ok).collect()
    }

    pub(crate) fn start(&self, role: &str, more: &[&str]) -> Role {
        self.start_as(role, role, more)
    }

    /// Runs a picker to its end: that number of picks is on the first topic then.
    #[track_caller]
    pub(crate) fn pick(&self, count: u32) {
        let count = count.to_string();
        let more = ["--every", "200ms", "--picks", &count];
        let mut picker = self.start("ticker-picker", &more);
        assert_eq!(picker.wait().code(), Some(0), "{}", picker.log());
    }

    /// The records of a topic, as `peek` prints them.
    #[track_caller]
    pub(crate) fn peek(&self, topic: &str) -> Vec<Value> {
        let topic = self.topic(topic);
        let done = self.run(&["peek", &topic, "--json"]);
        assert_eq!(done.code(), 0, "{}", done.stderr());
        done.json_lines()
    }

    pub(crate) fn topic(&self, topic: &str) -> String {
        format!("{}.{topic}", self.prefix)
    }

    /// The state of every pick in the ledger; empty while there is none.
    pub(crate) fn ledger(&self) -> BTreeMap<String, String> {
        self.rows().into_iter().collect()
    }

    /// Pick and state of every row of the ledger; empty while there is none.
    pub(crate) fn rows(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        self.run(&["ledger", "list", "--json"])
            .json_lines()
            .iter()
            .map(|row| (text(&row["pick_id"]), text(&row["state"])))
            .collect()
    }
}

/// A process of one role; killed where the test does not end it.
pub(crate) struct Role {
    child: Child,
    log: PathBuf,
}

impl Role {
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Waits until its log says this.
    #[track_caller]
    pub(crate) fn says(&self, text: &str) {
        until(&format!("`{text}` in the log"), || {
            self.log().contains(text)
        });
    }

    /// The status of one of its pages; `None` where no one answers.
    pub(crate) fn page(&self, path: &str) -> Option<u16> {
        let log = self.log();
        let line = log.lines().find(|line| line.contains("serving /healthz"))?;
        let (_, address) = line.split_once("address=")?;
        let mut stream = TcpStream::connect(address.trim()).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        let host = "Host: localhost\r\nConnection: close";
        write!(stream, "GET {path} HTTP/1.1\r\n{host}\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        answer.split(' ').nth(1)?.parse().ok()
    }

    /// The partitions that it was ever given.
    pub(crate) fn was_assigned(&self) -> Vec<u32> {
        let log = self.log();
        let mut partitions: Vec<u32> = log
            .lines()
            .filter_map(|line| line.split_once("partitions=[")?.1.strip_suffix(']'))
            .flat_map(|list| list.split(", "))
            .filter_map(|number| number.parse().ok())
            .collect();
        partitions.sort_unstable();
        partitions.dedup();
        partitions
    }

    /// Asks it to end.
    pub(crate) fn terminate(&self) {
        self.signal("TERM");
    }

    pub(crate) fn signal(&self, name: &str) {
        send_signal(self.child.id(), name);
    }

    /// Its exit status, once it has ended.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// As `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        if std::thread::panicking() {
            eprintln!("--- {}\n{}", self.log.display(), self.log());
        }
    }
}
