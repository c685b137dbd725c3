//! Support of the binary's tests: running it in a folder of its own, a market server beside
//! it, and recorded data where they are.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::type_complexity,
    clippy::disallowed_methods,
    clippy::panic,
    reason = "tests may fail loudly, and each test file uses its part"
)]

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) mod http;
pub(crate) mod mounts;
pub(crate) mod pipeline;
pub(crate) mod simulated;
pub(crate) mod slow;
pub(crate) mod vendor;
pub(crate) mod walks;

/// The binary, in a folder of its own, with nothing of the caller's environment that could
/// configure it.
pub(crate) struct Workplace {
    pub(crate) folder: TempDir,
    environment: Vec<(String, String)>,
}

impl Workplace {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            environment: Vec::new(),
        }
    }

    /// With both vendors' addresses on one server.
    pub(crate) fn on(address: &str) -> Self {
        Self::new()
            .with("CLOSECALL__YAHOO__BASE_URL", address)
            .with("CLOSECALL__YAHOO__FALLBACK_URL", "")
            .with("CLOSECALL__ALPHAVANTAGE__BASE_URL", address)
            .with("CLOSECALL__ALPHAVANTAGE__API_KEY", "KEY-OF-THE-TESTS")
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn command<S: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_closecall"));
        let inherited: Vec<_> = std::env::vars_os()
            .filter(|(name, _)| name.to_string_lossy().starts_with("CLOSECALL__"))
            .collect();
        for (name, _) in inherited {
            command.env_remove(name);
        }
        command
            .current_dir(self.folder.path())
            .envs(self.environment.iter().cloned())
            .args(arguments)
            .stdin(Stdio::null());
        command
    }

    /// Every file in the folder, with what it holds.
    pub(crate) fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        let mut folders = vec![self.folder.path().to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let bytes = std::fs::read(&path).unwrap();
                    files.push((path, bytes));
                }
            }
        }
        files
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Done {
        Done(self.command(arguments).output().unwrap())
    }
}

/// A run that has ended.
pub(crate) struct Done(pub Output);

impl Done {
    pub(crate) fn code(&self) -> i32 {
        self.0.status.code().unwrap_or(-1)
    }

    pub(crate) fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }

    /// Standard output as JSON, one value a line.
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        self.stdout()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The one value it printed.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.code(), 0, "{}", self.stderr());
        let mut lines = self.json_lines();
        assert_eq!(lines.len(), 1);
        lines.remove(0)
    }

    /// It failed with this code, and its message says all of these.
    #[track_caller]
    pub(crate) fn refused(&self, code: i32, says: &[&str]) {
        let stderr = self.stderr();
        assert_eq!(self.code(), code, "{stderr}");
        for text in says {
            assert!(stderr.contains(text), "no `{text}` in: {stderr}");
        }
    }
}

/// `closecall market serve` on a free port; ends with the test.
pub(crate) struct MarketServer {
    child: Child,
    pub(crate) address: String,
}

impl MarketServer {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let workplace = Workplace::new();
        let serve = ["market", "serve", "--port", "0"];
        let mut child = workplace
            .command(serve.iter().chain(arguments))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().strip_prefix("serving on ").unwrap_or_else(|| {
            panic!("the market server did not start: {line}");
        });
        Self {
            address: address.to_owned(),
            child,
        }
    }
}

impl Drop for MarketServer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Waits for what must come, and no longer than a slow machine may take.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut came: impl FnMut() -> bool) {
    let began = Instant::now();
    while !came() {
        assert!(began.elapsed() < PATIENCE, "still waiting: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Far beyond what anything takes that the tests wait for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);
