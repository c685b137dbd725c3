//! `closecall ledger recompute` and `export`: forecasts made again from what their picks had seen,
//! and the record as a table. Of 60 picks; of 1,000 with `CLOSECALL_LONG_TESTS` set.

use crate::common;

use std::collections::BTreeMap;

use common::Workplace;
use common::pipeline::DEMO_DATA;
use serde_json::Value;

fn picks() -> usize {
    match std::env::var_os("CLOSECALL_LONG_TESTS") {
        Some(_) => 1_000,
        None => 60,
    }
}

#[test]
fn every_forecast_of_a_demo_is_made_again_to_the_bit_and_exported() {
    let workplace = Workplace::new();
    let picks = picks().to_string();
    let demo = workplace.run(&["demo", "--picks", picks.as_str(), "--seed", "3", "--json"]);
    assert_eq!(demo.code(), 0, "{}", demo.stderr());

    let again = workplace.run(&["ledger", "recompute", "--all", "--json"]);
    assert_eq!(again.code(), 0, "{}{}", again.stdout(), again.stderr());
    let again = again.json_lines();
    assert_eq!(again.len(), self::picks());
    assert!(again.iter().all(|line| line["same"] == true));

    let listed = workplace.ledger(DEMO_DATA);
    assert_table(&workplace, &listed);
    assert_missing(&workplace, &listed);
}

/// Both forms of the table hold what `ledger list` says.
#[track_caller]
fn assert_table(workplace: &Workplace, listed: &[Value]) {
    let exported = workplace.run(&["ledger", "export", "--format", "json"]);
    assert_eq!(exported.code(), 0, "{}", exported.stderr());
    let rows: Vec<BTreeMap<String, Value>> = serde_json::from_str(&exported.stdout()).unwrap();
    assert_eq!(rows.len(), listed.len());
    for (row, entry) in rows.iter().zip(listed) {
        for name in [
            "pick_id",
            "seq",
            "ticker",
            "session",
            "prediction",
            "phase",
            "reference",
        ] {
            assert_eq!(row[name], entry[name], "{name}");
        }
        assert_eq!(row["actual"], entry["score"]["actual"]);
        assert_eq!(row["upper_90"], entry["intervals"][1]["upper"]);
        assert_eq!(row["row_hash"].as_str().unwrap().len(), 64);
        assert_eq!(row["vintage"].as_str().unwrap().len(), 16);
    }
    let file = workplace.folder.path().join("record.csv");
    let out = file.to_str().unwrap();
    let exported = workplace.run(&["ledger", "export", "--out", out]);
    assert_eq!(exported.code(), 0, "{}", exported.stderr());
    let text = std::fs::read_to_string(&file).unwrap();
    let header: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    assert_eq!(header.len(), rows[0].len());
    assert!(header.iter().all(|name| rows[0].contains_key(*name)));
    assert_eq!(text.lines().count(), rows.len() + 1);
    let documented = include_str!("../docs/export.md");
    for name in header {
        let is_within = name == "upper_80" || name == "lower_90";
        assert!(
            is_within || documented.contains(&format!("`{name}`")),
            "{name}"
        );
    }
}

/// A forecast that cannot be made again says why, and ends with 65.
#[track_caller]
fn assert_missing(workplace: &Workplace, listed: &[Value]) {
    let pick = listed[0]["pick_id"].as_str().unwrap();
    let other = ["--set", "forecast.min_rows=70", "ledger", "recompute", pick];
    workplace.run(&other).refused(65, &["0 of 1"]);
    let unknown = "0".repeat(32);
    let again = workplace.run(&["ledger", "recompute", &unknown]);
    assert_eq!(again.code(), 65);
    assert!(again.stdout().contains("no forecast"), "{}", again.stdout());
    std::fs::remove_file(workplace.folder.path().join(DEMO_DATA).join("market.db")).unwrap();
    let again = workplace.run(&["ledger", "recompute", pick]);
    again.refused(65, &["no market store"]);
}
