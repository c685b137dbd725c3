//! The chart service's `meta` object: the instrument, its newest price, and the trading hours.

use chrono::{DateTime, Offset, TimeDelta, Utc};
use chrono_tz::America::New_York;
use chrono_tz::OffsetName;
use serde_json::{Map, Value, json};

use closecall_calendar::{Calendar, Session};
use closecall_protocol::Ticker;

use super::interval::Granularity;
use super::rows::ChartRow;
use super::window::Window;
use crate::market::{Seen, ServedMarket, last_trade};

/// Length of the vendor's sessions before the opening and after the close.
const BEFORE: TimeDelta = TimeDelta::minutes(330);
const AFTER: TimeDelta = TimeDelta::hours(4);

/// Ingredients of an answer's `meta`.
#[derive(Debug)]
pub(super) struct Context<'a> {
    pub(super) market: &'a ServedMarket,
    pub(super) ticker: &'a Ticker,
    pub(super) interval: Granularity,
    pub(super) window: &'a Window,
    pub(super) as_of: DateTime<Utc>,
    /// Whether bars outside the regular session were asked for. There are none, but the form of the
    /// trading periods depends on it.
    pub(super) extended: bool,
}

pub(super) fn meta(context: &Context<'_>, rows: &[ChartRow]) -> Value {
    let Context {
        market,
        ticker,
        interval,
        window,
        as_of,
        ..
    } = context;
    let local = as_of.with_timezone(&New_York);
    let mut meta = json!({
        "currency": "USD",
        "symbol": ticker.as_str(),
        "exchangeName": "NYQ",
        "fullExchangeName": "NYSE",
        "instrumentType": "EQUITY",
        "hasPrePostMarketData": false,
        "gmtoffset": local.offset().fix().local_minus_utc(),
        "timezone": local.offset().abbreviation(),
        "exchangeTimezoneName": New_York.name(),
        "longName": market.name(ticker),
        "shortName": market.name(ticker),
        "priceHint": 2,
        "currentTradingPeriod": current_period(market.calendar(), *as_of),
        "dataGranularity": interval.name(),
        "range": window.range,
    });
    if let Value::Object(meta) = &mut meta {
        prices(context, rows, meta);
        if matches!(interval, Granularity::Minutes(_)) {
            meta.insert("scale".to_owned(), 3.into());
            meta.insert("tradingPeriods".to_owned(), periods(context, rows));
        }
    }
    meta
}

/// Fields that follow from the newest price, if there is one yet.
fn prices(context: &Context<'_>, rows: &[ChartRow], meta: &mut Map<String, Value>) {
    let Context {
        market,
        ticker,
        as_of,
        window,
        ..
    } = context;
    let mut put = |name: &str, value: Value| meta.insert(name.to_owned(), value);
    if let Some(first) = market.first_opening(ticker).filter(|first| first <= as_of) {
        put("firstTradeDate", first.timestamp().into());
    }
    let newest = market.newest_seen(ticker, *as_of);
    let close_before = |moment| market.close_before(ticker, moment, *as_of);
    let previous = newest.and_then(|newest| close_before(newest.session.open));
    if let Some(newest) = newest {
        let price = newest.quote.close;
        put(
            "regularMarketTime",
            market_time(&newest, *as_of).timestamp().into(),
        );
        put("regularMarketPrice", price.into());
        put("fulldayPrice", price.into());
        put("regularMarketDayHigh", newest.quote.high.into());
        put("regularMarketDayLow", newest.quote.low.into());
        put("regularMarketVolume", (newest.quote.volume as i64).into());
        if let Some(previous) = previous {
            let percent = rounded(100.0 * (price / previous - 1.0), 2);
            put("regularMarketChangePercent", percent.into());
            put("fulldayChangePercent", percent.into());
            put("fulldayChange", rounded(price - previous, 3).into());
        }
        if let Some((high, low)) = market.year_range(ticker, &newest, *as_of) {
            put("fiftyTwoWeekHigh", high.into());
            put("fiftyTwoWeekLow", low.into());
        }
    }
    let shown_before = match rows.first() {
        Some(first) => close_before(first.session_open),
        None if window.range.is_empty() => close_before(window.from),
        // Before an opening the vendor has not moved on from the session before.
        None => previous,
    };
    if let Some(close) = shown_before {
        put("chartPreviousClose", close.into());
    }
    let is_daily = context.interval == Granularity::Day;
    if let Some(close) = previous.filter(|_| !is_daily || window.range == "1d") {
        put("previousClose", close.into());
    }
}

/// The time of the last regular trade: a session's last is its closing auction's.
fn market_time(newest: &Seen, as_of: DateTime<Utc>) -> DateTime<Utc> {
    if as_of < newest.session.close {
        newest.stamp
    } else {
        last_trade(&newest.session).min(as_of)
    }
}

/// The session of today until the trading after it has ended, then the next one.
fn current_period(calendar: &Calendar, as_of: DateTime<Utc>) -> Value {
    let today = calendar
        .session(Calendar::date_at(as_of))
        .filter(|session| as_of < session.close + AFTER);
    let session = today.unwrap_or_else(|| calendar.target(as_of));
    let [before, regular, after] = parts(&session);
    json!({ "pre": before, "regular": regular, "post": after })
}

/// The trading hours of the sessions that have rows; without rows, those of the session asked for.
fn periods(context: &Context<'_>, rows: &[ChartRow]) -> Value {
    let calendar = context.market.calendar();
    let mut sessions: Vec<Session> = rows
        .iter()
        .filter_map(|row| calendar.session(Calendar::date_at(row.session_open)))
        .collect();
    sessions.dedup();
    if sessions.is_empty() {
        let first = Calendar::date_at(context.window.from + TimeDelta::hours(12));
        let asked = calendar.session(first);
        sessions.push(asked.unwrap_or_else(|| calendar.last_closed(context.window.from)));
    }
    let days =
        |part: usize| -> Value { sessions.iter().map(|s| json!([parts(s)[part]])).collect() };
    if context.extended {
        return json!({ "pre": days(0), "regular": days(1), "post": days(2) });
    }
    days(1)
}

/// Before, in and after the regular session.
fn parts(session: &Session) -> [Value; 3] {
    let local = session.open.with_timezone(&New_York);
    let period = |start: DateTime<Utc>, end: DateTime<Utc>| {
        json!({
            "timezone": local.offset().abbreviation(),
            "start": start.timestamp(),
            "end": end.timestamp(),
            "gmtoffset": local.offset().fix().local_minus_utc(),
        })
    };
    [
        period(session.open - BEFORE, session.open),
        period(session.open, session.close),
        period(session.close, session.close + AFTER),
    ]
}

fn rounded(number: f64, places: i32) -> f64 {
    let scale = 10_f64.powi(places);
    (number * scale).round() / scale
}
