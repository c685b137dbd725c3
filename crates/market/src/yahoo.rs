//! Yahoo's chart service: daily bars, dividends and splits of one ticker.

pub(crate) mod codec;
mod wire;

use chrono::{DateTime, Utc};
use closecall_protocol::Ticker;
use tokio::time::Instant;

use crate::vendor::VendorFault;
use crate::vendor::fetch::Fetcher;

pub(crate) use codec::{Chart, Split};

/// The service.
#[derive(Debug)]
pub(crate) struct Yahoo(Fetcher);

impl Yahoo {
    pub(crate) fn new(fetcher: Fetcher) -> Self {
        Self(fetcher)
    }

    /// The chart of the days from `from` to just before `to`; empty when there are none.
    pub(crate) async fn chart(
        &self,
        ticker: &Ticker,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        deadline: Instant,
    ) -> Result<Chart, VendorFault> {
        let (from, to) = (from.timestamp().to_string(), to.timestamp().to_string());
        let query = [
            ("period1", from.as_str()),
            ("period2", &to),
            ("interval", "1d"),
            ("events", "div,splits"),
            ("includePrePost", "false"),
        ];
        let path = ["v8", "finance", "chart", ticker.as_str()];
        self.0
            .fetch(&path, &query, deadline, |answer| {
                codec::read(answer, ticker)
            })
            .await
    }
}
