//! Yahoo's chart service: daily bars and splits of one ticker, and bars inside a session.

pub(crate) mod daily;
mod envelope;
pub(crate) mod intraday;
mod wire;

use chrono::{DateTime, TimeDelta, Utc};
use closecall_protocol::Ticker;
use tokio::time::Instant;

use crate::vendor::fetch::Fetcher;
use crate::vendor::symbol::vendor_symbol;
use crate::vendor::{EndpointFamily, VendorFault};

pub(crate) use daily::{Chart, SETTLED_AFTER};
pub(crate) use intraday::{IntradayAnswer, IntradayRow};

/// The service.
#[derive(Debug)]
pub(crate) struct Yahoo(Fetcher);

/// Window of bars inside a session that is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum IntradayWindow {
    /// Those of the session in progress.
    Running,
    /// Those of a session that opened at `from`, up to a moment.
    Past {
        from: DateTime<Utc>,
        as_of: DateTime<Utc>,
    },
}

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
        let symbol = vendor_symbol(ticker);
        self.0
            .fetch(
                EndpointFamily::YahooChart,
                &path(&symbol),
                &query,
                deadline,
                |answer| daily::read(answer, ticker),
            )
            .await
    }

    /// Bars of a minute inside one session, or coarser ones where the vendor has no finer; `None`
    /// when it has none.
    pub(crate) async fn intraday(
        &self,
        ticker: &Ticker,
        window: IntradayWindow,
        deadline: Instant,
    ) -> Result<Option<IntradayAnswer>, VendorFault> {
        let mut query = vec![("interval", "1m".to_owned())];
        match window {
            IntradayWindow::Running => query.push(("range", "1d".to_owned())),
            IntradayWindow::Past { from, as_of } => {
                // The end is exclusive, and the bar that ends at the as-of time starts before it.
                let to = as_of + TimeDelta::seconds(60);
                query.push(("period1", from.timestamp().to_string()));
                query.push(("period2", to.timestamp().to_string()));
            }
        }
        query.push(("events", "div,splits".to_owned()));
        query.push(("includePrePost", "false".to_owned()));
        let query: Vec<_> = query
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let symbol = vendor_symbol(ticker);
        self.0
            .fetch(
                EndpointFamily::YahooChart,
                &path(&symbol),
                &query,
                deadline,
                |answer| {
                    let intraday = intraday::read(answer, ticker)?;
                    // What a vendor traded last is after a past session.
                    Ok(intraday.map(|intraday| match window {
                        IntradayWindow::Running => intraday,
                        IntradayWindow::Past { .. } => intraday.without_last_trade(),
                    }))
                },
            )
            .await
    }
}

fn path(symbol: &str) -> [&str; 4] {
    ["v8", "finance", "chart", symbol]
}

#[cfg(test)]
mod tests;
