//! Promises of `forecast`, a test each.

use std::ops::ControlFlow;

use closecall_forecast::{
    DIVERGED, Error, FitProgress, ForecastSettings, INSUFFICIENT_DATA, ModelKind, forecast,
};
use closecall_protocol::{CloseForecast, DatasetBuilt, DatasetRow, Direction, Reason, SessionNews};

use crate::markets;
use markets::{Market, dataset, day, now};

fn on(progress: FitProgress) -> ControlFlow<()> {
    assert!(progress.done <= progress.total);
    ControlFlow::Continue(())
}

fn settings(model: ModelKind) -> ForecastSettings {
    ForecastSettings {
        model,
        ..ForecastSettings::default()
    }
}

fn run(dataset: &DatasetBuilt, settings: &ForecastSettings) -> CloseForecast {
    forecast(dataset, settings, now(), &mut on).unwrap()
}

fn closes(closes: &[f64]) -> DatasetBuilt {
    let row = |(k, &close)| DatasetRow::with_close(day(k), close, SessionNews::default()).unwrap();
    let rows: Vec<DatasetRow> = closes.iter().enumerate().map(row).collect();
    dataset(&rows, day(closes.len()), SessionNews::default())
}

#[test]
fn every_model_says_what_it_is_and_from_what() {
    let market = Market::new(1, 207, 0.0);
    let dataset = market.at(206);
    for &model in ModelKind::ALL {
        let said = run(&dataset, &settings(model));
        assert_eq!(said.model.name, model.name());
        assert_eq!(said.model.reason, None);
        assert_eq!(said.target, day(206));
        assert_eq!(said.last_session, day(205));
        assert_eq!(said.reference_price(), said.last_close);
        assert_eq!(said.sessions, 205);
        assert_eq!(said.articles, 206 * 20);
        assert_eq!(said.history.len(), 60);
        assert_eq!(said.history[59], (day(205), said.last_close));
        assert_eq!(said.relative_mae, None);
        let again = CloseForecast::publish(said.clone().into_values());
        assert_eq!(again.unwrap(), said);
        let levels: Vec<f64> = said
            .intervals
            .iter()
            .map(|interval| interval.level)
            .collect();
        assert_eq!(levels, [0.8, 0.9]);
        let [inner, outer] = [said.intervals[0], said.intervals[1]];
        assert!(outer.lower <= inner.lower && inner.upper <= outer.upper);
        assert!(inner.lower < said.prediction && said.prediction < inner.upper);
    }
    let original = run(&dataset, &settings(ModelKind::Original));
    assert_eq!((original.model.rows, original.model.gate), (195, 1.0));
    assert_ne!(original.direction(), Direction::Same);
}

#[test]
fn persistence_is_the_newest_price_to_the_bit() {
    let market = Market::new(1, 207, 0.0);
    for dataset in [market.at(206), market.during(206, 9)] {
        let said = run(&dataset, &settings(ModelKind::Persistence));
        assert_eq!(said.prediction.to_bits(), said.reference_price().to_bits());
        assert_eq!(said.probability_up_from_here, Some(0.5));
        assert_eq!(said.model.gate, 0.0);
    }
}

#[test]
fn a_strong_signal_moves_the_forecast_its_way() {
    for model in [ModelKind::Closecall, ModelKind::Ridge] {
        let said = run(&Market::new(3, 207, 0.5).at(206), &settings(model));
        assert!(said.model.gate > 0.3, "{model}: {}", said.model.gate);
        assert_ne!(said.direction(), Direction::Same, "{model}");
        let rising = said.direction() == Direction::Rise;
        assert_eq!(said.probability_up > 0.5, rising, "{model}");
        let asked = said.model.asked_change_pct.unwrap();
        assert_eq!(asked > 0.0, rising, "{model}: {asked}");
    }
}

#[test]
fn the_same_dataset_gives_the_same_bits_and_the_time_is_only_written_down() {
    let dataset = Market::new(3, 207, 0.5).at(206);
    for &model in ModelKind::ALL {
        let settings = settings(model);
        let first = run(&dataset, &settings);
        let later = now() + chrono::Duration::days(1);
        let again = forecast(&dataset, &settings, later, &mut on).unwrap();
        assert_eq!(again.model.trained_at, later);
        let mut again = again.into_values();
        again.model.trained_at = now();
        let again = CloseForecast::publish(again).unwrap();
        assert_eq!(first, again);
        assert!(
            first
                .numbers()
                .map(|(_, number)| number.to_bits())
                .eq(again.numbers().map(|(_, number)| number.to_bits()))
        );
    }
}

