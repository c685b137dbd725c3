//! Back-filling three hundred days of recorded news through the paged interface.

use std::collections::BTreeSet;

use closecall_calendar::{Calendar, Clock, NewsRows};
use closecall_market::{DataSource, Market};
use closecall_market_server::{Replay, ServedMarket, Server, Visibility};
use closecall_protocol::Ticker;

use crate::support::{at, picked, settings};

/// Inside the recorded archives, which begin on 2022-03-01.
const AS_OF: &str = "2023-01-03T15:00:00Z";

#[tokio::test]
async fn three_hundred_days_of_recorded_news_come_whole_and_each_article_once() {
    let Some(folder) = testing::recorded_data() else {
        return;
    };
    let calendar = Calendar::default();
    let replay = Replay::load(&folder, &calendar).unwrap();
    let recorded = ["AAPL", "TSLA"].map(|ticker| {
        let ticker = Ticker::new(ticker).unwrap();
        replay.news(&ticker).to_vec()
    });
    let served = ServedMarket::replay(replay, Visibility::Everything, calendar.clone());
    let server = Server::bind(Server::loopback(0), served)
        .unwrap()
        .spawn()
        .unwrap();
    let url = format!("http://{}", server.address());
    let dir = tempfile::tempdir().unwrap();
    let source = DataSource::Replay {
        address: url.clone(),
    };
    let clock = Clock::fixed(at(AS_OF));
    let settings = settings(&url, &url);
    let market = Market::open(&settings, &source, dir.path(), calendar.clone(), clock).unwrap();
    for (ticker, recorded) in ["AAPL", "TSLA"].into_iter().zip(recorded) {
        let asked = server.requests().of("news");
        let scraped = market.gather(&picked(ticker, AS_OF)).await.unwrap();
        let pages = server.requests().of("news") - asked;
        let sessions: Vec<_> = scraped
            .bars
            .iter()
            .map(|bar| bar.session().date())
            .collect();
        let start = calendar.previous(sessions[0]).close;
        let window = start..=at(AS_OF);
        let identity =
            |article: &closecall_protocol::Article| (article.published, article.title.clone());
        let expected: BTreeSet<_> = recorded
            .iter()
            .filter(|article| window.contains(&article.published))
            .map(identity)
            .collect();
        let came: BTreeSet<_> = scraped.articles.iter().map(identity).collect();
        assert_eq!(came.len(), scraped.articles.len(), "{ticker}: none twice");
        let missing: Vec<_> = expected.difference(&came).take(3).collect();
        assert!(
            missing.is_empty() && came == expected,
            "{ticker}: {missing:?}"
        );
        assert_eq!(pages, came.len() as u64 / 1_000 + 1, "{ticker}");
        // Every session but few has news.
        let target = scraped.target.date();
        let rows = NewsRows::new(&calendar, sessions.iter().copied(), target, at(AS_OF)).unwrap();
        let with_news: BTreeSet<_> = scraped
            .articles
            .iter()
            .filter_map(|article| rows.row_of(article.published))
            .filter(|row| *row < sessions.len())
            .collect();
        let share = with_news.len() as f64 / sessions.len() as f64;
        assert!(share >= 0.99, "{ticker}: {share}");
    }
}
