//! Requests to the vendor over a day of picks, as the market server counts them.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use closecall_calendar::{Calendar, Clock};
use closecall_market::{DataSource, Market};
use closecall_market_server::{FaultScript, ServedMarket, Server, Simulated, SimulatedSettings};
use serde_json::Value;

use crate::support::{at, picked, settings};

/// Picked in turn, as often as a schedule of three minutes picks each of ten.
const TICKERS: [&str; 3] = ["AAPL", "PG", "TSLA"];
const EVERY: TimeDelta = TimeDelta::minutes(10);

/// Counts of a day.
struct Day {
    picks_inside: u64,
    counts: Vec<Value>,
}

impl Day {
    /// Requests of a service by session and ticker.
    fn of<'a>(&'a self, service: &'a str) -> impl Iterator<Item = u64> + 'a {
        let rows = self
            .counts
            .iter()
            .filter(move |row| row["service"] == service);
        rows.map(|row| row["count"].as_u64().unwrap())
    }
}

fn counted(address: SocketAddr) -> Vec<Value> {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET /requests HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let body: Value = serde_json::from_str(body).unwrap();
    body["requests"].as_array().unwrap().clone()
}

fn open(clock: &Clock, address: SocketAddr, dir: &Path) -> Market {
    let url = format!("http://{address}");
    let source = DataSource::Simulated { seed: 5 };
    let settings = settings(&url, &url);
    Market::open(&settings, &source, dir, Calendar::default(), clock.clone()).unwrap()
}

/// Picks from before the opening of 10 March 2026 to the next day's, the server's clock being the
/// picks'.
async fn day(faults: &[&str]) -> Day {
    let clock = Clock::fixed(at("2026-03-10T13:00:00Z"));
    let simulated = SimulatedSettings {
        articles: 0..2,
        ..SimulatedSettings::new(5)
    };
    let simulated = Simulated::new(simulated, Calendar::default()).unwrap();
    let server = Server::bind(
        Server::loopback(0),
        ServedMarket::simulated(simulated, clock.clone()),
    );
    let server = server
        .unwrap()
        .with_faults(FaultScript::parse(faults).unwrap());
    let server = server.spawn().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let market = open(&clock, server.address(), dir.path());
    let (mut now, end) = (at("2026-03-10T13:00:00Z"), at("2026-03-11T13:25:00Z"));
    let mut picks_inside = 0;
    let mut number = 0;
    while now < end {
        clock.set(now);
        let ticker = TICKERS[number % TICKERS.len()];
        let slot: DateTime<Utc> = now;
        let scraped = market
            .gather(&picked(ticker, &slot.to_rfc3339()))
            .await
            .unwrap();
        let inside = Calendar::default().in_progress(now).is_some();
        assert_eq!(
            scraped.quote.is_ok(),
            inside,
            "{ticker} {now}: {:?}",
            scraped.quote
        );
        picks_inside += u64::from(inside);
        number += 1;
        now += EVERY / TICKERS.len() as i32;
    }
    let counts = counted(server.address());
    Day {
        picks_inside,
        counts,
    }
}

#[tokio::test]
async fn a_prompt_vendor_is_asked_once_a_pick_and_three_times_a_session() {
    let day = day(&[]).await;
    assert!(day.picks_inside > 100);
    // Of the two sessions, the one that closed the evening before is counted while the next is open.
    let inside: u64 = day
        .counts
        .iter()
        .filter(|row| row["service"] == "intraday" && row["session"] == "2026-03-09")
        .map(|row| row["count"].as_u64().unwrap())
        .sum();
    assert_eq!(inside, day.picks_inside);
    // After the close once a ticker, for the close until the day's own figure comes.
    let all: u64 = day.of("intraday").sum();
    assert!(all <= inside + TICKERS.len() as u64, "{:?}", day.counts);
    let daily: Vec<u64> = day.of("daily").collect();
    assert_eq!(daily.len(), 2 * TICKERS.len());
    assert!(
        daily.iter().all(|count| (1..=3).contains(count)),
        "{daily:?}"
    );
}

#[tokio::test]
async fn a_late_vendor_is_asked_for_daily_prices_twelve_times_a_session_at_most() {
    let day = day(&["daily:late-close=1200"]).await;
    let daily: Vec<u64> = day.of("daily").collect();
    assert!(daily.iter().all(|count| *count <= 12), "{daily:?}");
    assert!(daily.iter().any(|count| *count > 3), "{daily:?}");
    assert!(day.of("intraday").sum::<u64>() <= day.picks_inside + 2 * TICKERS.len() as u64);
}
