//! A model file through the binary: trained, started from, named in the record, asked for when a
//! forecast is made again, and refused where the news is scored otherwise.

use crate::common::{Done, Workplace, walks};
use serde_json::Value;

/// One network, and a fit of it in a second.
const SMALL: [&str; 2] = ["--set", "forecast.network.members=1"];

/// A workplace with recorded prices of three tickers.
fn recorded() -> Workplace {
    let workplace = Workplace::new();
    walks::yahoo(&workplace.folder.path().join("recorded/prices"));
    workplace
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
    let workplace = recorded();
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

    let missing = |done: &Done| -> Vec<Value> {
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
    let workplace = recorded();
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
