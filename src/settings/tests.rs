//! Precedence of the layers, origins, and what is refused.

use std::time::Duration;

use super::*;

/// A folder and inputs with a `data_dir` in each layer that is named.
fn inputs(folder: &std::path::Path, layers: &[&str]) -> Inputs {
    let mut inputs = Inputs {
        folder: folder.to_path_buf(),
        ..Inputs::default()
    };
    for layer in layers {
        match *layer {
            "file" => {
                std::fs::write(folder.join("closecall.toml"), "data_dir = \"file\"").unwrap();
            }
            "dotenv" => {
                std::fs::write(folder.join(".env"), "CLOSECALL__DATA_DIR=dotenv\n").unwrap();
            }
            "environment" => {
                inputs
                    .environment
                    .insert("CLOSECALL__DATA_DIR".into(), "environment".into());
            }
            "flag" => inputs.flags.push(("data_dir".into(), "flag".into())),
            _ => {}
        }
    }
    inputs
}

/// Every pair of the five layers: the later one wins, and the origin says so.
#[test]
fn later_layers_win() {
    let names = ["default", "file", "dotenv", "environment", "flag"];
    for (low, lower) in names.iter().enumerate() {
        for (high, higher) in names.iter().enumerate() {
            let folder = tempfile::tempdir().unwrap();
            let resolved = Settings::resolve(&inputs(folder.path(), &[lower, higher])).unwrap();
            let winner = names[low.max(high)];
            let data_dir = resolved.settings.data_dir.to_str().unwrap();
            let expected = if winner == "default" {
                "closecall-data"
            } else {
                winner
            };
            assert_eq!(data_dir, expected, "{lower} and {higher}");
            let origin = resolved.shown["data_dir"].origin.to_string();
            let named = match winner {
                "file" => "closecall.toml",
                "dotenv" => ".env",
                other => other,
            };
            assert!(origin.ends_with(named), "{origin} for {winner}");
        }
    }
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest() {
    let mut inputs = Inputs::default();
    inputs
        .environment
        .insert("CLOSECALL__LOG__FILTR".into(), "debug".into());
    let error = Settings::resolve(&inputs).unwrap_err().to_string();
    assert!(
        error.contains("log.filtr") && error.contains("`log.filter`"),
        "{error}"
    );
    assert!(error.contains("environment"), "{error}");
}

#[test]
fn a_variable_with_too_few_underscores_is_refused_and_a_stranger_is_not() {
    let resolve = |name: &str| {
        let mut inputs = Inputs::default();
        inputs
            .environment
            .insert(name.into(), "127.0.0.1:9000".into());
        Settings::resolve(&inputs)
    };
    for name in [
        "CLOSECALL_HTTP_LISTEN",
        "CLOSECALL_HTTP__LISTEN",
        "CLOSECALL__HTTP_LISTEN",
    ] {
        let error = resolve(name).unwrap_err().to_string();
        assert!(error.contains("CLOSECALL__HTTP__LISTEN"), "{error}");
    }
    for name in [
        "CLOSECALL__HTTP__LISTEN",
        "CLOSECALL_SERVICE_HOST",
        "HTTP_LISTEN",
    ] {
        resolve(name).unwrap();
    }
}

#[test]
fn a_value_of_the_wrong_type_names_its_key() {
    let inputs = Inputs {
        flags: vec![("log.format".into(), "pink".into())],
        ..Inputs::default()
    };
    let error = Settings::resolve(&inputs).unwrap_err().to_string();
    assert!(
        error.contains("`log.format` (from flag") && error.contains("`auto`, `text`, `json`"),
        "{error}"
    );
}

#[test]
fn a_broken_file_or_variable_file_is_refused_without_its_text() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("closecall.toml"), "data_dir = [").unwrap();
    let inputs = Inputs {
        folder: folder.path().into(),
        ..Inputs::default()
    };
    assert!(matches!(
        Settings::resolve(&inputs),
        Err(Error::Unreadable { .. })
    ));

    std::fs::remove_file(folder.path().join("closecall.toml")).unwrap();
    std::fs::write(folder.path().join(".env"), "CLOSECALL__X='SECRET").unwrap();
    let error = Settings::resolve(&inputs).unwrap_err().to_string();
    assert!(!error.contains("SECRET"), "{error}");
}

/// The traps of parsing by guess: these are tickers, wherever they come from.
#[test]
fn tickers_stay_text_in_every_layer() {
    let expected = ["TRUE", "NAN", "ON", "NO", "Y", "1"];
    let folder = tempfile::tempdir().unwrap();
    let text = format!("[picker]\ntickers = {expected:?}");
    std::fs::write(folder.path().join("closecall.toml"), text).unwrap();
    let in_file = Inputs {
        folder: folder.path().into(),
        ..Inputs::default()
    };
    let mut in_environment = Inputs::default();
    let joined = expected.join(",");
    in_environment
        .environment
        .insert("CLOSECALL__PICKER__TICKERS".into(), joined);
    let as_in_a_file = Inputs {
        flags: vec![("picker.tickers".into(), format!("{expected:?}"))],
        ..Inputs::default()
    };
    for inputs in [in_file, in_environment, as_in_a_file] {
        let settings = Settings::resolve(&inputs).unwrap().settings;
        let tickers: Vec<&str> = settings.picker.tickers.iter().map(|t| t.as_str()).collect();
        assert_eq!(tickers, expected);
    }
}

/// "" serves nothing, as the documentation of the key says.
#[test]
fn an_empty_address_serves_nothing() {
    let mut inputs = Inputs::default();
    inputs
        .environment
        .insert("CLOSECALL__HTTP__LISTEN".into(), String::new());
    let settings = Settings::resolve(&inputs).unwrap().settings;
    assert_eq!(settings.http.listen, None);
}

