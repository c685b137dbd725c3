//! Nothing from after the as-of time is known, whatever a server shows.

use closecall_market::MarketSettings;
use serde_json::json;

use crate::support::{
    AS_OF, Reply, Scripted, article, gather, good, market, market_at, sessions, settings, titles,
};

/// Shows bars to 2023-07-10 and articles to 2023-07-05, whatever is asked.
async fn tells_the_future() -> (Scripted, MarketSettings) {
    let vendor = Scripted::start(|target, _| {
        if !target.starts_with("/query") {
            return good(target);
        }
        let feed = [
            article("20220902T195959", "before the window"),
            article("20220902T200000", "first"),
            article("20230630T140000", "now"),
            article("20230630T140001", "a second late"),
            article("20230705T120000", "days late"),
        ];
        Reply::json(&json!({"items": "5", "feed": feed}))
    })
    .await;
    let settings = settings(&vendor.url(), &vendor.url());
    (vendor, settings)
}

#[tokio::test]
async fn bars_and_articles_from_later_do_not_exist() {
    let (_vendor, settings) = tells_the_future().await;
    let dir = tempfile::tempdir().unwrap();
    // The clock is far ahead: the as-of time decides.
    let scraped = gather(
        &market_at(&settings, dir.path(), "2026-01-01T00:00:00Z"),
        AS_OF,
    )
    .await
    .unwrap();
    let sessions = sessions(&scraped);
    assert_eq!((sessions.len(), sessions[0].as_str()), (205, "2022-09-06"));
    assert_eq!(sessions.last().unwrap(), "2023-06-29");
    assert_eq!(scraped.target.to_string(), "2023-06-30");
    assert_eq!(titles(&scraped), ["first", "now"]);
}

#[tokio::test]
async fn the_bar_of_a_session_counts_from_when_its_official_close_is_known() {
    let (_vendor, settings) = tells_the_future().await;
    for (as_of, newest, target) in [
        ("2023-06-30T19:59:59Z", "2023-06-29", "2023-06-30"),
        ("2023-06-30T20:19:59Z", "2023-06-29", "2023-07-03"),
        ("2023-06-30T20:20:00Z", "2023-06-30", "2023-07-03"),
        // A half day.
        ("2023-07-03T16:59:59Z", "2023-06-30", "2023-07-03"),
        ("2023-07-03T17:19:59Z", "2023-06-30", "2023-07-05"),
        ("2023-07-03T17:20:00Z", "2023-07-03", "2023-07-05"),
        // A weekend.
        ("2023-07-01T12:00:00Z", "2023-06-30", "2023-07-03"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let market = market_at(&settings, dir.path(), "2026-01-01T00:00:00Z");
        let scraped = gather(&market, as_of).await.unwrap();
        assert_eq!(sessions(&scraped).last().unwrap(), newest, "{as_of}");
        assert_eq!(scraped.target.to_string(), target, "{as_of}");
    }
}

#[tokio::test]
async fn an_as_of_time_ahead_of_the_clock_shows_no_more_than_the_clock() {
    let (_vendor, settings) = tells_the_future().await;
    let dir = tempfile::tempdir().unwrap();
    let scraped = gather(&market(&settings, dir.path()), "2023-07-01T12:00:00Z")
        .await
        .unwrap();
    assert_eq!(sessions(&scraped).last().unwrap(), "2023-06-29");
    assert_eq!(titles(&scraped), ["first", "now"]);
}

#[tokio::test]
async fn an_earlier_as_of_gives_what_a_fresh_store_gives() {
    let (_vendor, settings) = tells_the_future().await;
    let (used, fresh) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let now = "2023-07-05T14:00:00Z";
    let store = market_at(&settings, used.path(), now);
    let late = gather(&store, now).await.unwrap();
    // The first has left the window by then.
    assert_eq!(titles(&late), ["now", "a second late", "days late"]);
    let early = gather(&store, AS_OF).await.unwrap();
    let alone = gather(&market_at(&settings, fresh.path(), now), AS_OF)
        .await
        .unwrap();
    assert_eq!(early, alone);
    assert_eq!(gather(&store, now).await.unwrap(), late);
}
