//! News of a gather: what is not yet known of a ticker's window, newest gap first, page by page.
//!
//! A page is stored together with the span of time that it makes completely known, so that work
//! that is cut off goes on where it ended. Nothing that goes wrong here stops a forecast, and no
//! failure is taken for "no news": an answer that may mean either marks nothing as known.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use closecall_calendar::NewsRows;
use closecall_protocol::{Article, Bar, MarketScraped, NewsScored, NewsSums, Pick, TitleScore};
use tokio::time::Instant;

use super::Market;
use super::window::PickWindow;
use crate::alphavantage::{Alphavantage, Feed};
use crate::error::Error;
use crate::store::{ArticleScore, Span};
use crate::vendor::VendorFault;

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
        if scored.is_empty() || self.scorer != Some(scored.scorer) {
            return Ok(());
        }
        let news = &scraped.news_sums;
        let by_article = |(place, score): &(usize, TitleScore)| {
            Some(ArticleScore {
                published: scraped.articles.get(*place)?.published,
                identity: news.identities.get(*place)?.clone(),
                score: score.ten_thousandths(),
            })
        };
        let scores = scored.scores.iter().filter_map(by_article).collect();
        let ticker = &scraped.pick.ticker;
        self.store.put_scores(ticker, news, scores, scored).await
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
            // Where later news are known, the vendor has shown all that lies in the gap. The newest
            // gap is known up to its newest article: beyond, the vendor may lag behind the clock.
            let bounded = gap.end < window.news.end;
            if let Err(fault) = self.fill(vendor, pick, gap, bounded, deadline).await? {
                tracing::warn!(
                    ticker = %pick.ticker, pick_id = %pick.pick_id, vendor = "alphavantage",
                    news_error = %fault, "news could not be fetched: going on with those stored"
                );
                break;
            }
        }
        Ok(())
    }

    async fn fill(
        &self,
        vendor: &Alphavantage,
        pick: &Pick,
        gap: Span,
        bounded: bool,
        deadline: Instant,
    ) -> Result<Result<(), VendorFault>, Error> {
        let mut cursor = floor(gap.start);
        loop {
            let now = self.clock.now();
            let feed = match vendor
                .page(&pick.ticker, cursor, ceil(gap.end), deadline)
                .await
            {
                Ok(feed) => feed,
                Err(fault) => return Ok(Err(fault)),
            };
            let more = feed
                .newest
                .filter(|newest| feed.may_go_on() && *newest < gap.end);
            if more.is_some() && !feed.ascending {
                let order = "its articles are not in the order asked for".to_owned();
                return Ok(Err(VendorFault::Malformed(order)));
            }
            let known_to = match (more, feed.newest) {
                (Some(newest), _) => floor(newest),
                (None, _) if bounded => gap.end,
                (None, Some(newest)) => floor(newest.min(gap.end)),
                (None, None) => gap.start,
            };
            let complete = Span {
                start: gap.start,
                end: known_to.min(now - SETTLES_AFTER),
            };
            self.keep(pick, feed, gap, complete, now).await?;
            let Some(newest) = more else {
                return Ok(Ok(()));
            };
            if floor(newest) <= cursor {
                tracing::warn!(
                    ticker = %pick.ticker, pick_id = %pick.pick_id, minute = %cursor.to_rfc3339(),
                    "a minute has more articles than a page: some of them are missing"
                );
            }
            cursor = floor(newest).max(cursor + MINUTE);
        }
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

/// The minute that a moment lies in.
fn floor(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(MINUTE).unwrap_or(at)
}

/// The first minute that is not before a moment.
fn ceil(at: DateTime<Utc>) -> DateTime<Utc> {
    floor(at + MINUTE - TimeDelta::nanoseconds(1))
}
