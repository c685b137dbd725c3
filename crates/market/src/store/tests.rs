use chrono::{DateTime, NaiveDate, Utc};
use closecall_protocol::{Article, Bar, Ohlcv, Ticker};

use super::*;
use crate::alphavantage::NewsItem;
use crate::error::Error;
use crate::source::DataSource;
use crate::yahoo::Split;

fn ticker() -> Ticker {
    Ticker::new("NVDA").unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn bar(session: &str, close: f64) -> Bar {
    let (open, high, low) = (close, close * 1.01, close * 0.99);
    let quote = Ohlcv {
        open,
        high,
        low,
        close,
        adj_close: close,
        volume: 1e6,
    };
    Bar::new(session.parse().unwrap(), quote).unwrap()
}

fn news(published: &str, title: &str, url: Option<&str>) -> NewsItem {
    let article = Article::new(at(published), title, None, url, None).unwrap();
    NewsItem {
        article,
        relevance: Some(0.5),
        vendor_score: None,
    }
}

fn open(dir: &tempfile::TempDir) -> Store {
    Store::open(dir.path(), &DataSource::Live).unwrap()
}

async fn closes(store: &Store) -> Vec<f64> {
    let stored = store
        .bars(&ticker(), day("2000-01-01"), day("2100-01-01"))
        .await
        .unwrap();
    stored.bars.iter().map(|bar| bar.close()).collect()
}

fn span(start: &str, end: &str) -> Span {
    Span {
        start: at(start),
        end: at(end),
    }
}

#[tokio::test]
async fn what_was_stored_is_read_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let bars = vec![bar("2024-06-06", 120.0), bar("2024-06-07", 121.0)];
    let fetched = at("2024-06-08T10:00:00Z");
    open(&dir)
        .put_bars(&ticker(), bars.clone(), vec![], fetched)
        .await
        .unwrap();
    let stored = open(&dir)
        .bars(&ticker(), day("2024-06-06"), day("2024-06-07"))
        .await
        .unwrap();
    assert_eq!((stored.bars, stored.fetched_at), (bars, Some(fetched)));
    let amd = Ticker::new("AMD").unwrap();
    let store = open(&dir);
    let other = store.bars(&amd, day("2024-06-06"), day("2024-06-07"));
    assert_eq!(other.await.unwrap(), StoredBars::default());
}

#[test]
fn a_store_takes_data_of_one_source_only() {
    let dir = tempfile::tempdir().unwrap();
    let simulated = DataSource::Simulated { seed: 7 };
    Store::open(dir.path(), &simulated).unwrap();
    Store::open(dir.path(), &simulated).unwrap();
    let other_seed = DataSource::Simulated { seed: 8 };
    let replay = DataSource::Replay {
        address: "http://127.0.0.1:1/".to_owned(),
    };
    for other in [DataSource::Live, other_seed, replay] {
        let error = Store::open(dir.path(), &other).unwrap_err();
        assert!(matches!(error, Error::OtherSource { .. }), "{error}");
        assert!(error.to_string().contains("seed 7"), "{error}");
    }
}

#[test]
fn folders_and_files_that_cannot_be_used_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let error = Store::open(&file, &DataSource::Live).unwrap_err();
    assert!(
        matches!(error, Error::Store { action: "open", .. }),
        "{error}"
    );
    std::fs::write(
        dir.path().join("market.db"),
        "this is no database, and long enough",
    )
    .unwrap();
    let error = Store::open(dir.path(), &DataSource::Live).unwrap_err();
    assert!(error.to_string().contains("market.db"), "{error}");
    assert_eq!(error.failure(), crate::MarketFailure::CannotCreate);
}

#[test]
fn a_store_of_a_newer_build_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(&dir));
    let raw = rusqlite::Connection::open(dir.path().join("market.db")).unwrap();
    raw.pragma_update(None, "user_version", 99).unwrap();
    let error = Store::open(dir.path(), &DataSource::Live).unwrap_err();
    assert!(error.to_string().contains("version 99"), "{error}");
}

#[tokio::test]
async fn a_split_brings_older_prices_to_its_basis() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let before = ["2024-06-05", "2024-06-06", "2024-06-07"].map(|date| bar(date, 1_200.0));
    let early = at("2024-06-08T10:00:00Z");
    store
        .put_bars(&ticker(), before.to_vec(), vec![], early)
        .await
        .unwrap();
    let after = [
        ("2024-06-06", 120.0),
        ("2024-06-07", 120.0),
        ("2024-06-10", 121.0),
    ]
    .map(|(date, close)| bar(date, close));
    let split = Split {
        date: day("2024-06-10"),
        ratio: 10.0,
    };
    let late = at("2024-06-11T10:00:00Z");
    let basis = store
        .put_bars(&ticker(), after.to_vec(), vec![split], late)
        .await
        .unwrap();
    assert_eq!(basis, Basis::Split { ratio: 10.0 });
    assert_eq!(closes(&store).await, [120.0, 120.0, 120.0, 121.0]);
    // The older bar keeps the time at which it was fetched, and its turnover.
    let oldest = store
        .bars(&ticker(), day("2024-06-05"), day("2024-06-05"))
        .await
        .unwrap();
    assert_eq!(
        (oldest.fetched_at, oldest.bars[0].volume().unwrap()),
        (Some(early), 1e7)
    );
    let again = store
        .put_bars(&ticker(), after.to_vec(), vec![split], late)
        .await
        .unwrap();
    assert_eq!(again, Basis::Same);
}

