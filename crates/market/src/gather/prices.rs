//! Daily prices of a provider: its answer into the store, and whether what the store then has
//! is sound and recent enough to forecast from.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use closecall_protocol::{Bar, Pick, Provider, Repair, Ticker};
use tokio::time::Instant;

use super::Market;
use super::fetched::Fetched;
use super::schedule::{self, Due};
use super::window::PickWindow;
use crate::error::{Error, refused_rows};
use crate::providers::{Chart, PriceProvider};
use crate::repair::{Repaired, repair};
use crate::split::Split;
use crate::store::{Basis, FetchedBars, Series, Span};
use crate::vendor::VendorFault;

/// More bars than these of days without a session, and more than one in that number, are not a slip: the
/// rows are dated by another clock or another exchange, and no date can be believed.
const FEW_STRAYS: usize = 2;
const MANY_STRAYS: usize = 20;

/// Daily prices of a pick, on one basis and in one unit.
#[derive(Debug)]
pub(super) struct Prices {
    /// Ascending, at least one.
    pub(super) bars: Vec<Bar>,
    pub(super) splits: Vec<Split>,
    /// Ascending by session.
    pub(super) repairs: Vec<Repair>,
    pub(super) fetched_at: Option<DateTime<Utc>>,
    /// The last close is an intraday bar's.
    pub(super) provisional: bool,
    /// The provider that they are from.
    pub(super) provider: Provider,
    /// The ticker's forecast before rested on another provider's.
    pub(super) switched: bool,
}

impl Market {
    /// Asks for the window's prices where the answer can have changed, and stores what is settled.
    pub(super) async fn refresh_prices(
        &self,
        provider: &dyn PriceProvider,
        pick: &Pick,
        window: &PickWindow,
        deadline: Instant,
    ) -> Result<Fetched, Error> {
        let (ticker, now) = (&pick.ticker, self.clock.now());
        let name = provider.provider();
        let series = &Series::new(name, ticker);
        let (from, to) = window.asked();
        let span = Span {
            start: from,
            end: window.last.close,
        };
        let session = window.last.date;
        let state = self.store.chart_state(series, session, span).await?;
        let local = provider.is_local();
        if let Some(until) = schedule::unknown_until(&state, now).filter(|_| !local) {
            return Err(unknown(name, ticker, until));
        }
        let newest = state.newest;
        let behind = |newest| self.calendar.sessions_between(newest, session);
        let due = Due {
            session,
            corrected_from: self.calendar.next(session).open,
            needy: newest.is_none_or(|newest| behind(newest) > self.max_age as usize),
        };
        if !local && !schedule::ask(&state, &due, now) {
            return Ok(Fetched::NotAsked);
        }
        self.store.note_asked(series, session, now).await?;
        let chart = match provider.daily(ticker, from, to, deadline).await {
            Ok(chart) => chart,
            Err(VendorFault::OtherMarket(market)) => {
                let ticker = ticker.clone();
                return Err(Error::OtherMarket { ticker, market });
            }
            // The store knows the ticker: the vendor is mistaken, or will be.
            Err(VendorFault::UnknownSymbol(_)) if newest.is_none() && !local => {
                self.store.note_unknown(series, now).await?;
                return Err(unknown(name, ticker, now + schedule::UNKNOWN_FOR));
            }
            Err(fault) => return Ok(Fetched::Failed(fault)),
        };
        let unusable = chart.refused + chart.empty_rows;
        let answered = Span {
            end: window.cut,
            ..span
        };
        match self.keep_chart(series, pick, window, chart).await? {
            Err(fault) => Ok(Fetched::Failed(fault)),
            Ok(()) => {
                self.store.note_answered(series, answered).await?;
                Ok(Fetched::Answered { unusable })
            }
        }
    }

    /// Stores the settled bars of a chart, on one basis and in one unit; a chart that cannot be
    /// brought there is a fault, and the store stays as it was.
    async fn keep_chart(
        &self,
        series: &Series,
        pick: &Pick,
        window: &PickWindow,
        chart: Chart,
    ) -> Result<Result<(), VendorFault>, Error> {
        let (ticker, pick_id) = (&pick.ticker, pick.pick_id);
        self.remark(pick, &chart);
        let unusable = refused_rows(chart.refused + chart.empty_rows);
        let unsound = |why: String| Ok(Err(VendorFault::Unsound(format!("{why}{unusable}"))));
        let (strays, rows) = (self.strays(&chart), chart.bars.len());
        if strays > FEW_STRAYS && strays * MANY_STRAYS > rows {
            return unsound(format!(
                "{strays} of their {rows} rows are of days on which the exchange was closed"
            ));
        }
        let settled = chart.finished(&self.calendar, window.cut);
        let Repaired { bars, repairs } = match repair(&settled, &chart.splits, &self.calendar) {
            Ok(repaired) => repaired,
            Err(why) => return unsound(why.to_string()),
        };
        self.counts.repairs_made(&repairs);
        for repair in &repairs {
            tracing::warn!(
                %ticker, %pick_id, session = %repair.session, field = %repair.field,
                rule = %repair.rule, factor = repair.factor, "prices were repaired"
            );
        }
        let fetched = FetchedBars {
            bars,
            splits: chart.splits,
            repairs,
        };
        match self
            .store
            .put_bars(series, fetched, self.clock.now())
            .await?
        {
            Basis::Same => {}
            Basis::Split { ratio } => tracing::info!(
                %ticker, %pick_id, ratio, "split: stored prices were brought to the new basis"
            ),
            Basis::OtherUnit { factor } => {
                return unsound(format!("all of them are {factor} times those stored"));
            }
            Basis::Revised { sessions, of } => tracing::warn!(
                %ticker, %pick_id, sessions, of,
                "closes differ from those stored, which no split explains: the newest are kept"
            ),
        }
        Ok(Ok(()))
    }

