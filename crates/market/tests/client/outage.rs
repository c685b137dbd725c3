//! Vendors down: the store answers, with the age of what it has, while that is recent enough.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use closecall_market::{Error, MarketSettings};
use closecall_protocol::{ErrorClass, Reason};
use serde_json::json;

use crate::support::{
    AS_OF, Reply, Scripted, article, at, chart, gather, good, market, market_at, sessions,
    settings, titles,
};

/// A vendor with some news, and a switch that takes it down.
async fn switchable() -> (Scripted, Arc<AtomicBool>) {
    let down = Arc::<AtomicBool>::default();
    let switch = Arc::clone(&down);
    let vendor = Scripted::start(move |target, _| {
        if switch.load(Ordering::SeqCst) {
            return Reply::text(503, "text/html", "<html>Will be right back</html>");
        }
        if target.starts_with("/query") {
            let feed = [
                article("20230629T120000", "one"),
                article("20230630T120000", "two"),
            ];
            return Reply::json(&json!({"items": "2", "feed": feed}));
        }
        good(target)
    })
    .await;
    (vendor, down)
}

fn of(vendor: &Scripted) -> MarketSettings {
    settings(&vendor.url(), &vendor.url())
}

#[tokio::test]
async fn a_day_without_vendors_is_answered_from_the_store_with_its_age() {
    let (vendor, down) = switchable().await;
    let dir = tempfile::tempdir().unwrap();
    let before = gather(&market(&of(&vendor), dir.path()), AS_OF)
        .await
        .unwrap();
    assert_eq!(
        (before.bars.len(), titles(&before)),
        (205, vec!["one", "two"])
    );
    down.store(true, Ordering::SeqCst);
    let during = gather(&market(&of(&vendor), dir.path()), AS_OF)
        .await
        .unwrap();
    assert_eq!(during, before);
    // The same a week later: four sessions more have closed, and the data keep their age.
    let later = "2023-07-07T14:00:00Z";
    let week = gather(&market_at(&of(&vendor), dir.path(), later), later)
        .await
        .unwrap();
    assert_eq!(sessions(&week).last().unwrap(), "2023-06-29");
    assert_eq!(
        (week.target.to_string().as_str(), week.fetched_at),
        ("2023-07-07", at(AS_OF))
    );
}

#[tokio::test]
async fn prices_older_than_allowed_are_unavailable() {
    let (vendor, down) = switchable().await;
    let dir = tempfile::tempdir().unwrap();
    gather(&market(&of(&vendor), dir.path()), AS_OF)
        .await
        .unwrap();
    down.store(true, Ordering::SeqCst);
    // 2023-06-30 and the 3rd, 5th, 6th, 7th and 10th of July have closed by then.
    let later = "2023-07-11T14:00:00Z";
    let error = gather(&market_at(&of(&vendor), dir.path(), later), later)
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            Error::Stale {
                sessions: 6,
                limit: 5,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(
        (error.class(), error.reason()),
        (ErrorClass::Unavailable, Some(Reason::Unavailable))
    );
    assert_eq!(error.class(), ErrorClass::Unavailable);
    let mut patient = of(&vendor);
    patient.market.max_age = 6;
    gather(&market_at(&patient, dir.path(), later), later)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_vendor_that_lags_behind_is_not_taken_for_up_to_date() {
    let vendor = Scripted::start(|target, _| match target.starts_with("/v8/") {
        true => Reply::json(&chart("AAPL", "2022-08-20", "2023-06-20")),
        false => good(target),
    })
    .await;
    let dir = tempfile::tempdir().unwrap();
    let error = gather(&market(&of(&vendor), dir.path()), AS_OF)
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            Error::Stale {
                sessions: 7,
                fault: None,
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn trouble_with_news_never_stops_a_forecast() {
    let quota = json!({"Information": "our standard API rate limit is 25 requests per day"});
    let inputs = json!({"Information": "Invalid inputs. Please refer to the documentation"});
    for reply in [
        Reply::json(&quota),
        Reply::json(&inputs),
        Reply::json(&json!({})),
        Reply::text(200, "text/html", "<html>"),
        Reply::text(429, "text/plain", "Too Many Requests"),
        Reply::text(500, "text/plain", "x"),
        Reply::Raw(Vec::new()),
        Reply::Whole(
            302,
            "location: http://127.0.0.1:9/x\r\n".to_owned(),
            Vec::new(),
        ),
    ] {
        let vendor = Scripted::start(move |target, _| match target.starts_with("/query") {
            true => reply.clone(),
            false => good(target),
        })
        .await;
        let dir = tempfile::tempdir().unwrap();
        let scraped = gather(&market(&of(&vendor), dir.path()), AS_OF)
            .await
            .unwrap();
        assert_eq!((scraped.bars.len(), scraped.articles.len()), (205, 0));
    }
}

#[tokio::test]
async fn without_a_key_the_vendors_own_host_is_not_asked() {
    let vendor = Scripted::start(|target, _| good(target)).await;
    let dir = tempfile::tempdir().unwrap();
    let mut settings = of(&vendor);
    // Nothing listens there, and no name is looked up: a request would be counted.
    settings.alphavantage.base_url = "http://www.alphavantage.co:9".to_owned();
    let market = market(&settings, dir.path());
    let scraped = gather(&market, AS_OF).await.unwrap();
    assert_eq!((scraped.bars.len(), scraped.articles.len()), (205, 0));
    assert_eq!(
        market.stats().total(closecall_market::Vendor::Alphavantage),
        0
    );
}
