//! Prices of a gather: the vendor's chart into the store, and whether what the store then has is
//! good enough to forecast from.

use chrono::{DateTime, Utc};
use closecall_protocol::{Bar, Pick};
use tokio::time::Instant;

use super::{Market, Window};
use crate::error::Error;
use crate::store::{Basis, StoredBars};
use crate::vendor::VendorFault;
use crate::yahoo::Chart;

/// The largest real moves since 2015 of the tickers this was made for are 35 %.
const UNBELIEVABLE_MOVE: f64 = 0.4;

impl Market {
    /// Asks for the window's prices and stores the finished sessions. Returns the number of rows
    /// that could not be used, or the fault for which the store has to do.
    pub(super) async fn fetch_prices(
        &self,
        pick: &Pick,
        window: &Window,
        deadline: Instant,
    ) -> Result<Result<usize, VendorFault>, Error> {
        let (from, to) = window.asked();
        let chart = match self.yahoo.chart(&pick.ticker, from, to, deadline).await {
            Ok(chart) => chart,
            Err(VendorFault::UnknownSymbol(_)) => {
                return Err(Error::UnknownTicker {
                    ticker: pick.ticker.clone(),
                });
            }
            Err(fault) => return Ok(Err(fault)),
        };
        let bars = chart.finished(&self.calendar, window.cut);
        self.remark(pick, &chart, &bars);
        let now: DateTime<Utc> = self.clock.now();
        let basis = self
            .store
            .put_bars(&pick.ticker, bars, chart.splits, now)
            .await?;
        match basis {
            Basis::Same => {}
            Basis::Split { ratio } => tracing::info!(
                ticker = %pick.ticker, pick_id = %pick.pick_id, ratio,
                "split: stored prices were brought to the new basis"
            ),
            Basis::Revised { sessions, of } => tracing::warn!(
                ticker = %pick.ticker, pick_id = %pick.pick_id, sessions, of,
                "closes differ from those stored, which no split explains: the newest are kept"
            ),
        }
        Ok(Ok(chart.refused + chart.empty_rows))
    }

    /// Says what is odd about a chart.
    fn remark(&self, pick: &Pick, chart: &Chart, finished: &[Bar]) {
        if let Some(first) = &chart.first_refusal {
            tracing::warn!(
                ticker = %pick.ticker, pick_id = %pick.pick_id, rows = chart.refused, %first,
                "unusable rows of prices were left out"
            );
        }
        let closed = |bar: &&Bar| !self.calendar.is_session(bar.session().date());
        let strays = chart.bars.iter().filter(closed).count();
        if strays > 0 {
            tracing::warn!(
                ticker = %pick.ticker, pick_id = %pick.pick_id, bars = strays,
                "bars of days on which the exchange is closed were left out"
            );
        }
        for pair in finished.windows(2) {
            let session = pair[1].session();
            let change = pair[1].close() / pair[0].close() - 1.0;
            let split = chart
                .splits
                .iter()
                .any(|split| split.date == session.date());
            if change.abs() > UNBELIEVABLE_MOVE && !split {
                tracing::warn!(
                    ticker = %pick.ticker, pick_id = %pick.pick_id, %session,
                    change_pct = change * 100.0, "a move without precedent or split"
                );
            }
        }
    }

    /// The window's bars from the store, unless there are none or they are too old.
    pub(super) async fn usable_prices(
        &self,
        pick: &Pick,
        window: &Window,
        fetched: Result<usize, VendorFault>,
    ) -> Result<StoredBars, Error> {
        let (first, last) = (window.first.date, window.last.date);
        let stored = self.store.bars(&pick.ticker, first, last).await?;
        let ticker = pick.ticker.clone();
        let (Some(oldest), Some(newest)) = (stored.bars.first(), stored.bars.last()) else {
            return Err(match fetched {
                Ok(unusable) => Error::NoData {
                    ticker,
                    from: first,
                    to: last,
                    unusable,
                },
                Err(fault) => Error::Unavailable { ticker, fault },
            });
        };
        let (oldest, newest) = (oldest.session().date(), newest.session().date());
        let sessions = self.calendar.sessions_between(newest, last);
        if sessions > self.max_age as usize {
            let (limit, fault) = (self.max_age, fetched.err());
            return Err(Error::Stale {
                ticker,
                newest,
                sessions,
                limit,
                fault,
            });
        }
        if let Err(fault) = fetched {
            tracing::warn!(
                %ticker, pick_id = %pick.pick_id, vendor = "yahoo", %fault,
                fetched_at = %stored.fetched_at.unwrap_or_default().to_rfc3339(),
                "prices could not be fetched: forecasting from the store"
            );
        }
        if sessions > 0 {
            tracing::warn!(
                %ticker, pick_id = %pick.pick_id, %newest, sessions,
                "prices are stale by {sessions} sessions"
            );
        }
        let missing = self.calendar.sessions(oldest, newest).count() - stored.bars.len();
        if missing > 0 {
            tracing::warn!(
                %ticker, pick_id = %pick.pick_id, missing,
                "sessions inside the window have no bar"
            );
        }
        Ok(stored)
    }
}
