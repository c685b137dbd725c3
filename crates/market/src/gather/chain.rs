//! The chain of providers, of which one's daily bars a pick rests on.
//!
//! Providers are asked in the configured order until one has the bars of the last session. One that
//! cannot be used, or is behind, is passed over for the next; when none has all, the newest history
//! counts. A history is taken in place of another only when the two agree, and a change is marked.

use std::time::Duration;

use chrono::{Days, NaiveDate, TimeDelta};
use closecall_calendar::Session;
use closecall_protocol::{Pick, Provider};
use tokio::time::Instant;

use super::fetched::Fetched;
use super::prices::Prices;
use super::window::PickWindow;
use super::{Market, PRICES_WITHIN};
use crate::error::Error;
use crate::providers::PriceProvider;
use crate::store::Series;
use crate::vendor::VendorFault;

mod agreement;

use agreement::{Agreement, COMMON};

/// A bar that is not there this long after its session's close is not merely late.
const LATE: TimeDelta = TimeDelta::hours(3);

impl Market {
    /// The daily prices of a pick, of the first provider in the chain that has them all. `asking` is
    /// whether vendors may be asked at all.
    pub(super) async fn prices(
        &self,
        pick: &Pick,
        window: &PickWindow,
        asking: bool,
        began: Instant,
    ) -> Result<Prices, Error> {
        let before = self.store.last_provider(&pick.ticker).await?;
        let (mut best, mut refused): (Option<Prices>, Option<Error>) = (None, None);
        for (place, provider) in self.chain.iter().enumerate() {
            let deadline = began + share(PRICES_WITHIN, place, self.chain.len());
            let deadline = asking.then_some(deadline);
            let (prices, failed) = self.prices_of(&**provider, pick, window, deadline).await;
            let prices = match prices {
                Ok(prices) => prices,
                // The first one's word that there is no such share is the chain's.
                Err(error) if place == 0 && error.is_about_the_ticker() => return Err(error),
                Err(error @ Error::Store { .. }) => return Err(error),
                Err(error) => {
                    keep_refusal(&mut refused, provider.provider(), error);
                    continue;
                }
            };
            if place > 0
                && !self
                    .accepts(pick, before, &prices, window.last.date)
                    .await?
            {
                continue;
            }
            let complete = prices.newest() >= Some(window.last.date);
            let enough = complete || !failed && !self.is_late(&window.last);
            if best
                .as_ref()
                .is_none_or(|best| best.newest() < prices.newest())
            {
                best = Some(prices);
            }
            if enough {
                break;
            }
        }
        let mut prices = match (best, refused) {
            (Some(prices), _) => prices,
            (None, Some(error)) => return Err(error),
            (None, None) => return Err(Error::no_provider()),
        };
        self.note_provider(pick, before, &mut prices).await?;
        Ok(prices)
    }

    /// One provider's prices, and whether it failed to answer. It is asked where there is a deadline;
    /// without one what is stored has to do.
    async fn prices_of(
        &self,
        provider: &dyn PriceProvider,
        pick: &Pick,
        window: &PickWindow,
        deadline: Option<Instant>,
    ) -> (Result<Prices, Error>, bool) {
        let fetched = match deadline {
            Some(deadline) => self.refresh_prices(provider, pick, window, deadline).await,
            None => Ok(Fetched::Failed(VendorFault::Timeout)),
        };
        let failed = matches!(fetched, Ok(Fetched::Failed(_)));
        let prices = match fetched {
            Ok(fetched) => {
                let usable = self.usable_prices(provider.provider(), pick, window, fetched);
                usable.await
            }
            Err(error) => Err(error),
        };
        (prices, failed)
    }

    /// Remembers whose prices these are; a change is said.
    async fn note_provider(
        &self,
        pick: &Pick,
        before: Option<Provider>,
        prices: &mut Prices,
    ) -> Result<(), Error> {
        if before == Some(prices.provider) {
            return Ok(());
        }
        if let Some(before) = before {
            prices.switched = true;
            tracing::warn!(
                ticker = %pick.ticker, pick_id = %pick.pick_id, provider = %prices.provider,
                %before, "another provider's prices"
            );
        }
        self.store
            .put_last_provider(&pick.ticker, prices.provider)
            .await
    }

    fn is_late(&self, session: &Session) -> bool {
        session.close + LATE <= self.clock.now()
    }

    /// Whether a later provider's history may stand in for the one that forecasts rested on so far.
    async fn accepts(
        &self,
        pick: &Pick,
        before: Option<Provider>,
        prices: &Prices,
        last: NaiveDate,
    ) -> Result<bool, Error> {
        if before == Some(prices.provider) {
            return Ok(true);
        }
        let others = self.chain.iter().map(|other| other.provider());
        for other in before.into_iter().chain(others) {
            if other == prices.provider {
                continue;
            }
            let first = last - Days::new(u64::from(self.window_days));
            let series = Series::new(other, &pick.ticker);
            let known = self.store.bars(&series, first, last).await?;
            if known.bars.is_empty() {
                continue;
            }
            let splits = [known.splits, prices.splits.clone()].concat();
            let agreement = Agreement::of(&known.bars, &prices.bars, &splits);
            if let Err(why) = agreement.accepted() {
                tracing::warn!(
                    ticker = %pick.ticker, pick_id = %pick.pick_id, provider = %prices.provider,
                    than = %other, %why, common = COMMON,
                    "another provider's prices are not taken"
                );
                return Ok(false);
            }
            return Ok(true);
        }
        // There is nothing to differ from.
        Ok(true)
    }
}

/// Remembers why nothing came of a provider: the first reason counts, the others are added.
fn keep_refusal(refused: &mut Option<Error>, provider: Provider, error: Error) {
    match refused {
        None => *refused = Some(error),
        Some(first) => first.add(provider, &error),
    }
}

/// Until when a provider may be asked: each has its share of the time there is, so that a silent one
/// leaves some to the next.
pub(super) fn share(whole: Duration, place: usize, providers: usize) -> Duration {
    whole.mul_f64((place + 1) as f64 / providers.max(1) as f64)
}
