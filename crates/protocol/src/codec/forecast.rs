//! `stock-prediction-output`: our forecast, whose first five fields are the original's record.

mod body;

use body::Body;

use serde::{Deserialize, Serialize};

use crate::codec::event::{self, About};
use crate::codec::headers::within_years;
use crate::codec::pick::undecodable;
use crate::codec::{Arrival, Record};
use crate::message::pick_timestamp;
use crate::value::price;
use crate::{
    CloseForecast, Error, ForeignPrediction, PickId, Prediction, SessionDate, Ticker, Topic,
};

/// The original's five fields.
#[derive(Debug, Serialize, Deserialize)]
pub struct OriginalBody {
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

impl OriginalBody {
    /// A foreign prediction as its record has it.
    #[must_use]
    pub fn of(foreign: &ForeignPrediction) -> Self {
        Self {
            date: foreign.target,
            prediction: foreign.prediction,
            prev_date: foreign.last_session,
            close: foreign.last_close,
            stock: foreign.ticker.clone(),
        }
    }

    /// The prediction that a record of this identity carries.
    #[must_use]
    pub fn prediction(self, pick_id: PickId) -> ForeignPrediction {
        ForeignPrediction {
            pick_id,
            ticker: self.stock,
            target: self.date,
            prediction: self.prediction,
            last_session: self.prev_date,
            last_close: self.close,
        }
    }
}

/// Decides by one field between the two.
#[derive(Deserialize)]
struct Probe {
    #[serde(default)]
    pick_id: Option<serde::de::IgnoredAny>,
    #[serde(rename = "Stock Name")]
    stock: String,
}

/// Writes a forecast of ours with our headers, a foreign prediction as the original writes it.
///
/// # Errors
/// [`Error::Undecodable`] should the body not serialise.
pub fn encode(prediction: &Prediction) -> Result<Record, Error> {
    let forecast = match prediction {
        Prediction::Ours(forecast) => forecast,
        Prediction::Foreign(foreign) => {
            let body = OriginalBody::of(foreign);
            return Ok(Record {
                key: Some(foreign.ticker.as_str().as_bytes().to_vec()),
                value: Some(serde_json::to_vec(&body).map_err(undecodable)?),
                headers: Vec::new(),
            });
        }
    };
    let value = serde_json::to_string(forecast).map_err(undecodable)?;
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
        let body: Body = serde_json::from_str(text).map_err(undecodable)?;
        let forecast = CloseForecast::try_from(body)?;
        within_years("`as_of`", forecast.as_of)?;
        return Ok(Prediction::Ours(Box::new(forecast)));
    }
    let body: OriginalBody = serde_json::from_str(text).map_err(undecodable)?;
    price("Prediction", body.prediction, body.date)?;
    price("Close", body.close, body.prev_date)?;
    let pick_id = PickId::of_record(&arrival.topic, arrival.partition, arrival.offset);
    Ok(Prediction::Foreign(body.prediction(pick_id)))
}
