//! The price of the moment of a gather: asked for once a pick, while the target session is open.
//!
//! Nothing fails for want of it: a forecast then rests on the last close, and says why.

use closecall_protocol::{Pick, QuoteAbsent, SessionTimes};
use tokio::time::Instant;

use super::Market;
use super::chain::share;
use super::prices::Prices;
use super::window::PickWindow;
use crate::error::Error;
use crate::providers::IntradayWindow;
use crate::quote::{Expected, Quoted, quote};
use crate::store::Series;

impl Market {
    /// The quote of the pick's session as it was known at the as-of time, or why there is none.
    pub(super) async fn price_now(
        &self,
        pick: &Pick,
        window: &PickWindow,
        prices: &Prices,
        deadline: Instant,
    ) -> Result<Result<Quoted, QuoteAbsent>, Error> {
        let session = SessionTimes::from(&window.target);
        let absent = QuoteAbsent::at(window.cut, &session);
        if absent != QuoteAbsent::NoQuote {
            return Ok(Err(absent));
        }
        let Some(last) = prices.bars.last() else {
            return Ok(Err(absent));
        };
        let now = self.clock.now();
        let in_progress = self.calendar.in_progress(now);
        let live = in_progress.is_some_and(|running| running.date == window.target.date);
        let last_date = last.session().date();
        let previous = self.calendar.previous(window.target.date).date;
        let ahead = self.calendar.sessions_between(last_date, previous);
        let expected = Expected {
            source: prices.provider,
            session,
            as_of: window.cut,
            live,
            last_close: last.close(),
            sessions_ahead: u32::try_from(ahead).unwrap_or(u32::MAX),
            // A provisional close is no daily one, and the vendor's may differ from it.
            previous_close: (last_date == previous && !prices.provisional).then(|| last.close()),
            splits: &prices.splits,
        };
        let quoted = self.first_quote(pick, window, &expected, deadline).await?;
        if let Err(reason) = quoted {
            tracing::warn!(
                ticker = %pick.ticker, pick_id = %pick.pick_id, %reason,
                "no price of the moment: forecasting from the last close"
            );
        }
        Ok(quoted)
    }

    /// The quote of the first provider in the chain that has one. When none has and one could not be
    /// asked, an older price of the session will do: it is one of its own time.
    async fn first_quote(
        &self,
        pick: &Pick,
        window: &PickWindow,
        expected: &Expected<'_>,
        deadline: Instant,
    ) -> Result<Result<Quoted, QuoteAbsent>, Error> {
        let bounds = (window.target.open, window.cut);
        let asked = match (expected.live, bounds) {
            (true, (from, as_of)) => IntradayWindow::Running { from, as_of },
            (false, (from, as_of)) => IntradayWindow::Past { from, as_of },
        };
        let mut reason = None;
        let mut unasked = Vec::new();
        let began = Instant::now();
        for (place, provider) in self.chain.iter().enumerate() {
            let until = deadline.saturating_duration_since(began);
            let until = began + share(until, place, self.chain.len());
            let source = provider.provider();
            let expected = Expected {
                source,
                ..*expected
            };
            match provider.intraday(&pick.ticker, asked, until).await {
                Ok(Some(intraday)) => {
                    let quoted = quote(&intraday, &expected);
                    let series = Series::new(source, &pick.ticker);
                    let (known, now) = (window.cut, self.clock.now());
                    self.store
                        .put_intraday(&series, intraday, known, now)
                        .await?;
                    match quoted {
                        Ok(quoted) => return Ok(Ok(quoted)),
                        Err(absent) => drop(reason.get_or_insert(absent)),
                    }
                }
                Ok(None) => {}
                Err(fault) => {
                    tracing::warn!(
                        ticker = %pick.ticker, pick_id = %pick.pick_id, vendor = %source, %fault,
                        "the price of the moment could not be fetched"
                    );
                    unasked.push(source);
                }
            }
        }
        for source in unasked {
            let series = Series::new(source, &pick.ticker);
            let stored = self.store.intraday(&series, expected.session).await?;
            let expected = Expected {
                source,
                live: false,
                ..*expected
            };
            match quote(&stored, &expected) {
                Ok(quoted) => return Ok(Ok(quoted)),
                Err(absent) => drop(reason.get_or_insert(absent)),
            }
        }
        Ok(Err(reason.unwrap_or(QuoteAbsent::NoQuote)))
    }
}
