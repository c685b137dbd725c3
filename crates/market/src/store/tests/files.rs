//! The file, its owner, and the news in it.

use super::*;

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
    assert_eq!(error.class(), closecall_protocol::ErrorClass::CannotCreate);
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
            let window = span(start, end);
            let (articles, _) = store.news(&ticker(), window, vec![], None).await.unwrap();
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
            let series = Series::new(Provider::Yahoo, &ticker);
            for _ in 0..5 {
                let bars = vec![bar("2024-06-06", 50.0)];
                let when = at("2024-06-08T10:00:00Z");
                store
                    .put_bars(&series, fetched(bars, &[]), when)
                    .await
                    .unwrap();
            }
        })
    };
    for task in (0..4).map(write).collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn a_store_of_the_first_version_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let raw = rusqlite::Connection::open(dir.path().join("market.db")).unwrap();
    raw.execute_batch(migrations::MIGRATIONS[0]).unwrap();
    raw.execute_batch(
        "INSERT INTO source VALUES (1, 'the live vendors');
         INSERT INTO bars VALUES ('NVDA', '2024-06-06', 1, 3, 0.5, 2, 1.9, 7, 1717800000);
         PRAGMA user_version = 1;",
    )
    .unwrap();
    drop(raw);
    let stored = open(&dir)
        .bars(&series(), day("2024-06-06"), day("2024-06-06"))
        .await
        .unwrap();
    let numbers = Ohlcv {
        open: 1.0,
        high: 3.0,
        low: 0.5,
        close: 2.0,
        adj_close: 1.9,
        volume: 7.0,
    };
    assert_eq!(
        stored.bars,
        [Bar::new("2024-06-06".parse().unwrap(), numbers).unwrap()]
    );
}

#[tokio::test]
async fn a_store_from_before_there_were_several_providers_is_yahoos() {
    let dir = tempfile::tempdir().unwrap();
    let raw = rusqlite::Connection::open(dir.path().join("market.db")).unwrap();
    for step in &migrations::MIGRATIONS[..4] {
        raw.execute_batch(step).unwrap();
    }
    raw.execute_batch(
        "INSERT INTO source VALUES (1, 'the live vendors');
         INSERT INTO bars VALUES ('NVDA', '2024-06-06', 1, 3, 0.5, 2, 1.9, 7, 1717800000);
         INSERT INTO splits VALUES ('NVDA', '2024-06-10', 10);
         INSERT INTO repairs VALUES ('NVDA', '2024-06-06', 'close', 'split', 0.1);
         INSERT INTO intraday_bars VALUES ('NVDA', 1717767000, 1, 2, 2, 2, 2, 5, 1717800000);
         INSERT INTO chart_windows VALUES ('NVDA', 1717200000, 1717800000);
         INSERT INTO news_windows VALUES ('NVDA', 1717200000, 1717800000);
         INSERT INTO chart_questions VALUES ('NVDA', '2024-06-07', 3, 1717800000);
         INSERT INTO unknown_tickers VALUES ('NVDA', 1717800000);
         INSERT INTO breakers VALUES ('yahoo', 'h', 3, 1, 1717800900);
         INSERT INTO quotas VALUES ('alphavantage', '2024-06-07', 25, 1);
         PRAGMA user_version = 4;",
    )
    .unwrap();
    drop(raw);
    let store = open(&dir);
    let covered = span("2024-06-01T00:00:00Z", "2024-06-07T22:40:00Z");
    let stored = store
        .bars(&series(), day("2024-06-01"), day("2024-06-07"))
        .await
        .unwrap();
    assert_eq!(
        (stored.bars.len(), stored.splits.len(), stored.repairs.len()),
        (1, 1, 1)
    );
    let state = store
        .chart_state(&series(), day("2024-06-07"), covered)
        .await
        .unwrap();
    assert_eq!((state.covered, state.asked), (true, 3));
    assert_eq!(state.unknown_at, Some(covered.end));
    assert_eq!(store.news_gaps(&ticker(), covered).await.unwrap(), []);
    let breaker = store
        .breaker(EndpointFamily::YahooChart, "h".to_owned())
        .await;
    assert_eq!(breaker.unwrap().openings, 1);
    assert!(store.quota("alphavantage").await.unwrap().spent);
    let session = SessionTimes::new(at("2024-06-07T13:30:00Z"), at("2024-06-07T20:00:00Z"));
    let inside = store.intraday(&series(), session.unwrap()).await.unwrap();
    assert_eq!(inside.rows.len(), 1);
}
