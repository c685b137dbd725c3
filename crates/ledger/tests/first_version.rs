//! Ensures that a ledger of the first version is read as it is, is brought up to date by a writer
//! without changing a row, and keeps its own rule of scoring. The ledger was written by the first
//! version on its simulated market: 14 forecasts, 8 of them scored.

use crate::support;

use std::fs;
use std::path::Path;

use closecall_calendar::Calendar;
use closecall_ledger::{Ledger, Reader};
use closecall_protocol::{ScoringRule, SessionDate};
use rusqlite::Connection;
use tempfile::TempDir;

use support::{Recording as _, at, changed, forecast};

fn first_version() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/first-version");
    for name in ["ledger.sqlite", "ledger.head"] {
        fs::copy(from.join(name), directory.path().join(name)).unwrap();
    }
    directory
}

fn log(directory: &Path) -> Vec<(i64, String, String)> {
    let raw = Connection::open(directory.join("ledger.sqlite")).unwrap();
    let mut rows = raw
        .prepare("SELECT seq, content, hash FROM log ORDER BY seq")
        .unwrap();
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

#[test]
fn it_is_read_as_it_is() {
    let directory = first_version();
    let before = fs::read(directory.path().join("ledger.sqlite")).unwrap();
    let reader = Reader::open(directory.path()).unwrap();
    assert_eq!(reader.verify().unwrap().rows, 22);
    let entries = reader.entries().unwrap();
    assert_eq!(entries.len(), 14);
    assert!(entries.iter().all(|entry| entry.reference == entry.close));
    let summary = reader.summary().unwrap();
    assert_eq!((summary.forecasts, summary.scored_by_last_close), (14, 8));
    assert_eq!((summary.scored, summary.relative_mae), (0, None));
    drop(reader);
    let after = fs::read(directory.path().join("ledger.sqlite")).unwrap();
    assert_eq!(before, after);
}

#[test]
fn a_writer_brings_it_up_to_date_without_changing_a_row() {
    let directory = first_version();
    let before = log(directory.path());
    let entries = Reader::open(directory.path()).unwrap().entries().unwrap();
    let summary = Reader::open(directory.path()).unwrap().summary().unwrap();
    drop(Ledger::open(directory.path(), Calendar::default()).unwrap());
    assert_eq!(log(directory.path()), before);
    let reader = Reader::open(directory.path()).unwrap();
    assert_eq!(reader.verify().unwrap().rows, 22);
    assert_eq!(reader.entries().unwrap(), entries);
    assert_eq!(reader.summary().unwrap(), summary);
    // An older version refuses it by its number.
    let raw = Connection::open(directory.path().join("ledger.sqlite")).unwrap();
    let version: i64 = raw
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    assert_eq!(version, 3);
}

/// Makes the second format of a ledger, whose tables had no row ids.
fn to_second_format(directory: &Path) {
    let raw = Connection::open(directory.join("ledger.sqlite")).unwrap();
    for sql in [
        "DROP TRIGGER log_appends; DROP TRIGGER log_keeps; DROP TRIGGER log_stays;
        DROP TRIGGER contents_keep; DROP TRIGGER contents_stay;
        DROP INDEX log_by_pick; DROP INDEX log_by_ticker;
        ALTER TABLE log RENAME TO later_log; ALTER TABLE contents RENAME TO later_contents;",
        include_str!("../src/schema/earlier_log.sql"),
        include_str!("../src/schema/earlier_contents.sql"),
        "INSERT INTO log (seq, content, previous, hash)
            SELECT seq, content, previous, hash FROM later_log;
        INSERT INTO contents SELECT hash, content FROM later_contents;
        DROP TABLE later_log; DROP TABLE later_contents; PRAGMA user_version = 2;",
        include_str!("../src/schema/log_triggers.sql"),
        include_str!("../src/schema/contents_triggers.sql"),
    ] {
        raw.execute_batch(sql).unwrap();
    }
}

#[test]
fn one_of_the_second_format_is_read_as_it_is_and_brought_up_to_date() {
    let directory = first_version();
    let mut ledger = Ledger::open(directory.path(), Calendar::default()).unwrap();
    let closes = [("2023-06-28", 400.0), ("2023-06-29", 404.0)];
    let made = ["2023-06-29T14:00:00Z", "2023-06-30T14:00:00Z"].map(|as_of| {
        forecast(
            "AAPL",
            as_of,
            402.0,
            &closes[..=usize::from(as_of > "2023-06-30")],
        )
    });
    for made in &made {
        ledger.record_forecast(made, made.as_of).unwrap();
    }
    drop(ledger);
    let before = log(directory.path());
    let look = |at: &Path| {
        let reader = Reader::open(at).unwrap();
        let entry = reader.entry(made[0].pick_id).unwrap().unwrap();
        assert!(entry.score.is_some());
        let digits = &entry.pick_id.to_string()[..10];
        let newest = reader.newest_of(&made[0].ticker, None, 5).unwrap();
        (
            reader.verify().unwrap(),
            reader.entries().unwrap(),
            reader.forecast(made[1].pick_id).unwrap(),
            reader.picks_beginning(digits, 2).unwrap(),
            newest,
            reader.summary().unwrap(),
        )
    };
    let seen = look(directory.path());
    assert_eq!(seen.2.as_ref(), Some(&made[1]));
    assert_eq!(seen.3, [made[0].pick_id]);
    to_second_format(directory.path());
    assert_eq!(look(directory.path()), seen);
    drop(Ledger::open(directory.path(), Calendar::default()).unwrap());
    assert_eq!(log(directory.path()), before);
    assert_eq!(look(directory.path()), seen);
}

#[test]
fn what_it_left_open_is_scored_by_its_own_rule() {
    let directory = first_version();
    let entries = Reader::open(directory.path()).unwrap().entries().unwrap();
    let open = entries.iter().find(|entry| entry.score.is_none()).unwrap();
    let (ticker, session) = (open.ticker.clone().unwrap(), open.session.unwrap());
    let known: SessionDate = {
        let reader = Reader::open(directory.path()).unwrap();
        reader.forecast(open.pick_id).unwrap().unwrap().last_session
    };
    let next = Calendar::default().next(session.date());
    let close = open.close.unwrap();
    let closes = [
        (known.to_string(), close),
        (session.to_string(), 1.1 * close),
    ];
    let closes = closes.each_ref().map(|(day, close)| (day.as_str(), *close));
    let made = forecast(ticker.as_str(), &next.open.to_rfc3339(), close, &closes);
    let mut ledger = Ledger::open(directory.path(), Calendar::default()).unwrap();
    ledger.record_forecast(&made, made.as_of).unwrap();
    let reader = Reader::open(directory.path()).unwrap();
    let score = reader.entry(open.pick_id).unwrap().unwrap().score.unwrap();
    assert_eq!(score.rule, ScoringRule::LastClose);
    assert!((score.baseline_error - 0.1).abs() < 1e-3);
    let summary = reader.summary().unwrap();
    assert!(summary.scored_by_last_close > 8);
    assert_eq!(summary.scored, 0);
    reader.verify().unwrap();
}

#[test]
fn a_forecast_without_a_reference_stays_one() {
    let fixture = support::Fixture::new();
    let mut ledger = fixture.writer();
    let closes = [("2023-06-28", 400.0)];
    let made = forecast("AAPL", "2023-06-29T14:00:00Z", 402.0, &closes);
    let made = changed(made, |values| values.reference = None);
    ledger
        .record_forecast(&made, at("2023-06-29T14:00:05Z"))
        .unwrap();
    let again = fixture.reader().forecast(made.pick_id).unwrap().unwrap();
    assert_eq!(again.scoring_rule(), ScoringRule::LastClose);
    assert_eq!(again, made);
}
