//! Alpaca's `/v2/stocks/bars`: bars of a day or of minutes, a page at a time.
//!
//! As with the vendor, the newest quarter of an hour of the consolidated tape is not part of the free
//! plan, and a request without its two headers is forbidden. What one exchange alone would show is
//! not known here: both feeds have the same bars.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat, TimeDelta, Utc};
use hyper::StatusCode;
use hyper::header::HeaderMap;
use serde_json::{Map, Value, json};

use closecall_protocol::{Ohlcv, Ticker};

use crate::answer::{Answer, Parameters};
use crate::market::ServedMarket;

const DEFAULT_LIMIT: usize = 1_000;
const LARGEST_LIMIT: usize = 10_000;
/// The consolidated tape younger than this is for paying users.
const RECENT: TimeDelta = TimeDelta::minutes(15);
/// From the opening of a session back to midnight in New York, by which daily bars are stamped.
const SINCE_MIDNIGHT: TimeDelta = TimeDelta::minutes(9 * 60 + 30);

/// The halves of the key.
const KEYS: [&str; 2] = ["apca-api-key-id", "apca-api-secret-key"];

pub(crate) fn answer(
    market: &ServedMarket,
    headers: &HeaderMap,
    parameters: &Parameters,
) -> Answer {
    let has = |name: &&str| headers.get(*name).is_some_and(|value| !value.is_empty());
    if !KEYS.iter().all(has) {
        return refused(StatusCode::FORBIDDEN, "forbidden.");
    }
    bars(market, parameters).unwrap_or_else(|refusal| refusal)
}

fn bars(market: &ServedMarket, parameters: &Parameters) -> Result<Answer, Answer> {
    let request = Request::parse(market, parameters)?;
    let mut bars: Map<String, Value> = Map::new();
    let mut left = request.limit;
    for symbol in &request.symbols {
        let symbol_before = request.after.as_ref().is_some_and(|(at, _)| symbol < at);
        if symbol_before {
            continue;
        }
        let after = request.after.as_ref().filter(|(at, _)| at == symbol);
        let rows = request.rows(market, symbol);
        let rows = rows
            .into_iter()
            .filter(|(start, _)| after.is_none_or(|(_, from)| start.timestamp() >= *from));
        for (start, quote) in rows {
            if left == 0 {
                let token = format!("{symbol}|{}", start.timestamp());
                return Ok(page(bars, Some(token)));
            }
            left -= 1;
            let of_symbol = bars.entry(symbol.clone()).or_insert_with(|| json!([]));
            if let Value::Array(of_symbol) = of_symbol {
                of_symbol.push(bar(start, &quote));
            }
        }
    }
    Ok(page(bars, None))
}

fn page(bars: Map<String, Value>, token: Option<String>) -> Answer {
    (
        StatusCode::OK,
        json!({ "bars": bars, "next_page_token": token }),
    )
}

fn bar(start: DateTime<Utc>, quote: &Ohlcv) -> Value {
    json!({
        "t": start.to_rfc3339_opts(SecondsFormat::Secs, true),
        "o": quote.open,
        "h": quote.high,
        "l": quote.low,
        "c": quote.close,
        "v": quote.volume as i64,
        "n": 1,
        "vw": quote.close,
    })
}

fn refused(status: StatusCode, message: &str) -> Answer {
    (status, json!({ "message": message }))
}

fn bad(message: String) -> Answer {
    refused(StatusCode::BAD_REQUEST, &message)
}

struct Request {
    /// Ascending.
    symbols: BTreeSet<String>,
    /// `None` is a day.
    width: Option<TimeDelta>,
    from: DateTime<Utc>,
    /// Included.
    to: DateTime<Utc>,
    limit: usize,
    /// Where the page begins.
    after: Option<(String, i64)>,
}

