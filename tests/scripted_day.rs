//! A day of picks through the whole program: few requests for news, an outage of the first provider
//! inside the session, a restart in the middle of it. Each pick ends once, quotes come from the second
//! provider meanwhile and forecasts name it, and no ticker's news grow old. Takes the minute
//! and a half that the day has on its clock.

#![allow(
    clippy::disallowed_methods,
    reason = "it paces a process, and blocks no arbiter"
)]

use crate::common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use closecall_calendar::Clock;
use closecall_market_server::RunningServer;
use common::Workplace;
use common::pipeline::{RUN_DATA, Running, account};
use serde_json::Value;

const MIDNIGHT: &str = "2023-06-29T00:00:00Z";
/// A day's picks, one each three minutes.
const PICKS: usize = 480;
/// Three hours inside the session, and the restart in their middle.
const OUTAGE: (&str, &str) = ("2023-06-29T14:30:00Z", "2023-06-29T17:30:00Z");
const RESTART: &str = "2023-06-29T16:00:00Z";
const SCRIPT: [&str; 2] = [
    "chart:status=429:between=20230629T1430,20230629T1730",
    "news:quota=25",
];
/// A slot is a fifth of a second.
const SPEED: u32 = 900;
/// The program's clock starts with it, a little after the server's.
const APART: TimeDelta = TimeDelta::minutes(15);

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn at_in(row: &Value, key: &str) -> DateTime<Utc> {
    row[key].as_str().map(at).unwrap()
}

