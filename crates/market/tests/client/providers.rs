//! The chain of providers: each gives the same prices, the next stands in for one that cannot be
//! used, and what does not agree is not taken.

use std::path::Path;

use closecall_calendar::{Calendar, Clock};
use closecall_market::{DataSource, Error, FilesSettings, Market, MarketSettings};
use closecall_market_server::{
    FaultScript, RunningServer, ServedMarket, Server, Simulated, SimulatedSettings,
};
use closecall_protocol::{MarketScraped, Provider, Reason};

use crate::support::{AS_OF, at, gather, settings};

/// A simulated market of all vendors at [`AS_OF`], which misbehaves by a script.
fn market_server(faults: &[&str], now: &str) -> RunningServer {
    let simulated = Simulated::new(SimulatedSettings::new(3), Calendar::default()).unwrap();
    let market = ServedMarket::simulated(simulated, Clock::fixed(at(now)));
    Server::bind(Server::loopback(0), market)
        .unwrap()
        .with_faults(FaultScript::parse(faults).unwrap())
        .spawn()
        .unwrap()
}

/// A chain at a market server, with keys for all of it.
fn chain(server: &RunningServer, providers: &[Provider]) -> MarketSettings {
    let url = format!("http://{}", server.address());
    let mut settings = settings(&url, &url);
    settings.prices.providers = providers.to_vec();
    settings.alpaca.base_url = url.clone();
    settings.alpaca.key_id = Some("CANARY-ID".into());
    settings.alpaca.secret_key = Some("CANARY-SECRET".into());
    settings.tiingo.base_url = url;
    settings.tiingo.api_key = Some("CANARY-TOKEN".into());
    settings
}

fn open(settings: &MarketSettings, dir: &Path, now: &str) -> Market {
    let source = DataSource::Replay {
        address: "the test's vendors".to_owned(),
    };
    let clock = Clock::fixed(at(now));
    Market::open(settings, &source, dir, Calendar::default(), clock).unwrap()
}

async fn gathered(settings: &MarketSettings, dir: &Path, now: &str) -> MarketScraped {
    gather(&open(settings, dir, now), now).await.unwrap()
}

/// Closes in cents.
fn closes(scraped: &MarketScraped) -> Vec<i64> {
    let cents = |close: f64| (close * 100.0).round() as i64;
    scraped.bars.iter().map(|bar| cents(bar.close())).collect()
}

const ALL: [Provider; 3] = [Provider::Yahoo, Provider::Alpaca, Provider::Tiingo];

#[tokio::test]
async fn every_provider_gives_the_same_bars_and_the_same_price_of_the_moment() {
    let server = market_server(&[], AS_OF);
    let mut answers = Vec::new();
    for provider in ALL {
        let dir = tempfile::tempdir().unwrap();
        let scraped = gathered(&chain(&server, &[provider]), dir.path(), AS_OF).await;
        let quote = scraped.quote.unwrap();
        assert_eq!((scraped.provider, quote.source), (provider, provider));
        assert!(!scraped.provider_switched);
        answers.push((closes(&scraped), (quote.price * 100.0).round(), quote.at));
    }
    assert_eq!(answers[0].0.len(), 205);
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:?}"
    );
}

#[tokio::test]
async fn the_next_provider_stands_in_and_the_change_is_marked_once() {
    let dir = tempfile::tempdir().unwrap();
    let (friday, monday) = (AS_OF, "2023-07-03T14:00:00Z");
    let healthy = market_server(&[], friday);
    let before = gathered(&chain(&healthy, &ALL), dir.path(), friday).await;
    assert_eq!(before.provider, Provider::Yahoo);
    let down = market_server(&["chart:status=429"], monday);
    let during = chain(&down, &ALL);
    let first = gathered(&during, dir.path(), monday).await;
    assert_eq!(
        (first.provider, first.provider_switched),
        (Provider::Alpaca, true)
    );
    assert_eq!(first.quote.unwrap().source, Provider::Alpaca);
    assert_eq!(
        first.bars.last().unwrap().session().to_string(),
        "2023-06-30"
    );
    let again = gathered(&during, dir.path(), monday).await;
    assert_eq!(
        (again.provider, again.provider_switched),
        (Provider::Alpaca, false)
    );
    // Yahoo is asked again when a quarter of an hour is over.
    let later = "2023-07-03T14:18:00Z";
    let up = market_server(&[], later);
    let back = gathered(&chain(&up, &ALL), dir.path(), later).await;
    assert_eq!(
        (back.provider, back.provider_switched),
        (Provider::Yahoo, true)
    );
    // Both histories are kept, each under its name.
    assert_eq!(closes(&first), closes(&back));
}

#[tokio::test]
async fn each_provider_killed_in_turn_the_next_ones_name_is_in_the_scrape() {
    for (dead, stands_in) in [
        (&["chart:status=503"][..], Provider::Alpaca),
        (&["chart:hang", "alpaca:status=403"], Provider::Tiingo),
        (&["chart:html", "alpaca:garbage"], Provider::Tiingo),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let server = market_server(dead, AS_OF);
        let scraped = gathered(&chain(&server, &ALL), dir.path(), AS_OF).await;
        assert_eq!(scraped.provider, stands_in, "{dead:?}");
        assert_eq!(scraped.quote.unwrap().source, stands_in, "{dead:?}");
    }
}

