//! Configuration as a user meets it: origins, masked secrets, `.env`, and what is refused with 78.

use crate::common;

use std::path::Path;

use common::Workplace;
use serde_json::Value;

const SECRET: &str = "CANARY0KEY0CANARY";

fn write(workplace: &Workplace, name: &str, text: &str) {
    std::fs::write(workplace.folder.path().join(name), text).unwrap();
}

#[track_caller]
fn assert_shown(shown: &Value, key: &str, value: impl Into<Value>, origin: &str) {
    assert_eq!(shown[key]["value"], value.into(), "{key}");
    let found = shown[key]["origin"].as_str().unwrap();
    // A file is shown by its path.
    let name = Path::new(found).file_name().unwrap();
    assert_eq!(name, origin, "{key}");
}

/// One value from each layer, each with its origin.
#[test]
fn every_value_is_shown_with_its_origin() {
    let workplace = Workplace::new()
        .with("CLOSECALL__LOG__FILTER", "warn")
        .with("CLOSECALL__FORECAST__SEED", "11");
    write(
        &workplace,
        "closecall.toml",
        "data_dir = \"here\"\n[picker]\nevery = \"60s\"\n[forecast]\nseed = 9\n",
    );
    write(&workplace, ".env", "CLOSECALL__PICKER__SEED=5\nOTHER=1\n");
    let shown = workplace
        .run(&["config", "show", "--json", "--set", "yahoo.user_agent=me"])
        .json();
    assert_shown(&shown, "market.window_days", 300, "default");
    assert_shown(&shown, "data_dir", "here", "closecall.toml");
    assert_shown(&shown, "picker.every", "60s", "closecall.toml");
    assert_shown(&shown, "picker.seed", "5", ".env");
    assert_shown(&shown, "log.filter", "warn", "environment");
    assert_shown(&shown, "yahoo.user_agent", "me", "flag");
    assert_shown(&shown, "forecast.seed", "11", "environment");

    let text = workplace.run(&["config", "show"]).stdout();
    let line = text.lines().find(|line| line.starts_with("picker.seed"));
    assert!(line.is_some_and(|line| line.ends_with(".env")), "{text}");
    assert_eq!(workplace.run(&["config", "check"]).code(), 0);
}

/// Wherever a secret comes from, it is masked; one that is not set is seen not to be set.
#[test]
fn secrets_are_masked() {
    let key = "CLOSECALL__ALPHAVANTAGE__API_KEY";
    let in_environment = Workplace::new().with(key, SECRET);
    let in_dot_env = Workplace::new();
    write(&in_dot_env, ".env", &format!("{key}={SECRET}\n"));
    let in_file = Workplace::new();
    let text = format!("[alphavantage]\napi_key = \"{SECRET}\"\n");
    write(&in_file, "closecall.toml", &text);
    for workplace in [in_environment, in_dot_env, in_file] {
        for command in [
            &["config", "show"][..],
            &["config", "show", "--json"],
            &["config", "check"],
        ] {
            let done = workplace.run(&[command, &["-vv"]].concat());
            assert_eq!(done.code(), 0);
            let said = done.stdout() + &done.stderr();
            assert!(!said.contains(SECRET), "{said}");
        }
        let shown = workplace.run(&["config", "show", "--json"]).json();
        assert_eq!(shown["alphavantage.api_key"]["value"], "***");
    }
    let shown = Workplace::new().run(&["config", "show", "--json"]).json();
    assert_eq!(shown["alphavantage.api_key"]["value"], "");
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_name() {
    let hint = ["yahoo.base_ulr", "did you mean `yahoo.base_url`?"];
    let in_file = Workplace::new();
    write(&in_file, "closecall.toml", "[yahoo]\nbase_ulr = \"x\"\n");
    let in_dot_env = Workplace::new();
    write(&in_dot_env, ".env", "CLOSECALL__YAHOO__BASE_ULR=x\n");
    let in_environment = Workplace::new().with("CLOSECALL__YAHOO__BASE_ULR", "x");
    for (workplace, origin) in [
        (in_file, "closecall.toml"),
        (in_dot_env, ".env"),
        (in_environment, "environment"),
    ] {
        for command in [&["config", "check"][..], &["demo"], &["predict", "AAPL"]] {
            let done = workplace.run(command);
            done.refused(78, &hint);
            done.refused(78, &[origin]);
        }
    }
    Workplace::new()
        .run(&["config", "check", "--set", "yahoo.base_ulr=x"])
        .refused(78, &hint);
}

/// Each names the setting it is about.
#[test]
fn unusable_values_are_refused() {
    for (setting, names) in [
        ("picker.tickers=../x", "ticker"),
        ("picker.tickers=", "picker.tickers"),
        ("picker.every=soon", "picker.every"),
        ("picker.every=1ms", "picker.every"),
        ("forecast.model=oracle", "forecast.model"),
        ("alpaca.feed=otc", "iex"),
        ("prices.providers=finnhub", "none of yahoo"),
        ("prices.providers=yahoo,yahoo", "at most once"),
        ("market.window_days=-1", "market.window_days"),
        ("yahoo.base_url=ftp://x", "yahoo.base_url"),
        ("supervision.delivery.attempts=9", "attempts"),
        ("http.listen=everywhere", "http.listen"),
        ("kafka.brokers=nowhere", "kafka.brokers"),
        ("supervision.restart.backoff.jitter=1", "jitter"),
        ("supervision.delivery.window=0", "window"),
    ] {
        Workplace::new()
            .run(&["config", "check", "--set", setting])
            .refused(78, &[names]);
    }
    Workplace::new()
        .run(&["config", "check", "--config", "missing.toml"])
        .refused(78, &["missing.toml", "--config"]);
}

/// A password is what stands there: a `$` begins no name.
#[test]
fn values_of_dot_env_are_taken_as_written() {
    let workplace = Workplace::new();
    let fixture = include_str!("fixtures/field/env-dollar.env");
    let key = "CLOSECALL__ALPHAVANTAGE__API_KEY='a$b\\c'";
    write(&workplace, ".env", &format!("{fixture}{key}\n"));
    let shown = workplace.run(&["config", "show", "--json"]).json();
    assert_shown(&shown, "kafka.sasl_username", "pa$word9", ".env");
    assert_shown(&shown, "alphavantage.api_key", "***", ".env");
}

/// An old name is read with a warning; both names at once are one too many.
#[test]
fn settings_by_old_names_are_read_for_now() {
    let workplace = Workplace::new();
    write(
        &workplace,
        "closecall.toml",
        "[market]\nretry_base_ms = 40\n",
    );
    let done = workplace.run(&["config", "show", "--json"]);
    assert!(
        done.stderr().contains("`market.retry_base`"),
        "{}",
        done.stderr()
    );
    assert_shown(&done.json(), "market.retry_base", "40ms", "closecall.toml");
    workplace
        .run(&["config", "check", "--set", "market.retry_base=40ms"])
        .refused(78, &["`market.retry_base_ms`", "closecall.toml"]);
}

/// A key may be in a file of its own; one that cannot be read is refused, and none is shown.
#[test]
fn the_key_may_be_in_a_file() {
    let workplace = Workplace::new().with("CLOSECALL__ALPHAVANTAGE__API_KEY_FILE", "key");
    workplace
        .run(&["config", "check"])
        .refused(78, &["alphavantage.api_key_file"]);
    write(&workplace, "key", &format!("{SECRET}\n"));
    let done = workplace.run(&["config", "show", "-vv"]);
    assert_eq!(done.code(), 0, "{}", done.stderr());
    assert!(!(done.stdout() + &done.stderr()).contains(SECRET));
}
