//! Data from after the as-of time could be anything else: no bit of a forecast changes. Bars, live
//! rows and what the vendor says of itself are replaced in the answers of both market servers.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use closecall_calendar::{Calendar, Clock};
use closecall_forecast::{ForecastSettings, ModelKind, forecast};
use closecall_market::{DataSource, Market};
use closecall_market_server::{
    Replay, ServedMarket, Server, Simulated, SimulatedSettings, Visibility,
};
use closecall_protocol::{
    Annotations, DatasetBuilt, DatasetRow, MarketScraped, ReferenceKind, SessionNews,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use crate::support::{Reply, Scripted, at, picked, settings};

/// Trials for each as-of time.
const OTHERWISE: usize = 20;

fn fetch(address: SocketAddr, target: &str) -> Value {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

/// Replaces what an answer says of the time after `as_of`.
fn replace(result: &mut Value, as_of: DateTime<Utc>, daily: bool, dice: &mut ChaCha8Rng) {
    let calendar = Calendar::default();
    let step = match result["meta"]["dataGranularity"].as_str() {
        Some("60m" | "1h") => 60,
        Some(name) if !daily => name.trim_end_matches('m').parse().unwrap(),
        _ => 0,
    };
    let stamps = result["timestamp"].as_array().cloned().unwrap_or_default();
    let moments = stamps
        .iter()
        .map(|stamp| DateTime::from_timestamp(stamp.as_i64().unwrap(), 0).unwrap());
    let moments: Vec<DateTime<Utc>> = moments.collect();
    let session = calendar.target(as_of);
    let on_grid = |start: DateTime<Utc>| (start - session.open).num_seconds() % (60 * step) == 0;
    for (row, start) in moments.iter().enumerate() {
        let is_known = if daily {
            calendar.session(Calendar::date_at(*start)).unwrap().close + TimeDelta::minutes(20)
                <= as_of
        } else {
            // The bar that still grows, and whatever begins later.
            (*start + TimeDelta::minutes(step)).min(session.close) <= as_of
                || !on_grid(*start) && *start <= as_of
        };
        if is_known {
            continue;
        }
        let begun = !daily && *start <= as_of;
        let quote = &mut result["indicators"]["quote"][0];
        for column in ["open", "high", "low", "close", "volume"] {
            // What a bar opened at is known from its start on.
            if begun && column == "open" {
                continue;
            }
            let odd = match dice.random_range(0..6) {
                0 => Value::Null,
                1 => json!("NaN"),
                2 => json!(-1.0),
                _ => json!(dice.random_range(0.01..5_000.0)),
            };
            quote[column][row] = odd;
        }
    }
    // Rows that are not there, where nothing shows that they could be.
    if dice.random_bool(0.5) {
        let later = as_of + TimeDelta::seconds(dice.random_range(1..20_000));
        let price = dice.random_range(1.0..900.0);
        if let Some(stamps) = result["timestamp"].as_array_mut() {
            stamps.push(json!(later.timestamp()));
            for column in ["open", "high", "low", "close", "volume"] {
                let cells = result["indicators"]["quote"][0][column]
                    .as_array_mut()
                    .unwrap();
                cells.push(json!(price));
            }
            let adjusted = result.pointer_mut("/indicators/adjclose/0/adjclose");
            if let Some(adjusted) = adjusted.and_then(Value::as_array_mut) {
                adjusted.push(json!(price));
            }
        }
    }
    let later = as_of + TimeDelta::seconds(dice.random_range(1..400_000));
    let meta = &mut result["meta"];
    // What was traded last by then is no knowledge of later.
    let traded_at = meta["regularMarketTime"].as_i64().unwrap_or_default();
    if traded_at <= as_of.timestamp() {
        return;
    }
    meta["regularMarketTime"] = json!(later.timestamp());
    for name in [
        "regularMarketPrice",
        "regularMarketDayHigh",
        "regularMarketDayLow",
        "regularMarketVolume",
        "fiftyTwoWeekHigh",
        "fiftyTwoWeekLow",
    ] {
        meta[name] = json!(dice.random_range(0.01..5_000.0));
    }
}

/// A published forecast of persistence, in its bits.
fn said(scraped: &MarketScraped) -> String {
    let row = |bar: &closecall_protocol::Bar| DatasetRow::new(*bar, SessionNews::default());
    let dataset = DatasetBuilt {
        pick: scraped.pick.clone(),
        target: scraped.target,
        session: scraped.session,
        sessions_ahead: scraped.sessions_ahead,
        quote: scraped.quote,
        provider: Some(scraped.provider),
        provider_switched: Some(scraped.provider_switched),
        provisional: scraped.provisional,
        repairs: Arc::clone(&scraped.repairs),
        annotations: Annotations::default(),
        rows: scraped.bars.iter().map(row).collect(),
        live: SessionNews::default(),
        fetched_at: Some(scraped.fetched_at),
    };
    let settings = ForecastSettings {
        model: ModelKind::Persistence,
        ..ForecastSettings::default()
    };
    let mut on = |_| ControlFlow::Continue(());
    let said = forecast(&dataset, &settings, scraped.pick.slot, &mut on).unwrap();
    serde_json::to_string(&said).unwrap()
}

/// The moment after which answers are replaced, and what by; nothing is where there is none.
type Thrown = Arc<Mutex<Option<(DateTime<Utc>, ChaCha8Rng)>>>;

/// A vendor that hands on a server's answers, and replaces in them what a die says.
struct Proxy {
    vendor: Scripted,
    dice: Thrown,
}

impl Proxy {
    async fn to(server: SocketAddr) -> Self {
        let dice = Thrown::default();
        let thrown = Arc::clone(&dice);
        let vendor = Scripted::start(move |target, _| {
            let mut body = fetch(server, target);
            if let Some((as_of, dice)) = thrown.lock().unwrap().as_mut()
                && let Some(result) = body.pointer_mut("/chart/result/0")
            {
                replace(result, *as_of, target.contains("interval=1d"), dice);
            }
            let status = if body["chart"]["error"].is_object() {
                422
            } else {
                200
            };
            Reply::text(status, "application/json", &body.to_string())
        });
        Self {
            vendor: vendor.await,
            dice,
        }
    }

    /// Gathers for `as_of` at `now`.
    async fn gather(
        &self,
        ticker: &str,
        as_of: &str,
        now: DateTime<Utc>,
        seed: Option<u64>,
    ) -> MarketScraped {
        *self.dice.lock().unwrap() = seed.map(|seed| (at(as_of), ChaCha8Rng::seed_from_u64(seed)));
        let dir = tempfile::tempdir().unwrap();
        let mut settings = settings(&self.vendor.url(), &self.vendor.url());
        settings.alphavantage.api_key = None;
        settings.market.window_days = 70;
        let source = DataSource::Replay {
            address: "the test's vendors".to_owned(),
        };
        let clock = Clock::fixed(now);
        let market = Market::open(&settings, &source, dir.path(), Calendar::default(), clock);
        let scraped = market.unwrap().gather(&picked(ticker, as_of)).await;
        MarketScraped {
            // How long the work took.
            annotations: Annotations::default(),
            ..scraped.unwrap()
        }
    }
}

/// Random moments of a day from before the opening to after the close.
async fn trials(server: SocketAddr, ticker: &str, days: &[&str], set: impl Fn(DateTime<Utc>)) {
    let proxy = Proxy::to(server).await;
    let mut dice = ChaCha8Rng::seed_from_u64(11);
    let mut kinds = std::collections::BTreeSet::new();
    // 200 on each server, 1,000 with `CLOSECALL_MUTATIONS=100000`.
    for round in 0..testing::mutations() / 100 / OTHERWISE {
        let opening = at(&format!("{}T13:30:00Z", days[round % days.len()]));
        let moment = opening + TimeDelta::seconds(dice.random_range(-1_800..26_000));
        let as_of = moment.to_rfc3339();
        // The server shows what came later too: a late answer to the slot's question, or one about a
        // session of the past.
        let (shown, now) = match round % 2 {
            0 => (moment + TimeDelta::minutes(7), moment),
            _ => (moment + TimeDelta::days(3), moment + TimeDelta::days(3)),
        };
        set(shown);
        let right = proxy.gather(ticker, &as_of, now, None).await;
        let forecast = said(&right);
        kinds.insert(match &right.quote {
            Ok(quote) if quote.at == right.session.open() => ReferenceKind::Opening.to_string(),
            Ok(_) => ReferenceKind::Quote.to_string(),
            Err(absent) => absent.to_string(),
        });
        for trial in 0..OTHERWISE {
            let seed = (round * OTHERWISE + trial) as u64;
            let otherwise = proxy.gather(ticker, &as_of, now, Some(seed)).await;
            assert_eq!(otherwise.bars, right.bars, "{as_of} {seed}");
            assert_eq!(otherwise.quote, right.quote, "{as_of} {seed}");
            assert_eq!(otherwise, right, "{as_of} {seed}");
            assert_eq!(said(&otherwise), forecast, "{as_of} {seed}");
        }
    }
    println!("{ticker}: {kinds:?}");
    assert!(kinds.contains("quote") && kinds.len() >= 2, "{kinds:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_a_replay_shows_of_later_changes_a_bit() {
    let Some(data) = testing::recorded_data() else {
        return;
    };
    let calendar = Calendar::default();
    let replay = Replay::load(Path::new(&data), &calendar).unwrap();
    let clock = Clock::fixed(at("2021-06-30T00:00:00Z"));
    let market = ServedMarket::replay(replay, Visibility::Until(clock.clone()), calendar);
    let server = Server::bind(Server::loopback(0), market)
        .unwrap()
        .spawn()
        .unwrap();
    let days = ["2021-06-28", "2021-06-30", "2021-07-02", "2021-08-05"];
    trials(server.address(), "AAPL", &days, |now| clock.set(now)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_the_simulated_market_shows_of_later_changes_a_bit() {
    let clock = Clock::fixed(at("2026-03-10T00:00:00Z"));
    let simulated = Simulated::new(SimulatedSettings::new(5), Calendar::default()).unwrap();
    let market = ServedMarket::simulated(simulated, clock.clone());
    let server = Server::bind(Server::loopback(0), market)
        .unwrap()
        .spawn()
        .unwrap();
    let days = ["2026-03-10", "2026-03-12", "2026-06-16", "2026-07-02"];
    trials(server.address(), "NVDA", &days, |now| clock.set(now)).await;
}
