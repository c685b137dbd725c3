//! A close that the vendor corrects afterwards: the store keeps both values, no score changes, and the
//! forecasts that rest on the first are made again to the bit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::common::Workplace;
use crate::common::pipeline::RUN_DATA;
use crate::common::vendor::{Reply, Vendor, chart_until, closes, symbol};

/// Picks two moments of a session's morning.
fn run(workplace: &Workplace, morning: &str) {
    let words = ["run", "--json", "--tickers", "AAPL", "--picks", "2"];
    let pace = ["--speed", "60", "--every", "1m", "--clock-start", morning];
    let set = ["--set", "forecast.model=ridge"];
    let done = workplace.run(&[&words[..], &pace, &set].concat());
    assert_eq!(done.code(), 0, "{}", done.stderr());
    assert_eq!(done.json_lines().len(), 2, "{}", done.stdout());
}

#[test]
fn both_values_stay_and_what_rests_on_the_first_does_not_change() {
    let is_corrected = Arc::<AtomicBool>::default();
    let switch = Arc::clone(&is_corrected);
    let vendor = Vendor::start(move |target| {
        let Some(symbol) = symbol(target) else {
            return Reply::json(&json!({"items": "0", "feed": []}));
        };
        let mut closes = closes(300, 100.0);
        if switch.load(Ordering::SeqCst) {
            // That of 2023-06-28: two sessions lie between it and the newest.
            closes[297] = json!(closes[297].as_f64().unwrap() + 0.37);
        }
        Reply::json(&chart_until("2023-06-30", &symbol, &closes))
    });
    let workplace = Workplace::on(&vendor.url());
    run(&workplace, "2023-06-28T14:00:00Z");
    run(&workplace, "2023-06-29T14:00:00Z");
    let scores = || -> Vec<Value> {
        let rows = workplace.ledger(RUN_DATA);
        let scored = rows.iter().filter(|row| row["session"] == "2023-06-28");
        scored.map(|row| row["score"].clone()).collect()
    };
    let before = scores();
    assert!(
        before.len() == 2 && before.iter().all(Value::is_object),
        "{before:?}"
    );

    is_corrected.store(true, Ordering::SeqCst);
    run(&workplace, "2023-06-30T14:00:00Z");
    let info = workplace.run(&["store", "info", "--json"]).json();
    assert_eq!(info["bar_vintages"], 1, "{info}");
    assert_eq!(scores(), before);
    let again = [
        "--set",
        "forecast.model=ridge",
        "ledger",
        "recompute",
        "--all",
        "--json",
    ];
    let again = workplace.run(&again);
    assert_eq!(again.code(), 0, "{}{}", again.stdout(), again.stderr());
    let again = again.json_lines();
    assert!(
        again.len() == 6 && again.iter().all(|line| line["same"] == true),
        "{again:?}"
    );
    let verified = workplace.run(&["ledger", "verify"]);
    assert_eq!(verified.code(), 0, "{}", verified.stderr());
}
