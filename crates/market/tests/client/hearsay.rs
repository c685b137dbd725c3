//! A vendor's answer is not a fact: other hosts and the store come first, and a word about a ticker
//! holds for a day.

use closecall_market::Error;
use closecall_protocol::{ErrorClass, QuoteAbsent};

use crate::support::{
    AS_OF, Reply, Scripted, charts, gather, good, market, market_at, picked, sessions, settings,
};

fn not_found() -> Reply {
    let body = r#"{"chart":{"result":null,"error":{"code":"Not Found","description":"No data found, symbol may be delisted"}}}"#;
    Reply::text(404, "application/json", body)
}

/// Answers that say nothing for certain about the ticker.
fn hearsay() -> Vec<Reply> {
    vec![
        not_found(),
        Reply::text(404, "text/html", "<html>"),
        Reply::text(403, "text/html", "<html>"),
        Reply::text(429, "text/plain", "Too Many Requests"),
        Reply::text(200, "text/html", "<html>"),
    ]
}

#[tokio::test]
async fn the_other_host_is_asked_before_anything_is_believed() {
    for reply in hearsay() {
        let first = Scripted::start(move |_, _| reply.clone()).await;
        let second = Scripted::start(|target, _| good(target)).await;
        let dir = tempfile::tempdir().unwrap();
        let mut settings = settings(&first.url(), &second.url());
        settings.yahoo.fallback_url = Some(second.url());
        let scraped = gather(&market(&settings, dir.path()), AS_OF).await.unwrap();
        assert_eq!(scraped.bars.len(), 205);
        assert_eq!((charts(&first).len(), charts(&second).len()), (1, 1));
    }
}

#[tokio::test]
async fn a_ticker_that_the_store_knows_is_never_unknown() {
    for reply in hearsay() {
        let vendor = Scripted::start(move |target, before| match before {
            0 | 1 => good(target),
            _ => reply.clone(),
        })
        .await;
        let dir = tempfile::tempdir().unwrap();
        let settings = settings(&vendor.url(), "http://127.0.0.1:9");
        gather(&market(&settings, dir.path()), AS_OF).await.unwrap();
        let next = "2023-07-03T14:00:00Z";
        let later = gather(&market_at(&settings, dir.path(), next), next)
            .await
            .unwrap();
        assert_eq!(sessions(&later).last().unwrap(), "2023-06-29");
        assert_eq!(
            (later.sessions_ahead, later.quote),
            (1, Err(QuoteAbsent::NoQuote))
        );
        assert!(charts(&vendor).len() > 1);
    }
}

#[tokio::test]
async fn an_unknown_ticker_takes_both_hosts_and_is_asked_about_again_after_a_day() {
    let first = Scripted::start(|_, _| not_found()).await;
    let second = Scripted::start(|_, _| not_found()).await;
    let dir = tempfile::tempdir().unwrap();
    let mut settings = settings(&first.url(), &second.url());
    settings.yahoo.fallback_url = Some(second.url());
    for (now, asked) in [
        (AS_OF, 1),
        ("2023-06-30T14:03:00Z", 1),
        ("2023-07-01T13:59:00Z", 1),
        ("2023-07-01T14:00:00Z", 2),
    ] {
        let error = gather(&market_at(&settings, dir.path(), now), now)
            .await
            .unwrap_err();
        assert!(matches!(error, Error::UnknownTicker { .. }), "{error}");
        assert_eq!(
            (charts(&first).len(), charts(&second).len()),
            (asked, asked),
            "{now}"
        );
    }
    // One host that says so and one that says nothing leave it open.
    let silent = Scripted::start(|_, _| Reply::text(429, "text/plain", "Too Many Requests")).await;
    settings.yahoo.fallback_url = Some(silent.url());
    let fresh = tempfile::tempdir().unwrap();
    let error = gather(&market(&settings, fresh.path()), AS_OF)
        .await
        .unwrap_err();
    assert_eq!(error.class(), ErrorClass::TryLater, "{error}");
}

#[tokio::test]
async fn a_class_of_shares_is_asked_under_the_vendors_symbol() {
    let vendor = Scripted::start(|target, _| good(target)).await;
    let dir = tempfile::tempdir().unwrap();
    let market = market(&settings(&vendor.url(), &vendor.url()), dir.path());
    let scraped = market.gather(&picked("BRK.B", AS_OF)).await.unwrap();
    assert_eq!(scraped.pick.ticker.as_str(), "BRK.B");
    assert_eq!(scraped.bars.len(), 205);
    assert!(charts(&vendor)[0].starts_with("/v8/finance/chart/BRK-B?"));
    assert!(vendor.asked("/query")[0].contains("tickers=BRK-B&"));
}
