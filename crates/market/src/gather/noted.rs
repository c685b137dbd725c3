//! Notes of gathers in the store, by which what a pick had seen can be had again.

use closecall_protocol::MarketScraped;

use super::Market;
use super::window::PickWindow;
use crate::store::Gathered;

impl Market {
    /// Notes what a gather was made of. A forecast does not fail for want of it.
    pub(super) async fn note(&self, scraped: &MarketScraped, window: &PickWindow, factor: f64) {
        let last = scraped.bars.last();
        let gathered = Gathered {
            seen_by: self.clock.now(),
            cut: window.cut,
            provider: scraped.provider,
            provider_switched: scraped.provider_switched,
            fetched_at: scraped.fetched_at,
            provisional: last
                .filter(|_| scraped.provisional)
                .map(|bar| bar.close() / factor),
            factor,
            quote: scraped.quote,
            repairs: scraped.repairs.to_vec(),
        };
        let pick = &scraped.pick;
        if let Err(error) = self.store.put_gathered(pick.pick_id, gathered).await {
            tracing::warn!(
                ticker = %pick.ticker, pick_id = %pick.pick_id, %error,
                "what was gathered could not be noted: the forecast cannot be recomputed"
            );
        }
    }
}
