//! Ensures that a second writer is refused while readers may always look, and that directories
//! that cannot hold a ledger are named.

use crate::support;

use std::fs;
use std::path::Path;

use closecall_calendar::Calendar;
use closecall_ledger::{Error, Ledger, Reader};

use support::{Fixture, Recording as _, at, forecast};

fn open(directory: &Path) -> Result<Ledger, Error> {
    Ledger::open(directory, Calendar::default())
}

#[test]
fn a_second_writer_is_refused_until_the_first_is_gone() {
    let fixture = Fixture::new();
    let first = fixture.writer();
    let refused = open(fixture.directory.path()).unwrap_err();
    assert!(matches!(refused, Error::InUse(_)), "{refused}");
    assert_eq!(
        refused.class(),
        closecall_protocol::ErrorClass::CannotCreate
    );
    let said = refused.to_string();
    assert!(
        said.contains("another process") && said.contains("data directory"),
        "{said}"
    );
    drop(first);
    open(fixture.directory.path()).unwrap();
}

#[test]
fn readers_look_while_a_writer_writes_and_see_each_transaction_whole() {
    let fixture = Fixture::new();
    let mut ledger = fixture.writer();
    let (one, other) = (fixture.reader(), fixture.reader());
    let closes = [("2023-06-28", 400.0), ("2023-06-29", 404.0)];
    for (count, minute) in (1..=5).zip(["00", "03", "06", "09", "12"]) {
        let as_of = format!("2023-06-29T14:{minute}:00Z");
        let made = forecast("AAPL", &as_of, 402.0, &closes[..1]);
        ledger.record_forecast(&made, at(&as_of)).unwrap();
        for reader in [&one, &other] {
            assert_eq!(reader.summary().unwrap().forecasts, count);
            assert_eq!(reader.verify().unwrap().rows, i64::try_from(count).unwrap());
        }
    }
    let next = forecast("AAPL", "2023-06-30T14:00:00Z", 405.0, &closes);
    ledger
        .record_forecast(&next, at("2023-06-30T14:00:05Z"))
        .unwrap();
    assert_eq!(one.verify().unwrap().rows, 11);
}

#[test]
fn a_reader_changes_nothing_and_says_when_there_is_nothing() {
    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(Reader::open(empty.path()), Err(Error::Absent(_))));
    assert_eq!(fs::read_dir(empty.path()).unwrap().count(), 0);

    let fixture = support::filled(2);
    let before = fs::read(fixture.database()).unwrap();
    let reader = fixture.reader();
    reader.verify().unwrap();
    reader.entries().unwrap();
    drop(reader);
    assert_eq!(fs::read(fixture.database()).unwrap(), before);
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("occupied");
    fs::write(&file, "").unwrap();
    let refused = open(&file.join("ledger")).unwrap_err();
    assert!(matches!(refused, Error::Unwritable { .. }), "{refused}");
    assert!(refused.to_string().contains("occupied"), "{refused}");
}

#[test]
fn a_ledger_of_a_later_version_and_a_file_that_is_none_are_refused() {
    let fixture = support::filled(1);
    let raw = rusqlite::Connection::open(fixture.database()).unwrap();
    raw.pragma_update(None, "user_version", 9).unwrap();
    drop(raw);
    assert!(matches!(
        open(fixture.directory.path()),
        Err(Error::Newer { found: 9, .. })
    ));
    assert!(matches!(
        Reader::open(fixture.directory.path()),
        Err(Error::Newer { .. })
    ));

    let other = tempfile::tempdir().unwrap();
    fs::write(
        other.path().join("ledger.sqlite"),
        "not a database at all".repeat(50),
    )
    .unwrap();
    assert!(matches!(open(other.path()), Err(Error::Corrupt(_))));
    assert!(matches!(Reader::open(other.path()), Err(Error::Corrupt(_))));
}
