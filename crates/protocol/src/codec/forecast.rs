//! `stock-prediction-output`: our forecast, whose first five fields are the original's record.

use serde::Deserialize;

use crate::codec::event::{self, About};
use crate::codec::pick::undecodable;
use crate::codec::{Arrival, Record};
use crate::message::pick_timestamp;
use crate::value::price;
use crate::{CloseForecast, Error, PickId, SessionDate, Ticker, Topic};

/// What a record on the topic turns out to be.
#[derive(Debug, Clone, PartialEq)]
pub enum Prediction {
    /// One of ours.
    Ours(Box<CloseForecast>),
    /// One of the original's trainer: its five fields, traced to no pick.
    Foreign(ForeignPrediction),
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

#[derive(Deserialize)]
struct OriginalBody {
    #[serde(rename = "Date")]
    date: SessionDate,
    #[serde(rename = "Prediction")]
    prediction: f64,
    #[serde(rename = "Prev_date")]
    prev_date: SessionDate,
    #[serde(rename = "Close")]
    close: f64,
    #[serde(rename = "Stock Name")]
    stock: Ticker,
}

/// Which of the two it is hangs on one field.
#[derive(Deserialize)]
struct Probe {
    #[serde(default)]
    pick_id: Option<serde::de::IgnoredAny>,
    #[serde(rename = "Stock Name")]
    stock: String,
}

/// # Errors
/// [`Error::Undecodable`] should the body not serialise.
pub fn encode(forecast: &CloseForecast) -> Result<Record, Error> {
    let forecast = forecast.clone().published();
    let value = serde_json::to_string(&forecast).map_err(undecodable)?;
    let about = About {
        pick_id: forecast.pick_id,
        ticker: &forecast.ticker,
        time: pick_timestamp(forecast.as_of),
        source: "gru-trainer",
    };
    Ok(event::record(Topic::StockPredictionOutput, value, &about))
}

/// # Errors
/// [`Error`] with the reason for its dead letter.
pub fn decode(record: &Record, arrival: &Arrival) -> Result<Prediction, Error> {
    let text = record.text()?;
    let probe: Probe = serde_json::from_str(text).map_err(undecodable)?;
    Ticker::new(&probe.stock)?;
    if probe.pick_id.is_some() {
        let forecast: CloseForecast = serde_json::from_str(text).map_err(undecodable)?;
        check(
            forecast.target,
            forecast.prediction,
            forecast.last_session,
            forecast.last_close,
        )?;
        if let Some(bad) = forecast.numbers().find(|number| !number.is_finite()) {
            return Err(Error::Undecodable(format!("{bad} is not a finite number")));
        }
        return Ok(Prediction::Ours(Box::new(forecast)));
    }
    let body: OriginalBody = serde_json::from_str(text).map_err(undecodable)?;
    check(body.date, body.prediction, body.prev_date, body.close)?;
    Ok(Prediction::Foreign(ForeignPrediction {
        pick_id: PickId::of_record(&arrival.topic, arrival.partition, arrival.offset),
        ticker: body.stock,
        target: body.date,
        prediction: body.prediction,
        last_session: body.prev_date,
        last_close: body.close,
    }))
}

fn check(
    target: SessionDate,
    prediction: f64,
    last_session: SessionDate,
    last_close: f64,
) -> Result<(), Error> {
    price("Prediction", prediction, target)?;
    price("Close", last_close, last_session)?;
    Ok(())
}
