//! Scraper: prices and news of a pick, cut at its as-of time.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Context, Handler, ResponseFuture, Supervised};
use closecall_market::Market;
use closecall_protocol::{MarketScraped, Reason, TickerPicked};
use closecall_supervision::{Ack, Deliver, Drain, Outbox, StageContext, StageError};
use tokio::time::Instant;

use crate::stage;
use crate::stopwatch::Stopwatch;

/// With nothing usable in the store, vendors are asked again for this long; the next slot picks
/// again anyway.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two such tries.
const PAUSE: Duration = Duration::from_secs(5);

/// The actor. Its work is [`Market::gather`].
#[derive(Debug)]
pub struct Scraper {
    market: Arc<Market>,
    outbox: Arc<Outbox<MarketScraped>>,
    context: StageContext,
}

impl Scraper {
    /// A scraper that gathers from `market` and delivers to `outbox`.
    #[must_use]
    pub fn new(
        market: Arc<Market>,
        outbox: Arc<Outbox<MarketScraped>>,
        context: StageContext,
    ) -> Self {
        Self {
            market,
            outbox,
            context,
        }
    }
}

impl Actor for Scraper {
    type Context = Context<Self>;
}

impl Supervised for Scraper {}

impl Handler<Deliver<TickerPicked>> for Scraper {
    type Result = ResponseFuture<Result<Ack, StageError>>;

    fn handle(&mut self, delivery: Deliver<TickerPicked>, _: &mut Self::Context) -> Self::Result {
        self.context.handling();
        let (market, outbox) = (Arc::clone(&self.market), Arc::clone(&self.outbox));
        let context = self.context.clone();
        let watch = Stopwatch::start(&context, delivery.panics());
        let picked = delivery.message.clone();
        Box::pin(async move {
            let scrape = async {
                context.fault_point("mid-work");
                let scraped = gather(&market, &picked).await;
                context.degraded(market.impairment());
                scraped
            };
            let mut scraped = context.run("scrape", stage::SCRAPE_BOUND, scrape).await?;
            scraped.annotations.trace.push(watch.stop());
            outbox.deliver(scraped).await
        })
    }
}

impl Handler<Drain> for Scraper {
    type Result = ();

    fn handle(&mut self, _: Drain, _: &mut Self::Context) {}
}

/// Gathers, and tries again for a while where a vendor is down and the store has nothing usable.
async fn gather(market: &Market, picked: &TickerPicked) -> Result<MarketScraped, StageError> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let error = match market.gather(picked).await {
            Ok(scraped) => return Ok(scraped),
            Err(error) => error,
        };
        let reason = error.reason().unwrap_or(Reason::Unavailable);
        if !error.class().is_transient() || Instant::now() + PAUSE > deadline {
            return Err(StageError::permanent(reason, error.to_string()));
        }
        tracing::warn!(
            stage = stage::SCRAPER, ticker = %picked.pick.ticker, pick_id = %picked.pick.pick_id,
            %error, "nothing usable, trying again"
        );
        tokio::time::sleep(PAUSE).await;
    }
}
