//! The rows of a chart: sessions, or the bars of a grid inside them, as of a moment.
//!
//! The grid starts at the opening. While a session runs, the newest one has a further row that is on
//! no grid: the last trade, with its time and no volume. After its close there is one for the
//! official close. On a half day the vendor's wide bars (of which the last would end after the
//! close) end in a row stamped with the close, in place of the last one.

use chrono::{DateTime, TimeDelta, Utc};

use closecall_protocol::Ticker;

use super::interval::Intraday;
use super::window::Window;
use crate::market::ServedMarket;
use crate::tape::{Print, Tape};

/// One row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ChartRow {
    pub(super) stamp: DateTime<Utc>,
    pub(super) open: f64,
    pub(super) high: f64,
    pub(super) low: f64,
    pub(super) close: f64,
    pub(super) volume: f64,
    /// Daily rows alone have one.
    pub(super) adj_close: Option<f64>,
    /// The opening of its session.
    pub(super) session_open: DateTime<Utc>,
}

/// Daily rows.
pub(super) fn daily(
    market: &ServedMarket,
    ticker: &Ticker,
    window: &Window,
    as_of: DateTime<Utc>,
) -> Vec<ChartRow> {
    market
        .seen(ticker, window.from, window.to, as_of)
        .into_iter()
        .map(|seen| ChartRow {
            stamp: seen.stamp,
            open: seen.quote.open,
            high: seen.quote.high,
            low: seen.quote.low,
            close: seen.quote.close,
            volume: seen.quote.volume,
            adj_close: Some(seen.quote.adj_close),
            session_open: seen.session.open,
        })
        .collect()
}

/// Rows inside the sessions.
pub(super) fn intraday(
    market: &ServedMarket,
    ticker: &Ticker,
    interval: Intraday,
    window: &Window,
    as_of: DateTime<Utc>,
) -> Vec<ChartRow> {
    // A session whose opening lies before the window can have rows in it.
    let from = window.from - TimeDelta::days(1);
    let newest = market.newest_seen(ticker, as_of);
    let newest = newest.map(|seen| seen.session.date);
    let in_window = |row: &ChartRow| (window.from..window.to).contains(&row.stamp);
    let mut rows = Vec::new();
    for tape in market.tapes(ticker, from, window.to, as_of) {
        let is_newest = newest == Some(tape.session.date);
        rows.extend(
            of_session(&tape, interval, as_of, is_newest)
                .into_iter()
                .filter(in_window),
        );
    }
    rows
}

/// Span after which the official close can be had. Of a session of which nothing but its opening is
/// known it is the first that is known of its end.
const OFFICIAL_AFTER: TimeDelta = TimeDelta::minutes(20);

fn of_session(
    tape: &Tape,
    interval: Intraday,
    as_of: DateTime<Utc>,
    is_newest: bool,
) -> Vec<ChartRow> {
    let session = tape.session;
    let bars = tape.grid(interval.width(), as_of).into_iter();
    let mut rows: Vec<ChartRow> = bars.map(|(start, bar)| row(tape, start, &bar)).collect();

    if let Some(close) = tape.official_close(as_of) {
        let auction = Print::trade(session.close, close, 0.0);
        let ends_late = |row: &ChartRow| row.stamp + interval.width() > session.close;
        if let Some(last) = rows.pop_if(|last| session.is_half_day() && ends_late(last)) {
            rows.push(closing_bar(&last, &auction));
        } else if is_newest && (tape.is_traded() || session.close + OFFICIAL_AFTER <= as_of) {
            rows.push(row(tape, session.close, &auction));
        }
    } else if is_newest
        && let Some(last) = tape.until(as_of).last()
        && rows.last().is_some_and(|row| row.stamp < last.known)
    {
        let live = Print::trade(last.known, last.close, 0.0);
        rows.push(row(tape, last.known, &live));
    }
    rows
}

/// The last bar of a half day: its prices and the closing auction's, stamped with the close.
fn closing_bar(last: &ChartRow, auction: &Print) -> ChartRow {
    ChartRow {
        stamp: auction.known,
        high: last.high.max(auction.close),
        low: last.low.min(auction.close),
        close: auction.close,
        volume: 0.0,
        ..*last
    }
}

fn row(tape: &Tape, stamp: DateTime<Utc>, print: &Print) -> ChartRow {
    ChartRow {
        stamp,
        open: print.open,
        high: print.high,
        low: print.low,
        close: print.close,
        volume: print.volume,
        adj_close: None,
        session_open: tape.session.open,
    }
}
