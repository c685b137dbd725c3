//! Requests that were answered, by what they were about: how often a client asks is a promise of its
//! own.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, NaiveDate, Utc};
use closecall_protocol::Ticker;
use hyper::StatusCode;
use serde_json::json;

use crate::answer::Answer;
use crate::faults::{Request, Service};
use crate::market::ServedMarket;

/// The path on which the counts are read; reading them is not counted.
pub(crate) const PATH: &str = "/requests";

/// Of a request: the newest session that had closed, service, and the ticker where it is traded.
type Key = (NaiveDate, Service, Option<Ticker>);

/// Counts by session, service and ticker. Symbols that are not traded count together, so that no
/// client makes the counts many.
#[derive(Debug, Default)]
pub struct RequestCounts(Mutex<BTreeMap<Key, u64>>);

impl RequestCounts {
    pub(crate) fn count(&self, market: &ServedMarket, request: &Request, now: DateTime<Utc>) {
        let session = market.calendar().last_closed(now).date;
        let traded = |symbol: &str| {
            let ticker = Ticker::new(symbol).ok()?;
            market.knows(&ticker).then_some(ticker)
        };
        let ticker = request.symbol().and_then(traded);
        let key = (session, request.service(), ticker);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(key).or_default() += 1;
    }

    /// Requests about `daily`, `intraday`, `alpaca-daily`, `news` or another that a fault can strike.
    #[must_use]
    pub fn of(&self, service: &str) -> u64 {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_service = counts.iter().filter(|((_, of, _), _)| of.name() == service);
        of_service.map(|(_, count)| count).sum()
    }

    pub(crate) fn answer(&self) -> Answer {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rows = counts.iter().map(|((session, service, ticker), count)| {
            let ticker = ticker.as_ref().map(Ticker::as_str);
            json!({"session": session, "service": service.name(), "ticker": ticker, "count": count})
        });
        let rows: Vec<_> = rows.collect();
        (StatusCode::OK, json!({ "requests": rows }))
    }
}
