//! Events of the ledger for its followers: one a row.

use chrono::{DateTime, Utc};
use closecall_protocol::{PickId, Ticker};

use crate::entry::Entry;
use crate::row::Row;
use crate::score::Score;

/// A row of the ledger, for those that follow it.
#[derive(Debug, Clone, PartialEq)]
pub struct LedgerEvent {
    /// Number of the row: where a follower goes on from.
    pub seq: i64,
    /// The pick it is about.
    pub pick_id: PickId,
    /// Its ticker, where that is known.
    pub ticker: Option<Ticker>,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// The event.
    pub happening: Happening,
}

/// An event, as a row states it.
#[derive(Debug, Clone, PartialEq)]
pub enum Happening {
    /// A pick was forecast or given up, or the original's trainer predicted something.
    Recorded(Box<Entry>),
    /// An earlier forecast was scored.
    Scored(Score),
}

impl LedgerEvent {
    pub(crate) fn of(seq: i64, row: Row) -> Self {
        let (pick_id, ticker, recorded_at) = (row.pick_id, row.ticker.clone(), row.recorded_at);
        let happening = match Entry::of(seq, row, None) {
            Ok(entry) => Happening::Recorded(Box::new(entry)),
            Err(score) => Happening::Scored(score),
        };
        Self {
            seq,
            pick_id,
            ticker,
            recorded_at,
            happening,
        }
    }
}
