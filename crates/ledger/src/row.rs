//! Content of a row: the JSON that is stored and hashed. Field order is part of the format.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use closecall_protocol::codec::forecast::OriginalBody;
use closecall_protocol::{CloseForecast, ForeignPrediction, PickId, Reason, SessionDate, Ticker};

use crate::contents::{ContentHash, ListHashes};
use crate::error::Error;
use crate::score::Score;

/// A dead letter as it is recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct DeadLetterRow {
    /// The pick that ended so.
    pub pick_id: PickId,
    /// The stage that refused it.
    pub stage: String,
    /// The reason.
    pub reason: Reason,
    /// The reason, for people; no secrets.
    pub message: String,
    /// The subject of the message, where that could be read.
    pub ticker: Option<Ticker>,
    /// Number of tries.
    pub attempts: u32,
    /// The message itself.
    pub payload: Value,
    /// When it was given up.
    pub at: DateTime<Utc>,
    /// The topic the message came from, where it came through one.
    pub topic: Option<String>,
    /// Its partition.
    pub partition: Option<i32>,
    /// Its offset.
    pub offset: Option<i64>,
}

/// A row: what it is found by, and what happened.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) pick_id: PickId,
    pub(crate) ticker: Option<Ticker>,
    /// The session forecast; for a score, the session scored.
    pub(crate) session: Option<SessionDate>,
    pub(crate) recorded_at: DateTime<Utc>,
    pub(crate) event: Event,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Event {
    /// One of our forecasts, as it was published. Its lists, which many forecasts share, stand
    /// beside the log and are named by their hash; rows of the first format hold them.
    Forecast {
        late: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        history: Option<ContentHash>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        news: Option<ContentHash>,
        forecast: Box<CloseForecast>,
    },
    /// A prediction of the original's trainer, which belongs to no pick.
    Foreign {
        late: bool,
        prediction: OriginalBody,
    },
    /// A message that was given up.
    DeadLetter {
        stage: String,
        reason: Reason,
        message: String,
        attempts: u32,
        payload: Value,
        topic: Option<String>,
        partition: Option<i32>,
        offset: Option<i64>,
    },
    /// The outcome of an earlier forecast.
    Score {
        #[serde(flatten)]
        source: ScoreSource,
        score: Score,
    },
}

/// Source of the closes that a score rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ScoreSource {
    /// The history of a later forecast.
    By(PickId),
    /// Closes that were fetched for it, which stand beside the log.
    Closes(ContentHash),
}

impl Row {
    /// The row that the text at `seq` says.
    pub(crate) fn parse(seq: i64, content: &str) -> Result<Self, Error> {
        serde_json::from_str(content).map_err(|source| Error::Unreadable { seq, source })
    }

    /// `forecast` comes without the lists that the hashes name.
    pub(crate) fn forecast(
        forecast: CloseForecast,
        lists: Option<ListHashes>,
        at: DateTime<Utc>,
        late: bool,
    ) -> Self {
        let (history, news) = lists.map_or((None, None), |lists| (Some(lists.history), lists.news));
        Self {
            pick_id: forecast.pick_id,
            ticker: Some(forecast.ticker.clone()),
            session: Some(forecast.target),
            recorded_at: at,
            event: Event::Forecast {
                late,
                history,
                news,
                forecast: Box::new(forecast),
            },
        }
    }

    pub(crate) fn foreign(foreign: &ForeignPrediction, at: DateTime<Utc>, late: bool) -> Self {
        Self {
            pick_id: foreign.pick_id,
            ticker: Some(foreign.ticker.clone()),
            session: Some(foreign.target),
            recorded_at: at,
            event: Event::Foreign {
                late,
                prediction: OriginalBody::of(foreign),
            },
        }
    }

    pub(crate) fn dead_letter(letter: &DeadLetterRow) -> Self {
        Self {
            pick_id: letter.pick_id,
            ticker: letter.ticker.clone(),
            session: None,
            recorded_at: letter.at,
            event: Event::DeadLetter {
                stage: letter.stage.clone(),
                reason: letter.reason,
                message: letter.message.clone(),
                attempts: letter.attempts,
                payload: letter.payload.clone(),
                topic: letter.topic.clone(),
                partition: letter.partition,
                offset: letter.offset,
            },
        }
    }

    /// The dead letter that the row records, where it does.
    pub(crate) fn into_dead_letter(self) -> Option<DeadLetterRow> {
        match self.event {
            Event::DeadLetter {
                stage,
                reason,
                message,
                attempts,
                payload,
                topic,
                partition,
                offset,
            } => Some(DeadLetterRow {
                pick_id: self.pick_id,
                stage,
                reason,
                message,
                ticker: self.ticker,
                attempts,
                payload,
                at: self.recorded_at,
                topic,
                partition,
                offset,
            }),
            _ => None,
        }
    }

    pub(crate) fn score(
        scored: &CloseForecast,
        source: ScoreSource,
        at: DateTime<Utc>,
        score: Score,
    ) -> Self {
        Self {
            pick_id: scored.pick_id,
            ticker: Some(scored.ticker.clone()),
            session: Some(scored.target),
            recorded_at: at,
            event: Event::Score { source, score },
        }
    }
}
