//! GruTrainer: trains on a dataset and forecasts the close, on a thread per fit, as many at once
//! as there are cores.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

use actix::{Actor, Context, Handler, ResponseFuture, Supervised};
use closecall_forecast::{Error, FitProgress};
use closecall_protocol::{CloseForecast, DatasetBuilt, Prediction};
use closecall_supervision::{Ack, Deliver, Drain, Outbox, StageContext, StageError, Work};

use crate::stage;
use crate::stopwatch::Stopwatch;

/// The forecast as a function of a dataset: settings, seed and clock are the composition's. Its
/// callback comes once an epoch, and `Break` cancels.
pub type Forecaster = Arc<
    dyn Fn(
            &DatasetBuilt,
            &mut dyn FnMut(FitProgress) -> ControlFlow<()>,
        ) -> Result<CloseForecast, Error>
        + Send
        + Sync,
>;

/// The actor. Its work is the [`Forecaster`].
pub struct GruTrainer {
    forecaster: Forecaster,
    outbox: Arc<Outbox<Prediction>>,
    context: StageContext,
}

impl fmt::Debug for GruTrainer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GruTrainer")
            .field("outbox", &self.outbox)
            .finish_non_exhaustive()
    }
}

impl GruTrainer {
    /// A trainer that delivers to `outbox`.
    #[must_use]
    pub fn new(
        forecaster: Forecaster,
        outbox: Arc<Outbox<Prediction>>,
        context: StageContext,
    ) -> Self {
        Self {
            forecaster,
            outbox,
            context,
        }
    }
}

impl Actor for GruTrainer {
    type Context = Context<Self>;
}

impl Supervised for GruTrainer {}

impl Handler<Deliver<DatasetBuilt>> for GruTrainer {
    type Result = ResponseFuture<Result<Ack, StageError>>;

    fn handle(&mut self, delivery: Deliver<DatasetBuilt>, _: &mut Self::Context) -> Self::Result {
        self.context.handling();
        let context = self.context.clone();
        let watch = Stopwatch::start(&context, delivery.panics());
        let (forecaster, outbox) = (Arc::clone(&self.forecaster), Arc::clone(&self.outbox));
        let dataset = delivery.message.clone();
        Box::pin(async move {
            let at_work = context.clone();
            let fit = move |work: &Work| fit(&forecaster, &dataset, work, &at_work);
            let forecast = context.compute("fit", stage::FIT_BOUND, fit).await?;
            let forecast = forecast.passed(watch.stop());
            outbox.deliver(Prediction::Ours(Box::new(forecast))).await
        })
    }
}

impl Handler<Drain> for GruTrainer {
    type Result = ();

    fn handle(&mut self, _: Drain, _: &mut Self::Context) {}
}

/// One fit: every epoch stamps progress and asks whether the result is still wanted.
fn fit(
    forecaster: &Forecaster,
    dataset: &DatasetBuilt,
    work: &Work,
    context: &StageContext,
) -> Result<CloseForecast, StageError> {
    let mut on_epoch = |progress: FitProgress| {
        if progress.done == 1 {
            context.fault_point("mid-fit");
        }
        work.progressed();
        if work.cancelled() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    forecaster(dataset, &mut on_epoch)
        .map_err(|error| StageError::permanent(error.reason(), error.to_string()))
}
