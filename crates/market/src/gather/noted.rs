//! Notes of gathers in the store, by which what a pick had seen can be had again.

use closecall_protocol::{Bar, MarketScraped};

use super::Market;
use super::window::PickWindow;
use crate::store::Gathered;

/// Prices of a gather before they were brought to the quote's basis, and the factor that did it.
#[derive(Debug, Clone, Copy)]
pub(super) struct NotedPrices {
    pub(super) factor: f64,
    /// The last close as it came, where an intraday bar's stands for it: what is multiplied and
    /// divided again is not always the same number.
    pub(super) provisional: Option<f64>,
}

impl NotedPrices {
    /// Of prices that are still as they came.
    pub(super) fn of(bars: &[Bar], provisional: bool) -> Self {
        let last = bars.last().filter(|_| provisional);
        Self {
            factor: 1.0,
            provisional: last.map(Bar::close),
        }
    }
}

impl Market {
    /// Notes what a gather was made of. A forecast does not fail for want of it.
    pub(super) async fn note(
        &self,
        scraped: &MarketScraped,
        window: &PickWindow,
        noted: NotedPrices,
    ) {
        let gathered = Gathered {
            seen_by: self.clock.now(),
            cut: window.cut,
            provider: scraped.provider,
            provider_switched: scraped.provider_switched,
            fetched_at: scraped.fetched_at,
            provisional: noted.provisional,
            factor: noted.factor,
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