    /// Reports what is odd about a chart.
    fn remark(&self, pick: &Pick, chart: &Chart) {
        if let Some(first) = &chart.first_refusal {
            tracing::warn!(
                ticker = %pick.ticker, pick_id = %pick.pick_id, rows = chart.refused, %first,
                "unusable rows of prices were left out"
            );
        }
        let strays = self.strays(chart);
        if strays > 0 {
            tracing::warn!(
                ticker = %pick.ticker, pick_id = %pick.pick_id, bars = strays,
                "bars of days on which the exchange is closed were left out"
            );
        }
    }

    /// Bars of days on which the exchange was closed.
    fn strays(&self, chart: &Chart) -> usize {
        let closed = |bar: &&Bar| !self.calendar.is_session(bar.session().date());
        chart.bars.iter().filter(closed).count()
    }

    /// The window's prices from the store, unless there are none, they are too old, or unsound.
    pub(super) async fn usable_prices(
        &self,
        provider: Provider,
        pick: &Pick,
        window: &PickWindow,
        fetched: Fetched,
    ) -> Result<Prices, Error> {
        let (first, last) = (window.first.date, window.last.date);
        let ticker = &pick.ticker;
        let series = Series::new(provider, ticker);
        let stored = self.store.bars(&series, first, last).await?;
        let Some(newest) = stored.bars.last().map(|bar| bar.session().date()) else {
            return Err(nothing(provider, pick, window, fetched));
        };
        let (unusable, fault) = match fetched {
            Fetched::Answered { unusable } => (unusable, None),
            Fetched::NotAsked => (0, None),
            Fetched::Failed(fault) => (0, Some(fault)),
        };
        let sessions = self.calendar.sessions_between(newest, last);
        if sessions > self.max_age as usize {
            let (ticker, limit) = (ticker.clone(), self.max_age);
            return Err(Error::Stale {
                provider,
                ticker,
                newest,
                sessions,
                limit,
                unusable,
                fault,
                others: String::new(),
            });
        }
        if let Some(fault) = fault {
            tracing::warn!(
                %ticker, pick_id = %pick.pick_id, vendor = %provider, %fault,
                fetched_at = %stored.fetched_at.unwrap_or_default().to_rfc3339(),
                "prices could not be fetched: forecasting from the store"
            );
        }
        // Rows of several fetches meet in the store.
        let repaired = repair(&stored.bars, &stored.splits, &self.calendar);
        let Repaired { bars, repairs } = repaired.map_err(|why| Error::Unsound {
            ticker: ticker.clone(),
            why: format!("{why}{}", refused_rows(unusable)),
        })?;
        self.remark_gaps(pick, &bars, last);
        let mut all = stored.repairs;
        all.extend(repairs);
        all.sort_by_key(|repair| repair.session);
        Ok(Prices {
            bars,
            splits: stored.splits,
            repairs: all,
            fetched_at: stored.fetched_at,
            provisional: false,
            provider,
            switched: false,
        })
    }

    /// Reports sessions without a bar, inside the window and at its end.
    fn remark_gaps(&self, pick: &Pick, bars: &[Bar], last: NaiveDate) {
        let (Some(oldest), Some(newest)) = (bars.first(), bars.last()) else {
            return;
        };
        let (oldest, newest) = (oldest.session().date(), newest.session().date());
        let sessions = self.calendar.sessions_between(newest, last);
        if sessions > 0 {
            tracing::warn!(
                ticker = %pick.ticker, pick_id = %pick.pick_id, %newest, sessions,
                "prices are stale by {sessions} sessions"
            );
        }
        let missing = self.calendar.sessions(oldest, newest).count() - bars.len();
        if missing > 0 {
            tracing::warn!(
                ticker = %pick.ticker, pick_id = %pick.pick_id, missing,
                "sessions inside the window have no bar"
            );
        }
    }
}

fn unknown(provider: Provider, ticker: &Ticker, until: DateTime<Utc>) -> Error {
    Error::UnknownTicker {
        provider,
        ticker: ticker.clone(),
        until,
    }
}

/// The error when there is nothing to forecast from.
fn nothing(provider: Provider, pick: &Pick, window: &PickWindow, fetched: Fetched) -> Error {
    let ticker = pick.ticker.clone();
    let (from, to) = (window.first.date, window.last.date);
    match fetched {
        Fetched::Answered { unusable } => Error::NoData {
            ticker,
            from,
            to,
            unusable,
        },
        Fetched::NotAsked => Error::NoData {
            ticker,
            from,
            to,
            unusable: 0,
        },
        Fetched::Failed(VendorFault::Unsound(why)) => Error::Unsound { ticker, why },
        Fetched::Failed(fault) => Error::Unavailable {
            provider,
            ticker,
            fault,
            others: String::new(),
        },
    }
}

impl Prices {
    /// The newest session that there is a bar of.
    pub(super) fn newest(&self) -> Option<NaiveDate> {
        self.bars.last().map(|bar| bar.session().date())
    }

    /// Brings all prices to the basis of a split of the target day.
    pub(super) fn rescale(&mut self, factor: f64) {
        let Some(newest) = self.bars.last().map(Bar::session) else {
            return;
        };
        for bar in &mut self.bars {
            *bar = crate::repair::rescaled(bar, factor);
        }
        self.repairs
            .push(crate::repair::split_repair(newest, factor));
    }

    pub(super) fn shared(self) -> (Arc<[Bar]>, Arc<[Repair]>) {
        (self.bars.into(), self.repairs.into())
    }
}
