//! `closecall demo`: forecasts of several tickers, scored while one watches, the same again with
//! the same seed, and nothing outside its folder or beyond loopback.

use crate::common;

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use common::pipeline::{DEMO_DATA, Said};
use common::{Done, Workplace};
use serde_json::Value;

/// Two whole demos at once serve several promises; beside each other they also load the machine.
#[test]
fn a_whole_demo_twice() {
    let workplaces = [Workplace::new(), Workplace::new()];
    let runs: Vec<Done> = std::thread::scope(|scope| {
        let runs = workplaces
            .each_ref()
            .map(|workplace| scope.spawn(|| demo(workplace)));
        runs.map(|run| run.join().unwrap()).into_iter().collect()
    });
    // Line by line, the account included.
    assert_eq!(runs[0].stdout(), runs[1].stdout());
    for (workplace, run) in workplaces.iter().zip(&runs) {
        let said = Said::by(run);
        said.assert_consistent();
        assert_eq!(said.count("picks"), 60);
        assert_eq!(said.count("forecasts"), 60);
        assert_eq!(said.count("restarts"), 0);
        assert!(said.tickers().len() >= 8, "{:?}", said.tickers());
        assert_trading_days(&said);
        assert_scored(&workplace.ledger(DEMO_DATA), &said);
        assert_account(&said);
        assert_within_its_folder(workplace);
        assert_found(workplace);
        // Short lines: what is behind a forecast is in the record.
        for forecast in &said.forecasts {
            assert!(forecast.get("history").is_none() && forecast.get("news").is_none());
        }
    }
}

fn demo(workplace: &Workplace) -> Done {
    for folder in ["home", "temporary"] {
        std::fs::create_dir(workplace.folder.path().join(folder)).unwrap();
    }
    let output = workplace
        .command(["demo", "--picks", "60", "--seed", "7", "--json"])
        .env("HOME", workplace.folder.path().join("home"))
        .env("TMPDIR", workplace.folder.path().join("temporary"))
        .output()
        .unwrap();
    let done = Done(output);
    assert_eq!(done.code(), 0, "{}", done.stderr());
    done
}

/// One slot before the opening, one in the first quarter of an hour, then quarter hours until 15:30, in
/// order, the nights left out.
#[track_caller]
fn assert_trading_days(said: &Said) {
    let slots: Vec<&str> = said
        .forecasts
        .iter()
        .map(|forecast| forecast["as_of"].as_str().unwrap())
        .collect();
    assert!(slots.is_sorted(), "{slots:?}");
    let mut days: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for slot in slots {
        days.entry(&slot[..10]).or_default().push(&slot[11..16]);
    }
    let count: Vec<usize> = days.values().map(Vec::len).collect();
    assert_eq!(count, [25, 25, 10]);
    for times in days.values() {
        assert_eq!(times[..3], ["14:15", "14:44", "15:00"]);
    }
    assert_eq!(days["2025-01-06"].last(), Some(&"20:30"));
}

/// The account by phase adds up, and says what was there to say.
#[track_caller]
fn assert_account(said: &Said) {
    let summary = &said.summary;
    let phases = summary["phases"].as_array().unwrap();
    let total = |name: &str| -> u64 {
        let each = phases.iter().map(|phase| phase[name].as_u64().unwrap());
        each.sum()
    };
    for name in ["outcomes", "calls", "calls_right", "baseline_right"] {
        assert_eq!(said.count(name), total(name), "{name}: {summary}");
    }
    let names: Vec<_> = phases.iter().map(|phase| phase["phase"].as_str()).collect();
    let all = ["before", "open", "morning", "afternoon", "last-hour"];
    assert_eq!(names, all.map(Some), "{summary}");
    assert!(said.count("outcomes") >= 15, "{summary}");
    assert_eq!(summary["verdict"]["kind"], "early", "{summary}");
    assert!(said.count("same") <= 2, "{summary}");
    for phase in phases {
        for name in [
            "coverage_80",
            "coverage_90",
            "relative_mae",
            "last_close_error",
        ] {
            assert!(phase[name].is_number(), "{name}: {phase}");
        }
    }
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

/// More than a pipe holds is written while no one reads it: the picks go on, and every line is there
/// for the reader that comes late.
#[test]
fn a_reader_that_stands_still_holds_up_no_stage() {
    let picks = 40;
    let workplace = Workplace::new();
    let count = picks.to_string();
    let child = workplace
        .command(["demo", "--picks", count.as_str(), "--json=full"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    common::wait_until("all picks in the ledger", || {
        let listed = workplace.run(&["ledger", "list", "--json", "--data-dir", DEMO_DATA]);
        listed.code() == 0 && listed.json_lines().len() == picks
    });
    let done = Done(child.wait_with_output().unwrap());
    assert_eq!(done.code(), 0, "{}", done.stderr());
    assert!(done.stdout().len() > 64 * 1024);
    let said = Said::by(&done);
    said.assert_consistent();
    assert_eq!(said.forecasts.len(), picks);
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
        assert_annotated(forecast);
    }
}

/// Checks the annotations beside a forecast.
#[track_caller]
fn assert_annotated(forecast: &Value) {
    let each = |list: &str, field: &str| -> Vec<Value> {
        let list = forecast[list].as_array().unwrap();
        list.iter().map(|one| one[field].clone()).collect()
    };
    let stages = ["scraper", "sentiment", "gru-trainer"];
    assert_eq!(each("trace", "stage"), stages);
    assert!(each("trace", "took_ms").iter().all(Value::is_u64));
    assert!(each("trace", "began_at").iter().all(Value::is_string));
    assert_eq!(each("trace", "attempts"), [1, 1, 1]);
    let sessions = |list: &str| -> Vec<Value> {
        let list = forecast[list].as_array().unwrap();
        list.iter().map(|one| one[0].clone()).collect()
    };
    assert_eq!(sessions("news"), sessions("history"));
    let scores = each("headlines", "score");
    let scores: Vec<f64> = scores.iter().map(|score| score.as_f64().unwrap()).collect();
    assert!((1..=6).contains(&scores.len()), "{forecast}");
    assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
}
