//! Ensures that verification names a changed, removed, replaced or added row, and that the log
//! refuses to be changed in the first place.

use crate::support;

use std::cell::Cell;
use std::fs;

use closecall_calendar::Calendar;
use closecall_ledger::{Damage, Error, Ledger, Reader};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use rusqlite::{Connection, params};

use support::{Fixture, Recording as _, filled};

/// Changes a ledger of seven rows by raw SQL, with the triggers out of the way and back again.
fn tampered(sql: &str) -> Fixture {
    let fixture = filled(7);
    let raw = Connection::open(fixture.database()).unwrap();
    let triggers: Vec<(String, String)> = raw
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    for (name, _) in &triggers {
        raw.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
    }
    raw.execute_batch(sql).unwrap();
    for (_, sql) in &triggers {
        raw.execute_batch(sql).unwrap();
    }
    fixture
}

fn faults(fixture: &Fixture) -> Vec<Damage> {
    fixture.reader().verify().unwrap_err()
}

#[test]
fn an_untouched_ledger_is_sound() {
    assert_eq!(filled(7).reader().verify().unwrap().rows, 7);
    assert_eq!(filled(0).reader().verify().unwrap().rows, 0);
}

#[test]
fn the_log_refuses_to_be_changed() {
    let fixture = filled(3);
    let raw = Connection::open(fixture.database()).unwrap();
    for sql in [
        "UPDATE log SET content = '{}' WHERE seq = 2",
        "DELETE FROM log WHERE seq = 3",
        "INSERT OR REPLACE INTO log (seq, content, previous, hash) VALUES (2, '{}', '', '')",
        "INSERT INTO log (seq, content, previous, hash) VALUES (9, '{}', '', '')",
        "UPDATE head SET rows = 2",
        "DELETE FROM head",
    ] {
        assert!(raw.execute(sql, []).is_err(), "{sql}");
    }
    assert_eq!(fixture.reader().verify().unwrap().rows, 3);
}

#[test]
fn an_edited_row_is_named() {
    let fixture = tampered("UPDATE log SET content = replace(content, '190.04', '290.04')");
    assert_eq!(faults(&fixture), [Damage::Altered { row: 5 }]);
    assert!(
        faults(&fixture)[0]
            .to_string()
            .contains("row 5 was changed")
    );
}

#[test]
fn a_removed_row_is_named_the_last_one_too() {
    for (sql, first, last) in [
        ("DELETE FROM log WHERE seq = 1", 1, 1),
        ("DELETE FROM log WHERE seq = 4", 4, 4),
        ("DELETE FROM log WHERE seq = 7", 7, 7),
        ("DELETE FROM log WHERE seq IN (3, 4)", 3, 4),
        ("DELETE FROM log", 1, 7),
    ] {
        assert_eq!(
            faults(&tampered(sql)),
            [Damage::Removed { first, last }],
            "{sql}"
        );
    }
}

#[test]
fn a_last_row_removed_together_with_the_head_is_named() {
    let sql = "DELETE FROM log WHERE seq = 7;
        UPDATE head SET rows = 6, hash = (SELECT hash FROM log WHERE seq = 6)";
    assert_eq!(
        faults(&tampered(sql)),
        [Damage::Removed { first: 7, last: 7 }]
    );
}

#[test]
fn rows_renumbered_over_a_gap_are_named() {
    let sql = "DELETE FROM log WHERE seq = 4; UPDATE log SET seq = seq - 1 WHERE seq > 4";
    let found = faults(&tampered(sql));
    assert_eq!(found[0].row(), Some(4), "{found:?}");
}

#[test]
fn a_row_forged_with_a_fitting_hash_is_named() {
    // The forger takes row 3, with its own valid hash, to row 5's place: numbers are hashed too.
    let sql = "UPDATE log SET (content, previous, hash) =
        (SELECT content, previous, hash FROM log WHERE seq = 3) WHERE seq = 5";
    assert_eq!(faults(&tampered(sql)), [Damage::Altered { row: 5 }]);

    // Or the last row of another ledger, which is sound in itself.
    let fixture = tampered("DELETE FROM log WHERE seq = 7");
    let other = Fixture::new();
    let mut ledger = other.writer();
    for offset in 0..7 {
        let now = support::at("2023-06-29T14:00:00Z");
        ledger
            .record_foreign(&support::foreign(offset, "2023-06-29"), now)
            .unwrap();
    }
    drop(ledger);
    let raw = Connection::open(fixture.database()).unwrap();
    raw.execute_batch("DROP TRIGGER log_appends").unwrap();
    raw.execute(
        "ATTACH ?1 AS other",
        params![other.database().to_str().unwrap()],
    )
    .unwrap();
    let columns = "seq, content, previous, hash";
    let sql = format!("INSERT INTO log ({columns}) SELECT {columns} FROM other.log WHERE seq = 7");
    raw.execute_batch(&sql).unwrap();
    let found = faults(&fixture);
    assert_eq!(found[0].row(), Some(6), "{found:?}");
    assert!(
        found.iter().any(|fault| fault.row() == Some(7)),
        "{found:?}"
    );
}

#[test]
fn a_row_added_behind_the_ledgers_back_is_named() {
    let sql = "INSERT INTO log (seq, content, previous, hash)
        SELECT 8, content, hash, hash FROM log WHERE seq = 7";
    let found = faults(&tampered(sql));
    assert_eq!(found[0], Damage::Altered { row: 8 });
    assert_eq!(found[1], Damage::Unrecorded { first: 8, last: 8 });
}

