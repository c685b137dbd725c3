//! A day of picks by script: few requests for news, an outage of the first provider inside the
//! session, a restart in the middle of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use closecall_calendar::{Calendar, Clock};
use closecall_market::{DataSource, EndpointFamily, Market, MarketSettings};
use closecall_market_server::{
    FaultScript, RunningServer, ServedMarket, Server, Simulated, SimulatedSettings,
};
use closecall_protocol::{MarketScraped, Pick, PickId, PickReason, Provider, Ticker, TickerPicked};

use crate::support::{at, settings};

const TICKERS: [&str; 10] = [
    "AAPL", "MSFT", "NVDA", "AMZN", "GOOG", "META", "TSLA", "TSM", "NFLX", "PG",
];
const MIDNIGHT: &str = "2023-06-29T00:00:00Z";
const PICKS: i64 = 480;
/// Three hours inside the session.
const OUTAGE: (&str, &str) = ("2023-06-29T14:30:00Z", "2023-06-29T17:30:00Z");
const SCRIPT: [&str; 2] = [
    "chart:status=429:between=20230629T1430,20230629T1730",
    "news:quota=25",
];

/// The pick of a slot: any of the ten, by the slot's own number.
fn picked(slot: DateTime<Utc>) -> TickerPicked {
    let number = slot.timestamp() as u64 / 180;
    let drawn = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    let ticker = Ticker::new(TICKERS[(drawn % 10) as usize]).unwrap();
    TickerPicked {
        pick: Pick {
            pick_id: PickId::of_slot(7, slot, &ticker),
            ticker,
            slot,
            expires_at: None,
            reason: PickReason::Schedule,
        },
    }
}

fn open(settings: &MarketSettings, dir: &std::path::Path, clock: &Clock) -> Market {
    let source = DataSource::Replay {
        address: "the test's vendors".to_owned(),
    };
    Market::open(settings, &source, dir, Calendar::default(), clock.clone())
        .unwrap()
        .for_tickers(TICKERS.len())
}

/// Age of the news of each ticker at a moment.
fn news_ages(dir: &std::path::Path, now: DateTime<Utc>) -> BTreeMap<String, TimeDelta> {
    let store = rusqlite::Connection::open(dir.join("market.db")).unwrap();
    let mut query = store
        .prepare("SELECT ticker, answered_at FROM news_questions")
        .unwrap();
    let rows = query
        .query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))
        .unwrap();
    rows.map(|row| {
        let (ticker, at) = row.unwrap();
        (ticker, now - DateTime::from_timestamp(at, 0).unwrap())
    })
    .collect()
}

/// A server by the script, and the settings of a key with few requests at it.
fn limited(clock: &Clock) -> (RunningServer, MarketSettings) {
    let simulated = Simulated::new(SimulatedSettings::new(5), Calendar::default()).unwrap();
    let server = Server::bind(
        Server::loopback(0),
        ServedMarket::simulated(simulated, clock.clone()),
    )
    .unwrap()
    .with_faults(FaultScript::parse(SCRIPT).unwrap())
    .spawn()
    .unwrap();
    let url = format!("http://{}", server.address());
    let mut settings = settings(&url, &url);
    settings.alpaca.base_url = url;
    settings.alpaca.key_id = Some("ID".into());
    settings.alpaca.secret_key = Some("SECRET".into());
    settings.alphavantage.requests_per_day = Some(25);
    // Enough for twenty common closes; the day is about what is asked, not about old news.
    settings.market.window_days = 45;
    (server, settings)
}

#[tokio::test]
async fn a_day_with_an_outage_and_a_restart_loses_no_pick_and_no_request() {
    let clock = Clock::fixed(at(MIDNIGHT));
    let (server, settings) = limited(&clock);
    let dir = tempfile::tempdir().unwrap();
    let mut market = open(&settings, dir.path(), &clock);
    let (begin, end) = (at(OUTAGE.0), at(OUTAGE.1));
    let (mut during, mut yahoo_after, mut impaired) = (Vec::new(), 0, false);
    let mut asked_before = 0;
    for slot in 0..PICKS {
        let now = at(MIDNIGHT) + TimeDelta::minutes(3 * slot);
        clock.set(now);
        if now == begin {
            asked_before = server.requests().of("daily") + server.requests().of("intraday");
        }
        if now == begin + TimeDelta::minutes(90) {
            drop(market);
            market = open(&settings, dir.path(), &clock);
        }
        let scraped: MarketScraped = market.gather(&picked(now)).await.unwrap();
        let source = scraped.quote.map(|quote| quote.source);
        if (begin..end).contains(&now) {
            during.push(source);
            impaired |= market
                .impairment()
                .is_some_and(|why| why.contains("yahoo chart"));
        } else if now >= end {
            yahoo_after += usize::from(source == Ok(Provider::Yahoo));
        }
    }
    assert_eq!(during.len(), 60);
    assert!(
        during.iter().all(|source| *source == Ok(Provider::Alpaca)),
        "{during:?}"
    );
    assert!(impaired && yahoo_after > 0);
    let calls = server.requests().of("news");
    assert!((20..=25).contains(&calls), "{calls} requests for news");
    let ages = news_ages(dir.path(), at(MIDNIGHT) + TimeDelta::days(1));
    assert_eq!(ages.len(), TICKERS.len());
    let oldest = ages.values().max().unwrap();
    assert!(*oldest <= TimeDelta::hours(12), "{ages:?}");
    // The breaker holds through the restart: a probe each quarter, half and whole hour.
    let asked = server.requests().of("daily") + server.requests().of("intraday");
    assert!(asked > asked_before);
    assert_eq!(market.stats().left_alone(EndpointFamily::YahooChart), 0);
}

/// Two rounds of ten tickers are kept free of what goes into news of the past, however many ask at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn picks_at_once_leave_the_second_round_its_requests() {
    let clock = Clock::fixed(at(MIDNIGHT));
    let (server, settings) = limited(&clock);
    let dir = tempfile::tempdir().unwrap();
    let market = Arc::new(open(&settings, dir.path(), &clock));
    let gathers = TICKERS.map(|ticker| {
        let market = Arc::clone(&market);
        let mut picked = picked(at(MIDNIGHT));
        picked.pick.ticker = Ticker::new(ticker).unwrap();
        tokio::spawn(async move { market.gather(&picked).await.map(|_| ()) })
    });
    for gather in gathers {
        gather.await.unwrap().unwrap();
    }
    assert_eq!(news_ages(dir.path(), at(MIDNIGHT)).len(), TICKERS.len());
    let asked = server.requests().of("news");
    assert!((10..=15).contains(&asked), "{asked} requests for news");
}
