//! The JSON of a forecast: the original's five fields by their names, then ours.
//!
//! A field that was added since the first version is optional when read. What follows from other
//! fields (`baseline`, `change`, `change_pct`, `direction`) is written for readers and not read
//! back.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::message::{
    Direction, ForecastValues, Headline, Interval, ModelSummary, NewsMean, Phase, Reference,
    ReferenceKind, RelativeMae, StageTrace,
};
use crate::value::{Provider, Quote, QuoteAbsent, Repair, SessionDate, Ticker, Vintage};
use crate::{CloseForecast, Error, PickId};

/// The fields in the order of the format.
#[derive(Serialize, Deserialize)]
pub(super) struct Body {
    #[serde(rename = "Date")]
    target: SessionDate,
    #[serde(rename = "Prediction")]
    prediction: f64,
    #[serde(rename = "Prev_date")]
    last_session: SessionDate,
    #[serde(rename = "Close")]
    last_close: f64,
    #[serde(rename = "Stock Name")]
    ticker: Ticker,
    pick_id: PickId,
    as_of: DateTime<Utc>,
    #[serde(skip_deserializing)]
    baseline: f64,
    #[serde(skip_deserializing)]
    change: f64,
    #[serde(skip_deserializing)]
    change_pct: f64,
    #[serde(skip_deserializing)]
    direction: Option<Direction>,
    probability_up: f64,
    intervals: Vec<Interval>,
    articles: u64,
    sessions: u32,
    model: ModelSummary,
    relative_mae: Option<RelativeMae>,
    data_age_s: i64,
    history: Vec<(SessionDate, f64)>,
    #[serde(default)]
    reference: Option<f64>,
    #[serde(default)]
    reference_kind: Option<ReferenceKind>,
    #[serde(default)]
    reference_at: Option<DateTime<Utc>>,
    #[serde(default)]
    phase: Option<Phase>,
    #[serde(default)]
    sessions_ahead: Option<u32>,
    #[serde(default)]
    probability_up_from_here: Option<f64>,
    #[serde(default)]
    scale: Option<f64>,
    #[serde(default)]
    quote: Option<Quote>,
    #[serde(default)]
    quote_absent: Option<QuoteAbsent>,
    #[serde(default)]
    provider: Option<Provider>,
    #[serde(default)]
    provider_switched: Option<bool>,
    #[serde(default)]
    provisional: Option<bool>,
    #[serde(default)]
    repairs: Option<Vec<Repair>>,
    #[serde(default)]
    vintage: Option<Vintage>,
    #[serde(default)]
    settings_hash: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    news: Option<Vec<NewsMean>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trace: Option<Vec<StageTrace>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    headlines: Option<Vec<Headline>>,
}

impl Serialize for CloseForecast {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Body::from(self.clone()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CloseForecast {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(Body::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl From<CloseForecast> for Body {
    fn from(forecast: CloseForecast) -> Self {
        let (change, change_pct) = (forecast.change(), forecast.change_pct());
        let (baseline, direction) = (forecast.reference_price(), Some(forecast.direction()));
        let values = forecast.into_values();
        let reference = values.reference;
        Self {
            target: values.target,
            prediction: values.prediction,
            last_session: values.last_session,
            last_close: values.last_close,
            ticker: values.ticker,
            pick_id: values.pick_id,
            as_of: values.as_of,
            baseline,
            change,
            change_pct,
            direction,
            probability_up: values.probability_up,
            intervals: values.intervals,
            articles: values.articles,
            sessions: values.sessions,
            model: values.model,
            relative_mae: values.relative_mae,
            data_age_s: values.data_age_s,
            history: values.history,
            reference: reference.map(|reference| reference.price),
            reference_kind: reference.map(|reference| reference.kind),
            reference_at: reference.and_then(|reference| reference.at),
            phase: values.phase,
            sessions_ahead: values.sessions_ahead,
            probability_up_from_here: values.probability_up_from_here,
            scale: values.scale,
            quote: values.quote,
            quote_absent: values.quote_absent,
            provider: values.provider,
            provider_switched: values.provider_switched,
            provisional: values.provisional,
            repairs: reference.map(|_| values.repairs),
            vintage: values.vintage,
            settings_hash: values.settings_hash,
            news: values.news,
            trace: values.trace,
            headlines: values.headlines,
        }
    }
}

impl TryFrom<Body> for CloseForecast {
    type Error = Error;

    fn try_from(body: Body) -> Result<Self, Error> {
        let kind = body.reference_kind.unwrap_or(ReferenceKind::LastClose);
        let reference = body.reference.map(|price| Reference {
            price,
            kind,
            at: body.reference_at,
        });
        Self::publish(ForecastValues {
            target: body.target,
            prediction: body.prediction,
            last_session: body.last_session,
            last_close: body.last_close,
            ticker: body.ticker,
            pick_id: body.pick_id,
            as_of: body.as_of,
            probability_up: body.probability_up,
            intervals: body.intervals,
            articles: body.articles,
            sessions: body.sessions,
            model: body.model,
            relative_mae: body.relative_mae,
            data_age_s: body.data_age_s,
            history: body.history,
            reference,
            phase: body.phase,
            sessions_ahead: body.sessions_ahead,
            probability_up_from_here: body.probability_up_from_here,
            scale: body.scale,
            quote: body.quote,
            quote_absent: body.quote_absent,
            provider: body.provider,
            provider_switched: body.provider_switched,
            provisional: body.provisional,
            repairs: body.repairs.unwrap_or_default(),
            vintage: body.vintage,
            settings_hash: body.settings_hash,
            news: body.news,
            trace: body.trace,
            headlines: body.headlines,
        })
    }
}
