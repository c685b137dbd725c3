//! The receiving side of the dead-letter topics: what is found there is handed on to be stored.

use std::fmt;
use std::sync::Arc;

use actix::{Actor, Context, Handler, ResponseFuture, Supervised};
use closecall_kafka::{DeadLetterStore, FoundDeadLetter, ReceivedRecord};
use closecall_protocol::Reason;
use closecall_supervision::{Ack, Deliver, Drain, StageError};

/// The actor that reads dead letters. It never makes one: what cannot be stored now comes again.
pub(crate) struct FromDeadLetters {
    pub(crate) store: Arc<dyn DeadLetterStore>,
    pub(crate) topic_prefix: String,
}

impl fmt::Debug for FromDeadLetters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromDeadLetters").finish_non_exhaustive()
    }
}

impl Actor for FromDeadLetters {
    type Context = Context<Self>;
}

impl Supervised for FromDeadLetters {}

impl Handler<Deliver<Arc<ReceivedRecord>>> for FromDeadLetters {
    type Result = ResponseFuture<Result<Ack, StageError>>;

    fn handle(
        &mut self,
        found: Deliver<Arc<ReceivedRecord>>,
        _: &mut Self::Context,
    ) -> Self::Result {
        let store = Arc::clone(&self.store);
        let letter = FoundDeadLetter::read(&found.message, &self.topic_prefix);
        Box::pin(async move {
            let stored = store.store(&letter).await;
            stored.map_err(|error| {
                StageError::transient(Reason::Unavailable, format!("not stored: {error}"))
            })?;
            Ok(Ack::Done)
        })
    }
}

impl Handler<Drain> for FromDeadLetters {
    type Result = ();

    fn handle(&mut self, _: Drain, _: &mut Self::Context) {}
}
