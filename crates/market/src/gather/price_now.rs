//! The price of the moment of a gather: asked for once a pick, while the target session is open.
//!
//! Nothing fails for want of it: a forecast then rests on the last close, and says why.

use closecall_protocol::{Pick, Provider, QuoteAbsent, SessionTimes};
use tokio::time::Instant;

use super::Market;
use super::prices::Prices;
use super::window::PickWindow;
use crate::error::Error;
use crate::quote::{Expected, Quoted, quote};
use crate::store::Series;
use crate::vendor::VendorFault;
use crate::yahoo::{IntradayAnswer, IntradayWindow};

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
            session,
            as_of: window.cut,
            live,
            last_close: last.close(),
            sessions_ahead: u32::try_from(ahead).unwrap_or(u32::MAX),
            // A provisional close is no daily one, and the vendor's may differ from it.
            previous_close: (last_date == previous && !prices.provisional).then(|| last.close()),
            splits: &prices.splits,
        };
        let series = Series::new(Provider::Yahoo, &pick.ticker);
        let quoted = match self.ask_intraday(pick, window, live, deadline).await {
            Ok(Some(intraday)) => {
                let quoted = quote(&intraday, &expected);
                self.store
                    .put_intraday(&series, intraday, window.cut, now)
                    .await?;
                quoted
            }
            Ok(None) => Err(QuoteAbsent::NoQuote),
            Err(fault) => {
                tracing::warn!(
                    ticker = %pick.ticker, pick_id = %pick.pick_id, vendor = "yahoo", %fault,
                    "the price of the moment could not be fetched"
                );
                // An older price is one of its own time.
                let stored = self.store.intraday(&series, session).await?;
                quote(
                    &stored,
                    &Expected {
                        live: false,
                        ..expected
                    },
                )
            }
        };
        if let Err(reason) = quoted {
            tracing::warn!(
                ticker = %pick.ticker, pick_id = %pick.pick_id, %reason,
                "no price of the moment: forecasting from the last close"
            );
        }
        Ok(quoted)
    }

    /// Asks for the session's bars: the running one by its range, a past one by its times. A server
    /// that shows everything knows no running session and refuses the range.
    async fn ask_intraday(
        &self,
        pick: &Pick,
        window: &PickWindow,
        live: bool,
        deadline: Instant,
    ) -> Result<Option<IntradayAnswer>, VendorFault> {
        let past = IntradayWindow::Past {
            from: window.target.open,
            as_of: window.cut,
        };
        if live {
            let running = IntradayWindow::Running;
            match self.yahoo.intraday(&pick.ticker, running, deadline).await {
                Err(VendorFault::BadRequest(_)) => {}
                other => return other,
            }
        }
        self.yahoo.intraday(&pick.ticker, past, deadline).await
    }
}