/// Passes the time of a server whose clock stands still otherwise, so that no time is lost while the
/// program is away.
struct Passing {
    ends: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Passing {
    fn of(clock: &Clock) -> Self {
        let ends = Arc::<AtomicBool>::default();
        let (end, clock) = (Arc::clone(&ends), clock.clone());
        let (from, began) = (clock.now(), Instant::now());
        let thread = std::thread::spawn(move || {
            while !end.load(Ordering::SeqCst) {
                clock.set(from + began.elapsed() * SPEED);
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        Self { ends, thread }
    }

    fn end(self) {
        self.ends.store(true, Ordering::SeqCst);
        self.thread.join().unwrap();
    }
}

/// The program from now on; with a window in which a slow machine's picks wait instead of being missed, and
/// time for them whenever it comes to them.
fn run(workplace: &Workplace, clock: &Clock, picks: usize) -> Running {
    let (now, speed, picks) = (
        clock.now().to_rfc3339(),
        SPEED.to_string(),
        picks.to_string(),
    );
    let run = [
        "run",
        "--clock-start",
        &now,
        "--speed",
        &speed,
        "--picks",
        &picks,
        "--json",
    ];
    let set = [
        "supervision.delivery.window=32",
        "supervision.drain.deadline=2m",
        "supervision.drain.force=3m",
        "picker.expires_after=48h",
    ];
    let set = set.iter().flat_map(|setting| ["--set", setting]);
    Running::start(workplace.command(run.into_iter().chain(set)))
}

/// Ends the run as an operator would, when the server's clock reads `moment` and it has not ended by itself.
fn end_at(moment: DateTime<Utc>, clock: &Clock, mut run: Running, passing: Passing) -> Value {
    common::wait_until("the day goes on", || {
        clock.now() >= moment || !run.is_running()
    });
    if run.is_running() {
        run.signal("TERM");
    }
    passing.end();
    let done = run.ended();
    assert_eq!(done.code(), 0, "{}", done.stderr());
    account(&done.stderr())
}

#[test]
fn a_day_with_an_outage_and_a_restart_loses_no_pick_and_no_request() {
    let clock = Clock::fixed(at(MIDNIGHT));
    let server = common::simulated::serve(5, &clock, SCRIPT);
    let url = format!("http://{}", server.address());
    let workplace = Workplace::on(&url)
        .with("CLOSECALL__ALPACA__BASE_URL", &url)
        .with("CLOSECALL__ALPACA__KEY_ID", "ID")
        .with("CLOSECALL__ALPACA__SECRET_KEY", "SECRET")
        .with("CLOSECALL__ALPHAVANTAGE__REQUESTS_PER_DAY", "25");
    let midnight = at(MIDNIGHT) + TimeDelta::days(1);
    let (mut accounts, mut picked) = (Vec::new(), 0);
    // The program's clock begins after the server's: its last slots come a little after midnight there.
    for end in [at(RESTART), midnight + APART / 2] {
        let passing = Passing::of(&clock);
        let run = run(&workplace, &clock, PICKS - picked);
        accounts.push(end_at(end, &clock, run, passing));
        picked = workplace.ledger(RUN_DATA).len();
    }
    let record = workplace.run(&["ledger", "export", "--format", "json"]);
    let rows: Vec<Value> = serde_json::from_str(&record.stdout()).unwrap();
    assert_every_pick_ended(&accounts, &rows);
    assert_second_source_stood_in(&rows);
    assert_news_are_fresh(&workplace, &server, midnight);
}

fn assert_every_pick_ended(accounts: &[Value], rows: &[Value]) {
    let sum = |name: &str| -> u64 {
        let counts = accounts.iter().map(|account| &account[name]);
        counts.map(|count| count.as_u64().unwrap()).sum()
    };
    assert_eq!((sum("lost"), sum("restarts")), (0, 0), "{accounts:?}");
    assert_eq!(sum("picks") - sum("duplicates"), rows.len() as u64);
    assert_eq!(sum("forecasts"), rows.len() as u64, "{accounts:?}");
    // Slots that a busy machine lets pass are not made up; on an idle one there are none.
    println!("{} picks of {PICKS} slots", rows.len());
    assert!(rows.len() > PICKS / 2);
    let tickers: std::collections::BTreeSet<_> =
        rows.iter().map(|row| row["ticker"].as_str()).collect();
    assert_eq!(tickers.len(), 10);
}

/// Each forecast made inside the outage names the second provider as its quote's source; before and
/// after there are those of the first. A slow machine's picks come late: those made inside are wanted whole
/// inside, of the others only that they began there.
fn assert_second_source_stood_in(rows: &[Value]) {
    let (begin, end) = (at(OUTAGE.0) + APART, at(OUTAGE.1) - APART);
    let sources = |from, to, last: &str| {
        let inside = move |row: &&Value| at_in(row, "as_of") >= from && at_in(row, last) < to;
        let inside = rows.iter().filter(inside);
        inside
            .map(|row| row["quote_source"].as_str())
            .collect::<Vec<_>>()
    };
    let during = sources(begin, end, "recorded_at");
    assert!(during.len() > 10, "{}", during.len());
    assert!(
        during.iter().all(|source| *source == Some("alpaca")),
        "{during:?}"
    );
    let before = sources(at("2023-06-29T13:45:00Z"), at(OUTAGE.0), "as_of");
    assert!(before.contains(&Some("yahoo")), "{before:?}");
    // Half an hour after the restart the breaker's pause is an hour.
    let after = sources(
        at(OUTAGE.1) + TimeDelta::hours(1),
        at("2023-06-29T20:00:00Z"),
        "as_of",
    );
    assert!(after.contains(&Some("yahoo")), "{after:?}");
}

fn assert_news_are_fresh(workplace: &Workplace, server: &RunningServer, now: DateTime<Utc>) {
    let asked = server.requests().of("news");
    assert!((20..=25).contains(&asked), "{asked} requests for news");
    let info = workplace.run(&["store", "info", "--json"]).json();
    let news = info["news"].as_array().unwrap();
    assert_eq!(news.len(), 10);
    for news in news {
        let age = now - at_in(news, "answered_at");
        assert!(age <= TimeDelta::hours(12), "{news}");
    }
}
