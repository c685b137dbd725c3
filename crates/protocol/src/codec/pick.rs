//! `stock-name-selector`: the original's `{"stock_name": "TSLA"}` with our pick beside it.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::codec::event::{self, About};
use crate::codec::headers::{any_time, header, time, within_years};
use crate::codec::{Arrival, Record};
use crate::message::pick_timestamp;
use crate::{Error, Pick, PickId, PickReason, Ticker, TickerPicked, Topic};

#[derive(Serialize, Deserialize)]
struct Body {
    stock_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pick_id: Option<PickId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    slot: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<PickReason>,
}

/// # Errors
/// [`Error::Undecodable`] should the body not serialise.
pub fn encode(message: &TickerPicked) -> Result<Record, Error> {
    let pick = &message.pick;
    let body = Body {
        stock_name: pick.ticker.to_string(),
        pick_id: Some(pick.pick_id),
        slot: Some(pick.slot),
        expires_at: pick.expires_at,
        reason: Some(pick.reason),
    };
    let value = serde_json::to_string(&body).map_err(undecodable)?;
    let record = event::record(
        Topic::StockNameSelector,
        value,
        &About::pick(pick, "ticker-picker"),
    );
    Ok(with_pick(record, pick))
}

/// # Errors
/// [`Error`] with the reason for its dead letter.
pub fn decode(record: &Record, arrival: &Arrival) -> Result<TickerPicked, Error> {
    let body: Body = serde_json::from_str(record.text()?).map_err(undecodable)?;
    let ticker = Ticker::new(&body.stock_name)?;
    // A replayed dead letter carries its identity, and a new expiry, in headers: they win.
    let mut pick = from_headers(record, arrival, ticker)?;
    if header(record, event::PICK_ID)?.is_none() {
        pick.pick_id = body.pick_id.unwrap_or(pick.pick_id);
    }
    if let Some(slot) = body.slot
        && header(record, event::SLOT)?.is_none()
    {
        pick.slot = within_years("`slot`", slot)?;
    }
    if header(record, event::EXPIRES_AT)?.is_none() {
        let own = body.slot.is_some();
        pick.expires_at = if own {
            body.expires_at
        } else {
            body.expires_at.or(pick.expires_at)
        };
    }
    pick.reason = body.reason.unwrap_or(PickReason::Request);
    Ok(TickerPicked { pick })
}

/// Adds what belongs to the pick as headers.
pub(crate) fn with_pick(record: Record, pick: &Pick) -> Record {
    let record = record.with_header(event::SLOT, pick_timestamp(pick.slot));
    match pick.expires_at {
        Some(at) => record.with_header(event::EXPIRES_AT, pick_timestamp(at)),
        None => record,
    }
}

/// The pick that a record's headers tell of. A record without them, such as one of the
/// original's, is identified by where it lies and dated by its own timestamp.
pub(crate) fn from_headers(
    record: &Record,
    arrival: &Arrival,
    ticker: Ticker,
) -> Result<Pick, Error> {
    let pick_id = match header(record, event::PICK_ID)? {
        Some(id) => id.parse()?,
        None => PickId::of_record(&arrival.topic, arrival.partition, arrival.offset),
    };
    let slot = time(record, event::SLOT)?;
    if slot.is_none() {
        within_years("the record's timestamp", arrival.timestamp)?;
    }
    let expires_at = match (any_time(record, event::EXPIRES_AT)?, slot) {
        (Some(at), _) => Some(at),
        // Ours says so when a pick expires.
        (None, Some(_)) => None,
        (None, None) => arrival
            .expires_after
            .and_then(|after| arrival.timestamp.checked_add_signed(after)),
    };
    let slot = slot.unwrap_or(arrival.timestamp - sub_second(arrival.timestamp));
    Ok(Pick {
        ticker,
        pick_id,
        slot,
        expires_at,
        reason: PickReason::Schedule,
    })
}

fn sub_second(at: DateTime<Utc>) -> TimeDelta {
    TimeDelta::nanoseconds(i64::from(at.timestamp_subsec_nanos()))
}

/// serde's text names positions and fields; it never quotes more than a token of the value.
#[expect(
    clippy::needless_pass_by_value,
    reason = "it is what `map_err` hands over"
)]
pub(crate) fn undecodable(error: serde_json::Error) -> Error {
    let text: String = error
        .to_string()
        .chars()
        .take(300)
        .flat_map(char::escape_debug)
        .collect();
    Error::Undecodable(text)
}
