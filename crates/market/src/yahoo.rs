//! Yahoo's chart service: daily bars and splits of one ticker, and bars inside a session.

pub(crate) mod daily;
mod envelope;
pub(crate) mod intraday;
mod wire;

use chrono::{DateTime, TimeDelta, Utc};
use closecall_protocol::{Provider, Ticker};
use tokio::time::Instant;

use crate::providers::{ASKED_AHEAD, Asked, Chart, IntradayAnswer, IntradayWindow, PriceProvider};
use crate::vendor::fetch::Fetcher;
use crate::vendor::http::HttpAnswer;
use crate::vendor::symbol::vendor_symbol;
use crate::vendor::{EndpointFamily, VendorFault};

/// The service.
#[derive(Debug)]
pub(crate) struct Yahoo(Fetcher);

impl Yahoo {
    pub(crate) fn new(fetcher: Fetcher) -> Self {
        Self(fetcher)
    }
}

impl PriceProvider for Yahoo {
    fn provider(&self) -> Provider {
        Provider::Yahoo
    }

    fn daily<'a>(
        &'a self,
        ticker: &'a Ticker,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        deadline: Instant,
    ) -> Asked<'a, Chart> {
        Box::pin(async move {
            let cut = to - ASKED_AHEAD;
            let (from, to) = (from.timestamp().to_string(), to.timestamp().to_string());
            let query = [
                ("period1", from.as_str()),
                ("period2", &to),
                ("interval", "1d"),
                ("events", "div,splits"),
                ("includePrePost", "false"),
            ];
            let read = |answer: &HttpAnswer| daily::read(answer, ticker, cut);
            self.fetch(ticker, &query, deadline, read).await
        })
    }

    /// The running session is asked for by its range, a past one by its times. A server that shows
    /// everything knows no running session and refuses the range.
    fn intraday<'a>(
        &'a self,
        ticker: &'a Ticker,
        window: IntradayWindow,
        deadline: Instant,
    ) -> Asked<'a, Option<IntradayAnswer>> {
        Box::pin(async move {
            if let IntradayWindow::Running { .. } = window {
                let range = vec![("range", "1d".to_owned())];
                match self.minutes(ticker, range, deadline).await {
                    Err(VendorFault::BadRequest(_)) => {}
                    other => return other,
                }
            }
            let (from, as_of) = window.bounds();
            // The end is exclusive, and the bar that ends at the as-of time starts before it.
            let to = as_of + TimeDelta::seconds(60);
            let times = vec![
                ("period1", from.timestamp().to_string()),
                ("period2", to.timestamp().to_string()),
            ];
            let answer = self.minutes(ticker, times, deadline).await?;
            Ok(answer.map(IntradayAnswer::of_past))
        })
    }
}

impl Yahoo {
    async fn minutes(
        &self,
        ticker: &Ticker,
        window: Vec<(&str, String)>,
        deadline: Instant,
    ) -> Result<Option<IntradayAnswer>, VendorFault> {
        let mut query = vec![("interval", "1m")];
        query.extend(window.iter().map(|(name, value)| (*name, value.as_str())));
        query.extend([("events", "div,splits"), ("includePrePost", "false")]);
        let read = |answer: &HttpAnswer| intraday::read(answer, ticker);
        self.fetch(ticker, &query, deadline, read).await
    }

    async fn fetch<T>(
        &self,
        ticker: &Ticker,
        query: &[(&str, &str)],
        deadline: Instant,
        read: impl Fn(&HttpAnswer) -> Result<T, VendorFault>,
    ) -> Result<T, VendorFault> {
        let symbol = vendor_symbol(ticker);
        let path = ["v8", "finance", "chart", &*symbol];
        let family = EndpointFamily::YahooChart;
        self.0.fetch(family, &path, query, deadline, read).await
    }
}

#[cfg(test)]
mod tests;
