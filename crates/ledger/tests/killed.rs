//! Ensures that a writer killed at any moment leaves a ledger that verifies and holds everything
//! it had confirmed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code may fail loudly"
)]

mod support;

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use chrono::TimeDelta;
use closecall_calendar::Calendar;
use closecall_ledger::{Ledger, Reader};
use closecall_protocol::PickId;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use support::{Recording as _, at, forecast};

/// Set for the process that writes until it is killed.
const WRITER: &str = "CLOSECALL_TEST_LEDGER_WRITER";
/// Set to the number of kills, where 25 are too few.
const KILLS: &str = "CLOSECALL_KILLS";

fn kills() -> usize {
    let set = env::var(KILLS).ok().and_then(|kills| kills.parse().ok());
    set.unwrap_or(25)
}

#[test]
fn a_ledger_survives_being_killed_at_any_moment() {
    if let Some(directory) = env::var_os(WRITER) {
        write_for_ever(Path::new(&directory));
    }
    let directory = tempfile::tempdir().unwrap();
    let mut runner = TestRunner::deterministic();
    let mut confirmed = Vec::new();
    let kills = kills();
    for round in 0..kills {
        let (lines, micros) = (0_usize..4, 0_u64..15_000)
            .new_tree(&mut runner)
            .unwrap()
            .current();
        confirmed.extend(killed_after(
            directory.path(),
            lines,
            Duration::from_micros(micros),
        ));

        // Killed while it made its very first tables, it may have left none.
        let Ok(reader) = Reader::open(directory.path()) else {
            assert!(confirmed.is_empty());
            continue;
        };
        let verified = reader
            .verify()
            .unwrap_or_else(|faults| panic!("{round}: {faults:?}"));
        let entries = reader.entries().unwrap();
        for pick_id in &confirmed {
            assert!(
                entries.iter().any(|entry| entry.pick_id == *pick_id),
                "{round}: {pick_id}"
            );
        }
        // Each forecast but the first of a round scores the one before it in its transaction.
        let scored = entries.iter().filter(|entry| entry.score.is_some()).count();
        assert_eq!(
            verified.rows,
            i64::try_from(entries.len() + scored).unwrap()
        );
        assert!(
            entries.len() <= scored + 1,
            "{round}: a forecast without the score it brings"
        );
    }
    assert!(
        confirmed.len() >= kills,
        "only {} were confirmed",
        confirmed.len()
    );
}

/// Starts a writer, kills it a while after it has confirmed this number, and gives what it confirmed.
fn killed_after(directory: &Path, lines: usize, then: Duration) -> Vec<PickId> {
    let mut child = Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "a_ledger_survives_being_killed_at_any_moment",
            "--nocapture",
        ])
        .env(WRITER, directory)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (said, confirmed) = mpsc::channel();
    let output = BufReader::new(child.stdout.take().unwrap());
    let listener = std::thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            if let Some(Ok(pick_id)) = line.strip_prefix("recorded ").map(str::parse) {
                said.send(pick_id).unwrap();
            }
        }
    });
    let mut heard: Vec<PickId> = Vec::new();
    while heard.len() < lines {
        heard.push(confirmed.recv().expect("the writer ended by itself"));
    }
    if let Ok(pick_id) = confirmed.recv_timeout(then) {
        heard.push(pick_id);
    }
    kill(&mut child);
    listener.join().unwrap();
    heard.extend(confirmed);
    heard
}

fn kill(child: &mut Child) {
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert!(!status.success(), "the writer ended by itself: {status}");
}

/// Forecasts session after session, each scored by the next.
fn write_for_ever(directory: &Path) -> ! {
    let calendar = Calendar::default();
    let mut ledger = Ledger::open(directory, calendar.clone()).unwrap();
    let count = Reader::open(directory).unwrap().entries().unwrap().len();
    let mut day = at("2010-01-05T15:00:00Z").date_naive();
    for _ in 0..count {
        day = calendar.next(day).date;
    }
    loop {
        let known = calendar.previous(day).date;
        let before = calendar.previous(known).date.to_string();
        let closes = [(before.as_str(), 100.0), (&known.to_string(), 101.0)];
        let session = calendar.session(day).unwrap();
        let made = forecast("AAPL", &session.open.to_rfc3339(), 101.5, &closes);
        ledger
            .record_forecast(&made, session.open + TimeDelta::seconds(5))
            .unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "recorded {}", made.pick_id).unwrap();
        out.flush().unwrap();
        drop(out);
        day = calendar.next(day).date;
    }
}
