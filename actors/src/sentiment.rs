//! Sentiment: scores the headlines and builds the dataset.

use std::sync::Arc;

use actix::{Actor, Context, Handler, ResponseFuture, Supervised};
use closecall_market::Market;
use closecall_protocol::{DatasetBuilt, MarketScraped};
use closecall_sentiment::DatasetBuilder;
use closecall_supervision::{Ack, Deliver, Drain, Outbox, StageContext, StageError};

use crate::stage;
use crate::stopwatch::Stopwatch;

/// The actor. Its work is [`DatasetBuilder`]'s.
pub struct Sentiment {
    datasets: Arc<DatasetBuilder>,
    kept_by: Option<Arc<Market>>,
    outbox: Arc<Outbox<DatasetBuilt>>,
    context: StageContext,
}

impl std::fmt::Debug for Sentiment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sentiment")
            .field("outbox", &self.outbox)
            .finish_non_exhaustive()
    }
}

impl Sentiment {
    /// A stage that builds with `datasets` and delivers to `outbox`.
    #[must_use]
    pub fn new(
        datasets: Arc<DatasetBuilder>,
        outbox: Arc<Outbox<DatasetBuilt>>,
        context: StageContext,
    ) -> Self {
        Self {
            datasets,
            kept_by: None,
            outbox,
            context,
        }
    }

    /// Has `market` keep scores and sums, so that no headline is scored twice.
    #[must_use]
    pub fn keeping(mut self, market: Arc<Market>) -> Self {
        self.kept_by = Some(market);
        self
    }
}

impl Actor for Sentiment {
    type Context = Context<Self>;
}

impl Supervised for Sentiment {}

impl Handler<Deliver<MarketScraped>> for Sentiment {
    type Result = ResponseFuture<Result<Ack, StageError>>;

    fn handle(&mut self, delivery: Deliver<MarketScraped>, _: &mut Self::Context) -> Self::Result {
        self.context.handling();
        let datasets = Arc::clone(&self.datasets);
        let context = self.context.clone();
        let watch = Stopwatch::start(&context, delivery.panics());
        let outbox = Arc::clone(&self.outbox);
        let kept_by = self.kept_by.clone();
        let scraped = delivery.message.clone();
        Box::pin(async move {
            let (at_work, to_score) = (context.clone(), scraped.clone());
            let score = move |_: &_| {
                at_work.fault_point("mid-work");
                datasets
                    .fold(&to_score)
                    .map_err(|error| StageError::permanent(error.reason(), error.to_string()))
            };
            let (mut built, scored) = context.compute("score", stage::SCORE_BOUND, score).await?;
            // Without what is kept, the next pick does the same work again: no reason to fail.
            if let Some(market) = kept_by
                && let Err(error) = market.keep_scores(&scraped, scored).await
            {
                tracing::warn!(stage = stage::SENTIMENT, %error, "scores could not be kept");
            }
            built.annotations.trace.push(watch.stop());
            outbox.deliver(built).await
        })
    }
}

impl Handler<Drain> for Sentiment {
    type Result = ();

    fn handle(&mut self, _: Drain, _: &mut Self::Context) {}
}
