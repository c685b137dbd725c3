//! The market server's recorded and simulated markets: what the client makes of them.

use std::path::Path;

use closecall_calendar::{Calendar, Clock};
use closecall_market_server::{
    Replay, RunningServer, ServedMarket, Server, Simulated, SimulatedSettings, Visibility,
};

use crate::support::{AS_OF, at, gather, market_at, sessions, settings, titles};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");

fn serve(directory: &Path, visibility: Visibility) -> RunningServer {
    let calendar = Calendar::default();
    let replay = Replay::load(directory, &calendar).unwrap();
    start(ServedMarket::replay(replay, visibility, calendar))
}

fn start(market: ServedMarket) -> RunningServer {
    Server::bind(Server::loopback(0), market)
        .unwrap()
        .spawn()
        .unwrap()
}

/// The number of recorded articles that a window from its first session's news on holds.
fn recorded_articles(ticker: &str, from: &str, to: &str) -> usize {
    let mut reader = csv::Reader::from_path(format!("{DATA}/news/{ticker}.csv")).unwrap();
    let times = reader.records().map(|record| record.unwrap()[0].to_owned());
    times
        .filter(|time| (from..=to).contains(&time.as_str()))
        .count()
}

#[tokio::test]
async fn the_recorded_window_comes_whole_whatever_the_server_shows() {
    if testing::recorded_data().is_none() {
        return;
    }
    let clock = Visibility::Until(Clock::fixed(at(AS_OF)));
    let servers = [Visibility::Everything, clock].map(|shown| serve(Path::new(DATA), shown));
    let mut results = Vec::new();
    for server in &servers {
        let url = format!("http://{}", server.address());
        let dir = tempfile::tempdir().unwrap();
        let market = market_at(&settings(&url, &url), dir.path(), "2026-11-23T12:00:00Z");
        results.push(gather(&market, AS_OF).await.unwrap());
    }
    let scraped = &results[0];
    let sessions = sessions(scraped);
    assert_eq!(
        (sessions.len(), sessions.last().unwrap().as_str()),
        (205, "2023-06-29")
    );
    assert_eq!((scraped.bars[204].close() * 100.0).round(), 18_959.0);
    let expected = recorded_articles("AAPL", "20220902T200000", "20230630T140000");
    assert_eq!(titles(scraped).len(), expected);
    assert!(expected > 5_000, "{expected}");
    assert_eq!(results[0].articles, results[1].articles);
    assert_eq!(results[0].bars, results[1].bars);
}

#[tokio::test]
async fn the_simulated_market_is_whole_on_any_day() {
    // A trading day, a weekend, a half day, a holiday, and the night after a clock change.
    for as_of in [
        "2026-11-23T15:00:00Z",
        "2026-11-22T15:00:00Z",
        "2026-11-27T18:30:00Z",
        "2026-12-25T15:00:00Z",
        "2027-03-14T07:30:00Z",
    ] {
        let calendar = Calendar::default();
        let simulated = Simulated::new(SimulatedSettings::new(7), calendar.clone()).unwrap();
        let server = start(ServedMarket::simulated(simulated, Clock::fixed(at(as_of))));
        let url = format!("http://{}", server.address());
        let dir = tempfile::tempdir().unwrap();
        let market = market_at(&settings(&url, &url), dir.path(), as_of);
        let scraped = gather(&market, as_of).await.unwrap();
        let last = calendar.last_closed(at(as_of)).date;
        let first = scraped.bars[0].session().date();
        assert_eq!(
            scraped.bars.len(),
            calendar.sessions(first, last).count(),
            "{as_of}"
        );
        assert!(scraped.bars.len() > 200, "{as_of}: {}", scraped.bars.len());
        assert!(
            scraped.articles.len() > 200,
            "{as_of}: {}",
            scraped.articles.len()
        );
        assert_eq!(scraped.target.date(), calendar.target(at(as_of)).date);
    }
}