#[test]
fn a_missing_trigger_and_a_foreign_table_are_named() {
    let fixture = filled(2);
    let raw = Connection::open(fixture.database()).unwrap();
    raw.execute_batch("DROP TRIGGER log_keeps; CREATE TABLE extra (x)")
        .unwrap();
    let said: Vec<String> = faults(&fixture).iter().map(Damage::to_string).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(
        said[0].contains("`log_keeps`") && said[0].contains("missing"),
        "{said:?}"
    );
    assert!(said[1].contains("`extra`"), "{said:?}");
}

#[test]
fn a_missing_or_unreadable_head_file_is_named() {
    let fixture = filled(2);
    let file = fixture.directory.path().join("ledger.head");
    for content in [None, Some(""), Some("2"), Some("-1 00"), Some("2 00")] {
        match content {
            None => fs::remove_file(&file).unwrap(),
            Some(text) => fs::write(&file, text).unwrap(),
        }
        let found = faults(&fixture);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].to_string().contains("ledger.head"), "{found:?}");
    }
}

#[test]
fn a_write_ahead_log_that_is_cut_off_is_noticed() {
    let fixture = filled(3);
    // A copy taken while the writer is open has its newest rows in the write-ahead log only.
    let mut ledger = fixture.writer();
    let now = support::at("2023-06-29T14:00:00Z");
    ledger
        .record_foreign(&support::foreign(1, "2023-06-29"), now)
        .unwrap();
    let copy = Fixture::new();
    for name in ["ledger.sqlite", "ledger.head"] {
        let from = fixture.directory.path().join(name);
        fs::copy(from, copy.directory.path().join(name)).unwrap();
    }
    assert_eq!(faults(&copy), [Damage::Removed { first: 4, last: 4 }]);
}

#[test]
fn a_writer_does_not_go_on_over_a_damaged_end() {
    for sql in [
        "DELETE FROM log WHERE seq = 7",
        "UPDATE log SET content = replace(content, '190.06', '290.06')",
        "DELETE FROM log WHERE seq = 7;
            UPDATE head SET rows = 6, hash = (SELECT hash FROM log WHERE seq = 6)",
    ] {
        let fixture = tampered(sql);
        let refused = Ledger::open(fixture.directory.path(), Calendar::default()).unwrap_err();
        assert!(matches!(refused, Error::Damaged(_)), "{sql}: {refused}");
        assert!(refused.to_string().contains("row 7"), "{refused}");
        // And it has not covered it up.
        assert_eq!(faults(&fixture)[0].row(), Some(7));
    }
}

/// Every bit that is read of a row as it lies in the file: number, content and hashes.
#[test]
fn every_bit_of_a_stored_row_counts() {
    let fixture = filled(3);
    let raw = Connection::open(fixture.database()).unwrap();
    let (content, previous, hash): (String, String, String) = raw
        .query_row(
            "SELECT content, previous, hash FROM log WHERE seq = 2",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .unwrap();
    drop(raw);
    let bytes = fs::read(fixture.database()).unwrap();
    // The start of the row, which lies on one page; the rest of it may lie on others.
    let begins = &content.as_bytes()[..200];
    let place = bytes
        .windows(begins.len())
        .position(|window| window == begins)
        .unwrap();
    let header = place - 12..place + 200;
    // The form of the column `seq`, which is never read: the number is the key of the table.
    let unread = place - 7;
    let ends = previous.clone() + &hash;
    let tail = bytes
        .windows(20)
        .position(|window| window == &ends.as_bytes()[108..])
        .unwrap();
    for byte in header.chain(tail..tail + 20) {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[byte] ^= 1 << bit;
            fs::write(fixture.database(), flipped).unwrap();
            // A page beyond recognition is refused when it is opened.
            let Ok(reader) = Reader::open(fixture.directory.path()) else {
                continue;
            };
            let Err(found) = reader.verify() else {
                assert_eq!(byte, unread, "bit {bit} went unnoticed");
                continue;
            };
            if byte >= place {
                assert_eq!(found, [Damage::Altered { row: 2 }], "byte {byte} bit {bit}");
            }
        }
    }
}

/// A bit flipped anywhere is named, or it lies where nothing is stored and changes no entry.
#[test]
fn a_bit_flipped_anywhere_is_named_or_harmless() {
    let fixture = filled(3);
    let entries = fixture.reader().entries().unwrap();
    let bytes = fs::read(fixture.database()).unwrap();
    let mut runner = TestRunner::deterministic();
    let named = Cell::new(0);
    let flips = runner.run(&(0..bytes.len(), 0_u8..8), |(place, bit)| {
        let mut flipped = bytes.clone();
        flipped[place] ^= 1 << bit;
        fs::write(fixture.database(), flipped).unwrap();
        let sound = Reader::open(fixture.directory.path()).map(|reader| {
            let sound = reader.verify().is_ok();
            (sound, reader)
        });
        match sound {
            Ok((true, reader)) => prop_assert_eq!(&reader.entries().unwrap(), &entries),
            _ => named.set(named.get() + 1),
        }
        Ok(())
    });
    flips.unwrap();
    assert!(named.get() > 20, "{named:?}");
}
