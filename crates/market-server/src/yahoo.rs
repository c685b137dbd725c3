//! Yahoo's chart endpoint: which sessions a request asks for, and the form of the answer.

use chrono::{DateTime, Days, Offset, TimeDelta, Utc};
use chrono_tz::America::New_York;
use chrono_tz::OffsetName;
use hyper::StatusCode;
use serde_json::{Value, json};

use closecall_calendar::Calendar;
use closecall_protocol::Ticker;

use crate::answer::{Answer, Parameters};
use crate::market::{Seen, ServedMarket};

/// What the vendor allows of daily bars in one request.
const LONGEST: i64 = 100 * 366 * 86_400;

/// The ranges the vendor knows, in calendar days. `max` and `ytd` are left out: the first comes
/// back in another granularity there, the second is no length.
const RANGES: [(&str, u64); 8] = [
    ("1d", 1),
    ("5d", 7),
    ("1mo", 31),
    ("3mo", 92),
    ("6mo", 183),
    ("1y", 366),
    ("2y", 731),
    ("5y", 1_827),
];

/// Answers a request for daily bars.
pub(crate) fn answer(market: &ServedMarket, symbol: &str, parameters: &Parameters) -> Answer {
    let known = Ticker::new(symbol)
        .ok()
        .filter(|ticker| market.has_prices(ticker));
    let Some(ticker) = known else {
        return error(
            StatusCode::NOT_FOUND,
            "Not Found",
            "No data found, symbol may be delisted".to_owned(),
        );
    };
    let interval = parameters.get("interval").map_or("1d", String::as_str);
    if interval != "1d" {
        return unprocessable(format!(
            "{interval:?} data not available: this server has daily bars only, interval=1d"
        ));
    }
    let as_of = market.as_of(&ticker).unwrap_or_default();
    let (window, range) = match window(parameters, as_of) {
        Ok(found) => found,
        Err(refused) => return refused,
    };
    let (Some(from), Some(to)) = (moment(window.0), moment(window.1)) else {
        return unprocessable("a period is seconds since 1970".to_owned());
    };
    let bars = market.seen(&ticker, from, to, as_of);
    let body = json!({"chart": {
        "result": [result(market, &ticker, &bars, as_of, range)],
        "error": null,
    }});
    (StatusCode::OK, body)
}

/// The window in seconds, its end excluded, and the range it was asked by, if it was.
fn window(parameters: &Parameters, as_of: DateTime<Utc>) -> Result<((i64, i64), &str), Answer> {
    let period = |name: &str| {
        let text = parameters.get(name).map(String::as_str);
        text.map(|text| {
            text.parse::<i64>()
                .map_err(|_| unprocessable(format!("{name} is not a number of seconds")))
        })
        .transpose()
    };
    let end = period("period2")?;
    let tomorrow = (as_of + TimeDelta::days(1)).timestamp();
    if let Some(start) = period("period1")? {
        let end = end.unwrap_or(tomorrow);
        if start >= end {
            return Err(error(
                StatusCode::BAD_REQUEST,
                "Bad Request",
                format!(
                    "Invalid input - start date cannot be after end date. startDate = {start}, endDate = {end}"
                ),
            ));
        }
        if end.saturating_sub(start) > LONGEST {
            return Err(unprocessable(format!(
                "1d data not available for startTime={start} and endTime={end}. Only 100 years worth of day granularity data are allowed to be fetched per request."
            )));
        }
        return Ok(((start, end), ""));
    }
    let range = parameters.get("range").map_or("1d", String::as_str);
    let Some((_, days)) = RANGES.iter().find(|(name, _)| *name == range) else {
        return Err(unprocessable(format!(
            "{range:?} is not a range known here"
        )));
    };
    let first = Calendar::date_at(as_of) - Days::new(*days - 1);
    let start = first.and_time(chrono::NaiveTime::MIN).and_utc();
    Ok(((start.timestamp(), tomorrow), range))
}

