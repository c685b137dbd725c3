//! Reporter: records every forecast in the ledger, with the scores it brings.
//!
//! Readers of the record follow the ledger; this stage waits for none. A
//! forecast that the ledger already has settles as well.

use std::fmt;

use actix::{Actor, Context, Handler, ResponseFuture, Supervised};
use closecall_calendar::Clock;
use closecall_ledger::{LedgerInput, Recorded};
use closecall_protocol::{Prediction, Reason};
use closecall_supervision::{Ack, Deliver, Drain, StageContext, StageError};

use crate::stage;
use crate::watched_ledger::WatchedLedger;

/// The actor. Its work is the ledger's.
pub struct Reporter {
    ledger: WatchedLedger,
    context: StageContext,
}

impl fmt::Debug for Reporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reporter").finish_non_exhaustive()
    }
}

impl Reporter {
    /// A reporter that writes to `ledger`, the only writer of it beside the dead letters.
    #[must_use]
    pub fn new(ledger: WatchedLedger, context: StageContext) -> Self {
        Self { ledger, context }
    }
}

/// A row that cannot be written now can be later, perhaps once somebody has mended the disk or the
/// ledger: the forecast is withheld until then. Only one that no ledger takes is given up.
fn record(
    ledger: &WatchedLedger,
    prediction: &Prediction,
    clock: &Clock,
) -> Result<Recorded, StageError> {
    let input = LedgerInput::Prediction(Box::new(prediction.clone()), clock.now());
    ledger.record(input).map_err(|error| {
        if error.class().is_permanent() {
            StageError::permanent(Reason::Undecodable, error.to_string())
        } else {
            StageError::transient(Reason::Unavailable, error.to_string())
        }
    })
}

impl Actor for Reporter {
    type Context = Context<Self>;
}

impl Supervised for Reporter {}

/// From the trainer in this process, or from the topic, where the original's may have written too.
impl Handler<Deliver<Prediction>> for Reporter {
    type Result = ResponseFuture<Result<Ack, StageError>>;

    fn handle(&mut self, delivery: Deliver<Prediction>, _: &mut Self::Context) -> Self::Result {
        self.context.handling();
        let ledger = self.ledger.clone();
        let (context, prediction) = (self.context.clone(), delivery.message.clone());
        Box::pin(async move {
            let at_work = context.clone();
            let record = move |_: &_| {
                at_work.fault_point("before-ledger");
                record(&ledger, &prediction, at_work.clock())?;
                at_work.fault_point("after-ledger");
                Ok(Ack::Done)
            };
            context
                .blocking("record", stage::RECORD_BOUND, record)
                .await
        })
    }
}

impl Handler<Drain> for Reporter {
    type Result = ();

    fn handle(&mut self, _: Drain, _: &mut Self::Context) {}
}
