//! Tiingo: end-of-day prices with their splits, and bars of IEX inside a session.

mod codec;

use chrono::{DateTime, Utc};
use closecall_calendar::Calendar;
use closecall_protocol::{Provider, Ticker};
use tokio::time::Instant;

use super::{Asked, Chart, IntradayAnswer, IntradayWindow, PriceProvider};
use crate::vendor::EndpointFamily;
use crate::vendor::fetch::Fetcher;
use crate::vendor::symbol::vendor_symbol;

/// The service.
#[derive(Debug)]
pub(crate) struct Tiingo(Fetcher);

impl Tiingo {
    pub(crate) fn new(fetcher: Fetcher) -> Self {
        Self(fetcher)
    }
}

fn day(at: DateTime<Utc>) -> String {
    Calendar::date_at(at).to_string()
}

impl PriceProvider for Tiingo {
    fn provider(&self) -> Provider {
        Provider::Tiingo
    }

    fn daily<'a>(
        &'a self,
        ticker: &'a Ticker,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        deadline: Instant,
    ) -> Asked<'a, Chart> {
        Box::pin(async move {
            let (from, to) = (day(from), day(to));
            let query = [
                ("startDate", from.as_str()),
                ("endDate", &to),
                ("format", "json"),
                ("resampleFreq", "daily"),
            ];
            let symbol = vendor_symbol(ticker);
            let path = ["tiingo", "daily", &*symbol, "prices"];
            self.0
                .fetch(
                    EndpointFamily::TiingoDaily,
                    &path,
                    &query,
                    deadline,
                    codec::daily,
                )
                .await
        })
    }

    fn intraday<'a>(
        &'a self,
        ticker: &'a Ticker,
        window: IntradayWindow,
        deadline: Instant,
    ) -> Asked<'a, Option<IntradayAnswer>> {
        Box::pin(async move {
            let (from, _) = window.bounds();
            let day = day(from);
            let query = [
                ("startDate", day.as_str()),
                ("endDate", &day),
                ("resampleFreq", "1min"),
                ("columns", "open,high,low,close,volume"),
                ("afterHours", "false"),
                ("forceFill", "false"),
            ];
            let symbol = vendor_symbol(ticker);
            let path = ["iex", &*symbol, "prices"];
            let rows = self
                .0
                .fetch(
                    EndpointFamily::TiingoIex,
                    &path,
                    &query,
                    deadline,
                    codec::minutes,
                )
                .await?;
            Ok((!rows.is_empty()).then(|| IntradayAnswer::of_minutes(rows)))
        })
    }
}
