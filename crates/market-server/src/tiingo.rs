//! Tiingo's `/tiingo/daily/TICKER/prices` and `/iex/TICKER/prices`.
//!
//! Its closes are as they were quoted, with the splits in the rows in which they happened; an empty
//! list stands for everything that it does not have.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, SecondsFormat, TimeDelta, Utc};
use hyper::StatusCode;
use hyper::header::{AUTHORIZATION, HeaderMap};
use serde_json::{Value, json};

use closecall_calendar::Calendar;
use closecall_protocol::Ticker;

use crate::answer::{Answer, Parameters};
use crate::market::ServedMarket;

/// Rows that the service gives of bars inside sessions, the newest of a window.
const MOST_MINUTES: usize = 2_000;

/// One of the vendor's services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Daily,
    Iex,
}

pub(crate) fn answer(
    market: &ServedMarket,
    service: Service,
    symbol: &str,
    headers: &HeaderMap,
    parameters: &Parameters,
) -> Answer {
    let token = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let token = token.and_then(|value| value.strip_prefix("Token "));
    let token = token.or_else(|| parameters.get("token").map(String::as_str));
    if token.is_none_or(|token| token.trim().is_empty()) {
        return refused(StatusCode::FORBIDDEN, "Please supply a token");
    }
    let ticker = Ticker::new(symbol)
        .ok()
        .filter(|ticker| market.has_prices(ticker));
    let Some(ticker) = ticker else {
        return match service {
            Service::Daily => {
                let text = format!("Error: Ticker '{symbol}' not found");
                refused(StatusCode::NOT_FOUND, &text)
            }
            Service::Iex => (StatusCode::OK, json!([])),
        };
    };
    let as_of = market.as_of(&ticker).unwrap_or_default();
    let today = Calendar::date_at(as_of);
    let day = |name: &str| match parameters.get(name) {
        None => Ok(today),
        Some(text) => text.parse::<NaiveDate>().map_err(|_| {
            let text = format!("Error: '{text}' is not a valid date for {name}");
            refused(StatusCode::BAD_REQUEST, &text)
        }),
    };
    let window = day("startDate").and_then(|first| Ok((first, day("endDate")?)));
    let (first, last) = match window {
        Ok(window) => window,
        Err(refusal) => return refusal,
    };
    let rows = match service {
        Service::Daily => daily(market, &ticker, first, last, as_of),
        Service::Iex => match minutes(parameters) {
            Some(width) => inside(market, &ticker, first, last, (width, as_of)),
            None => return refused(StatusCode::BAD_REQUEST, "Error: resampleFreq is not valid"),
        },
    };
    (StatusCode::OK, Value::Array(rows))
}

fn refused(status: StatusCode, detail: &str) -> Answer {
    (status, json!({ "detail": detail }))
}

/// End-of-day rows of sessions that had closed.
fn daily(
    market: &ServedMarket,
    ticker: &Ticker,
    first: NaiveDate,
    last: NaiveDate,
    as_of: DateTime<Utc>,
) -> Vec<Value> {
    let splits: BTreeMap<NaiveDate, f64> = market
        .splits(ticker, as_of)
        .map(|(_, split)| (split.date, split.ratio()))
        .collect();
    let seen = market.seen(
        ticker,
        midnight(first),
        midnight(last + TimeDelta::days(1)),
        as_of,
    );
    seen.into_iter()
        .filter(|seen| seen.session.close <= as_of)
        .map(|seen| {
            let date = seen.session.date;
            let later: f64 = splits
                .range(date + TimeDelta::days(1)..)
                .map(|(_, r)| r)
                .product();
            let quote = seen.quote;
            json!({
                "date": format!("{date}T00:00:00.000Z"),
                "close": quote.close * later,
                "high": quote.high * later,
                "low": quote.low * later,
                "open": quote.open * later,
                "volume": (quote.volume / later) as i64,
                "adjClose": quote.adj_close,
                "divCash": 0.0,
                "splitFactor": splits.get(&date).copied().unwrap_or(1.0),
            })
        })
        .collect()
}

/// Bars inside sessions.
fn inside(
    market: &ServedMarket,
    ticker: &Ticker,
    first: NaiveDate,
    last: NaiveDate,
    (width, as_of): (TimeDelta, DateTime<Utc>),
) -> Vec<Value> {
    let (from, to) = (midnight(first), midnight(last + TimeDelta::days(1)));
    let mut rows: Vec<Value> = market
        .tapes(ticker, from, to, as_of)
        .flat_map(|tape| tape.grid(width, as_of))
        .map(|(start, bar)| {
            json!({
                "date": start.to_rfc3339_opts(SecondsFormat::Millis, true),
                "close": bar.close,
                "high": bar.high,
                "low": bar.low,
                "open": bar.open,
                "volume": bar.volume as i64,
            })
        })
        .collect();
    rows.split_off(rows.len().saturating_sub(MOST_MINUTES))
}

fn minutes(parameters: &Parameters) -> Option<TimeDelta> {
    let text = parameters
        .get("resampleFreq")
        .map_or("5min", String::as_str);
    let minutes = text.to_ascii_lowercase();
    let minutes = minutes.strip_suffix("min")?.parse().ok()?;
    (1..=60)
        .contains(&minutes)
        .then(|| TimeDelta::minutes(minutes))
}

/// Before every session of a date, and after those of the date before.
fn midnight(date: NaiveDate) -> DateTime<Utc> {
    date.and_time(chrono::NaiveTime::MIN).and_utc()
}
