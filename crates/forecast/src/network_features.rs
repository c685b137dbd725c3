//! What a model sees: for every session the news before its opening and the return and range of
//! the session before it, scaled as the training rows say.
//!
//! A *step* belongs to a session and holds what became known between the opening before it and its
//! own. A *row* is the steps of a window that ends with the session it forecasts, so a past row and
//! the live one are made by the same code from the same kind of knowledge.

use std::ops::Range;

use closecall_protocol::{DatasetBuilt, SessionNews};
use ndarray::{Array1, Array3};
use serde::{Deserialize, Serialize};

use crate::price_series::PriceSeries;

/// Values a step: return, range, sentiment, "no news".
pub(crate) const FEATURES: usize = 4;

/// Scaled values beyond this are cut: nothing is learned from how many deviations a crash had.
const CUT: f64 = 5.0;

/// A step before scaling. `None` is unknown, and becomes the training rows' mean.
#[derive(Clone, Copy, Debug)]
struct Step {
    ret: f64,
    range: Option<f64>,
    sentiment: Option<f64>,
}

/// All steps of a dataset, and the standardised return that each session's row has to forecast.
#[derive(Debug)]
pub(crate) struct NetworkFeatures {
    /// `steps[k]` is of session `k + FIRST_STEP`; the last is the target session's.
    steps: Vec<Step>,
    /// `outcomes[k]` is the standardised return of session `k`.
    outcomes: Vec<f64>,
    window: usize,
}

/// The first session before which there is a return.
const FIRST_STEP: usize = 2;

impl NetworkFeatures {
    pub(crate) fn of(dataset: &DatasetBuilt, series: &PriceSeries, window: usize, k: f64) -> Self {
        let rows = &dataset.rows;
        let step = |session: usize, news: SessionNews| {
            let before = session - 1;
            let range = rows[before].bar().range();
            Step {
                ret: series.standardised(before),
                range: range.map(|r| (r.high / r.low).ln() / series.volatility(before)),
                sentiment: shrunken(news, k),
            }
        };
        let past = (FIRST_STEP..rows.len()).map(|session| step(session, rows[session].news()));
        let live = (rows.len() >= FIRST_STEP).then(|| step(rows.len(), dataset.live));
        Self {
            steps: past.chain(live).collect(),
            outcomes: (0..rows.len())
                .map(|session| series.standardised(session))
                .collect(),
            window,
        }
    }

    /// The first session with a whole window before it.
    pub(crate) fn first_row(window: usize) -> usize {
        FIRST_STEP + window - 1
    }

    /// Sessions that have a row and an outcome.
    pub(crate) fn training_rows(&self) -> Range<usize> {
        Self::first_row(self.window).min(self.outcomes.len())..self.outcomes.len()
    }

    pub(crate) fn outcome(&self, session: usize) -> f64 {
        self.outcomes[session]
    }

    /// The rows of `sessions`: rows × steps × features. Sessions run from [`Self::first_row`] to
    /// the target session.
    pub(crate) fn inputs(&self, sessions: Range<usize>, scaler: &Scaler) -> Array3<f32> {
        let shape = (sessions.len(), self.window, FEATURES);
        Array3::from_shape_fn(shape, |(row, step, feature)| {
            let session = sessions.start + row + 1 + step - self.window;
            scaler.apply(&self.steps[session - FIRST_STEP], feature)
        })
    }

    /// What those rows have to forecast, scaled and cut.
    pub(crate) fn targets(&self, sessions: Range<usize>, scaler: &Scaler) -> Array1<f32> {
        let scaled = |&y: &f64| (y / scaler.target).clamp(-CUT, CUT) as f32;
        self.outcomes[sessions].iter().map(scaled).collect()
    }
}

/// Few articles say less: their mean is shrunk towards zero as if `k` neutral ones stood beside.
fn shrunken(news: SessionNews, k: f64) -> Option<f64> {
    let n = f64::from(news.articles);
    news.sentiment.map(|mean| mean * n / (n + k))
}

/// Means and deviations of the training rows: part of the model they were fitted for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Scaler {
    ret: Moments,
    range: Moments,
    sentiment: Moments,
    /// Root mean square of the standardised returns: their zero stays where it is.
    target: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Moments {
    mean: f64,
    deviation: f64,
}

impl Scaler {
    /// Of the rows of `sessions` and nothing else.
    pub(crate) fn fit(features: &NetworkFeatures, sessions: Range<usize>) -> Self {
        let first = (sessions.start + 1)
            .saturating_sub(features.window)
            .max(FIRST_STEP);
        let steps = &features.steps[first - FIRST_STEP..sessions.end - FIRST_STEP];
        let outcomes = &features.outcomes[sessions];
        let square = outcomes.iter().map(|y| y * y).sum::<f64>() / outcomes.len().max(1) as f64;
        Self {
            ret: Moments::of(steps.iter().map(|step| step.ret)),
            range: Moments::of(steps.iter().filter_map(|step| step.range)),
            sentiment: Moments::of(steps.iter().filter_map(|step| step.sentiment)),
            target: positive(square.sqrt()),
        }
    }

    fn apply(&self, step: &Step, feature: usize) -> f32 {
        match feature {
            0 => self.ret.apply(step.ret),
            1 => step.range.map_or(0.0, |range| self.range.apply(range)),
            2 => step
                .sentiment
                .map_or(0.0, |score| self.sentiment.apply(score)),
            _ => f32::from(u8::from(step.sentiment.is_none())),
        }
    }

    /// A model's output as a standardised return.
    pub(crate) fn unscale(&self, output: f32) -> f64 {
        f64::from(output).clamp(-CUT, CUT) * self.target
    }
}

impl Moments {
    /// Of no values: those that change nothing.
    fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let n = values.clone().count().max(1) as f64;
        let mean = values.clone().sum::<f64>() / n;
        let variance = values.map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
        Self {
            mean,
            deviation: positive(variance.sqrt()),
        }
    }

    fn apply(&self, value: f64) -> f32 {
        ((value - self.mean) / self.deviation).clamp(-CUT, CUT) as f32
    }
}

/// Values that do not vary are left as they are.
fn positive(deviation: f64) -> f64 {
    if deviation > 1e-9 { deviation } else { 1.0 }
}

#[cfg(test)]
mod tests;