#[tokio::test]
async fn a_revision_that_no_split_explains_is_told_and_the_newest_kept() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let day = |close| vec![bar("2024-06-06", 50.0), bar("2024-06-07", close)];
    let when = at("2024-06-08T10:00:00Z");
    store
        .put_bars(&ticker(), day(60.0), vec![], when)
        .await
        .unwrap();
    let split = Split {
        date: "2024-06-07".parse().unwrap(),
        ratio: 2.0,
    };
    let basis = store
        .put_bars(&ticker(), day(30.0), vec![split], when)
        .await
        .unwrap();
    assert_eq!(basis, Basis::Revised { sessions: 1, of: 2 });
    assert_eq!(closes(&store).await, [50.0, 30.0]);
}

#[tokio::test]
async fn an_article_is_kept_once_as_it_was_first_seen() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let url = Some("https://example.com/1");
    let nothing = span("2024-06-07T00:00:00Z", "2024-06-07T00:00:00Z");
    let first = vec![
        news("2024-06-07T12:00:00Z", "Chips rise", url),
        news("2024-06-07T11:00:00Z", "No address", None),
        news("2024-06-07T11:00:00Z", "No address", None),
        news("2024-06-07T11:30:00Z", "No address", None),
    ];
    let edited = vec![
        news("2024-06-07T12:00:00Z", "Chips crash (edited)", url),
        news("2024-06-07T15:00:00Z", "Chips rise, again", url),
    ];
    let seen = at("2024-06-07T16:00:00Z");
    store
        .put_news(&ticker(), first, nothing, seen)
        .await
        .unwrap();
    store
        .put_news(&ticker(), edited, nothing, seen)
        .await
        .unwrap();
    let titles = |start, end| {
        let store = store.clone();
        async move {
            let articles = store.articles(&ticker(), span(start, end)).await.unwrap();
            articles
                .into_iter()
                .map(|article| article.title)
                .collect::<Vec<_>>()
        }
    };
    let day = titles("2024-06-07T00:00:00Z", "2024-06-08T00:00:00Z").await;
    assert_eq!(day, ["No address", "No address", "Chips rise"]);
    // What a window sees does not depend on what another one saw before.
    let late = titles("2024-06-07T13:00:00Z", "2024-06-08T00:00:00Z").await;
    assert_eq!(late, ["Chips rise, again"]);
}

#[tokio::test]
async fn known_spans_join_and_survive() {
    let dir = tempfile::tempdir().unwrap();
    let mark = |start, end| {
        let (store, span) = (open(&dir), span(start, end));
        async move {
            store
                .put_news(&ticker(), vec![], span, span.end)
                .await
                .unwrap()
        }
    };
    mark("2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z").await;
    mark("2024-01-04T00:00:00Z", "2024-01-05T00:00:00Z").await;
    mark("2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z").await;
    let window = span("2024-01-01T00:00:00Z", "2024-01-06T00:00:00Z");
    let gaps = open(&dir).news_gaps(&ticker(), window).await.unwrap();
    let expected = [
        span("2024-01-03T00:00:00Z", "2024-01-04T00:00:00Z"),
        span("2024-01-05T00:00:00Z", "2024-01-06T00:00:00Z"),
    ];
    assert_eq!(gaps, expected);
    mark("2024-01-02T12:00:00Z", "2024-01-05T12:00:00Z").await;
    let gaps = open(&dir).news_gaps(&ticker(), window).await.unwrap();
    assert_eq!(gaps, [span("2024-01-05T12:00:00Z", "2024-01-06T00:00:00Z")]);
}

#[tokio::test]
async fn several_stores_write_one_file_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let write = |number: u32| {
        let store = open(&dir);
        tokio::spawn(async move {
            let ticker = Ticker::new(&format!("T{number}")).unwrap();
            for _ in 0..5 {
                let bars = vec![bar("2024-06-06", 50.0)];
                let when = at("2024-06-08T10:00:00Z");
                store.put_bars(&ticker, bars, vec![], when).await.unwrap();
            }
        })
    };
    for task in (0..4).map(write).collect::<Vec<_>>() {
        task.await.unwrap();
    }
}
