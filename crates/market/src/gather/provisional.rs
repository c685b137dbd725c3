//! The last close between a session's end and the vendor's daily bar of it: that of an intraday bar
//! that ends at the closing time, marked as provisional.

use chrono::TimeDelta;
use closecall_calendar::Session;
use closecall_protocol::{Bar, Pick, SessionTimes};
use tokio::time::Instant;

use super::Market;
use super::prices::Prices;
use super::window::PickWindow;
use crate::error::Error;
use crate::providers::{IntradayAnswer, IntradayWindow};
use crate::quote::{SAME_BASIS, closing_price};
use crate::store::Series;

/// A provisional close may lie so far from the close before, in logarithms; it grows with the root
/// of the sessions between.
const BELIEVABLE: f64 = 0.4;
/// The bar that holds the closing auction has ended this long after the close.
const AUCTION: TimeDelta = TimeDelta::minutes(1);

impl Market {
    /// Adds the close of the session before the target, where the daily bars do not hold it yet.
    /// Asks for that session's intraday bars unless the store has them up to the close.
    pub(super) async fn add_provisional(
        &self,
        pick: &Pick,
        window: &PickWindow,
        prices: &mut Prices,
        deadline: Instant,
    ) -> Result<(), Error> {
        let previous = self.calendar.previous(window.target.date);
        let Some(newest) = prices.bars.last().copied() else {
            return Ok(());
        };
        if newest.session().date() >= previous.date || window.cut < previous.close + AUCTION {
            return Ok(());
        }
        let session = SessionTimes::from(&previous);
        let series = Series::new(prices.provider, &pick.ticker);
        let stored = self.store.intraday(&series, session).await?;
        let price = match closing_price(&stored, &session) {
            Some(price) => Some(price),
            None => self
                .ask_for_close(&series, window, &previous, newest, deadline)
                .await?
                .and_then(|answer| closing_price(&answer, &session)),
        };
        let sessions = self
            .calendar
            .sessions_between(newest.session().date(), previous.date);
        let believable = BELIEVABLE * (sessions as f64).sqrt();
        let price = price.filter(|price| (price / newest.close()).ln().abs() <= believable);
        let bar = price.and_then(|price| Bar::of_close(session.date().ok()?, price).ok());
        if let Some(bar) = bar {
            prices.bars.push(bar);
            prices.provisional = true;
        }
        Ok(())
    }

    /// The bars of a session that has just closed, as far as they are on the stored basis.
    async fn ask_for_close(
        &self,
        series: &Series,
        window: &PickWindow,
        session: &Session,
        newest: Bar,
        deadline: Instant,
    ) -> Result<Option<IntradayAnswer>, Error> {
        let asked = IntradayWindow::Past {
            from: session.open,
            as_of: session.close,
        };
        let mut chain = self.chain.iter();
        let Some(provider) = chain.find(|one| one.provider() == series.provider) else {
            return Ok(None);
        };
        let mut answer = match provider.intraday(&series.ticker, asked, deadline).await {
            Ok(Some(answer)) => answer,
            Ok(None) => return Ok(None),
            Err(fault) => {
                tracing::warn!(
                    ticker = %series.ticker, vendor = %series.provider, %fault,
                    "the bars of the session that has closed could not be fetched"
                );
                return Ok(None);
            }
        };
        let before = self.calendar.previous(session.date).date;
        let other_basis = answer.previous_close.is_some_and(|vendor| {
            newest.session().date() == before && (vendor / newest.close() - 1.0).abs() > SAME_BASIS
        });
        if other_basis {
            return Ok(None);
        }
        answer
            .rows
            .retain(|row| row.start + answer.step <= window.cut);
        let (kept, now) = (answer.clone(), self.clock.now());
        self.store
            .put_intraday(series, kept, window.cut, now)
            .await?;
        Ok(Some(answer))
    }
}
