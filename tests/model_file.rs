//! A model file through the binary: trained, started from, named in the record, asked for when a
//! forecast is made again, and refused where the news is scored otherwise.

#![allow(clippy::unwrap_used, reason = "tests may fail loudly")]

mod common;

use std::fmt::Write as _;

use chrono::{Datelike as _, NaiveDate};
use common::Workplace;
use serde_json::Value;

/// One network, and a fit of it in a second.
const SMALL: [&str; 2] = ["--set", "forecast.network.members=1"];

/// Three random walks of 300 weekdays, as a vendor's files.
fn record(workplace: &Workplace) {
    let folder = workplace.folder.path().join("recorded/prices");
    std::fs::create_dir_all(&folder).unwrap();
    let mut state = 7_u64;
    for ticker in ["AAPL", "MSFT", "PG"] {
        let mut text = "Date,Open,High,Low,Close,Adj Close,Volume\n".to_owned();
        let mut close = 100.0_f64;
        let first = NaiveDate::from_ymd_opt(2022, 1, 3).unwrap();
        let weekdays = first
            .iter_days()
            .filter(|day| day.weekday().num_days_from_monday() < 5);
        for day in weekdays.take(300) {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let step = (state >> 40) as f64 / f64::from(1 << 24) - 0.5;
            let open = close;
            close *= (0.04 * step).exp();
            let (high, low) = (open.max(close) * 1.004, open.min(close) * 0.996);
            writeln!(
                text,
                "{day},{open:.2},{high:.2},{low:.2},{close:.2},{close:.2},1000000"
            )
            .unwrap();
        }
        std::fs::write(folder.join(format!("{ticker}.csv")), text).unwrap();
    }
}

/// Trains a file by this seed, and gives its hash.
fn train(workplace: &Workplace, out: &str, seed: &str) -> String {
    let seed = format!("forecast.seed={seed}");
    let arguments = ["train", "--data", "recorded", "--out", out, "--json"];
    let mut all = [&SMALL[..], &["--set", &seed]].concat();
    all.extend(arguments);
    workplace.run(&all).json()["hash"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn says(said: &Value, texts: &[&str]) -> bool {
    texts
        .iter()
        .all(|text| said.as_str().unwrap().contains(text))
}

#[test]
fn a_forecast_is_made_again_from_the_file_it_started_from_or_says_that_it_is_missing() {
    let workplace = Workplace::new();
    record(&workplace);
    let hash = train(&workplace, "one.json", "1");
    let other = train(&workplace, "other.json", "2");
    assert_ne!(hash, other);
    let with = |file: &str, words: &[&str]| {
        let file = format!("model.file={file}");
        workplace.run(&[&SMALL[..], &["--set", &file], words].concat())
    };

    let demo = with(
        "one.json",
        &["demo", "--picks", "12", "--seed", "3", "--json"],
    );
    assert_eq!(demo.code(), 0, "{}", demo.stderr());
    let started = demo
        .stdout()
        .matches(&format!("\"file\":\"{hash}\""))
        .count();
    assert_eq!(started, 12);

    let again = ["ledger", "recompute", "--all", "--json"];
    let same = with("one.json", &again);
    assert_eq!(same.code(), 0, "{}{}", same.stdout(), same.stderr());
    assert!(same.json_lines().iter().all(|line| line["same"] == true));

    let missing = |done: &common::Done| -> Vec<Value> {
        assert_eq!(done.code(), 65, "{}", done.stderr());
        let lines = done.json_lines();
        assert_eq!(lines.len(), 12);
        lines.iter().map(|line| line["missing"].clone()).collect()
    };
    let said = missing(&with("other.json", &again));
    assert!(
        said.iter().all(|said| says(said, &[&hash, &other])),
        "{said:?}"
    );
    let without = workplace.run(&[&SMALL[..], &again].concat());
    let said = missing(&without);
    let whole = [hash.as_str(), "set `model.file`"];
    assert!(said.iter().all(|said| says(said, &whole)), "{said:?}");
}

#[test]
fn a_file_that_learned_from_other_scores_of_the_news_is_refused() {
    let workplace = Workplace::new();
    record(&workplace);
    train(&workplace, "one.json", "1");
    let backtest = |scorer: &str| {
        let scorer = format!("news.scorer={scorer}");
        let set = ["--set", "model.file=one.json", "--set", &scorer];
        let words = [
            "backtest",
            "--data",
            "recorded",
            "--models",
            "ridge",
            "--from",
            "2023-02-01",
        ];
        workplace.run(&[&SMALL[..], &set, &words].concat())
    };
    assert_eq!(backtest("vader-title").code(), 0);
    backtest("vader-title-summary").refused(78, &["vader-parity", "summary 1", "train it again"]);

    let set = ["--set", "news.scorer=vader-title-summary"];
    let words = [
        "train",
        "--data",
        "recorded",
        "--out",
        "summary.json",
        "--json",
    ];
    let trained = workplace.run(&[&SMALL[..], &set, &words].concat()).json();
    let features = trained["features"].as_str().unwrap();
    assert!(features.contains("summary 1"), "{features}");
}
