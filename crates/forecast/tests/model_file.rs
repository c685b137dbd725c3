//! A model file: what is written is read back, what cannot be used is refused with a sentence, and a
//! forecast names what it started from.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use closecall_forecast::{
    FitCache, ForecastSettings, PooledModel, PooledRows, Training, WalkedForward, forecast,
    forecast_with_model,
};
use closecall_protocol::{ModelTarget, RelativeMae, Ticker};

use crate::markets;
use markets::{Market, day, now};

/// Scorer of the news.
const SCORER: &str = "scorer 0.1.0";

fn settings() -> ForecastSettings {
    let mut settings = ForecastSettings::default();
    settings.network.members = 1;
    settings
}

/// Trained on three markets with a planted signal, and ended after two epochs.
fn model(settings: &ForecastSettings) -> PooledModel {
    let tickers: Vec<_> = (1..4)
        .map(|seed| Market::new(seed, 300, 0.2).rows)
        .collect();
    let (mut parts, mut walked_forward) = (BTreeMap::new(), BTreeMap::new());
    for target in [ModelTarget::LastClose, ModelTarget::Opening] {
        let rows = PooledRows::of(&tickers, target, settings);
        let mut epochs = 0;
        let mut on_epoch = |_| {
            epochs += 1;
            if epochs < 2 {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        };
        let (part, stopped) = rows.fit(None, settings, &mut on_epoch).unwrap();
        assert!(stopped && part.networks() == 1);
        parts.insert(target, part);
        let relative_mae = RelativeMae {
            value: 0.98,
            lower: 0.97,
            upper: 0.99,
        };
        let walked = WalkedForward {
            relative_mae,
            rows: 100,
            days: 50,
        };
        walked_forward.insert(target, walked);
    }
    let training = Training {
        tickers: vec![Ticker::new("TEST").unwrap()],
        first: day(0),
        last: day(299),
        rows: 1,
        seed: settings.seed,
        stopped: true,
    };
    PooledModel::new(training, parts, walked_forward, settings, SCORER).unwrap()
}

fn refusal(path: &Path, settings: &ForecastSettings) -> String {
    PooledModel::load(path, settings, SCORER)
        .unwrap_err()
        .to_string()
}

#[test]
fn what_is_written_is_read_back_and_what_is_not_whole_is_refused() {
    let (settings, folder) = (settings(), tempfile::tempdir().unwrap());
    let path = folder.path().join("model.json");
    let model = model(&settings);
    model.save(&path).unwrap();
    let read = PooledModel::load(&path, &settings, SCORER).unwrap();
    assert_eq!(read.hash(), model.hash());
    assert_eq!(read.parts.len(), 2);
    // Whatever it holds is what was written, and starts the same forecast.
    let copy = folder.path().join("copy.json");
    read.save(&copy).unwrap();
    assert_eq!(std::fs::read(&copy).unwrap(), std::fs::read(&path).unwrap());
    let dataset = Market::new(9, 220, 0.2).at(215);
    let from = |model: &PooledModel| {
        let (cache, mut on) = (FitCache::default(), |_| ControlFlow::Continue(()));
        forecast_with_model(&dataset, &settings, Some(model), &cache, now(), &mut on).unwrap()
    };
    assert_eq!(from(&read), from(&model));

    let other = ForecastSettings {
        network: closecall_forecast::EnsembleSettings {
            window: 12,
            ..settings.network.clone()
        },
        ..settings.clone()
    };
    assert!(refusal(&path, &other).contains("rows of 10 sessions"));
    let other = PooledModel::load(&path, &settings, "another 1.0");
    let said = other.unwrap_err().to_string();
    assert!(
        said.contains(SCORER) && said.contains("another 1.0"),
        "{said}"
    );

    let text = std::fs::read_to_string(&path).unwrap();
    let broken = folder.path().join("broken.json");
    let write = |text: &str| std::fs::write(&broken, text).unwrap();
    write(&text[..text.len() / 2]);
    assert!(refusal(&broken, &settings).contains("cut off"));
    write(&text.replacen("\"version\":2", "\"version\":9", 1));
    assert!(refusal(&broken, &settings).contains("version 9"));
    write(&text.replacen("\"seed\":7", "\"seed\":8", 1));
    assert!(refusal(&broken, &settings).contains("damaged"));
    for text in ["", "not a model", "{}", "[1, 2]"] {
        write(text);
        assert!(
            refusal(&broken, &settings).contains("no model file"),
            "{text:?}"
        );
    }
    assert!(refusal(&folder.path().join("absent"), &settings).contains("cannot be read"));
}

#[test]
fn a_forecast_names_the_file_that_it_started_from() {
    let settings = settings();
    let model = model(&settings);
    let market = Market::new(9, 220, 0.2);
    let mut on = |_| ControlFlow::Continue(());
    for dataset in [market.at(215), market.during(215, 4)] {
        let plain = forecast(&dataset, &settings, now(), &mut on).unwrap();
        assert_eq!(
            (plain.model.file.as_ref(), plain.relative_mae),
            (None, None)
        );
        let cache = FitCache::default();
        let mut with = || {
            forecast_with_model(&dataset, &settings, Some(&model), &cache, now(), &mut on).unwrap()
        };
        let (first, again) = (with(), with());
        assert_eq!(first.model.file.as_deref(), Some(model.hash()));
        assert_eq!(first.relative_mae.unwrap().value, 0.98);
        assert_eq!(again.model.remembered, Some(true));
        assert_eq!(first.prediction, again.prediction);
        // The probability is a rank among past errors: small changes may leave it where it was.
        assert_ne!(first.model.gate, plain.model.gate);
    }
}

/// The arithmetic of every path is the same up to rounding, and so are forecasts before they are
/// rounded to cents.
#[test]
fn instruction_sets_agree_on_a_forecast() {
    use closecall_gru::InstructionSet;
    let market = Market::new(3, 220, 0.1);
    for dataset in [market.at(215), market.during(215, 10)] {
        let mut probabilities = Vec::new();
        for path in ["plain", "avx2", "avx512"] {
            let path: InstructionSet = path.parse().unwrap();
            let settings = ForecastSettings {
                path: Some(path),
                ..ForecastSettings::default()
            };
            let mut on = |_| ControlFlow::Continue(());
            // A processor lacks what it lacks; `plain` there is everywhere.
            if let Ok(said) = forecast(&dataset, &settings, now(), &mut on) {
                let asked = said.model.asked_change_pct.unwrap_or(0.0);
                let gate = said.model.gate;
                probabilities.push((path, asked, gate));
            }
        }
        let (_, asked, gate) = probabilities[0];
        for (path, other, share) in &probabilities {
            assert!((asked - other).abs() < 1e-4, "{path:?}: {asked} {other}");
            assert!((gate - share).abs() < 1e-6, "{path:?}: {gate} {share}");
        }
    }
}
