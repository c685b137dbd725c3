//! The numbers a reader should expect: on markets without a signal no model but the original does
//! harm, whatever the time of the day, and intervals cover what they claim; on a market with one
//! the product's model finds part of it.

use std::ops::ControlFlow;

use closecall_forecast::{ForecastSettings, ModelKind, forecast};

use crate::markets;
use markets::{Market, now};

/// Results of forecasts over several markets.
#[derive(Default)]
struct Tally {
    forecasts: f64,
    /// Sums of absolute errors in log returns: of the forecasts, of their reference prices.
    error: f64,
    reference_error: f64,
    /// Outcomes inside the intervals of level 0.8 and 0.9.
    covered: [f64; 2],
    brier: f64,
}

impl Tally {
    /// Of `each` sessions of markets with these seeds; `quarter` quarters of an hour after the
    /// opening, or before it.
    fn of(
        model: ModelKind,
        seeds: std::ops::Range<u64>,
        each: usize,
        planted: f64,
        quarter: Option<u32>,
    ) -> Self {
        let settings = ForecastSettings {
            model,
            ..ForecastSettings::default()
        };
        let mut tally = Self::default();
        for seed in seeds {
            let market = Market::new(seed, 206 + each, planted);
            for target in 206..206 + each {
                tally.add(&market, target, quarter, &settings);
            }
        }
        tally
    }

    fn add(
        &mut self,
        market: &Market,
        target: usize,
        quarter: Option<u32>,
        settings: &ForecastSettings,
    ) {
        let dataset = match quarter {
            Some(quarter) => market.during(target, quarter),
            None => market.at(target),
        };
        let mut on = |_| ControlFlow::Continue(());
        let said = forecast(&dataset, settings, now(), &mut on).unwrap();
        let close = market.rows[target].close();
        self.forecasts += 1.0;
        self.error += (said.prediction / close).ln().abs();
        self.reference_error += (said.reference_price() / close).ln().abs();
        for (count, interval) in self.covered.iter_mut().zip(&said.intervals) {
            *count += f64::from(u8::from(interval.lower <= close && close <= interval.upper));
        }
        let rose = f64::from(u8::from(close > said.last_close));
        self.brier += (said.probability_up - rose).powi(2);
    }

    fn ratio(&self) -> f64 {
        self.error / self.reference_error
    }

    fn coverage(&self) -> [f64; 2] {
        self.covered.map(|count| count / self.forecasts)
    }

    fn brier(&self) -> f64 {
        self.brier / self.forecasts
    }
}

#[test]
fn without_a_signal_no_harm_is_done() {
    for quarter in [None, Some(0), Some(14)] {
        let reference = Tally::of(ModelKind::Persistence, 1..31, 3, 0.0, quarter);
        assert_eq!(reference.ratio(), 1.0);
        for model in [ModelKind::Closecall, ModelKind::Ridge] {
            let tally = Tally::of(model, 1..31, 3, 0.0, quarter);
            let ratio = tally.ratio();
            assert!(ratio < 1.01, "{model} {quarter:?}: {ratio}");
            let worse = tally.brier() - reference.brier();
            assert!(worse < 0.005, "{model} {quarter:?}: {worse}");
        }
    }
}

#[test]
fn intervals_cover_what_they_claim_at_every_time_of_the_day() {
    for quarter in [None, Some(0), Some(2), Some(14), Some(24)] {
        let tally = Tally::of(ModelKind::Persistence, 1..31, 40, 0.0, quarter);
        let [inner, outer] = tally.coverage();
        assert!((inner - 0.8).abs() < 0.035, "{quarter:?}: {inner}");
        assert!((outer - 0.9).abs() < 0.03, "{quarter:?}: {outer}");
    }
}

#[test]
fn the_price_of_the_moment_makes_the_call() {
    let before = Tally::of(ModelKind::Closecall, 1..21, 2, 0.0, None);
    let late = Tally::of(ModelKind::Closecall, 1..21, 2, 0.0, Some(24));
    assert!(late.error < 0.35 * before.error);
    assert!(late.brier() < 0.1, "{}", late.brier());
}

#[test]
fn a_planted_signal_is_found() {
    for quarter in [None, Some(0)] {
        let tally = Tally::of(ModelKind::Closecall, 1..16, 6, 0.3, quarter);
        let ratio = tally.ratio();
        assert!(ratio < 0.95, "{quarter:?}: {ratio}");
    }
}

#[test]
fn the_original_is_far_worse_than_the_last_close() {
    let tally = Tally::of(ModelKind::Original, 1..11, 1, 0.0, None);
    let ratio = tally.ratio();
    assert!(ratio > 1.3, "{ratio}");
}
