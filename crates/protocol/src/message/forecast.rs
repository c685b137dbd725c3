//! A forecast, which is also the record on `stock-prediction-output` and what `predict --json`
//! prints: the original's five fields by their original names, then ours.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::message::PickId;
use crate::value::{SessionDate, Ticker};

/// A forecast of one session's close. Prices in the quote's currency, adjusted for splits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CloseForecast {
    /// The session whose close is forecast.
    #[serde(rename = "Date")]
    pub target: SessionDate,
    /// The forecast close.
    #[serde(rename = "Prediction")]
    pub prediction: f64,
    /// The session of the last known close.
    #[serde(rename = "Prev_date")]
    pub last_session: SessionDate,
    /// The last known close.
    #[serde(rename = "Close")]
    pub last_close: f64,
    /// The ticker.
    #[serde(rename = "Stock Name")]
    pub ticker: Ticker,
    /// Which pick it answers.
    pub pick_id: PickId,
    /// What was not known at this moment was not used.
    pub as_of: DateTime<Utc>,
    /// What persistence says: the last known close again.
    pub baseline: f64,
    /// Forecast minus last close.
    pub change: f64,
    /// The same in percent of the last close.
    pub change_pct: f64,
    /// Rise, fall or same, of the change in whole cents.
    pub direction: Direction,
    /// Probability that the close is above the last one.
    pub probability_up: f64,
    /// Prediction intervals for the close, by rising level.
    pub intervals: Vec<Interval>,
    /// Articles in the window.
    pub articles: u64,
    /// Finished sessions in the window.
    pub sessions: u32,
    /// How it was made.
    pub model: ModelSummary,
    /// The model file's walk-forward error against persistence, where a file was used.
    pub relative_mae: Option<RelativeMae>,
    /// Age of the prices at the as-of time, in seconds.
    pub data_age_s: i64,
    /// The last closes, ascending, at most 60: earlier forecasts are scored by them.
    pub history: Vec<(SessionDate, f64)>,
}

/// Which way the close is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Above the last close.
    Rise,
    /// Below it.
    Fall,
    /// Equal to it, to the cent.
    Same,
}

impl Direction {
    /// Of a change, which counts in whole cents as it is published.
    #[must_use]
    pub fn of(change: f64) -> Self {
        let change = cents(change);
        if change > 0.0 {
            Self::Rise
        } else if change < 0.0 {
            Self::Fall
        } else {
            Self::Same
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Rise => "rise",
            Self::Fall => "fall",
            Self::Same => "same",
        })
    }
}

/// A prediction interval for the close.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Nominal coverage, such as 0.8.
    pub level: f64,
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

/// How much of the network's move is let through, in [0, 1]; 0 is persistence.
pub type Gate = f64;

/// How a forecast was made: enough to make it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelSummary {
    /// `closecall`, `original`, `ridge` or `persistence`.
    pub name: String,
    /// The network and features, in short.
    pub spec: String,
    /// Seed of the training.
    pub seed: u64,
    /// Instruction-set path of the arithmetic.
    pub path: String,
    /// Training rows.
    pub rows: u32,
    /// Share of the model's move that is let through.
    pub gate: Gate,
    /// Hash of the model file it started from.
    pub file: Option<String>,
    /// When it was trained.
    pub trained_at: DateTime<Utc>,
    /// Why it is not the model that was asked for.
    pub reason: Option<String>,
}

/// A mean absolute error divided by that of persistence, with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RelativeMae {
    /// Below 1 is better than persistence.
    pub value: f64,
    /// Lower end of the 95 % interval.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

impl CloseForecast {
    /// As it is published: prices in whole cents, the change taken between published prices so
    /// that the record agrees with itself.
    #[must_use]
    pub fn published(mut self) -> Self {
        self.prediction = cents(self.prediction);
        self.last_close = cents(self.last_close);
        self.baseline = cents(self.baseline);
        self.change = cents(self.prediction - self.last_close);
        self.change_pct = decimals(100.0 * self.change / self.last_close, 3);
        self.direction = Direction::of(self.change);
        self.probability_up = decimals(self.probability_up, 4);
        for interval in &mut self.intervals {
            interval.lower = cents(interval.lower);
            interval.upper = cents(interval.upper);
        }
        for (_, close) in &mut self.history {
            *close = cents(*close);
        }
        self.model.gate = decimals(self.model.gate, 6);
        self
    }

    /// Every number that it carries.
    pub fn numbers(&self) -> impl Iterator<Item = f64> + '_ {
        let single = [
            self.prediction,
            self.last_close,
            self.baseline,
            self.change,
            self.change_pct,
            self.probability_up,
            self.model.gate,
        ];
        let relative = self
            .relative_mae
            .iter()
            .flat_map(|mae| [mae.value, mae.lower, mae.upper]);
        let intervals = self
            .intervals
            .iter()
            .flat_map(|i| [i.level, i.lower, i.upper]);
        let history = self.history.iter().map(|(_, close)| *close);
        single
            .into_iter()
            .chain(relative)
            .chain(intervals)
            .chain(history)
    }
}

/// Rounded to whole cents.
#[must_use]
pub fn cents(value: f64) -> f64 {
    decimals(value, 2)
}

fn decimals(value: f64, places: i32) -> f64 {
    let scale = 10_f64.powi(places);
    let rounded = (value * scale).round() / scale;
    // No "-0.0" on a page.
    if rounded == 0.0 { 0.0 } else { rounded }
}
