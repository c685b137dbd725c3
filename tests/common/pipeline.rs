//! A pipeline as seen from outside: the lines it prints, its account at the end, its ledger, and
//! signals sent to it.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::{Done, PATIENCE, Workplace, http, wait_until};

/// Where a demo keeps its things, in its workplace.
pub(crate) const DEMO_DATA: &str = "closecall-data/demo";
/// Where a run does.
pub(crate) const RUN_DATA: &str = "closecall-data";

/// Waits as short as a test's patience: the real ones are seconds.
pub(crate) const SHORT_WAITS: [&str; 8] = [
    "--set",
    "supervision.restart.backoff.first=20ms",
    "--set",
    "supervision.restart.backoff.max=200ms",
    "--set",
    "supervision.delivery.backoff.first=20ms",
    "--set",
    "supervision.delivery.backoff.max=200ms",
];

/// Output of a demo on standard output.
pub(crate) struct Said {
    pub(crate) forecasts: Vec<Value>,
    pub(crate) dead_letters: Vec<Value>,
    pub(crate) summary: Value,
}

impl Said {
    /// Sorts the lines; the summary comes last and once.
    #[track_caller]
    pub(crate) fn by(done: &Done) -> Self {
        let mut lines = done.json_lines();
        let last = lines.pop().unwrap_or_default();
        let summary = last["summary"].clone();
        assert!(summary.is_object(), "no summary: {}", done.stderr());
        let (dead_letters, forecasts) = lines
            .into_iter()
            .partition(|line| line.get("dead_letter").is_some());
        Self {
            forecasts,
            dead_letters,
            summary,
        }
    }

    pub(crate) fn count(&self, name: &str) -> u64 {
        self.summary[name].as_u64().unwrap()
    }

    pub(crate) fn tickers(&self) -> BTreeSet<&str> {
        self.forecasts
            .iter()
            .filter_map(|forecast| forecast["Stock Name"].as_str())
            .collect()
    }

    /// Checks that the printed lines are the counted ones, and that no pick is lost.
    #[track_caller]
    pub(crate) fn assert_consistent(&self) {
        assert_eq!(self.count("lost"), 0, "{}", self.summary);
        assert_eq!(self.count("forecasts"), self.forecasts.len() as u64);
        assert_eq!(self.count("dead_letters"), self.dead_letters.len() as u64);
        let settled = self.count("forecasts") + self.count("dead_letters");
        let picks = self.count("picks") - self.count("duplicates");
        assert_eq!(settled, picks, "{}", self.summary);
    }
}

impl Workplace {
    /// The rows of the ledger, which verifies and has each pick once.
    #[track_caller]
    pub(crate) fn ledger(&self, data_dir: &str) -> Vec<Value> {
        let verified = self.run(&["ledger", "verify", "--data-dir", data_dir]);
        let faults = verified.stdout() + &verified.stderr();
        assert_eq!(verified.code(), 0, "{faults}");
        let listed = self.run(&["ledger", "list", "--json", "--data-dir", data_dir]);
        assert_eq!(listed.code(), 0, "{}", listed.stderr());
        let rows = listed.json_lines();
        let picks: BTreeSet<_> = rows.iter().map(|row| row["pick_id"].as_str()).collect();
        assert_eq!(picks.len(), rows.len(), "a pick is there twice");
        rows
    }
}

/// The picker's own count, as a run logs it at its end.
#[track_caller]
pub(crate) fn account(log: &str) -> Value {
    log.lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find(|line| line["message"] == "every pick accounted for")
        .unwrap_or_else(|| panic!("no account in: {log}"))
}

/// Sends a signal by its name, such as TERM, to a process.
pub(crate) fn send_signal(process: u32, name: &str) {
    let signal = match name {
        "TERM" => Signal::TERM,
        "INT" => Signal::INT,
        "STOP" => Signal::STOP,
        "CONT" => Signal::CONT,
        "KILL" => Signal::KILL,
        other => panic!("no signal {other} in this list"),
    };
    let process = Pid::from_raw(process.cast_signed()).unwrap();
    kill_process(process, signal).unwrap();
}

/// A pipeline that is running; ends with the test at the latest.
pub(crate) struct Running {
    child: Child,
    printed: Arc<AtomicUsize>,
    log: Receiver<String>,
    readers: Option<(JoinHandle<Vec<u8>>, JoinHandle<Vec<u8>>)>,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let (lines, log) = channel();
        let printed = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&printed);
        let out = std::thread::spawn(move || {
            let mut all = Vec::new();
            while stdout.read_until(b'\n', &mut all).unwrap() > 0 {
                count.fetch_add(1, Ordering::SeqCst);
            }
            all
        });
        let err = std::thread::spawn(move || {
            let mut all = Vec::new();
            let mut line = Vec::new();
            while stderr.read_until(b'\n', &mut line).unwrap() > 0 {
                lines.send(String::from_utf8_lossy(&line).into_owned()).ok();
                all.append(&mut line);
            }
            all
        });
        Self {
            child,
            printed,
            log,
            readers: Some((out, err)),
        }
    }

    /// Lines on standard output so far.
    pub(crate) fn printed(&self) -> usize {
        self.printed.load(Ordering::SeqCst)
    }

    /// Waits for a log line that says this.
    #[track_caller]
    pub(crate) fn wait_for(&self, text: &str) -> String {
        let mut seen = String::new();
        let began = Instant::now();
        loop {
            let line = self
                .log
                .recv_timeout(PATIENCE.saturating_sub(began.elapsed()));
            let line = line.unwrap_or_else(|_| panic!("no `{text}` in the log: {seen}"));
            if line.contains(text) {
                return line;
            }
            seen += &line;
        }
    }

    /// Its pages, for which it says the address.
    #[track_caller]
    pub(crate) fn pages(&self) -> http::Site {
        let line = self.wait_for("page: http://");
        let url = line.split_whitespace().nth(1).unwrap();
        http::Site::at(url)
    }

    /// Number of the process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name, such as TERM.
    pub(crate) fn signal(&self, name: &str) {
        send_signal(self.child.id(), name);
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Asks it to end: it has lost no pick and restarted no stage. Gives its output and its own count.
    #[track_caller]
    pub(crate) fn ends_well(self) -> (Done, Value) {
        self.signal("TERM");
        let done = self.ended();
        assert_eq!(done.code(), 0, "{}", done.stderr());
        let account = account(&done.stderr());
        assert_eq!(
            (&account["lost"], &account["restarts"]),
            (&0.into(), &0.into())
        );
        (done, account)
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn ended(mut self) -> Done {
        wait_until("the program's end", || !self.is_running());
        let status = self.child.wait().unwrap();
        let (out, err) = self.readers.take().unwrap();
        Done(std::process::Output {
            status,
            stdout: out.join().unwrap(),
            stderr: err.join().unwrap(),
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
