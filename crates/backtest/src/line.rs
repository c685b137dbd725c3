//! One forecast beside the close that came.

use chrono::Datelike;
use closecall_protocol::{CloseForecast, Phase, ReferenceKind, SessionDate, Ticker};
use closecall_scoring::{Band, Claim, Outcome};
use serde::{Deserialize, Serialize};

use crate::asked::AskedTime;
use crate::variant::Variant;

/// A forecast as it was published, and the close.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The session forecast.
    pub session: SessionDate,
    /// The ticker.
    pub ticker: Ticker,
    /// When it was asked.
    pub time: AskedTime,
    /// By which model.
    pub variant: Variant,
    /// Part of the day, by the reference's time.
    pub phase: Phase,
    /// Kind of the price that it starts from.
    pub reference_kind: ReferenceKind,
    /// The last close known.
    pub last_close: f64,
    /// The price it starts from.
    pub reference: f64,
    /// The close it forecast.
    pub prediction: f64,
    /// Expected size of the move that was left, as a log return.
    pub scale: f64,
    /// Probability of a close above the last one.
    pub probability_up: f64,
    /// Its intervals.
    pub bands: Vec<Band>,
    /// The close that came.
    pub actual: f64,
}

impl Line {
    /// Of a forecast; `None` of one that does not carry what it rests on.
    pub(crate) fn of(
        forecast: &CloseForecast,
        time: AskedTime,
        variant: Variant,
        actual: f64,
    ) -> Option<Self> {
        Some(Self {
            session: forecast.target,
            ticker: forecast.ticker.clone(),
            time,
            variant,
            phase: forecast.phase?,
            reference_kind: forecast.reference_kind(),
            last_close: forecast.last_close,
            reference: forecast.reference_price(),
            prediction: forecast.prediction,
            scale: forecast.scale?,
            probability_up: forecast.probability_up,
            bands: forecast
                .intervals
                .iter()
                .map(|interval| Band {
                    level: interval.level,
                    lower: interval.lower,
                    upper: interval.upper,
                })
                .collect(),
            actual: forecast.rounding().nearest(actual),
        })
    }

    /// Its score. Outcomes of one session are one day.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        let claim = Claim {
            last_close: self.last_close,
            reference: self.reference,
            prediction: self.prediction,
            scale: self.scale,
            probability_up: self.probability_up,
            bands: &self.bands,
        };
        Outcome::of(&claim, self.session.date().num_days_from_ce(), self.actual)
    }
}
