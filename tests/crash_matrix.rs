//! The crash matrix: each role is ended as `kill -9` ends it, at every point where it could matter, and
//! started again; once the broker goes away instead. No pick is lost, and none is doubled.
//!
//! Each run of a cell is four processes with topics, groups, folders and a market of their own. The
//! environment variable `CLOSECALL_CRASH_RUNS` asks for more than one run of each: the fault strikes
//! the first, second or third time that its point is reached, by run. `--nocapture` shows the table.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests may fail loudly"
)]

mod common;
mod kafka_support;

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use common::MarketServer;
use kafka_support::{Pipeline, Role, broker, script, until};
use serde_json::Value;

/// Picks of a picker that is not killed.
const PICKS: usize = 8;
/// Topics, each read by one group.
const TOPICS: usize = 6;
const OUTAGE: Duration = Duration::from_secs(30);

/// A module for each role; in it a test for each point, by the name of its fault point.
macro_rules! cells {
    ($($role:ident: $($cell:ident at $point:literal),+;)+) => {
        $(mod $role {
            $(#[test]
            fn $cell() {
                super::kills(stringify!($role), stringify!($cell), $point);
            })+
        })+
    };
}

cells! {
    ticker_picker:
        before_produce at "kafka-bridge.before-produce",
        after_produce at "kafka-bridge.after-produce";
    scraper:
        after_receive at "kafka-bridge.after-receive",
        mid_work at "scraper.mid-work",
        before_produce at "kafka-bridge.before-produce",
        after_produce at "kafka-bridge.after-produce",
        after_commit at "kafka-bridge.after-commit";
    gru_trainer:
        after_receive at "kafka-bridge.after-receive",
        mid_work at "gru-trainer.mid-fit",
        before_produce at "kafka-bridge.before-produce",
        after_produce at "kafka-bridge.after-produce",
        after_commit at "kafka-bridge.after-commit";
    reporter:
        after_receive at "kafka-bridge.after-receive",
        before_ledger at "reporter.before-ledger",
        after_ledger at "reporter.after-ledger",
        after_commit at "kafka-bridge.after-commit";
}

/// All runs of one cell.
fn kills(role: &str, cell: &str, point: &str) {
    let Some(broker) = broker() else { return };
    let victim = role.replace('_', "-");
    let market = MarketServer::start(&["--simulated"]);
    for number in 0..runs() {
        let fault = format!("{point}:exit:every={}", 1 + number % 3);
        let mut run = Run::start(&broker, &market, Some((&victim, &fault)), "400ms");
        let recovery = run.crash(&victim);
        run.settle(&victim).check(&victim, cell, recovery);
    }
}

#[test]
fn broker_stopped_30_s() {
    for _ in 0..runs() {
        let Some(broker) = OwnBroker::start() else {
            return;
        };
        let market = MarketServer::start(&["--simulated"]);
        // Slow enough for the broker to go while there is still something to pick.
        let mut run = Run::start(&broker.address, &market, None, "3s");
        let recovery = run.outage(&broker);
        run.settle("").check("broker", "stopped 30 s", recovery);
    }
}

fn runs() -> usize {
    std::env::var("CLOSECALL_CRASH_RUNS").map_or(1, |runs| runs.parse().unwrap())
}

/// The roles of one run.
struct Run {
    pipeline: Pipeline,
    roles: BTreeMap<String, Role>,
}

/// Counts at the end of a run.
#[derive(Debug)]
struct Counted {
    picks: usize,
    /// Picks without a row, and those that a living picker did not put on the topic.
    lost: usize,
    /// Rows, and lines printed, beyond the first of a pick.
    doubled: usize,
    /// Rows without a pick.
    stray: usize,
    uncommitted: usize,
    /// Predictions beyond the first of a pick on the last topic, as *at least once* allows.
    sent_twice: usize,
}

