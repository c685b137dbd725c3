//! Cost of recording a forecast as the ledger grows: the CPU time of a forecast at 1,000 rows
//! and at as many as are asked for.
//!
//! `cargo run --release -p closecall-ledger --example recording -- 100000 /dev/shm/ledger`
//!
//! 480 forecasts a day of ten tickers, each day's scored by the first of the next, as at the
//! default pace. The folder should lie in memory, where waiting for the disk costs nothing.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "an example may fail loudly"
)]

use std::path::PathBuf;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use closecall_calendar::{Calendar, Session};
use closecall_ledger::{Ledger, Reader};
use closecall_protocol::{
    CloseForecast, ForecastValues, Interval, ModelSummary, Phase, PickId, Reference, ReferenceKind,
    SessionDate, SessionTimes, Ticker,
};

const TICKERS: [&str; 10] = [
    "AAPL", "AMZN", "GOOG", "INTC", "MSFT", "NFLX", "NVDA", "ORCL", "TSLA", "TSM",
];
const SLOTS: usize = 48;

fn close(ticker: usize, day: usize) -> f64 {
    100.0 + 10.0 * ticker as f64 + ((day * 7 + ticker * 3) % 5) as f64
}

fn forecast(
    ticker: usize,
    sessions: &[Session],
    day: usize,
    as_of: DateTime<Utc>,
) -> CloseForecast {
    let name = Ticker::new(TICKERS[ticker]).unwrap();
    let date = |day: usize| SessionDate::new(sessions[day].date).unwrap();
    let history: Vec<_> = (day.saturating_sub(60)..day)
        .map(|day| (date(day), close(ticker, day)))
        .collect();
    let last_close = close(ticker, day - 1);
    let price = last_close + 0.01 * f64::from(as_of.timestamp() as u32 % 97);
    let session = SessionTimes::from(&sessions[day]);
    let at = Some(as_of).filter(|at| *at >= session.open());
    CloseForecast::publish(ForecastValues {
        target: date(day),
        prediction: price + 0.1,
        last_session: date(day - 1),
        last_close,
        pick_id: PickId::of_slot(7, as_of, &name),
        ticker: name,
        as_of,
        probability_up: 0.53,
        intervals: [0.8, 0.9]
            .map(|level| Interval {
                level,
                lower: price - 2.0,
                upper: price + 2.0,
            })
            .into(),
        articles: 5_123,
        sessions: 206,
        model: ModelSummary {
            name: "closecall".into(),
            spec: "nowcast-v1 gru16x1-d16".into(),
            seed: 7,
            path: "avx2".into(),
            rows: 196,
            gate: 0.25,
            file: None,
            trained_at: as_of,
            reason: None,
            target: None,
            remembered: Some(true),
            asked_change_pct: Some(0.1),
        },
        relative_mae: None,
        data_age_s: 60,
        history,
        reference: Some(Reference {
            price,
            kind: ReferenceKind::Quote,
            at,
        }),
        phase: Some(Phase::of(at, &session)),
        sessions_ahead: Some(0),
        probability_up_from_here: Some(0.51),
        scale: Some(0.01),
        quote: None,
        quote_absent: None,
        provider: None,
        provider_switched: None,
        provisional: Some(false),
        repairs: Vec::new(),
        vintage: None,
        settings_hash: None,
        news: None,
        trace: None,
        headlines: None,
    })
    .unwrap()
}

/// CPU time of this process in milliseconds.
fn cpu_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split(' ').collect();
    let ticks = |field: usize| fields.get(field).and_then(|f| f.parse::<f64>().ok());
    // utime and stime, in hundredths of a second.
    10.0 * (ticks(12).unwrap_or(0.0) + ticks(13).unwrap_or(0.0))
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let target: i64 = arguments.next().map_or(10_000, |n| n.parse().unwrap());
    let folder = arguments
        .next()
        .map_or_else(|| PathBuf::from("/dev/shm/closecall-ledger"), PathBuf::from);
    let calendar = Calendar::default();
    let first = "1995-01-03".parse().unwrap();
    let last = "2190-01-03".parse().unwrap();
    let days = usize::try_from(target).unwrap() / (2 * TICKERS.len() * SLOTS) + 3;
    let sessions: Vec<Session> = calendar.sessions(first, last).take(days + 61).collect();
    let mut ledger = Ledger::open(&folder, calendar).unwrap();
    let (mut rows, mut block) = (0_i64, (0_u32, 0.0, cpu_ms()));
    let began = Instant::now();
    let mut next_line = 1_000;
    for day in 60..sessions.len() {
        for slot in 0..SLOTS {
            for ticker in 0..TICKERS.len() {
                let minutes = TimeDelta::minutes(8 * i64::try_from(slot).unwrap() - 20);
                let as_of = sessions[day].open + minutes;
                let made = forecast(ticker, &sessions, day, as_of);
                let before = Instant::now();
                ledger.record_forecast(&made, as_of).unwrap();
                block = (
                    block.0 + 1,
                    block.1 + before.elapsed().as_secs_f64(),
                    block.2,
                );
            }
        }
        rows = *ledger.watch().borrow();
        if rows >= next_line {
            let cpu = (cpu_ms() - block.2) / f64::from(block.0);
            let wall = 1e3 * block.1 / f64::from(block.0);
            println!(
                "{rows:>9} rows: {wall:.3} ms to record a forecast and the scores it brings \
                 ({cpu:.3} ms CPU with making it)"
            );
            next_line = (next_line * 10).min((rows + 1).max(target - 5_000));
            block = (0, 0.0, cpu_ms());
        }
        if rows >= target {
            break;
        }
    }
    drop(ledger);
    let written = began.elapsed().as_secs_f64();
    let reader = Reader::open(&folder).unwrap();
    let before = Instant::now();
    let summary = reader.summary().unwrap();
    let summed = 1e3 * before.elapsed().as_secs_f64();
    println!(
        "{rows} rows in {written:.1} s; summary of {} outcomes in {summed:.1} ms",
        summary.outcomes
    );
    let before = Instant::now();
    let verified = reader.verify().unwrap();
    let took = before.elapsed().as_secs_f64();
    println!("{} rows verified in {took:.1} s", verified.rows);
}
