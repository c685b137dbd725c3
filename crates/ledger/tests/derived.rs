//! Ensures that verification holds scores, lists and derived tables against the rows, and that
//! ledgers in places of all kinds are read or say what to do.

use crate::support;

use std::fs;

use closecall_calendar::Calendar;
use closecall_ledger::{Damage, Error, Ledger, Reader};
use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};

use support::{Fixture, Recording as _, at, forecast};

/// Two forecasts, the second of which scores the first.
fn scored() -> Fixture {
    let fixture = Fixture::new();
    let mut ledger = fixture.writer();
    let closes = [("2023-06-28", 400.0), ("2023-06-29", 404.0)];
    for (as_of, known) in [("2023-06-29T14:00:00Z", 1), ("2023-06-30T14:00:00Z", 2)] {
        let made = forecast("AAPL", as_of, 402.0, &closes[..known]);
        ledger.record_forecast(&made, at(as_of)).unwrap();
    }
    drop(ledger);
    fixture
}

/// Runs SQL with the triggers out of the way and back again.
fn tampered(sql: &str) -> Vec<Damage> {
    let fixture = scored();
    let raw = Connection::open(fixture.database()).unwrap();
    let mut found = raw
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        .unwrap();
    let triggers: Vec<(String, String)> = found
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
    fixture.reader().verify().unwrap_err()
}

#[test]
fn a_derived_table_that_disagrees_is_named() {
    for (sql, table) in [
        ("DELETE FROM waiting", "waiting"),
        (
            "INSERT INTO waiting VALUES ('AAPL', '2023-06-29', 1)",
            "waiting",
        ),
        ("UPDATE outcomes SET seq = 9", "outcomes"),
        (
            "UPDATE figures SET content = replace(content, '\"scored\":1', '\"scored\":2')",
            "figures",
        ),
    ] {
        match &tampered(sql)[..] {
            [Damage::Derived { table: named, .. }] => assert_eq!(*named, table),
            other => panic!("{sql}: {other:?}"),
        }
    }
}

#[test]
fn a_list_that_was_changed_or_removed_is_named() {
    let changed = tampered("UPDATE contents SET content = replace(content, '404', '405')");
    assert!(
        changed
            .iter()
            .any(|damage| matches!(damage, Damage::Content { .. })),
        "{changed:?}"
    );
    let removed = tampered("DELETE FROM contents");
    assert!(
        matches!(removed[..], [Damage::Content { .. }]),
        "{removed:?}"
    );
}

/// One who rewrites the last row, its hash and both heads has a chain that fits; the score itself
/// gives it away.
#[test]
fn a_forged_score_is_named_though_its_chain_fits() {
    let fixture = scored();
    let raw = Connection::open(fixture.database()).unwrap();
    let (content, previous): (String, String) = raw
        .query_row(
            "SELECT content, previous FROM log WHERE seq = 3",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    let forged = content.replace("\"error\":0.005", "\"error\":0.001");
    assert_ne!(forged, content);
    let mut hasher = Sha256::new();
    hasher.update(previous.as_bytes());
    hasher.update(3_i64.to_be_bytes());
    hasher.update(forged.as_bytes());
    let hash: String = hasher
        .finalize()
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    let trigger = |name: &str| -> String {
        raw.query_row(
            "SELECT sql FROM sqlite_schema WHERE name = ?1",
            [name],
            |row| row.get(0),
        )
        .unwrap()
    };
    let triggers = ["log_stays", "head_advances"].map(|name| (name, trigger(name)));
    for (name, _) in &triggers {
        raw.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
    }
    raw.execute(
        "UPDATE log SET content = ?1, hash = ?2 WHERE seq = 3",
        params![forged, hash],
    )
    .unwrap();
    raw.execute("UPDATE head SET hash = ?1", [&hash]).unwrap();
    for (_, sql) in &triggers {
        raw.execute_batch(sql).unwrap();
    }
    fs::write(
        fixture.directory.path().join("ledger.head"),
        format!("3 {hash}\n"),
    )
    .unwrap();
    let found = fixture.reader().verify().unwrap_err();
    assert!(found.contains(&Damage::Score { row: 3 }), "{found:?}");
}

#[test]
fn a_history_is_stored_once_for_all_forecasts_that_share_it() {
    let fixture = support::filled(7);
    let raw = Connection::open(fixture.database()).unwrap();
    let lists: i64 = raw
        .query_row("SELECT count(*) FROM contents", [], |row| row.get(0))
        .unwrap();
    assert_eq!(lists, 1);
}

#[test]
fn a_ledger_that_is_gone_beside_its_head_is_no_new_ledger() {
    let fixture = scored();
    fs::remove_file(fixture.database()).unwrap();
    let folder = fixture.directory.path();
    for refused in [
        Reader::open(folder).unwrap_err(),
        Ledger::open(folder, Calendar::default()).unwrap_err(),
    ] {
        assert!(matches!(refused, Error::Lost { rows: 3, .. }), "{refused}");
        assert!(refused.to_string().contains("from a copy"), "{refused}");
    }
    assert!(!fixture.database().exists());
}