impl Run {
    /// Starts all roles, one of them with a fault.
    fn start(
        broker: &str,
        market: &MarketServer,
        fault: Option<(&str, &str)>,
        every: &str,
    ) -> Self {
        let pipeline = Pipeline::on(broker, &market.address)
            .with("CLOSECALL__PICKER__TICKERS", "AAPL,MSFT,NVDA,PG")
            .with("CLOSECALL__HTTP__LISTEN", "127.0.0.1:0");
        let mut run = Self {
            pipeline,
            roles: BTreeMap::new(),
        };
        for role in ["scraper", "gru-trainer", "reporter", "ticker-picker"] {
            let fault = fault.filter(|(victim, _)| *victim == role);
            run.launch(role, fault.map(|(_, fault)| fault), PICKS, every);
        }
        run
    }

    fn launch(&mut self, role: &str, fault: Option<&str>, picks: usize, every: &str) {
        let picks = picks.to_string();
        let mut more: Vec<&str> = Vec::new();
        if let Some(fault) = fault {
            more.extend(["--fault", fault]);
        }
        if role == "ticker-picker" {
            more.extend(["--every", every, "--picks", &picks]);
        }
        let started = self.pipeline.start(role, &more);
        self.roles.insert(role.to_owned(), started);
    }

    /// No process has ended, but for the picker when it was done.
    fn watch(&mut self) {
        for (name, role) in &mut self.roles {
            if let Some(status) = role.ended() {
                let done = name == "ticker-picker" && status.code() == Some(0);
                assert!(done, "{name} ended with {status}: {}", role.log());
            }
        }
    }

    fn until(&mut self, what: &str, mut came: impl FnMut(&mut Self) -> bool) {
        until(what, || {
            self.watch();
            came(self)
        });
    }

    /// Waits for the fault to strike, and starts the role again without it; from then until there is
    /// another row in the ledger.
    fn crash(&mut self, victim: &str) -> Duration {
        let mut role = self.roles.remove(victim).unwrap();
        until("the fault strikes", || role.ended().is_some());
        let status = role.ended().unwrap();
        assert_eq!(status.signal(), Some(9), "{status}: {}", role.log());
        let (begun, before) = (Instant::now(), self.pipeline.rows().len());
        self.launch(victim, None, PICKS / 2, "400ms");
        self.until("another row after the restart", |run| {
            run.pipeline.rows().len() > before
        });
        begun.elapsed()
    }

    /// Takes the broker away while picks are on their way; from its return until there is another
    /// row in the ledger.
    fn outage(&mut self, broker: &OwnBroker) -> Duration {
        self.until("the first forecasts", |run| run.pipeline.rows().len() >= 2);
        broker.stop();
        thread::sleep(OUTAGE);
        self.watch();
        // Counted before: the roles may be on their way again before the broker is said to be back.
        let before = self.pipeline.rows().len();
        broker.start_again();
        let begun = Instant::now();
        self.until("another row after the outage", |run| {
            run.pipeline.rows().len() > before
        });
        begun.elapsed()
    }

    /// Waits until everything is drained, ends every role, and counts.
    fn settle(mut self, victim: &str) -> Counted {
        let mut picker = self.roles.remove("ticker-picker").unwrap();
        self.until("the picker ends", |_| picker.ended().is_some());
        assert_eq!(picker.wait().code(), Some(0), "{}", picker.log());
        let picks: BTreeSet<String> = self.records("stock-name-selector").into_iter().collect();
        self.until("every pick in the ledger, every record committed", |it| {
            let rows = it.pipeline.ledger();
            picks.iter().all(|pick| rows.contains_key(pick)) && it.behind() == Some(0)
        });
        let uncommitted = self.behind().unwrap_or(usize::MAX);
        for (name, role) in &mut self.roles {
            role.terminate();
            assert_eq!(role.wait().code(), Some(0), "{name}: {}", role.log());
        }
        let rows: Vec<String> = self.pipeline.rows().into_iter().map(|row| row.0).collect();
        let sent = self.records("stock-prediction-output");
        let in_ledger: BTreeSet<&String> = rows.iter().collect();
        let unsent = match victim {
            "ticker-picker" => 0,
            _ => PICKS.saturating_sub(picks.len()),
        };
        Counted {
            lost: picks
                .iter()
                .filter(|pick| !in_ledger.contains(pick))
                .count()
                + unsent,
            doubled: repeats(&rows) + repeats(&self.printed()),
            stray: rows.iter().filter(|row| !picks.contains(*row)).count()
                + self.verified().abs_diff(rows.len()),
            uncommitted,
            sent_twice: repeats(&sent),
            picks: picks.len(),
        }
    }

