//! Running figures: what a summary of the ledger says, kept up to date row by row, so that asking
//! for it costs the same however long the ledger is.

use std::collections::BTreeMap;

use closecall_protocol::{CloseForecast, Direction, Phase, ScoringRule};
use closecall_scoring::Band;
use serde::{Deserialize, Serialize};

use crate::score::Score;

/// Counts and sums over the rows folded so far.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// Rows folded.
    pub(crate) rows: i64,
    pub(crate) forecasts: u64,
    pub(crate) dead_letters: u64,
    pub(crate) late: u64,
    pub(crate) foreign: u64,
    /// Scored by rule 1.
    pub(crate) scored_by_last_close: u64,
    /// Scored by rule 2, every pick.
    pub(crate) scored: u64,
    pub(crate) error: f64,
    pub(crate) baseline_error: f64,
    /// Outcomes: the first forecast of each ticker, session and phase.
    pub(crate) phases: BTreeMap<Phase, PhaseFigures>,
}

/// Counts and sums over the outcomes of one phase.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct PhaseFigures {
    pub(crate) outcomes: u64,
    /// Forecasts that called nothing.
    pub(crate) same: u64,
    pub(crate) calls: u64,
    pub(crate) calls_right: u64,
    pub(crate) baseline_calls: u64,
    pub(crate) baseline_right: u64,
    pub(crate) error: f64,
    pub(crate) baseline_error: f64,
    pub(crate) last_close_error: f64,
    /// Errors divided by the scale, where that is known.
    pub(crate) scaled_error: f64,
    pub(crate) scaled_baseline_error: f64,
    /// Bands that held the close, and bands, by level in per cent.
    pub(crate) bands: BTreeMap<u32, (u64, u64)>,
}

impl Figures {
    /// Takes a score of rule 2 or 1 into the sums of its rule.
    pub(crate) fn scored(&mut self, score: &Score) {
        match score.rule {
            ScoringRule::LastClose => self.scored_by_last_close += 1,
            ScoringRule::Reference => {
                self.scored += 1;
                self.error += score.error;
                self.baseline_error += score.baseline_error;
            }
        }
    }

    /// Takes an outcome into the sums of its phase.
    pub(crate) fn outcome(&mut self, phase: Phase, forecast: &CloseForecast, score: &Score) {
        self.phases.entry(phase).or_default().add(forecast, score);
    }
}

impl PhaseFigures {
    fn add(&mut self, forecast: &CloseForecast, score: &Score) {
        self.outcomes += 1;
        self.same += u64::from(forecast.direction() == Direction::Same);
        self.calls += u64::from(score.hit.is_some());
        self.calls_right += u64::from(score.hit == Some(true));
        self.baseline_calls += u64::from(score.baseline_hit.is_some());
        self.baseline_right += u64::from(score.baseline_hit == Some(true));
        self.error += score.error;
        self.baseline_error += score.baseline_error;
        self.last_close_error += score.last_close_error;
        if let Some(scale) = forecast.scale.filter(|scale| *scale > 0.0) {
            self.scaled_error += score.error / scale;
            self.scaled_baseline_error += score.baseline_error / scale;
        }
        for interval in &forecast.intervals {
            let band = Band {
                level: interval.level,
                lower: interval.lower,
                upper: interval.upper,
            };
            // Levels lie between 0 and 1.
            let level = (100.0 * interval.level).round() as u32;
            let (inside, of) = self.bands.entry(level).or_default();
            *inside += u64::from(band.holds(score.actual));
            *of += 1;
        }
    }

    /// The figures of several phases together.
    pub(crate) fn sum<'a>(phases: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut all = Self::default();
        for phase in phases {
            all.outcomes += phase.outcomes;
            all.same += phase.same;
            all.calls += phase.calls;
            all.calls_right += phase.calls_right;
            all.baseline_calls += phase.baseline_calls;
            all.baseline_right += phase.baseline_right;
            all.error += phase.error;
            all.baseline_error += phase.baseline_error;
            all.last_close_error += phase.last_close_error;
            all.scaled_error += phase.scaled_error;
            all.scaled_baseline_error += phase.scaled_baseline_error;
            for (level, (inside, of)) in &phase.bands {
                let band = all.bands.entry(*level).or_default();
                band.0 += inside;
                band.1 += of;
            }
        }
        all
    }
}
