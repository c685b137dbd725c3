//! Records across the boundary: the library's borrowed messages become owned ones at once, and
//! owned ones are written back. Not here: what a record means (the protocol's codecs).

use std::any::Any;
use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, TimeDelta, Utc};
use closecall_protocol::codec::event::PICK_ID;
use closecall_protocol::codec::{Arrival, Record};
use closecall_protocol::{Error as ProtocolError, PickId};
use closecall_supervision::MessageMetadata;
use rdkafka::Message;
use rdkafka::message::{BorrowedMessage, Header, Headers, OwnedHeaders};
use serde_json::{Value, json};

/// Memory of a record and of each header beside their own bytes, roughly.
const BYTES_OF_RECORD: usize = 400;
const BYTES_OF_HEADER: usize = 80;

/// A record as it came in.
pub struct ReceivedRecord {
    /// As it came.
    pub record: Record,
    /// Where and when it lies on its topic.
    pub arrival: Arrival,
    /// The library could not hand it over whole.
    unreadable: bool,
    /// The message that its value was decoded to, so that it is decoded once.
    message: OnceLock<Arc<dyn Any + Send + Sync>>,
    /// Its pick, once it has been decoded: a record may carry it in its body alone.
    pick: OnceLock<PickId>,
}

impl fmt::Debug for ReceivedRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceivedRecord")
            .field("arrival", &self.arrival)
            .finish_non_exhaustive()
    }
}

impl ReceivedRecord {
    /// Copies what the library lends. `now` dates a record without a timestamp.
    pub(crate) fn copy(
        message: &BorrowedMessage<'_>,
        expires_after: Option<TimeDelta>,
        now: DateTime<Utc>,
    ) -> Self {
        let timestamp = message
            .timestamp()
            .to_millis()
            .and_then(DateTime::from_timestamp_millis)
            .unwrap_or(now);
        let (headers, unreadable) = headers(message);
        Self {
            record: Record {
                key: message.key().map(<[u8]>::to_vec),
                value: message.payload().map(<[u8]>::to_vec),
                headers,
            },
            arrival: Arrival {
                topic: message.topic().to_owned(),
                partition: message.partition(),
                offset: message.offset(),
                timestamp,
                expires_after,
            },
            unreadable,
            message: OnceLock::new(),
            pick: OnceLock::new(),
        }
    }

    fn check(&self) -> Result<(), ProtocolError> {
        if self.unreadable {
            return Err(ProtocolError::Undecodable(
                "a header's name is not UTF-8".into(),
            ));
        }
        Ok(())
    }

    /// The message that `decode` makes of it; decoded once, however often it is asked for.
    ///
    /// # Errors
    /// That of `decode`, each time.
    pub fn message<T: Send + Sync + 'static>(
        &self,
        decode: impl FnOnce(&Record, &Arrival) -> Result<T, ProtocolError>,
    ) -> Result<Arc<T>, ProtocolError> {
        let known = self.message.get().cloned();
        if let Some(message) = known.and_then(|message| message.downcast().ok()) {
            return Ok(message);
        }
        self.check()?;
        let message = Arc::new(decode(&self.record, &self.arrival)?);
        self.message.get_or_init(|| Arc::clone(&message) as _);
        Ok(message)
    }

    /// Hash of its key; two keys may share one, which only orders their records too. All
    /// records without a key share one: what they are about stands in their values.
    pub(crate) fn key_hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.record.key.hash(&mut hasher);
        hasher.finish()
    }

    /// Bytes that it takes of memory, near enough to bound that: many small headers weigh more than their
    /// bytes.
    pub(crate) fn bytes_in_memory(&self) -> usize {
        self.record.size() + BYTES_OF_RECORD + self.record.headers.len() * BYTES_OF_HEADER
    }

    /// Takes note of the pick that its value names.
    pub fn decoded(&self, pick_id: PickId) {
        self.pick.get_or_init(|| pick_id);
    }

    /// The pick it belongs to: as decoded, else its header's, else where it lies.
    #[must_use]
    pub fn pick_id(&self) -> PickId {
        let Arrival {
            topic,
            partition,
            offset,
            ..
        } = &self.arrival;
        let header = || self.record.header(PICK_ID)?.parse().ok();
        self.pick
            .get()
            .copied()
            .or_else(header)
            .unwrap_or_else(|| PickId::of_record(topic, *partition, *offset))
    }

    /// `topic/partition/offset`.
    pub(crate) fn place(&self) -> String {
        let Arrival {
            topic,
            partition,
            offset,
            ..
        } = &self.arrival;
        format!("{topic}/{partition}/{offset}")
    }
}

type OwnedHeader = (String, Option<Vec<u8>>);

/// The headers, up to the first whose name is not UTF-8: on that one the library panics, and a
/// record must not be able to bring the thread down.
fn headers(message: &BorrowedMessage<'_>) -> (Vec<OwnedHeader>, bool) {
    let Some(headers) = message.headers() else {
        return (Vec::new(), false);
    };
    let mut owned = Vec::with_capacity(headers.count());
    for index in 0..headers.count() {
        let header = catch_unwind(AssertUnwindSafe(|| headers.get(index)));
        let Ok(Header { key, value }) = header else {
            return (owned, true);
        };
        owned.push((key.to_owned(), value.map(<[u8]>::to_vec)));
    }
    (owned, false)
}

/// The headers of a record in the library's form.
pub(crate) fn native_headers(record: &Record) -> OwnedHeaders {
    let empty = OwnedHeaders::new_with_capacity(record.headers.len());
    record.headers.iter().fold(empty, |headers, (key, value)| {
        headers.insert(Header {
            key,
            value: value.as_deref(),
        })
    })
}

/// Metadata of a record that has not been read yet.
#[derive(Debug, Clone, Copy)]
pub struct RecordMetadata;

impl MessageMetadata<Arc<ReceivedRecord>> for RecordMetadata {
    fn id(&self, message: &Arc<ReceivedRecord>) -> String {
        message.pick_id().to_string()
    }

    fn label(&self, message: &Arc<ReceivedRecord>) -> Option<String> {
        Some(message.place())
    }

    fn to_json(&self, message: &Arc<ReceivedRecord>) -> Value {
        let Arrival {
            topic,
            partition,
            offset,
            ..
        } = &message.arrival;
        json!({ "topic": topic, "partition": partition, "offset": offset })
    }
}