    /// The pick of each record on a topic.
    fn records(&self, topic: &str) -> Vec<String> {
        let pick = |record: &Value| {
            record["headers"]["closecall-pick-id"]
                .as_str()
                .map(str::to_owned)
        };
        let records = self.pipeline.peek(topic);
        records.iter().map(|record| pick(record).unwrap()).collect()
    }

    /// The picks whose forecasts the reporter printed, over all of its processes.
    fn printed(&self) -> Vec<String> {
        let lines = self.pipeline.printed("reporter");
        let forecasts = lines.iter().filter(|line| !line["Prediction"].is_null());
        forecasts
            .map(|line| line["pick_id"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Rows of the ledger, which verifies.
    fn verified(&self) -> usize {
        let done = self.pipeline.run(&["ledger", "verify"]);
        assert_eq!(done.code(), 0, "{}{}", done.stdout(), done.stderr());
        done.stdout().split(' ').next().unwrap().parse().unwrap()
    }

    /// Records that the groups have not committed; `None` where not every topic is known.
    fn behind(&self) -> Option<usize> {
        let report = self.pipeline.run(&["doctor", "--json"]);
        let report: Value = serde_json::from_str(&report.stdout()).unwrap();
        let lags: Vec<usize> = report["checks"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|check| check["message"].as_str()?.split_once(" records behind"))
            .filter_map(|(before, _)| before.rsplit(' ').next()?.parse().ok())
            .collect();
        (lags.len() == TOPICS).then(|| lags.iter().sum())
    }
}

impl Counted {
    fn check(&self, role: &str, cell: &str, recovery: Duration) {
        let Self {
            picks,
            lost,
            doubled,
            sent_twice,
            ..
        } = self;
        let (cell, recovery) = (cell.replace('_', " "), recovery.as_secs_f64());
        println!(
            "| {role} | {cell} | {picks} | {lost} | {doubled} | {sent_twice} | {recovery:.1} s |"
        );
        let wrong = self.lost + self.doubled + self.stray + self.uncommitted;
        assert!(*picks > 0 && wrong == 0, "{role} {cell}: {self:?}");
    }
}

/// Entries beyond the first of each.
fn repeats(picks: &[String]) -> usize {
    picks.len() - picks.iter().collect::<BTreeSet<_>>().len()
}

/// A broker that may be stopped, since no other test uses it.
struct OwnBroker {
    name: String,
    address: String,
}

impl OwnBroker {
    /// `None` where there is no broker and that is allowed.
    fn start() -> Option<Self> {
        broker()?;
        let name = format!("crash-{}", std::process::id());
        let address = kafka(&["start", "--name", &name]);
        Some(Self { name, address })
    }

    fn stop(&self) {
        kafka(&["stop", "--keep-data", "--name", &self.name]);
    }

    fn start_again(&self) {
        kafka(&["start", "--name", &self.name]);
    }
}

impl Drop for OwnBroker {
    fn drop(&mut self) {
        kafka(&["stop", "--name", &self.name]);
    }
}

/// Runs `scripts/kafka`; what it printed.
fn kafka(arguments: &[&str]) -> String {
    let done = Command::new(script("kafka")).args(arguments).output();
    let done = done.unwrap();
    assert!(done.status.success(), "{done:?}");
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}
