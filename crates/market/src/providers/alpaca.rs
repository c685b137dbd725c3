//! Alpaca's historical bars: of a day from the consolidated tape, of a minute from one exchange or
//! from all of them a quarter of an hour late, as the free plan has them.

mod codec;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use closecall_calendar::Clock;
use closecall_protocol::{Provider, Ticker};
use tokio::time::Instant;

use super::{Asked, Chart, IntradayAnswer, IntradayWindow, PriceProvider};
use crate::settings::AlpacaFeed;
use crate::vendor::fetch::Fetcher;
use crate::vendor::symbol::exchange_symbol;
use crate::vendor::{EndpointFamily, VendorFault};
use codec::Page;

/// Age of the consolidated tape without a paid plan, 15 minutes and a minute more for
/// a clock that is ahead.
const RECENT: TimeDelta = TimeDelta::minutes(16);
/// Pages of one question, so that a vendor which always names another ends.
const MOST_PAGES: usize = 20;

/// The service.
#[derive(Debug)]
pub(crate) struct Alpaca {
    fetcher: Fetcher,
    clock: Clock,
    feed: AlpacaFeed,
}

impl Alpaca {
    pub(crate) fn new(fetcher: Fetcher, clock: Clock, feed: AlpacaFeed) -> Self {
        Self {
            fetcher,
            clock,
            feed,
        }
    }

    /// All pages of a question.
    async fn bars(
        &self,
        ticker: &Ticker,
        (timeframe, feed): (&str, &str),
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        deadline: Instant,
    ) -> Result<Page, VendorFault> {
        let symbol = exchange_symbol(ticker);
        let moment = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let (start, end) = (moment(from), moment(to));
        let mut all = Page::default();
        for _ in 0..MOST_PAGES {
            let mut query = vec![
                ("symbols", &*symbol),
                ("timeframe", timeframe),
                ("start", &start),
                ("end", &end),
                ("adjustment", "split"),
                ("feed", feed),
                ("sort", "asc"),
                ("limit", "10000"),
            ];
            let token = all.next.take();
            query.extend(token.as_deref().map(|token| ("page_token", token)));
            let page = self
                .fetcher
                .fetch(
                    EndpointFamily::AlpacaBars,
                    &["v2", "stocks", "bars"],
                    &query,
                    deadline,
                    |answer| codec::read(answer, &symbol),
                )
                .await?;
            all.bars.extend(page.bars);
            if page.next.is_none() || page.next == token {
                return Ok(all);
            }
            all.next = page.next;
        }
        let endless = format!("there is another page after {MOST_PAGES}");
        Err(VendorFault::Malformed(endless))
    }
}

impl PriceProvider for Alpaca {
    fn provider(&self) -> Provider {
        Provider::Alpaca
    }

    fn delay(&self) -> TimeDelta {
        match self.feed {
            AlpacaFeed::Iex => TimeDelta::zero(),
            AlpacaFeed::Sip => RECENT,
        }
    }

    fn daily<'a>(
        &'a self,
        ticker: &'a Ticker,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        deadline: Instant,
    ) -> Asked<'a, Chart> {
        Box::pin(async move {
            let to = to.min(self.clock.now() - RECENT);
            let day = ("1Day", "sip");
            let page = self.bars(ticker, day, from, to, deadline).await?;
            Ok(codec::chart(&page))
        })
    }

    fn intraday<'a>(
        &'a self,
        ticker: &'a Ticker,
        window: IntradayWindow,
        deadline: Instant,
    ) -> Asked<'a, Option<IntradayAnswer>> {
        Box::pin(async move {
            let (from, as_of) = window.bounds();
            let to = as_of.min(self.clock.now() - self.delay());
            if to <= from {
                return Ok(None);
            }
            let minute = ("1Min", self.feed.name());
            let page = self.bars(ticker, minute, from, to, deadline).await?;
            let rows = codec::rows(&page)?;
            Ok((!rows.is_empty()).then(|| IntradayAnswer::of_minutes(rows)))
        })
    }
}
