//! `closecall demo`: forecasts of several tickers, scored while one watches, the same again with
//! the same seed, and nothing outside its folder or beyond loopback.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

mod common;

use std::collections::BTreeMap;
use std::process::Command;

use common::pipeline::{DEMO_DATA, Said};
use common::{Done, Workplace};
use serde_json::Value;

/// Two whole demos at once serve several promises: each takes half a minute of real time.
#[test]
fn a_whole_demo_twice() {
    let workplaces = [Workplace::new(), Workplace::new()];
    let runs: Vec<Said> = std::thread::scope(|scope| {
        let runs = workplaces
            .each_ref()
            .map(|workplace| scope.spawn(|| demo(workplace)));
        runs.map(|run| run.join().unwrap()).into_iter().collect()
    });
    for (workplace, said) in workplaces.iter().zip(&runs) {
        said.assert_consistent();
        assert_eq!(said.count("picks"), 24);
        assert_eq!(said.count("forecasts"), 24);
        assert_eq!(said.count("restarts"), 0);
        assert!(said.tickers().len() >= 4, "{:?}", said.tickers());
        assert_scored(&workplace.ledger(DEMO_DATA), said);
        assert_within_its_folder(workplace);
        assert_found(workplace);
        // Short lines: what is behind a forecast is in the record.
        for forecast in &said.forecasts {
            assert!(forecast.get("history").is_none() && forecast.get("news").is_none());
        }
    }
    assert_same_numbers(&runs[0], &runs[1]);
}

fn demo(workplace: &Workplace) -> Said {
    for folder in ["home", "temporary"] {
        std::fs::create_dir(workplace.folder.path().join(folder)).unwrap();
    }
    let output = workplace
        .command(["demo", "--picks", "24", "--seed", "7", "--json"])
        .env("HOME", workplace.folder.path().join("home"))
        .env("TMPDIR", workplace.folder.path().join("temporary"))
        .output()
        .unwrap();
    let done = Done(output);
    assert_eq!(done.code(), 0, "{}", done.stderr());
    Said::by(&done)
}

/// A forecast that was recorded before its session's close is scored as soon as a later one of the
/// same ticker knows that close; no other is.
#[track_caller]
fn assert_scored(rows: &[Value], said: &Said) {
    // The last session that each ticker's forecasts know of.
    let mut known: BTreeMap<&str, &str> = BTreeMap::new();
    for forecast in &said.forecasts {
        let last = known
            .entry(forecast["Stock Name"].as_str().unwrap())
            .or_default();
        *last = forecast["Prev_date"].as_str().unwrap().max(last);
    }
    for row in rows {
        let in_time = row["late"] == false;
        let closed = row["session"].as_str() <= known.get(row["ticker"].as_str().unwrap()).copied();
        assert_eq!(row["score"].is_object(), in_time && closed, "{row}");
    }
    let scored = rows.iter().filter(|row| row["score"].is_object()).count();
    assert_eq!(said.count("scored"), scored as u64);
    // A session lasts a second: on a machine with other things to do forecasts come late.
    let late = rows.iter().filter(|row| row["late"] == true).count();
    assert!(scored >= 5 || late > 12, "{scored} scored, {late} late");
    assert_eq!(said.summary["relative_mae"].is_number(), scored > 0);
}

/// `ledger` with the demo's own flags finds what the demo recorded, and says where.
#[track_caller]
fn assert_found(workplace: &Workplace) {
    let listed = workplace.run(&["ledger", "list", "--json"]);
    assert_eq!(listed.json_lines(), workplace.ledger(DEMO_DATA));
    assert!(listed.stderr().contains(DEMO_DATA), "{}", listed.stderr());
    let elsewhere = ["ledger", "list", "--data-dir", "elsewhere"];
    workplace.run(&elsewhere).refused(65, &["elsewhere"]);
}

#[track_caller]
fn assert_within_its_folder(workplace: &Workplace) {
    let folder = workplace.folder.path().join(DEMO_DATA);
    for (path, _) in workplace.files() {
        assert!(path.starts_with(&folder), "{} was written", path.display());
    }
}

/// Slots may be missed on a slow machine; a pick that both made has one forecast.
#[track_caller]
fn assert_same_numbers(one: &Said, other: &Said) {
    let by_pick = |said: &Said| -> BTreeMap<String, Value> {
        let forecasts = said.forecasts.iter().cloned();
        forecasts
            .map(|mut forecast| {
                // When it was trained, and how long after the fetch, is the machine's affair.
                forecast["model"]["trained_at"] = Value::Null;
                forecast["data_age_s"] = Value::Null;
                (forecast["pick_id"].as_str().unwrap().to_owned(), forecast)
            })
            .collect()
    };
    let (one, other) = (by_pick(one), by_pick(other));
    let common: Vec<_> = one
        .keys()
        .filter(|pick| other.contains_key(*pick))
        .collect();
    assert!(common.len() >= 8, "{} picks in common", common.len());
    for pick in common {
        assert_eq!(one[pick], other[pick]);
    }
}

/// In a network namespace that has loopback and nothing else.
#[test]
fn a_demo_without_a_network() {
    let loopback_only = |then: &str| {
        let mut command = Command::new("unshare");
        let script = format!("ip link set lo up && {then}");
        command.args(["--map-root-user", "--net", "sh", "-c", &script, "sh"]);
        command
    };
    let may = loopback_only("test $(ip -o link | wc -l) = 1").output();
    if !may.is_ok_and(|probe| probe.status.success()) {
        testing::skip("no network namespace may be made here");
        return;
    }
    let workplace = Workplace::new();
    let demo = workplace.command(["demo", "--picks", "2", "--json=full"]);
    let output = loopback_only("exec \"$@\"")
        .arg(demo.get_program())
        .args(demo.get_args())
        .current_dir(workplace.folder.path())
        .output()
        .unwrap();
    let done = Done(output);
    assert_eq!(done.code(), 0, "{}", done.stderr());
    let said = Said::by(&done);
    said.assert_consistent();
    assert_eq!(said.count("forecasts"), 2);
    for forecast in &said.forecasts {
        assert_eq!(forecast["history"].as_array().unwrap().len(), 60);
    }
}
