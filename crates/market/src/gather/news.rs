//! News of a gather: what is not yet known of a ticker's window, the newest first, page by page, as
//! far as the day's plan allows.
//!
//! A page is stored together with the span of time that it makes completely known, so that work
//! that is cut off goes on where it ended. Nothing that goes wrong here stops a forecast, and no
//! failure is taken for "no news": an answer that may mean either marks nothing as known.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use closecall_calendar::NewsRows;
use closecall_protocol::{Article, Bar, MarketScraped, NewsScored, NewsSums, Pick, Ticker};
use tokio::sync::MutexGuard;
use tokio::time::{Instant, timeout_at};

use super::Market;
use super::news_plan::NewsPlan;
use super::window::PickWindow;
use crate::alphavantage::{Alphavantage, Feed};
use crate::error::Error;
use crate::store::Span;
use crate::vendor::{Vendor, VendorFault};

/// Vendors index articles late: this long after its end a span can still gain some.
const SETTLES_AFTER: TimeDelta = TimeDelta::hours(6);
/// Queries are to the minute.
const MINUTE: TimeDelta = TimeDelta::minutes(1);

impl Market {
    /// The articles of the window up to its cut, and the sums that stand for others.
    pub(super) async fn news(
        &self,
        pick: &Pick,
        window: &PickWindow,
        bars: &[Bar],
    ) -> Result<(Vec<Article>, NewsSums), Error> {
        let sessions = bars.iter().map(|bar| bar.session().date());
        let rows = NewsRows::new(&self.calendar, sessions, window.target.date, pick.as_of());
        let rows = rows.map(|rows| rows.spans().collect()).unwrap_or_default();
        let store = &self.store;
        store
            .news(&pick.ticker, window.news, rows, self.scorer)
            .await
    }

    /// Keeps what scoring the scrape gave, so that the next gather brings it.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails; nothing is lost by it but the work.
    pub async fn keep_scores(
        &self,
        scraped: &MarketScraped,
        scored: NewsScored,
    ) -> Result<(), Error> {
        if scored.is_empty() || self.scorer.map(|scorer| scorer.name) != Some(scored.scorer) {
            return Ok(());
        }
        self.store.put_scores(scraped, scored).await
    }

    /// Brings the store's news of the window up to date, as far as that goes until `deadline`.
    pub(super) async fn fetch_news(
        &self,
        pick: &Pick,
        window: &PickWindow,
        deadline: Instant,
    ) -> Result<(), Error> {
        let Some(vendor) = &self.alphavantage else {
            return Ok(());
        };
        let gaps = self.store.news_gaps(&pick.ticker, window.news).await?;
        for gap in gaps.into_iter().rev() {
            // The newest gap is known up to its newest article: beyond, the vendor may lag behind
            // the clock. Where later news are known, it has shown all that lies in the gap.
            let newest = gap.end == window.news.end;
            let stopped = match self.fill(vendor, pick, gap, newest, deadline).await? {
                None => continue,
                Some(stopped) => stopped,
            };
            if let Stopped::Fault(fault) = stopped {
                tracing::warn!(
                    ticker = %pick.ticker, pick_id = %pick.pick_id, vendor = "alphavantage",
                    news_error = %fault, "news could not be fetched: going on with those stored"
                );
            }
            break;
        }
        Ok(())
    }

