//! The numbers a reader should expect: on markets without a signal the gated models do no harm,
//! intervals cover what they claim and the reference model does great harm; on a market with one
//! the product's model finds part of it.

#![allow(clippy::unwrap_used, reason = "test code may fail loudly")]

use std::ops::ControlFlow;

use closecall_forecast::evaluation::relative_mae;
use closecall_forecast::{ForecastSettings, ModelKind, forecast};

mod markets;
use markets::{Market, now};

/// What came of forecasts over several markets.
#[derive(Default)]
struct Tally {
    moves: Vec<f64>,
    outcomes: Vec<f64>,
    /// Outcomes inside the intervals of level 0.8 and 0.9.
    covered: [usize; 2],
    brier: f64,
}

impl Tally {
    fn of(model: ModelKind, seeds: std::ops::Range<u64>, each: usize, planted: f64) -> Self {
        let mut tally = Self::default();
        for seed in seeds {
            let market = Market::new(seed, 206 + each, planted);
            for target in 206..206 + each {
                tally.add(&market, target, model);
            }
        }
        tally
    }

    fn add(&mut self, market: &Market, target: usize, model: ModelKind) {
        let settings = ForecastSettings {
            model,
            ..ForecastSettings::default()
        };
        let mut on = |_| ControlFlow::Continue(());
        let said = forecast(&market.at(target), &settings, now(), &mut on).unwrap();
        let outcome = market.log_return(target);
        self.moves.push((said.prediction / said.last_close).ln());
        self.outcomes.push(outcome);
        let close = market.rows[target].close();
        for (count, interval) in self.covered.iter_mut().zip(&said.intervals) {
            *count += usize::from(interval.lower <= close && close <= interval.upper);
        }
        let rose = f64::from(u8::from(outcome > 0.0));
        self.brier += (said.probability_up - rose).powi(2);
    }

    fn ratio(&self) -> f64 {
        relative_mae(&self.moves, &self.outcomes).unwrap()
    }

    fn coverage(&self) -> [f64; 2] {
        self.covered
            .map(|count| count as f64 / self.moves.len() as f64)
    }
}

#[test]
fn without_a_signal_the_gate_does_no_harm() {
    for model in [ModelKind::Closecall, ModelKind::Ridge] {
        let tally = Tally::of(model, 1..31, 3, 0.0);
        let ratio = tally.ratio();
        assert!(ratio < 1.01, "{model}: {ratio}");
        let brier = tally.brier / tally.moves.len() as f64;
        assert!(brier < 0.2575, "{model}: {brier}");
    }
}

#[test]
fn intervals_cover_what_they_claim() {
    let tally = Tally::of(ModelKind::Persistence, 1..31, 40, 0.0);
    let [inner, outer] = tally.coverage();
    assert!((inner - 0.8).abs() < 0.03, "{inner}");
    assert!((outer - 0.9).abs() < 0.03, "{outer}");
}

#[test]
fn a_planted_signal_is_found() {
    let tally = Tally::of(ModelKind::Closecall, 1..16, 6, 0.3);
    let ratio = tally.ratio();
    assert!(ratio < 0.95, "{ratio}");
}

#[test]
fn the_reference_is_far_worse_than_the_last_close() {
    let tally = Tally::of(ModelKind::Original, 1..11, 1, 0.0);
    let ratio = tally.ratio();
    assert!(ratio > 1.3, "{ratio}");
}