/// A moment within the years that any market here knows, or `None`.
fn moment(seconds: i64) -> Option<DateTime<Utc>> {
    const YEAR_1900: i64 = -2_208_988_800;
    const YEAR_2200: i64 = 7_258_118_400;
    DateTime::from_timestamp(seconds.clamp(YEAR_1900, YEAR_2200), 0)
}

fn result(
    market: &ServedMarket,
    ticker: &Ticker,
    bars: &[Seen],
    as_of: DateTime<Utc>,
    range: &str,
) -> Value {
    let mut result = json!({ "meta": meta(market, ticker, bars, as_of, range) });
    if bars.is_empty() {
        // The vendor leaves the key away altogether.
        result["indicators"] = json!({ "quote": [{}] });
        return result;
    }
    let column = |number: fn(&Seen) -> f64| bars.iter().map(number).collect::<Vec<f64>>();
    let volume: Vec<i64> = bars.iter().map(|bar| bar.quote.volume as i64).collect();
    result["timestamp"] = bars.iter().map(|bar| bar.stamp.timestamp()).collect();
    result["indicators"] = json!({
        "quote": [{
            "open": column(|bar| bar.quote.open),
            "high": column(|bar| bar.quote.high),
            "low": column(|bar| bar.quote.low),
            "close": column(|bar| bar.quote.close),
            "volume": volume,
        }],
        "adjclose": [{ "adjclose": column(|bar| bar.quote.adj_close) }],
    });
    result
}

fn meta(
    market: &ServedMarket,
    ticker: &Ticker,
    bars: &[Seen],
    as_of: DateTime<Utc>,
    range: &str,
) -> Value {
    let newest = market.newest_seen(ticker, as_of);
    let before = bars
        .first()
        .and_then(|bar| market.before(ticker, bar.session.open));
    let local = as_of.with_timezone(&New_York);
    let mut meta = json!({
        "currency": "USD",
        "symbol": ticker.as_str(),
        "instrumentType": "EQUITY",
        "hasPrePostMarketData": false,
        "gmtoffset": local.offset().fix().local_minus_utc(),
        "timezone": local.offset().abbreviation(),
        "exchangeTimezoneName": New_York.name(),
        "priceHint": 2,
        "currentTradingPeriod": trading_period(market.calendar(), as_of),
        "dataGranularity": "1d",
        "range": range,
        "validRanges": RANGES.map(|(name, _)| name),
    });
    if let Some(newest) = newest {
        meta["regularMarketTime"] = newest.stamp.timestamp().into();
        meta["regularMarketPrice"] = newest.quote.close.into();
    }
    if let Some(before) = before {
        meta["chartPreviousClose"] = before.quote.close.into();
    }
    meta
}

/// The session of today, else the next one.
fn trading_period(calendar: &Calendar, as_of: DateTime<Utc>) -> Value {
    let session = calendar
        .session(Calendar::date_at(as_of))
        .unwrap_or_else(|| calendar.target(as_of));
    let local = session.open.with_timezone(&New_York);
    let period = |start: DateTime<Utc>, end: DateTime<Utc>| {
        json!({
            "timezone": local.offset().abbreviation(),
            "start": start.timestamp(),
            "end": end.timestamp(),
            "gmtoffset": local.offset().fix().local_minus_utc(),
        })
    };
    json!({
        "pre": period(session.open - TimeDelta::minutes(330), session.open),
        "regular": period(session.open, session.close),
        "post": period(session.close, session.close + TimeDelta::hours(4)),
    })
}

fn unprocessable(description: String) -> Answer {
    error(
        StatusCode::UNPROCESSABLE_ENTITY,
        "Unprocessable Entity",
        description,
    )
}

fn error(status: StatusCode, code: &str, description: String) -> Answer {
    let error = json!({ "code": code, "description": description });
    (
        status,
        json!({ "chart": { "result": null, "error": error } }),
    )
}
