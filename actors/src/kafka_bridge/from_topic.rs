//! The receiving side of a boundary: reads the records of a topic and delivers what they say to the
//! stage behind it. Fetching and committing is the consumer's.
//!
//! A record is read twice: by the consumer's thread, to know whether it will be refused (then it
//! waits for nothing), and by the actor, which answers. It is decoded once.

use std::fmt;
use std::sync::Arc;

use actix::{Actor, Context, Handler, ResponseFuture, Supervised};
use closecall_protocol::codec::{Arrival, Record};
use closecall_protocol::{Error as ProtocolError, Reason};
use closecall_supervision::{
    Ack, Deliver, Drain, MessageMetadata, Outbox, StageContext, StageError,
};
use futures_util::future;

use closecall_kafka::ReceivedRecord;

/// Reads a message from a record.
pub(super) type Decode<T> =
    Arc<dyn Fn(&Record, &Arrival) -> Result<T, ProtocolError> + Send + Sync>;

/// Reads records, and refuses those that no stage has to see.
pub(super) struct RecordReader<T: Send + Sync + 'static> {
    pub(super) decode: Decode<T>,
    pub(super) metadata: Arc<dyn MessageMetadata<T>>,
    /// Decides by its clock whether a message has expired.
    pub(super) context: StageContext,
    /// The stage that the records are for.
    pub(super) stage: Arc<str>,
}

impl<T: Send + Sync + 'static> RecordReader<T> {
    /// The message that a record says.
    ///
    /// # Errors
    /// The refusal of a record that cannot be decoded, or has expired; the latter in the name of
    /// the stage, which would refuse it too.
    pub(super) fn read(&self, received: &ReceivedRecord) -> Result<Arc<T>, StageError> {
        let message = received
            .message(|record, arrival| (self.decode)(record, arrival))
            .map_err(|error| StageError::permanent(error.reason(), error.to_string()))?;
        if let Ok(pick_id) = self.metadata.id(&message).parse() {
            received.decoded(pick_id);
        }
        match self.metadata.expires_at(&message) {
            Some(at) if self.context.clock().now() >= at => {
                let expired = StageError::permanent(Reason::Expired, format!("expired at {at}"));
                Err(expired.refused_by(&self.stage, 0))
            }
            _ => Ok(message),
        }
    }
}

/// The actor.
pub(super) struct FromTopic<T: Send + Sync + 'static> {
    pub(super) reader: Arc<RecordReader<T>>,
    /// Records no dead letters: a refusal goes back to the hop that holds the record.
    pub(super) next: Arc<Outbox<T>>,
}

impl<T: Send + Sync + 'static> fmt::Debug for FromTopic<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromTopic")
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

impl<T: Clone + Send + Sync + 'static> Actor for FromTopic<T> {
    type Context = Context<Self>;
}

impl<T: Clone + Send + Sync + 'static> Supervised for FromTopic<T> {}

impl<T: Clone + Send + Sync + 'static> Handler<Deliver<Arc<ReceivedRecord>>> for FromTopic<T> {
    type Result = ResponseFuture<Result<Ack, StageError>>;

    fn handle(
        &mut self,
        incoming: Deliver<Arc<ReceivedRecord>>,
        _: &mut Self::Context,
    ) -> Self::Result {
        self.reader.context.handling();
        let message = match self.reader.read(&incoming.message) {
            Ok(message) => message,
            Err(refusal) => return Box::pin(future::ready(Err(refusal))),
        };
        let next = Arc::clone(&self.next);
        Box::pin(async move { next.deliver(T::clone(&message)).await })
    }
}

/// The consumer's own hop is closed when the process ends, so there is nothing to stop here.
impl<T: Clone + Send + Sync + 'static> Handler<Drain> for FromTopic<T> {
    type Result = ();

    fn handle(&mut self, _: Drain, _: &mut Self::Context) {}
}