    /// Fills a gap from its end backwards, and says what stopped it before it was full.
    async fn fill(
        &self,
        vendor: &Alphavantage,
        pick: &Pick,
        gap: Span,
        newest: bool,
        deadline: Instant,
    ) -> Result<Option<Stopped>, Error> {
        let mut end = gap.end;
        let mut purpose = if newest && gap.end > self.clock.now() - SETTLES_AFTER {
            Purpose::Refresh
        } else {
            Purpose::Backfill
        };
        loop {
            let Ok(_turn) = timeout_at(deadline, self.plan_turn()).await else {
                return Ok(Some(Stopped::Plan));
            };
            let now = self.clock.now();
            if !self.plan_allows(&pick.ticker, purpose, now).await? {
                return Ok(Some(Stopped::Plan));
            }
            let (from, to) = (floor(gap.start), floor(end - TimeDelta::seconds(1)));
            let page = vendor.page(&pick.ticker, from, to, deadline).await;
            if purpose == Purpose::Refresh && is_answer(&page) {
                self.store.note_news_answered(&pick.ticker, now).await?;
            }
            let feed = match page {
                Ok(feed) => feed,
                Err(fault) => return Ok(Some(Stopped::Fault(fault))),
            };
            let more = feed
                .oldest
                .filter(|oldest| feed.may_go_on() && *oldest >= gap.start + MINUTE);
            if more.is_some() && !feed.descending {
                let order = "its articles are not in the order asked for".to_owned();
                return Ok(Some(Stopped::Fault(VendorFault::Malformed(order))));
            }
            // The page may have ended within the oldest minute.
            let known_from = more.map_or(gap.start, |oldest| floor(oldest) + MINUTE);
            let known_to = match (end == gap.end && newest, feed.newest) {
                (true, Some(newest)) => floor(newest.min(gap.end)),
                (true, None) => gap.start,
                (false, _) => end,
            };
            let complete = Span {
                start: known_from,
                end: known_to.min(now - SETTLES_AFTER),
            };
            self.keep(pick, feed, gap, complete, now).await?;
            let Some(oldest) = more else {
                return Ok(None);
            };
            if known_from >= end {
                tracing::warn!(
                    ticker = %pick.ticker, pick_id = %pick.pick_id,
                    minute = %floor(oldest).to_rfc3339(),
                    "a minute has more articles than a page: some of them are missing"
                );
            }
            end = known_from.min(floor(end - TimeDelta::seconds(1)));
            purpose = Purpose::Backfill;
        }
    }

    /// The turn to go by the day's plan, where there is one, until the guard is dropped: a plan that
    /// several go by at once, before the others' requests count, is kept by none.
    async fn plan_turn(&self) -> Option<MutexGuard<'_, ()>> {
        match self.news_budget {
            Some(_) => Some(self.news_turn.lock().await),
            None => None,
        }
    }

    /// Whether the day's plan leaves a request for this; without a budget it always does.
    async fn plan_allows(
        &self,
        ticker: &Ticker,
        purpose: Purpose,
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let Some(budget) = self.news_budget else {
            return Ok(true);
        };
        let vendor = Vendor::Alphavantage.name();
        let quota = self.store.quota(vendor).await?.at(now);
        if !quota.allows(Some(budget)) {
            return Ok(false);
        }
        let answered = self.store.news_answered().await?;
        let plan = NewsPlan::new(budget, self.tickers, answered, now);
        Ok(match purpose {
            Purpose::Refresh => plan.refreshes(ticker),
            Purpose::Backfill => plan.spares(quota.used),
        })
    }

    /// Stores a page, without articles from after the gap: what came later does not exist.
    async fn keep(
        &self,
        pick: &Pick,
        feed: Feed,
        gap: Span,
        complete: Span,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        if feed.refused > 0 {
            tracing::warn!(
                ticker = %pick.ticker, pick_id = %pick.pick_id, articles = feed.refused,
                "unusable articles were left out"
            );
        }
        let mut items = feed.items;
        items.retain(|item| item.article.published < gap.end);
        self.store
            .put_news(&pick.ticker, items, complete, now)
            .await
    }
}

/// Purpose of a request for news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// The news since the last time.
    Refresh,
    /// News of the past.
    Backfill,
}

/// Reason why a gap was not filled.
enum Stopped {
    /// The day's plan leaves nothing for it.
    Plan,
    Fault(VendorFault),
}

/// Whether the vendor has answered, with news, with their absence, or with a refusal that will be the
/// same in a moment.
fn is_answer<T>(page: &Result<T, VendorFault>) -> bool {
    use VendorFault::{BadRequest, Credential, InvalidInputs, NotEntitled};
    matches!(
        page,
        Ok(_) | Err(InvalidInputs | Credential(_) | NotEntitled(_) | BadRequest(_))
    )
}

/// The minute that a moment lies in.
fn floor(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(MINUTE).unwrap_or(at)
}
