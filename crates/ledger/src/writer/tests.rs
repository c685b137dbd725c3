//! Rows, repeats and scores as the writer keeps them.

use closecall_protocol::Reason;

use super::*;
use crate::reader::Reader;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn letter(slot: i64) -> LedgerInput {
    let at = at("2023-06-29T14:00:00Z") + chrono::TimeDelta::minutes(slot);
    let letter = DeadLetterRow {
        pick_id: PickId::of_slot(7, at, &Ticker::new("AAPL").unwrap()),
        stage: "scraper".into(),
        reason: Reason::Unavailable,
        message: "x".repeat(1000),
        ticker: None,
        attempts: 1,
        payload: serde_json::Value::Null,
        at,
        topic: None,
        partition: None,
        offset: None,
    };
    LedgerInput::DeadLetter(Box::new(letter))
}

#[test]
fn a_full_disk_is_transient_and_leaves_the_ledger_whole() {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(directory.path(), Calendar::default()).unwrap();
    // SQLite's own limit gives the error that a full disk gives.
    ledger
        .connection
        .pragma_update(None, "max_page_count", 20)
        .unwrap();
    let mut recorded = 0;
    let refused = loop {
        match ledger.record(&letter(recorded)) {
            Ok(_) => recorded += 1,
            Err(refused) => break refused,
        }
    };
    assert!(matches!(refused, Error::Full(_)), "{refused}");
    assert_eq!(refused.class(), closecall_protocol::ErrorClass::Unavailable);
    assert!(recorded > 0);
    let reader = Reader::open(directory.path()).unwrap();
    assert_eq!(reader.verify().unwrap().rows, recorded);

    // It goes on once there is room.
    ledger
        .connection
        .pragma_update(None, "max_page_count", 10_000)
        .unwrap();
    ledger.record(&letter(recorded)).unwrap();
    assert_eq!(reader.verify().unwrap().rows, recorded + 1);
}

#[test]
fn a_lock_held_by_another_program_is_transient() {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(directory.path(), Calendar::default()).unwrap();
    ledger
        .connection
        .busy_timeout(std::time::Duration::ZERO)
        .unwrap();
    let other = Connection::open(directory.path().join(DATABASE)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = ledger.record(&letter(0)).unwrap_err();
    assert!(matches!(refused, Error::Busy(_)), "{refused}");
    assert_eq!(refused.class(), closecall_protocol::ErrorClass::Unavailable);
    other.execute_batch("ROLLBACK").unwrap();
    ledger.record(&letter(0)).unwrap();
}

#[test]
fn a_head_file_that_cannot_be_written_costs_no_row_and_is_made_up_for() {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(directory.path(), Calendar::default()).unwrap();
    // A directory in the way of the new file.
    let obstacle = directory.path().join("ledger.head.new");
    fs::create_dir(&obstacle).unwrap();
    ledger.record(&letter(0)).unwrap();
    let reader = Reader::open(directory.path()).unwrap();
    assert_eq!(reader.verify().unwrap().rows, 1);
    assert_eq!(ledger.head_file.read().unwrap(), Some(Head::empty()));
    fs::remove_dir(&obstacle).unwrap();
    ledger.record(&letter(1)).unwrap();
    assert_eq!(ledger.head_file.read().unwrap().unwrap().rows, 2);
}

#[test]
fn a_day_without_a_session_ends_at_midnight() {
    let calendar = Calendar::default();
    let saturday: SessionDate = "2023-07-01".parse().unwrap();
    assert!(!is_late(&calendar, saturday, at("2023-07-02T03:59:58Z")));
    assert!(is_late(&calendar, saturday, at("2023-07-02T04:00:00Z")));
}
