//! AlphaVantage's NEWS_SENTIMENT: articles about one ticker, a page at a time.
//!
//! The choice of windows is the gather's. The key goes into the query and nowhere
//! else: texts of the vendor's, which repeat it, are redacted before anybody sees them.

pub(crate) mod codec;
mod refusal;

use chrono::{DateTime, Utc};
use closecall_protocol::Ticker;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use crate::vendor::fetch::Fetcher;
use crate::vendor::symbol::vendor_symbol;
use crate::vendor::{EndpointFamily, VendorFault};

pub(crate) use codec::{Feed, NewsItem};

/// The most articles that a page holds.
pub(crate) const PAGE: usize = 1_000;
/// Sizes at which the vendor is known to cut a page: what it was asked for, and what it gave other
/// keys and in other years. A page of such a size may go on.
const CUTS: [usize; 3] = [50, 200, PAGE];

/// The service.
#[derive(Debug)]
pub(crate) struct Alphavantage {
    fetcher: Fetcher,
    key: SecretString,
}

impl Alphavantage {
    pub(crate) fn new(fetcher: Fetcher, key: SecretString) -> Self {
        Self { fetcher, key }
    }

    /// The newest articles about `ticker` from `from` to `to`, both to the minute and included;
    /// [`Feed::may_go_on`] says whether there may be more.
    pub(crate) async fn page(
        &self,
        ticker: &Ticker,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        deadline: Instant,
    ) -> Result<Feed, VendorFault> {
        let (from, to) = (minute(from), minute(to));
        let key = self.key.expose_secret();
        let limit = PAGE.to_string();
        let symbol = vendor_symbol(ticker);
        let query = [
            ("function", "NEWS_SENTIMENT"),
            ("tickers", &symbol),
            ("time_from", &from),
            ("time_to", &to),
            ("sort", "LATEST"),
            ("limit", &limit),
            ("apikey", key),
        ];
        self.fetcher
            .fetch(
                EndpointFamily::AlphavantageNews,
                &["query"],
                &query,
                deadline,
                |answer| codec::read(answer, ticker, key),
            )
            .await
    }
}

impl Feed {
    /// Whether the vendor may have cut the page here.
    pub(crate) fn may_go_on(&self) -> bool {
        CUTS.contains(&self.received) || self.received > PAGE
    }
}

fn minute(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M").to_string()
}