#[tokio::test]
async fn all_of_them_dead_the_store_answers_with_its_age_and_without_one_each_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let faults = ["chart:status=503", "alpaca:status=500", "tiingo:status=429"];
    let later = "2023-07-03T14:00:00Z";
    let dead = market_server(&faults, later);
    let empty = gather(&open(&chain(&dead, &ALL), dir.path(), later), later).await;
    let error = empty.unwrap_err();
    assert_eq!(error.reason(), Some(Reason::Unavailable));
    let text = error.to_string();
    for part in [
        "yahoo cannot be used",
        "alpaca cannot be used",
        "tiingo cannot be used",
    ] {
        assert!(text.contains(part), "{text}");
    }
    assert!(matches!(error, Error::Unavailable { .. }));
    let healthy = market_server(&[], AS_OF);
    let dir = tempfile::tempdir().unwrap();
    gathered(&chain(&healthy, &ALL), dir.path(), AS_OF).await;
    let stored = gathered(&chain(&dead, &ALL), dir.path(), later).await;
    assert_eq!(
        (stored.provider, stored.fetched_at),
        (Provider::Yahoo, at(AS_OF))
    );
    assert!(stored.quote.is_err());
}

#[tokio::test]
async fn a_provider_whose_closes_differ_is_not_taken() {
    let dir = tempfile::tempdir().unwrap();
    let healthy = market_server(&[], AS_OF);
    let yahoo = gathered(&chain(&healthy, &ALL), dir.path(), AS_OF).await;
    // Of another seed, so another market.
    let other = Simulated::new(SimulatedSettings::new(4), Calendar::default()).unwrap();
    let later = "2023-07-03T14:00:00Z";
    let other = ServedMarket::simulated(other, Clock::fixed(at(later)));
    let other = Server::bind(Server::loopback(0), other).unwrap();
    let script = FaultScript::parse(["chart:status=503"]).unwrap();
    let other = other.with_faults(script).spawn().unwrap();
    let scraped = gathered(&chain(&other, &ALL), dir.path(), later).await;
    assert_eq!(
        (scraped.provider, scraped.provider_switched),
        (Provider::Yahoo, false)
    );
    assert_eq!(closes(&scraped).last(), closes(&yahoo).last());
}

#[tokio::test]
async fn a_folder_of_files_is_a_provider_like_the_others() {
    let server = market_server(&["chart:status=503"], AS_OF);
    let healthy = market_server(&[], AS_OF);
    let dir = tempfile::tempdir().unwrap();
    let online = gathered(&chain(&healthy, &[Provider::Yahoo]), dir.path(), AS_OF).await;
    let folder = tempfile::tempdir().unwrap();
    let mut text =
        "Price,Close,High,Low,Open,Volume\nTicker,AAPL,AAPL,AAPL,AAPL,AAPL\nDate,,,,,\n".to_owned();
    for bar in online.bars.iter() {
        let close = bar.close();
        text.push_str(&format!(
            "{},{close},{close},{close},{close},1000\n",
            bar.session()
        ));
    }
    let path = folder.path().join("AAPL.csv");
    std::fs::write(&path, &text).unwrap();
    let mut settings = chain(&server, &[Provider::Yahoo, Provider::Files]);
    settings.files = FilesSettings {
        folder: Some(folder.path().to_owned()),
    };
    let dir = tempfile::tempdir().unwrap();
    let scraped = gathered(&settings, dir.path(), AS_OF).await;
    assert_eq!(scraped.provider, Provider::Files);
    assert_eq!(closes(&scraped), closes(&online));
    assert!(scraped.quote.is_err(), "files hold no price of the moment");
    // A file that is none is refused by its line.
    std::fs::write(&path, format!("{text}2023-06-29,x,1,1,1,1\n")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let error = gather(&open(&settings, dir.path(), AS_OF), AS_OF)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("AAPL.csv, line 209: close is \"x\""),
        "{error}"
    );
}

/// Files cost no request: one that is put there or corrected counts from the next pick on.
#[tokio::test]
async fn a_file_is_read_at_every_pick() {
    let healthy = market_server(&[], AS_OF);
    let dir = tempfile::tempdir().unwrap();
    let online = gathered(&chain(&healthy, &[Provider::Yahoo]), dir.path(), AS_OF).await;
    let folder = tempfile::tempdir().unwrap();
    let mut settings = chain(&healthy, &[Provider::Files]);
    settings.files.folder = Some(folder.path().to_owned());
    let dir = tempfile::tempdir().unwrap();
    let market = open(&settings, dir.path(), AS_OF);
    let missing = gather(&market, AS_OF).await.unwrap_err().to_string();
    assert!(missing.contains("no AAPL.csv in files.folder"), "{missing}");

    let mut text = "Date,Open,High,Low,Close,Volume\n".to_owned();
    for bar in online.bars.iter() {
        let close = bar.close();
        text += &format!("{},{close},{close},{close},{close},1000\n", bar.session());
    }
    let path = folder.path().join("AAPL.csv");
    std::fs::write(&path, &text).unwrap();
    assert_eq!(
        closes(&gather(&market, AS_OF).await.unwrap()),
        closes(&online)
    );

    let last = online.bars.last().unwrap().close();
    let row = text.lines().last().unwrap();
    let corrected = row.replace(&last.to_string(), &(last + 1.0).to_string());
    std::fs::write(&path, text.replace(row, &corrected)).unwrap();
    let closes = closes(&gather(&market, AS_OF).await.unwrap());
    assert_eq!(
        closes.last().copied(),
        Some(((last + 1.0) * 100.0).round() as i64)
    );
}

#[tokio::test]
async fn a_market_server_is_not_stood_in_for_by_the_real_market() {
    let server = market_server(&["chart:status=503"], AS_OF);
    let mut settings = chain(&server, &[Provider::Yahoo, Provider::Alpaca]);
    settings.alpaca.base_url = "https://data.alpaca.markets".to_owned();
    let dir = tempfile::tempdir().unwrap();
    let error = gather(&open(&settings, dir.path(), AS_OF), AS_OF)
        .await
        .unwrap_err()
        .to_string();
    assert!(!error.contains("alpaca"), "{error}");
}
