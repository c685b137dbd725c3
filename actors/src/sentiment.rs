//! Sentiment: scores the headlines and builds the dataset.

use std::sync::Arc;

use actix::{Actor, Context, Handler, ResponseFuture, Supervised};
use closecall_calendar::Calendar;
use closecall_protocol::{DatasetBuilt, MarketScraped};
use closecall_sentiment::{Scorer, build_dataset};
use closecall_supervision::{Ack, Boundary, Deliver, Drain, FaultPoints, Outbox, StageError};

use crate::stage;

/// The actor. Its work is [`build_dataset`].
pub struct Sentiment {
    scorer: Arc<dyn Scorer>,
    calendar: Arc<Calendar>,
    outbox: Arc<Outbox<DatasetBuilt>>,
    boundary: Boundary,
    faults: FaultPoints,
}

impl std::fmt::Debug for Sentiment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sentiment")
            .field("outbox", &self.outbox)
            .finish_non_exhaustive()
    }
}

impl Sentiment {
    /// A stage that scores with `scorer` and delivers to `outbox`.
    #[must_use]
    pub fn new(
        scorer: Arc<dyn Scorer>,
        calendar: Arc<Calendar>,
        outbox: Arc<Outbox<DatasetBuilt>>,
        boundary: Boundary,
        faults: FaultPoints,
    ) -> Self {
        Self {
            scorer,
            calendar,
            outbox,
            boundary,
            faults,
        }
    }
}

impl Actor for Sentiment {
    type Context = Context<Self>;
}

impl Supervised for Sentiment {}

impl Handler<Deliver<MarketScraped>> for Sentiment {
    type Result = ResponseFuture<Result<Ack, StageError>>;

    fn handle(&mut self, delivery: Deliver<MarketScraped>, _: &mut Self::Context) -> Self::Result {
        self.faults.hit(stage::SENTIMENT, None);
        let (scorer, calendar) = (Arc::clone(&self.scorer), Arc::clone(&self.calendar));
        let (boundary, faults) = (self.boundary.clone(), self.faults.clone());
        let outbox = Arc::clone(&self.outbox);
        let scraped = delivery.message.clone();
        Box::pin(async move {
            let score = move |_: &_| {
                faults.hit(stage::SENTIMENT, Some("mid-work"));
                build_dataset(&scraped, &calendar, &*scorer).map_err(|error| {
                    StageError::permanent(error.reason().code(), error.to_string())
                })
            };
            let built = boundary.compute("score", stage::SCORE_BOUND, score).await?;
            outbox.deliver(built).await
        })
    }
}

impl Handler<Drain> for Sentiment {
    type Result = ();

    fn handle(&mut self, _: Drain, _: &mut Self::Context) {}
}
