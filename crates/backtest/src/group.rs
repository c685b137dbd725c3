//! Measures of a group of forecasts, and of one model by time, phase and ticker.

use std::collections::BTreeMap;

use closecall_protocol::{Phase, Ticker};
use closecall_scoring::{Alarm, Label, Summary};
use serde::Serialize;

use crate::asked::AskedTime;

/// One model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelReport {
    /// All outcomes: the first forecast of each ticker, session and phase.
    #[serde(flatten)]
    pub total: Group,
    /// By time asked: every forecast.
    pub times: BTreeMap<AskedTime, Group>,
    /// By phase: outcomes.
    pub phases: BTreeMap<Phase, Group>,
    /// By ticker: outcomes.
    pub tickers: BTreeMap<Ticker, Group>,
    /// By third of expected volatility within each time asked, the calmest first: every forecast.
    pub thirds: Vec<Group>,
    /// Error less that of the reference, added up over the outcomes in the order of time, in per
    /// cent of the last close.
    pub series: Vec<f64>,
    /// Numbers of closes that fell below the 90 % band, into its lower edge, the lower and the upper half
    /// of the 80 % band, the upper edge, and above.
    pub zones: [usize; 6],
}

impl ModelReport {
    /// All its groups.
    pub(crate) fn groups(&self) -> impl Iterator<Item = &Group> {
        std::iter::once(&self.total)
            .chain(self.times.values())
            .chain(self.phases.values())
            .chain(self.tickers.values())
    }
}

/// A group of forecasts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// Its measures.
    #[serde(flatten)]
    pub summary: Summary,
    /// Brier score of the reference's own distribution on the same forecasts.
    pub baseline_brier: Option<f64>,
    /// Share that said "same", of forecasts whose last close is 25 or more.
    pub same_share: Option<f64>,
    /// Share of the same forecasts whose quote is the last close, to the cent.
    pub quote_same_share: Option<f64>,
    /// The label of the record, of a phase and of the total.
    pub verdict: Option<Label>,
    /// Bounds of the mean daily difference in units of the scale, which hold at every look.
    pub difference: Option<(f64, f64)>,
    /// Whether it is too good to be believed.
    pub suspect: Option<Alarm>,
}
