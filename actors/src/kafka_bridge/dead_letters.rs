//! Dead letters through Kafka: a refused record goes to the dead-letter topic of its own, and what
//! is found there is handed on to be stored.

use std::fmt;
use std::sync::{Arc, OnceLock};

use actix::{Actor, Context, Handler, ResponseFuture, Supervised};
use closecall_protocol::codec::dead_letter::{self, DeadLetterHeaders, Refusal};
use closecall_protocol::codec::{Arrival, Record};
use closecall_protocol::{Reason, Topic};
use closecall_supervision::{
    Ack, DeadLetter, DeadLetterSink, Deliver, Drain, Recorded, StageError,
};
use tokio::runtime::Handle;

use super::producer::Producer;
use super::record::Received;

/// Where the refused records of one consumer go.
#[derive(Debug, Clone)]
pub(super) struct Letters {
    pub(super) producer: Arc<Producer>,
    pub(super) topic: String,
    pub(super) group: String,
}

impl Letters {
    /// The sink for one record.
    pub(super) fn of(&self, received: &Arc<Received>) -> Arc<dyn DeadLetterSink> {
        Arc::new(OfRecord {
            letters: self.clone(),
            received: Arc::clone(received),
        })
    }
}

/// Sends one record, byte for byte, to where it goes when it is refused.
struct OfRecord {
    letters: Letters,
    received: Arc<Received>,
}

impl DeadLetterSink for OfRecord {
    fn record<'a>(&'a self, letter: &'a DeadLetter) -> Recorded<'a> {
        Box::pin(async move {
            let Letters {
                producer,
                topic,
                group,
            } = &self.letters;
            let Received {
                record, arrival, ..
            } = &*self.received;
            let refusal = Refusal {
                // Sides of the bridge are told apart on the health board, not in records.
                stage: letter
                    .stage
                    .split('/')
                    .next()
                    .unwrap_or_default()
                    .to_owned(),
                reason: letter
                    .reason
                    .parse::<Reason>()
                    .unwrap_or(Reason::Undecodable),
                message: letter.message.clone(),
                attempts: letter.attempts,
                group: group.clone(),
            };
            let pick_id = Some(self.received.pick_id());
            let outgoing = dead_letter::encode(record, arrival, pick_id, &refusal);
            producer
                .send(topic, Some(arrival.partition), &outgoing)
                .await?;
            Ok(())
        })
    }
}

/// A record found in a dead-letter topic.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundDeadLetter {
    /// What its headers say.
    pub headers: DeadLetterHeaders,
    /// The topic of the pipeline that the refused record came from, where it is one of ours.
    pub origin: Option<Topic>,
    /// The record as it lies there: the refused one, or a stub of it, with the headers added.
    pub record: Record,
    /// Where and when it lies there.
    pub arrival: Arrival,
}

/// Where dead letters that are found are stored; for the reporter's role, the ledger.
pub trait DeadLetterStore: Send + Sync + 'static {
    /// Stores `letter`; `Ok` means that it is safe. On an error it comes again, so a repeat must
    /// be harmless.
    fn store<'a>(&'a self, letter: &'a FoundDeadLetter) -> Recorded<'a>;
}

/// The actor that reads dead letters. It never makes one: what cannot be stored now comes again.
pub(super) struct FromDeadLetters {
    pub(super) store: Arc<dyn DeadLetterStore>,
    pub(super) runtime: Arc<OnceLock<Handle>>,
    pub(super) topic_prefix: String,
}

impl fmt::Debug for FromDeadLetters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromDeadLetters").finish_non_exhaustive()
    }
}

impl Actor for FromDeadLetters {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        self.runtime.get_or_init(Handle::current);
    }
}

impl Supervised for FromDeadLetters {}

impl Handler<Deliver<Arc<Received>>> for FromDeadLetters {
    type Result = ResponseFuture<Result<Ack, StageError>>;

    fn handle(&mut self, found: Deliver<Arc<Received>>, _: &mut Self::Context) -> Self::Result {
        let store = Arc::clone(&self.store);
        let Received {
            record, arrival, ..
        } = &*found.message;
        let headers = dead_letter::decode(record, arrival);
        let topic = headers.topic.strip_prefix(&self.topic_prefix);
        let letter = FoundDeadLetter {
            origin: topic.and_then(Topic::from_name),
            headers,
            record: record.clone(),
            arrival: arrival.clone(),
        };
        Box::pin(async move {
            let stored = store.store(&letter).await;
            stored.map_err(|error| {
                StageError::transient(Reason::Unavailable.code(), format!("not stored: {error}"))
            })?;
            Ok(Ack::Done)
        })
    }
}

impl Handler<Drain> for FromDeadLetters {
    type Result = ();

    fn handle(&mut self, _: Drain, _: &mut Self::Context) {}
}