#[test]
fn the_seed_and_the_live_news_count() {
    let mut dataset = Market::new(3, 207, 0.5).at(206);
    let settings = settings(ModelKind::Closecall);
    let said = run(&dataset, &settings);
    let other = run(
        &dataset,
        &ForecastSettings {
            seed: 8,
            ..settings.clone()
        },
    );
    assert_ne!(said.model.gate, other.model.gate);
    assert_ne!(said.settings_hash, other.settings_hash);
    dataset.live = SessionNews::new(day(206), Some(-0.9), 20).unwrap();
    let gloom = run(&dataset, &settings);
    dataset.live = SessionNews::new(day(206), Some(0.9), 20).unwrap();
    let cheer = run(&dataset, &settings);
    assert_eq!(
        gloom.model.gate, cheer.model.gate,
        "the live row is no training row"
    );
    assert!(gloom.prediction < cheer.prediction);
}

#[test]
fn too_little_to_learn_from_is_persistence_with_its_reason() {
    let few = Market::new(1, 12, 0.0).at(11);
    let constant = closes(&[42.0; 205]);
    for model in [ModelKind::Closecall, ModelKind::Original, ModelKind::Ridge] {
        for (dataset, last) in [(&few, few.rows[10].close()), (&constant, 42.0)] {
            let said = run(dataset, &settings(model));
            assert_eq!(said.model.name, "persistence");
            assert_eq!(said.model.reason.as_deref(), Some(INSUFFICIENT_DATA));
            assert!((said.prediction - last).abs() < 0.005);
            assert_eq!(said.direction(), Direction::Same);
            assert_eq!(said.intervals.len(), 2);
        }
    }
    let one = run(&closes(&[10.0]), &settings(ModelKind::Closecall));
    assert_eq!(one.model.reason.as_deref(), Some(INSUFFICIENT_DATA));
    assert!(one.intervals[0].lower < 10.0 && one.intervals[0].upper > 10.0);
}

#[test]
fn no_close_is_no_data() {
    let empty = dataset(&[], day(0), SessionNews::default());
    let error =
        |dataset| forecast(dataset, &ForecastSettings::default(), now(), &mut on).unwrap_err();
    let none = error(&empty);
    assert!(matches!(none, Error::NoData { .. }), "{none}");
    assert_eq!(none.reason(), Reason::NoData);
    let worthless = error(&closes(&[0.000_04; 100]));
    assert!(
        matches!(worthless, Error::BelowSmallestPrice { .. }),
        "{worthless}"
    );
    assert_eq!(worthless.reason(), Reason::NoData);
}

#[test]
fn training_that_diverges_is_persistence_with_its_reason() {
    let mut settings = settings(ModelKind::Closecall);
    settings.network.learning_rate = 1e38;
    let dataset = Market::new(3, 207, 0.5).at(206);
    let said = run(&dataset, &settings);
    assert_eq!(said.model.name, "persistence");
    assert_eq!(said.model.reason.as_deref(), Some(DIVERGED));
    assert_eq!(
        (said.prediction, said.model.gate),
        (said.reference_price(), 0.0)
    );
}

#[test]
fn a_break_cancels_after_the_epoch_under_way() {
    let dataset = Market::new(1, 207, 0.0).at(206);
    for model in [ModelKind::Closecall, ModelKind::Original] {
        let mut calls = 0;
        let mut third = |progress: FitProgress| {
            calls += 1;
            if progress.done == 3 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let error = forecast(&dataset, &settings(model), now(), &mut third).unwrap_err();
        assert!(
            matches!(error, Error::Cancelled { done: 3, total } if total > 3),
            "{error}"
        );
        assert_eq!(calls, 3);
    }
}

#[test]
fn settings_without_meaning_are_refused_by_name() {
    type Break = fn(&mut ForecastSettings);
    let broken: [(&str, Break); 5] = [
        ("min_rows", |s| s.min_rows = 3),
        ("network.window", |s| s.network.window = 0),
        ("network.news_shrinkage", |s| {
            s.network.news_shrinkage = f64::NAN
        }),
        ("interval.levels", |s| s.interval.levels = vec![0.9, 0.8]),
        ("interval.step", |s| s.interval.step = 0.5),
    ];
    for (field, break_it) in broken {
        let mut settings = ForecastSettings::default();
        break_it(&mut settings);
        match settings.validate() {
            Err(Error::Setting { name, .. }) => assert_eq!(name, field),
            other => panic!("{field}: {other:?}"),
        }
    }
    assert!(ForecastSettings::default().validate().is_ok());
    let misspelt = serde_json::from_str::<ForecastSettings>(r#"{"network":{"epoch":3}}"#);
    assert!(misspelt.is_err());
}