impl Request {
    fn parse(market: &ServedMarket, parameters: &Parameters) -> Result<Self, Answer> {
        let text = |name: &str| parameters.get(name).map_or("", String::as_str);
        let symbols: BTreeSet<String> = text("symbols").split(',').map(str::to_owned).collect();
        if let Some(wrong) = symbols.iter().find(|symbol| Ticker::new(symbol).is_err()) {
            return Err(bad(format!("invalid symbol: {wrong}")));
        }
        let width = match text("timeframe") {
            "1Day" | "1D" => None,
            other => {
                Some(minutes(other).ok_or_else(|| bad(format!("invalid timeframe: {other}")))?)
            }
        };
        let now = market.clock().map(|clock| clock.now());
        let newest = now.unwrap_or(DateTime::<Utc>::MAX_UTC);
        let moment = |name: &str| match text(name) {
            "" => Ok(None),
            text => moment(text)
                .map(Some)
                .ok_or_else(|| bad(format!("Invalid format for parameter {name}: {text}"))),
        };
        let from = moment("start")?
            .unwrap_or_else(|| newest.date_naive().and_time(NaiveTime::MIN).and_utc());
        let to = moment("end")?.unwrap_or(newest);
        if to < from {
            return Err(bad("end should not be before start".to_owned()));
        }
        let is_recent = now.is_some_and(|now| to > now - RECENT);
        if is_recent && matches!(text("feed"), "" | "sip") {
            let message = "subscription does not permit querying recent SIP data";
            return Err(refused(StatusCode::FORBIDDEN, message));
        }
        let limit = match text("limit") {
            "" => DEFAULT_LIMIT,
            text => text
                .parse()
                .ok()
                .filter(|limit| (1..=LARGEST_LIMIT).contains(limit))
                .ok_or_else(|| bad(format!("invalid limit: {text}")))?,
        };
        let after = match text("page_token") {
            "" => None,
            token => Some(place(token).ok_or_else(|| bad("invalid page_token".to_owned()))?),
        };
        Ok(Self {
            symbols,
            width,
            from,
            to: to.min(newest),
            limit,
            after,
        })
    }

    /// The bars of a symbol, ascending; none of one that is not known.
    fn rows(&self, market: &ServedMarket, symbol: &str) -> Vec<(DateTime<Utc>, Ohlcv)> {
        // The exchange writes classes of shares with a dot, the records with a hyphen.
        let ticker = Ticker::new(&symbol.replace('.', "-")).ok();
        let Some(ticker) = ticker.filter(|ticker| market.has_prices(ticker)) else {
            return Vec::new();
        };
        let Some(as_of) = market.as_of(&ticker) else {
            return Vec::new();
        };
        let in_window = |start: &DateTime<Utc>| self.from <= *start && *start <= self.to;
        let until = self.to + TimeDelta::nanoseconds(1);
        let Some(width) = self.width else {
            // What had been traded by the end of the window, and no more.
            let seen = market.seen(&ticker, self.from, until, as_of.min(self.to));
            let rows = seen
                .into_iter()
                .map(|seen| (seen.session.open - SINCE_MIDNIGHT, seen.quote));
            return rows.filter(|(start, _)| in_window(start)).collect();
        };
        let from = self.from - TimeDelta::days(1);
        let tapes = market.tapes(&ticker, from, until, as_of);
        let bars = tapes.flat_map(|tape| tape.grid(width, as_of));
        bars.filter(|(start, _)| in_window(start))
            .map(|(start, print)| (start, print.quote()))
            .collect()
    }
}

/// `1Min` to `59Min`.
fn minutes(timeframe: &str) -> Option<TimeDelta> {
    let minutes = timeframe
        .strip_suffix("Min")
        .or_else(|| timeframe.strip_suffix('T'))?;
    let minutes = minutes
        .parse()
        .ok()
        .filter(|minutes| (1..=59).contains(minutes))?;
    Some(TimeDelta::minutes(minutes))
}

/// RFC 3339, or a date.
fn moment(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.to_utc());
    }
    let date: NaiveDate = text.parse().ok()?;
    Some(date.and_time(NaiveTime::MIN).and_utc())
}

fn place(token: &str) -> Option<(String, i64)> {
    let (symbol, start) = token.split_once('|')?;
    Some((symbol.to_owned(), start.parse().ok()?))
}
