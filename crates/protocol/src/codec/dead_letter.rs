//! Records of the dead-letter topics: the refused record byte for byte, with headers that say
//! where it lay, who refused it and why. One too large to copy is replaced by a stub.

use chrono::{DateTime, Utc};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::codec::record::MAX_HEADERS;
use crate::codec::{Arrival, Record, event};
use crate::topic::MAX_RECORD_BYTES;
use crate::{PickId, Reason};

/// Prefix of the headers whose names Spring Kafka made known.
const ORIGINAL: &str = "kafka_dlt-original-";
/// Error code.
pub const REASON: &str = "kafka_dlt-exception-fqcn";
/// The event, at most 1 KiB.
pub const MESSAGE: &str = "kafka_dlt-exception-message";
/// The stage that refused.
pub const STAGE: &str = "dlt-stage";
/// Number of tries.
pub const ATTEMPTS: &str = "dlt-attempts";
/// Set on a record that `dead-letters retry` sent again.
pub const REPLAYED_FROM: &str = "replayed-from";

/// Longest message that is carried, in bytes.
const MAX_MESSAGE_BYTES: usize = 1024;
/// Bytes of a record too large to copy that its stub keeps.
const STUB_BYTES: usize = 1024;
/// Room for the headers that a dead letter adds.
const HEADROOM: usize = 4096;

/// Refusal of a record: the reason, and the stage that gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The stage.
    pub stage: String,
    /// The reason, as a code.
    pub reason: Reason,
    /// The reason, for people; no secrets.
    pub message: String,
    /// Number of tries.
    pub attempts: u32,
    /// The consumer group that read it.
    pub group: String,
}

/// Content of a dead letter's headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetterHeaders {
    /// The pick it belongs to: its own header, or else where the original lay.
    pub pick_id: PickId,
    /// The stage that refused.
    pub stage: String,
    /// The reason; `Undecodable` where the header is missing or unknown.
    pub reason: Reason,
    /// The reason, for people.
    pub message: String,
    /// Number of tries.
    pub attempts: u32,
    /// Topic of the original.
    pub topic: String,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
}

/// The dead letter of `record`. `pick_id` is that of the message, where it could be read.
#[must_use]
pub fn encode(
    record: &Record,
    arrival: &Arrival,
    pick_id: Option<PickId>,
    refusal: &Refusal,
) -> Record {
    let mut letter = if record.size() + HEADROOM > MAX_RECORD_BYTES || too_many_headers(record) {
        stub(record)
    } else {
        record.clone()
    };
    let pick_id = pick_id
        .unwrap_or_else(|| PickId::of_record(&arrival.topic, arrival.partition, arrival.offset));
    let headers = [
        (format!("{ORIGINAL}topic"), arrival.topic.clone()),
        (
            format!("{ORIGINAL}partition"),
            arrival.partition.to_string(),
        ),
        (format!("{ORIGINAL}offset"), arrival.offset.to_string()),
        (
            format!("{ORIGINAL}timestamp"),
            arrival.timestamp.timestamp_millis().to_string(),
        ),
        (format!("{ORIGINAL}consumer-group"), refusal.group.clone()),
        (REASON.to_owned(), refusal.reason.code().to_owned()),
        (
            MESSAGE.to_owned(),
            cut(&refusal.message, MAX_MESSAGE_BYTES).to_owned(),
        ),
        (STAGE.to_owned(), refusal.stage.clone()),
        (ATTEMPTS.to_owned(), refusal.attempts.to_string()),
    ];
    for (name, value) in headers {
        letter = letter.with_header(&name, value);
    }
    if letter.header(event::PICK_ID).is_none() {
        letter = letter.with_header(event::PICK_ID, pick_id.to_string());
    }
    letter
}

/// A record with thousands of headers is small in bytes and still cannot be carried on as it is.
fn too_many_headers(record: &Record) -> bool {
    record.headers.len() > MAX_HEADERS
}

/// First bytes, length and SHA-256 in place of the value; the headers go where they are the load.
fn stub(record: &Record) -> Record {
    let value = record.value.as_deref().unwrap_or_default();
    let digest: String = Sha256::digest(value)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let body = json!({
        "stub": true,
        "length": value.len(),
        "sha256": digest,
        "headers": record.headers.len(),
        "first": String::from_utf8_lossy(&value[..value.len().min(STUB_BYTES)]),
    });
    let key = record
        .key
        .as_ref()
        .filter(|key| key.len() <= STUB_BYTES)
        .cloned();
    Record {
        key,
        value: Some(body.to_string().into_bytes()),
        headers: Vec::new(),
    }
}

/// Whether this is a stub, of which nothing can be sent again.
#[must_use]
pub fn is_stub(letter: &Record) -> bool {
    let value = letter.value.as_deref().unwrap_or_default();
    value.starts_with(b"{\"") && {
        let body: Option<serde_json::Value> = serde_json::from_slice(value).ok();
        body.is_some_and(|body| body["stub"] == true && body["sha256"].is_string())
    }
}

/// Reads a dead letter's headers. Never fails: what is missing follows from where the letter
/// itself lies, since reading a dead letter must not make another.
#[must_use]
pub fn decode(letter: &Record, arrival: &Arrival) -> DeadLetterHeaders {
    let text = |name: &str| letter.header(name).map(str::to_owned);
    let original = |name: &str| text(&format!("{ORIGINAL}{name}"));
    let topic = original("topic").unwrap_or_else(|| arrival.topic.clone());
    let number = |name: &str| original(name).and_then(|n| n.parse::<i64>().ok());
    let partition = number("partition")
        .and_then(|p| i32::try_from(p).ok())
        .unwrap_or(arrival.partition);
    let offset = number("offset").unwrap_or(arrival.offset);
    DeadLetterHeaders {
        pick_id: text(event::PICK_ID)
            .and_then(|id| id.parse().ok())
            .unwrap_or_else(|| PickId::of_record(&topic, partition, offset)),
        stage: text(STAGE).unwrap_or_else(|| "unknown".to_owned()),
        reason: text(REASON)
            .and_then(|code| reason_of(&code))
            .unwrap_or(Reason::Undecodable),
        message: text(MESSAGE).unwrap_or_default(),
        attempts: text(ATTEMPTS).and_then(|n| n.parse().ok()).unwrap_or(0),
        topic,
        partition,
        offset,
    }
}

/// The reason that a code stands for; `None` for a code that this build does not know.
#[must_use]
pub fn reason_of(code: &str) -> Option<Reason> {
    code.parse().ok()
}

/// The original record again, for its own topic: dead-letter headers dropped, its identity kept,
/// a new expiry, and a mark of where it was replayed from. `None` for a stub.
#[must_use]
pub fn replay(
    letter: &Record,
    arrival: &Arrival,
    expires_at: Option<DateTime<Utc>>,
) -> Option<Record> {
    if is_stub(letter) {
        return None;
    }
    let ours = |name: &str| {
        name.starts_with("kafka_dlt-")
            || name.starts_with("dlt-")
            || name == REPLAYED_FROM
            || name == event::EXPIRES_AT
    };
    let mut record = letter.clone();
    record.headers.retain(|(name, _)| !ours(name));
    if let Some(at) = expires_at {
        record = record.with_header(event::EXPIRES_AT, crate::message::pick_timestamp(at));
    }
    let Arrival {
        topic,
        partition,
        offset,
        ..
    } = arrival;
    Some(record.with_header(REPLAYED_FROM, format!("{topic}/{partition}/{offset}")))
}

/// The text up to a limit in bytes, cut between characters.
fn cut(text: &str, limit: usize) -> &str {
    let mut end = text.len().min(limit);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
