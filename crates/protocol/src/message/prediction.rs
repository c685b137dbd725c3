//! Messages on `stock-prediction-output`: a forecast of ours, or one of the original's.

use crate::message::{CloseForecast, PickId};
use crate::value::{SessionDate, Ticker};

/// A prediction, ours or the original's.
#[derive(Debug, Clone, PartialEq)]
pub enum Prediction {
    /// One of ours.
    Ours(Box<CloseForecast>),
    /// One of the original's trainer: its five fields, traced to no pick.
    Foreign(ForeignPrediction),
}

impl Prediction {
    /// The pick it answers; of a foreign one, where its record lies.
    #[must_use]
    pub fn pick_id(&self) -> PickId {
        match self {
            Self::Ours(forecast) => forecast.pick_id,
            Self::Foreign(foreign) => foreign.pick_id,
        }
    }

    /// Its ticker.
    #[must_use]
    pub fn ticker(&self) -> &Ticker {
        match self {
            Self::Ours(forecast) => &forecast.ticker,
            Self::Foreign(foreign) => &foreign.ticker,
        }
    }
}

/// A prediction in the original's form.
#[derive(Debug, Clone, PartialEq)]
pub struct ForeignPrediction {
    /// Identity: where its record lies.
    pub pick_id: PickId,
    /// The ticker.
    pub ticker: Ticker,
    /// The date it is labelled with, which need not be a session.
    pub target: SessionDate,
    /// The predicted close.
    pub prediction: f64,
    /// The date of the last close it knew.
    pub last_session: SessionDate,
    /// That close.
    pub last_close: f64,
}
