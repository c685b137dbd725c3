//! Precedence of the layers, origins, and what is refused.

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
fn a_value_of_the_wrong_type_names_its_key() {
    let inputs = Inputs {
        flags: vec![("log.format".into(), "pink".into())],
        ..Inputs::default()
    };
    let error = Settings::resolve(&inputs).unwrap_err().to_string();
    assert!(
        error.contains("log.format") && error.contains("flag"),
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
    for inputs in [in_file, in_environment] {
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

/// The file that documents every key says what the parts themselves default to.
#[test]
fn the_documented_defaults_are_the_parts_own() {
    let settings = Settings::resolve(&Inputs::default()).unwrap().settings;
    assert_eq!(settings.forecast, ForecastSettings::default());
    assert_eq!(settings.supervision, SupervisionSettings::default());
}
