//! CPU time of recording a forecast as the ledger grows, from 1,000 rows to as many as are asked
//! for.
//!
//! `cargo run --release -p closecall-ledger --example recording -- 1000000 /dev/shm/ledger`
//!
//! 480 forecasts a day of ten tickers, each day's scored by the first ones of the next, as at the
//! default pace: the writer's own work, one transaction a forecast, without waiting for the disk.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "an example may fail loudly"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use closecall_calendar::{Calendar, Session};
use closecall_ledger::{Ledger, LedgerInput, Reader};
use closecall_protocol::{
    CloseForecast, Phase, Prediction, Reference, ReferenceKind, SessionDate, SessionTimes,
};
use rustix::time::{ClockId, clock_gettime};

const TICKERS: [&str; 10] = [
    "AAPL", "AMZN", "GOOG", "INTC", "MSFT", "NFLX", "NVDA", "ORCL", "TSLA", "TSM",
];
/// Forecasts of a ticker a day.
const SLOTS_A_TICKER: usize = 48;
/// Rows at which the cost is printed.
const MARKS: [i64; 4] = [1_000, 10_000, 100_000, 1_000_000];

fn close(ticker: usize, day: usize) -> f64 {
    100.0 + 10.0 * ticker as f64 + ((day * 7 + ticker * 3) % 5) as f64
}

fn forecast(ticker: usize, sessions: &[Session], day: usize, as_of: DateTime<Utc>) -> LedgerInput {
    let date = |day: usize| SessionDate::new(sessions[day].date).unwrap();
    let history: Vec<_> = (day.saturating_sub(60)..day)
        .map(|day| (date(day), close(ticker, day)))
        .collect();
    let last_close = close(ticker, day - 1);
    let price = last_close + 0.01 * f64::from(as_of.timestamp() as u32 % 97);
    let session = SessionTimes::from(&sessions[day]);
    let at = Some(as_of).filter(|at| *at >= session.open());
    let reference = Reference {
        price,
        kind: ReferenceKind::Quote,
        at,
    };
    let phase = Phase::of(at, &session);
    let mut values = support::values(TICKERS[ticker], as_of, history, reference, phase);
    values.prediction = price + 0.1;
    values.model.spec = "nowcast-v1 gru16x1-d16".into();
    values.model.remembered = Some(true);
    values.model.asked_change_pct = Some(0.1);
    values.provisional = Some(false);
    let forecast = CloseForecast::publish(values).unwrap();
    let prediction = Box::new(Prediction::Ours(Box::new(forecast)));
    LedgerInput::Prediction(prediction, as_of)
}

/// CPU time of this thread.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap(),
        u32::try_from(time.tv_nsec).unwrap(),
    )
}

/// Forecasts recorded since the last line was printed, and the CPU time that they took.
#[derive(Default)]
struct Window {
    forecasts: u32,
    cpu: Duration,
}

/// Rows before a mark from which on its window is measured: two days, of which the second one's
/// forecasts are scored too.
const WINDOW: i64 = 2 * 2 * 480;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let target: i64 = arguments.next().map_or(10_000, |n| n.parse().unwrap());
    let folder = arguments
        .next()
        .map_or_else(|| PathBuf::from("/dev/shm/closecall-ledger"), PathBuf::from);
    let calendar = Calendar::default();
    let first = "1995-01-03".parse().unwrap();
    let last = "2199-01-03".parse().unwrap();
    let days = usize::try_from(target).unwrap() / (2 * TICKERS.len() * SLOTS_A_TICKER) + 9;
    let sessions: Vec<Session> = calendar.sessions(first, last).take(days + 61).collect();
    let mut ledger = Ledger::open(&folder, calendar)
        .unwrap()
        .without_syncs()
        .unwrap();
    let mut marks = MARKS.iter().copied().filter(|mark| *mark <= target);
    let (mut mark, mut window, mut at_first) = (marks.next(), Window::default(), None);
    let began = Instant::now();
    'days: for day in 60..sessions.len() {
        // Every forecast of the first day is the first of its history: no day to measure.
        let measured = day > 60;
        for slot in 0..SLOTS_A_TICKER {
            for ticker in 0..TICKERS.len() {
                let minutes = TimeDelta::minutes(8 * i64::try_from(slot).unwrap() - 20);
                let as_of = sessions[day].open + minutes;
                let made = forecast(ticker, &sessions, day, as_of);
                let before = cpu_time();
                ledger.record(&made).unwrap();
                let took = cpu_time() - before;
                if measured && mark.is_some_and(|mark| *ledger.watch().borrow() + WINDOW > mark) {
                    window.forecasts += 1;
                    window.cpu += took;
                }
            }
        }
        let rows = *ledger.watch().borrow();
        if let Some(passed) = mark.filter(|mark| measured && rows >= *mark) {
            let each = 1e3 * window.cpu.as_secs_f64() / f64::from(window.forecasts);
            let ratio = each / *at_first.get_or_insert(each);
            println!(
                "{passed:>9} rows: {each:.3} ms of CPU to record a forecast and the score it \
                 brings, {ratio:.2} times the first"
            );
            (mark, window) = (marks.next(), Window::default());
            if mark.is_none() {
                break 'days;
            }
        }
    }
    drop(ledger);
    let reader = Reader::open(&folder).unwrap();
    let rows = reader.rows().unwrap();
    println!("{rows} rows in {:.1} s", began.elapsed().as_secs_f64());
    let before = Instant::now();
    let summary = reader.summary().unwrap();
    let summed = 1e3 * before.elapsed().as_secs_f64();
    println!("summary of {} outcomes in {summed:.1} ms", summary.outcomes);
    let before = Instant::now();
    let verified = reader.verify().unwrap();
    let took = before.elapsed().as_secs_f64();
    println!("{} rows verified in {took:.1} s", verified.rows);
}
