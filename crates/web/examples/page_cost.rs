//! Cost of the pages over an existing ledger: time of an answer, and what readers cost the one who
//! records.
//!
//! `cargo run --release -p closecall-web --example page_cost -- /dev/shm/ledger`
//!
//! The folder holds a ledger, such as the example `recording` of `closecall-ledger` writes; it is
//! only read. Recording beside readers is measured over a ledger of its own, in turns with and
//! without them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "an example may fail loudly"
)]

#[path = "../../ledger/tests/support/mod.rs"]
mod record;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use closecall_calendar::{Calendar, Clock};
use closecall_ledger::Ledger;
use closecall_protocol::Ticker;
use closecall_web::{
    HttpSettings, Listening, ProcessStatus, Site, SiteDescription, TrackRecord, Web,
};
use record::{Recording as _, at, forecast};
use rustix::time::{ClockId, clock_gettime};

const TICKERS: [&str; 10] = [
    "AAPL", "AMZN", "GOOG", "INTC", "MSFT", "NFLX", "NVDA", "ORCL", "TSLA", "TSM",
];

/// Answers of each page that are timed.
const ANSWERS: usize = 50;

/// Readers beside one that reads nothing, and the pause between two looks of each.
const READERS: usize = 32;
const LOOK: Duration = Duration::from_secs(1);

/// Rounds with and without readers, forecasts of a round, and the pause between two.
const ROUNDS: usize = 5;
const FORECASTS: i64 = 200;
const PACE: Duration = Duration::from_millis(20);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let folder = std::env::args().nth(1).expect("the folder of a ledger");
    pages(Path::new(&folder)).await;
    recording().await;
}

async fn pages(folder: &Path) {
    let clock = Clock::fixed(at("2025-03-03T18:00:00Z"));
    let began = Instant::now();
    let record = TrackRecord::follow(folder, clock.clone(), None).unwrap();
    record.caught_up().await;
    println!("read in {:.1} s", began.elapsed().as_secs_f64());
    let (address, web) = serve(clock, Arc::clone(&record));
    while record.verifies().is_none() {
        tokio::time::sleep(LOOK).await;
    }
    println!("verified after {:.1} s", began.elapsed().as_secs_f64());
    let asked = tokio::task::spawn_blocking(move || {
        for path in [
            "/",
            "/record",
            "/tickers/AAPL",
            "/pipeline",
            "/dead-letters",
        ] {
            time_page(address, path);
        }
    });
    asked.await.unwrap();
    web.stop().await;
}

fn time_page(address: SocketAddr, path: &str) {
    let mut times: Vec<Duration> = Vec::new();
    let (mut size, mut tag) = (0, String::new());
    for _ in 0..ANSWERS {
        let began = Instant::now();
        let answer = get(address, path, "");
        times.push(began.elapsed());
        size = answer.len();
        let line = answer.lines().find_map(|line| line.strip_prefix("etag: "));
        tag = line.unwrap_or_default().to_owned();
    }
    let mut known: Vec<Duration> = Vec::new();
    for _ in 0..ANSWERS {
        let began = Instant::now();
        let answer = get(address, path, &format!("If-None-Match: {tag}\r\n"));
        known.push(began.elapsed());
        assert!(answer.starts_with("HTTP/1.1 304"), "{path}: {answer}");
    }
    println!(
        "{path:<14} {:>7} bytes, {:>6.2} ms ({:.2} at most); 304 in {:.2} ms ({:.2})",
        size,
        millis(median(&mut times)),
        millis(times[ANSWERS - 1]),
        millis(median(&mut known)),
        millis(known[ANSWERS - 1]),
    );
}

async fn recording() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(folder.path(), Calendar::default()).unwrap();
    let clock = Clock::fixed(at("2025-03-03T18:00:00Z"));
    let record = TrackRecord::follow(folder.path(), clock.clone(), Some(ledger.watch())).unwrap();
    let (address, web) = serve(clock, record);
    let measured = tokio::task::spawn_blocking(move || {
        let mut ledger = ledger;
        let (mut alone, mut beside) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS as i64 {
            record_round(&mut ledger, 2 * round, &mut alone);
            let stop = Arc::new(AtomicBool::new(false));
            let stalled = open_events(address);
            let readers: Vec<_> = (0..READERS)
                .map(|_| {
                    let stop = Arc::clone(&stop);
                    std::thread::spawn(move || read_pages(address, &stop))
                })
                .collect();
            record_round(&mut ledger, 2 * round + 1, &mut beside);
            stop.store(true, Ordering::Relaxed);
            let pages: usize = readers
                .into_iter()
                .map(|reader| reader.join().unwrap())
                .sum();
            assert!(pages >= READERS, "only {pages} pages were read");
            drop(stalled);
        }
        (median(&mut alone), median(&mut beside))
    });
    let (alone, beside) = measured.await.unwrap();
    println!(
        "recording: {:.3} ms of CPU alone, {:.3} ms beside {READERS} readers and a stalled one: {:.3} times",
        millis(alone),
        millis(beside),
        beside.as_secs_f64() / alone.as_secs_f64()
    );
    web.stop().await;
}

/// Records forecasts of one day, and notes the CPU time of each.
fn record_round(ledger: &mut Ledger, round: i64, times: &mut Vec<Duration>) {
    for number in 0..FORECASTS {
        let as_of = at("2025-03-03T14:30:00Z") + TimeDelta::seconds(round * FORECASTS + number);
        let ticker = TICKERS[usize::try_from(number).unwrap() % TICKERS.len()];
        let closes = [("2025-02-27", 100.0), ("2025-02-28", 101.0)];
        let made = forecast(ticker, &as_of.to_rfc3339(), 101.5, &closes);
        let before = clock_gettime(ClockId::ThreadCPUTime);
        ledger.record_forecast(&made, as_of).unwrap();
        let after = clock_gettime(ClockId::ThreadCPUTime);
        let took = (after - before).tv_nsec.unsigned_abs();
        times.push(Duration::from_nanos(took));
        std::thread::sleep(PACE);
    }
}

/// Looks at the first page again and again, as one who keeps it open.
fn read_pages(address: SocketAddr, stop: &AtomicBool) -> usize {
    let mut pages = 0;
    while !stop.load(Ordering::Relaxed) {
        pages += usize::from(get(address, "/", "").starts_with("HTTP/1.1 200"));
        std::thread::sleep(LOOK);
    }
    pages
}

/// A reader of the events that never reads.
fn open_events(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n"
    )
    .unwrap();
    stream
}

fn serve(clock: Clock, record: Arc<TrackRecord>) -> (SocketAddr, Web) {
    let settings = HttpSettings {
        listen: Some("127.0.0.1:0".parse().unwrap()),
        ..HttpSettings::default()
    };
    let listening = Listening::bind(&settings).unwrap().unwrap();
    let address = listening.address;
    let about = SiteDescription {
        version: "0.0.0",
        commit: "0",
        role: "page".to_owned(),
        source: "an example".to_owned(),
        notice: None,
        dead_letters_on_topics: false,
    };
    let site = Site::new(
        about,
        clock,
        Calendar::default(),
        TICKERS.map(|name| Ticker::new(name).unwrap()).to_vec(),
        Some(record),
        Arc::new(ProcessStatus::default),
        &settings,
        Arc::new(|_| None),
    );
    (address, Web::start(listening, Arc::new(site)).unwrap())
}

fn get(address: SocketAddr, path: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = "HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
    write!(stream, "GET {path} {request}{headers}\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn millis(time: Duration) -> f64 {
    1e3 * time.as_secs_f64()
}
