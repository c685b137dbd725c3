//! A boundary's sending side: what a stage emits is written as a record, and the brokers'
//! confirmation is the reply.

use std::fmt;
use std::sync::Arc;

use actix::{Actor, Context, Handler, ResponseFuture, Supervised};
use closecall_protocol::codec::Record;
use closecall_protocol::{Error as ProtocolError, Reason};
use closecall_supervision::{Ack, Deliver, Drain, StageContext, StageError};
use futures_util::future;

use closecall_kafka::{Error, Producer};

/// Writes a message as a record.
pub(super) type Encode<T> = Arc<dyn Fn(&T) -> Result<Record, ProtocolError> + Send + Sync>;

/// The actor.
pub(super) struct ToTopic<T> {
    pub(super) topic: String,
    pub(super) encode: Encode<T>,
    pub(super) producer: Arc<Producer>,
    pub(super) context: StageContext,
}

impl<T> fmt::Debug for ToTopic<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToTopic")
            .field("topic", &self.topic)
            .finish_non_exhaustive()
    }
}

impl<T: 'static> Actor for ToTopic<T> {
    type Context = Context<Self>;
}

impl<T: 'static> Supervised for ToTopic<T> {}

impl<T: 'static> Handler<Deliver<T>> for ToTopic<T> {
    type Result = ResponseFuture<Result<Ack, StageError>>;

    fn handle(&mut self, outgoing: Deliver<T>, _: &mut Self::Context) -> Self::Result {
        self.context.handling();
        let encoded = (self.encode)(&outgoing.message)
            .and_then(|record| record.check_size().map(|()| record));
        let record = match encoded {
            Ok(record) => record,
            Err(error) => {
                let refusal = StageError::permanent(error.reason(), error.to_string());
                return Box::pin(future::ready(Err(refusal)));
            }
        };
        let (topic, producer) = (self.topic.clone(), Arc::clone(&self.producer));
        let context = self.context.clone();
        Box::pin(async move {
            context.fault_point("before-produce");
            producer
                .send(&topic, None, &record)
                .await
                .map_err(|error| refusal(&error))?;
            context.fault_point("after-produce");
            Ok(Ack::Done)
        })
    }
}

/// Everything but the size of the record may be otherwise later.
fn refusal(error: &Error) -> StageError {
    if error.class().is_permanent() {
        StageError::permanent(Reason::TooLarge, error.to_string())
    } else {
        StageError::transient(Reason::Unavailable, error.to_string())
    }
}

/// Every send is awaited by its sender, so nothing is left to flush.
impl<T: 'static> Handler<Drain> for ToTopic<T> {
    type Result = ();

    fn handle(&mut self, _: Drain, _: &mut Self::Context) {}
}