/// The settings that the binary resolves without any layer above are each part's own defaults.
#[test]
fn the_documented_defaults_are_the_parts_own() {
    let settings = Settings::resolve(&Inputs::default()).unwrap().settings;
    assert_eq!(settings.forecast, ForecastSettings::default());
    assert_eq!(settings.supervision, SupervisionSettings::default());
    let market = format!("{:?}", closecall_market::MarketSettings::default());
    assert_eq!(format!("{:?}", settings.market_settings()), market);
    let kafka = format!("{:?}", KafkaSettings::default());
    assert_eq!(format!("{:?}", settings.kafka), kafka);
}

fn flags(given: &[(&str, &str)]) -> Inputs {
    let flags = given
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    Inputs {
        flags: flags.collect(),
        ..Inputs::default()
    }
}

/// A setting by its name of an earlier version counts, and the new name is said.
#[test]
fn old_names_are_read_with_a_warning() {
    let resolved = Settings::resolve(&flags(&[
        ("market.retry_base_ms", "20"),
        ("yahoo.min_interval_ms", "1500"),
        ("alphavantage.min_interval_ms", ""),
    ]))
    .unwrap();
    let settings = &resolved.settings;
    assert_eq!(settings.market.retry_base, Duration::from_millis(20));
    let least = settings.yahoo.min_interval;
    assert_eq!(least, Some(Duration::from_millis(1500)));
    assert_eq!(settings.alphavantage.min_interval, None);
    let warnings: Vec<String> = resolved.retired.iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 3);
    for name in ["`yahoo.min_interval`", "`market.retry_base`"] {
        let named = |warning: &&String| warning.contains(name) && warning.contains("flag");
        assert_eq!(warnings.iter().filter(named).count(), 1, "{warnings:?}");
    }
    assert_eq!(resolved.shown["market.retry_base"].value, "20ms");
    assert!(!resolved.shown.contains_key("market.retry_base_ms"));

    let error = Settings::resolve(&flags(&[("market.retry_base_ms", "soon")])).unwrap_err();
    assert!(error.to_string().contains("market.retry_base"), "{error}");
}

/// A setting without meaning is read, whatever it says, and does nothing.
#[test]
fn settings_without_meaning_are_read_with_a_warning() {
    let with = flags(&[
        ("forecast.gate.t", "2.5"),
        ("forecast.gate.folds", "many"),
        ("forecast.interval.volatility_decay", "0.9"),
    ]);
    let resolved = Settings::resolve(&with).unwrap();
    let without = Settings::resolve(&flags(&[])).unwrap();
    assert_eq!(resolved.settings.forecast, without.settings.forecast);
    let warnings: Vec<String> = resolved.retired.iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 3, "{warnings:?}");
    for warning in &warnings {
        assert!(warning.contains("does nothing"), "{warning}");
    }
    assert!(!resolved.shown.contains_key("forecast.gate.t"));
}

/// In whatever layers they are: neither name wins.
#[test]
fn a_setting_by_both_names_is_refused() {
    let mut inputs = flags(&[("market.retry_base_ms", "20")]);
    let new = ("CLOSECALL__MARKET__RETRY_BASE".into(), "1s".into());
    inputs.environment.extend([new]);
    let error = Settings::resolve(&inputs).unwrap_err().to_string();
    for part in [
        "`market.retry_base`",
        "`market.retry_base_ms`",
        "environment",
        "flag",
    ] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn a_key_is_trimmed_wherever_it_comes_from() {
    let key = |inputs: &Inputs| {
        let settings = Settings::resolve(inputs).unwrap().settings;
        settings.alphavantage.api_key
    };
    let flag = key(&flags(&[("alphavantage.api_key", " KEY\n")]));
    assert_eq!(flag.unwrap().expose_secret(), "KEY");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, "KEY \r\n").unwrap();
    let name = ("alphavantage.api_key_file", file.to_str().unwrap());
    assert_eq!(key(&flags(&[name])).unwrap().expose_secret(), "KEY");
    assert!(key(&flags(&[("alphavantage.api_key", " ")])).is_none());
}

#[test]
fn every_section_is_checked() {
    for (key, value) in [
        ("kafka.brokers", "no port"),
        ("kafka.sasl_mechanism", "MAGIC"),
        ("picker.every", "1ms"),
        ("yahoo.base_url", "x"),
        ("forecast.min_rows", "1"),
        ("supervision.drain.force", "1s"),
    ] {
        let error = Settings::resolve(&flags(&[(key, value)])).unwrap_err();
        let (section, name) = key.rsplit_once('.').unwrap();
        let text = error.to_string();
        assert!(
            text.contains(name) && text.contains(section.split('.').next().unwrap()),
            "{text}"
        );
    }
}

/// A value that a person typed wrong is named, with what was meant to stand there.
#[test]
fn values_that_cannot_be_used_are_said_in_their_own_words() {
    for (key, value, says) in [
        ("forecast.seed", "-1", "the least is 0"),
        ("calendar.extra_closures", "2024-02-30", "2024-02-30"),
        ("prices.providers", "yahoo,foo", "\"foo\" is none of yahoo"),
        (
            "alerts.on",
            "stale,foo",
            "`stage-down`, `suspect`, `dead-letters`, `stale`, `ledger`",
        ),
        ("log.filter", "zz=zz", "info,closecall=debug"),
        ("http.hosts", "*", "\"*\" is no name of a host"),
        ("http.hosts", "https://closecall.example", "without scheme"),
    ] {
        let inputs = Inputs {
            flags: vec![(key.into(), value.into())],
            ..Inputs::default()
        };
        let error = Settings::resolve(&inputs).unwrap_err().to_string();
        assert!(error.contains(key) && error.contains(says), "{error}");
    }
}
