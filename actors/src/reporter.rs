//! Reporter: records every forecast in the ledger, with the scores it brings, and announces it.
//!
//! A forecast is announced once it is safe. One that the ledger already has settles as well.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use actix::{Actor, Context, Handler, ResponseFuture, Supervised};
use closecall_calendar::Clock;
use closecall_ledger::{Ledger, Recorded};
use closecall_protocol::{CloseForecast, ErrorClass, Prediction, Reason};
use closecall_supervision::{Ack, Deliver, Drain, StageContext, StageError};

use crate::stage;

/// Told of every forecast of ours and what recording it did.
pub type Announcer = Arc<dyn Fn(&CloseForecast, Recorded) + Send + Sync>;

/// The actor. Its work is the [`Ledger`]'s.
pub struct Reporter {
    ledger: Arc<Mutex<Ledger>>,
    announce: Announcer,
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
    pub fn new(ledger: Arc<Mutex<Ledger>>, announce: Announcer, context: StageContext) -> Self {
        Self {
            ledger,
            announce,
            context,
        }
    }

    fn report(&self, prediction: Prediction) -> ResponseFuture<Result<Ack, StageError>> {
        self.context.handling();
        let (ledger, announce) = (Arc::clone(&self.ledger), Arc::clone(&self.announce));
        let context = self.context.clone();
        Box::pin(async move {
            let at_work = context.clone();
            let record = move |_: &_| {
                at_work.fault_point("before-ledger");
                let mut ledger = ledger.lock().unwrap_or_else(PoisonError::into_inner);
                let recorded = record(&mut ledger, &prediction, at_work.clock())?;
                drop(ledger);
                at_work.fault_point("after-ledger");
                if let Prediction::Ours(forecast) = &prediction {
                    announce(forecast, recorded);
                }
                Ok(Ack::Done)
            };
            context
                .blocking("record", stage::RECORD_BOUND, record)
                .await
        })
    }
}

/// A row that cannot be written now can be later, perhaps once somebody has mended the disk or the
/// ledger: the forecast is withheld until then. Only one that no ledger takes is given up.
fn record(
    ledger: &mut Ledger,
    prediction: &Prediction,
    clock: &Clock,
) -> Result<Recorded, StageError> {
    let recorded = match prediction {
        Prediction::Ours(forecast) => ledger.record_forecast(forecast, clock.now()),
        Prediction::Foreign(foreign) => ledger.record_foreign(foreign, clock.now()),
    };
    recorded.map_err(|error| match error.class() {
        ErrorClass::Permanent => StageError::permanent(Reason::Undecodable, error.to_string()),
        ErrorClass::Transient | ErrorClass::Fatal => {
            StageError::transient(Reason::Unavailable, error.to_string())
        }
    })
}

impl Actor for Reporter {
    type Context = Context<Self>;
}

impl Supervised for Reporter {}

/// From the trainer in this process.
impl Handler<Deliver<CloseForecast>> for Reporter {
    type Result = ResponseFuture<Result<Ack, StageError>>;

    fn handle(&mut self, delivery: Deliver<CloseForecast>, _: &mut Self::Context) -> Self::Result {
        self.report(Prediction::Ours(Box::new(delivery.message.clone())))
    }
}

/// From the topic, where the original's trainer may have written too.
impl Handler<Deliver<Prediction>> for Reporter {
    type Result = ResponseFuture<Result<Ack, StageError>>;

    fn handle(&mut self, delivery: Deliver<Prediction>, _: &mut Self::Context) -> Self::Result {
        self.report(delivery.message.clone())
    }
}

impl Handler<Drain> for Reporter {
    type Result = ();

    fn handle(&mut self, _: Drain, _: &mut Self::Context) {}
}
