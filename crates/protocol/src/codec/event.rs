//! The headers that every record of ours carries: CloudEvents in binary mode and a W3C trace.
//!
//! The trace is a function of the pick: its id is the trace id, so a reader of one record
//! finds the others. Nothing here depends on when or where a record is written, so a record sent
//! again is the same record.

use sha2::{Digest, Sha256};

use crate::codec::Record;
use crate::message::{Pick, pick_timestamp};
use crate::value::Ticker;
use crate::{PickId, Topic};

/// Header of the pick's identity.
pub const PICK_ID: &str = "closecall-pick-id";
/// Header of the pick's slot.
pub const SLOT: &str = "closecall-slot";
/// Header of the pick's expiry; absent where it never expires.
pub const EXPIRES_AT: &str = "closecall-expires-at";

/// A record for a topic, keyed by ticker, about one pick.
pub(crate) fn record(topic: Topic, value: String, about: &About<'_>) -> Record {
    let id = about.pick_id.to_string();
    let headers = [
        ("ce_specversion", "1.0".to_owned()),
        ("ce_id", id.clone()),
        ("ce_source", format!("/closecall/{}", about.source)),
        ("ce_type", topic.event_type().to_owned()),
        ("ce_time", about.time.clone()),
        ("ce_subject", about.ticker.to_string()),
        ("content-type", "application/json".to_owned()),
        ("traceparent", format!("00-{id}-{}-01", span(topic, &id))),
        (PICK_ID, id.clone()),
    ];
    Record {
        key: Some(about.ticker.as_str().as_bytes().to_vec()),
        value: Some(value.into_bytes()),
        headers: headers
            .map(|(name, value)| (name.to_owned(), Some(value.into_bytes())))
            .into(),
    }
}

/// Subject of a record.
#[derive(Debug)]
pub(crate) struct About<'a> {
    pub(crate) pick_id: PickId,
    pub(crate) ticker: &'a Ticker,
    pub(crate) time: String,
    /// The stage that writes it.
    pub(crate) source: &'static str,
}

impl<'a> About<'a> {
    pub(crate) fn pick(pick: &'a Pick, source: &'static str) -> Self {
        let time = pick_timestamp(pick.slot);
        Self {
            pick_id: pick.pick_id,
            ticker: &pick.ticker,
            time,
            source,
        }
    }
}

fn span(topic: Topic, id: &str) -> String {
    let digest = Sha256::digest(format!("{topic}\u{0}{id}").as_bytes());
    digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
