//! News by gaps and pages: all of them, each once, nothing asked twice without need.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{NaiveDateTime, TimeDelta};
use closecall_market::MarketSettings;
use serde_json::{Value, json};

use crate::support::{
    AS_OF, Reply, Scripted, article, at, gather, good, market, market_at, picked, settings, titles,
};

/// A vendor with one article every two hours of the window and seventy in one minute, which keeps
/// to the questions it is asked, pages of a thousand included.
async fn archive() -> (Scripted, MarketSettings) {
    archive_of(Arc::new(AtomicUsize::new(usize::MAX))).await
}

/// The same, that gives this number of pages and then has no quota left.
async fn archive_of(quota: Arc<AtomicUsize>) -> (Scripted, MarketSettings) {
    let start = at("2022-09-01T00:00:00Z");
    let mut all: Vec<(NaiveDateTime, Value)> = (0..3_700)
        .map(|number| {
            let published = (start + TimeDelta::hours(2 * number)).naive_utc();
            (published, article(&stamp(published), &format!("n{number}")))
        })
        .collect();
    let crowded = at("2023-01-10T03:14:00Z").naive_utc();
    let crowd = (0..70).map(|number| {
        let published = crowded + TimeDelta::milliseconds(800 * number);
        (
            published,
            article(&stamp(published), &format!("crowd{number}")),
        )
    });
    all.extend(crowd);
    all.sort_by_key(|(published, _)| *published);
    let vendor = Scripted::start(move |target, _| {
        if !target.starts_with("/query") {
            return good(target);
        }
        let left = |left: usize| left.checked_sub(1);
        if quota
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, left)
            .is_err()
        {
            return Reply::json(&json!({"Information": "the limit is 25 requests per day"}));
        }
        assert!(
            target.contains("sort=LATEST") && target.contains("limit=1000"),
            "{target}"
        );
        let from = minute(target, "time_from=");
        let to = minute(target, "time_to=") + TimeDelta::seconds(59);
        let feed: Vec<&Value> = all
            .iter()
            .rev()
            .filter(|(published, _)| (from..=to).contains(published))
            .map(|(_, article)| article)
            .take(1_000)
            .collect();
        Reply::json(&json!({"items": feed.len().to_string(), "feed": feed}))
    })
    .await;
    let settings = settings(&vendor.url(), &vendor.url());
    (vendor, settings)
}

fn stamp(published: NaiveDateTime) -> String {
    published.format("%Y%m%dT%H%M%S").to_string()
}

fn minute(target: &str, name: &str) -> NaiveDateTime {
    let value = target
        .split(name)
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap();
    NaiveDateTime::parse_from_str(value, "%Y%m%dT%H%M").unwrap()
}

/// Two-hourly from 2022-09-02T20:00 to 2023-06-30T14:00, both included, and the crowd.
const IN_WINDOW: usize = (300 * 24 + 18) / 2 + 1 + 70;

#[tokio::test]
async fn every_article_of_the_window_comes_and_each_once() {
    let (vendor, settings) = archive().await;
    let dir = tempfile::tempdir().unwrap();
    let scraped = gather(&market(&settings, dir.path()), AS_OF).await.unwrap();
    assert_eq!(scraped.articles.len(), IN_WINDOW);
    assert!(
        scraped
            .articles
            .is_sorted_by_key(|article| article.published)
    );
    assert_eq!(
        vendor.asked("/query").len(),
        4,
        "3,680 articles in pages of 1,000"
    );
}

#[tokio::test]
async fn only_what_is_not_known_is_asked() {
    let (vendor, settings) = archive().await;
    let dir = tempfile::tempdir().unwrap();
    let now = "2024-01-01T00:00:00Z";
    let market = market_at(&settings, dir.path(), now);
    gather(&market, AS_OF).await.unwrap();
    let asked = vendor.asked("/query").len();
    // An earlier time is known whole; a later one costs one question about the difference.
    gather(&market, "2023-06-29T14:00:00Z").await.unwrap();
    let questions = vendor.asked("/query");
    let again = &questions[asked..];
    assert!(
        again
            .iter()
            .all(|question| minute(question, "time_to=") < at(AS_OF).naive_utc())
    );
    let later = gather(&market, "2023-07-05T14:00:00Z").await.unwrap();
    let last = vendor.asked("/query").pop().unwrap();
    assert_eq!(minute(&last, "time_from="), at(AS_OF).naive_utc());
    assert_eq!(
        later.articles.last().unwrap().published,
        at("2023-07-05T14:00:00Z")
    );
}

#[tokio::test]
async fn the_last_hours_are_asked_again_because_articles_are_indexed_late() {
    let (vendor, settings) = archive().await;
    let dir = tempfile::tempdir().unwrap();
    let market = market(&settings, dir.path());
    gather(&market, AS_OF).await.unwrap();
    gather(&market, AS_OF).await.unwrap();
    let last = vendor.asked("/query").pop().unwrap();
    assert_eq!(
        minute(&last, "time_from="),
        at("2023-06-30T08:00:00Z").naive_utc()
    );
}

#[tokio::test]
async fn what_a_failure_cut_off_goes_on_where_it_ended() {
    let quota = Arc::new(AtomicUsize::new(2));
    let (vendor, settings) = archive_of(Arc::clone(&quota)).await;
    let dir = tempfile::tempdir().unwrap();
    let part = gather(&market(&settings, dir.path()), AS_OF).await.unwrap();
    // The newest are there; the second page begins with the minute that the first ended in.
    assert_eq!(part.articles.len(), 1_999);
    assert_eq!(part.articles.last().unwrap().published, at(AS_OF));
    quota.store(usize::MAX, Ordering::SeqCst);
    let tomorrow = market_at(&settings, dir.path(), "2023-07-01T00:00:00Z");
    let all = gather(&tomorrow, AS_OF).await.unwrap();
    assert_eq!(all.articles.len(), IN_WINDOW);
    // What came since, and the two pages that were left.
    assert_eq!(vendor.asked("/query").len(), 3 + 1 + 2);
}

#[tokio::test]
async fn a_full_page_in_another_order_is_not_taken_for_complete() {
    let vendor = Scripted::start(|target, _| {
        if !target.starts_with("/query") {
            return good(target);
        }
        let oldest_first = |number: i64| {
            let published = at("2023-06-30T13:00:00Z") - TimeDelta::minutes(1_000 - number);
            article(&stamp(published.naive_utc()), &format!("n{number}"))
        };
        let feed: Vec<_> = (0..1_000).map(oldest_first).collect();
        Reply::json(&json!({"items": "1000", "feed": feed}))
    })
    .await;
    let dir = tempfile::tempdir().unwrap();
    let market = market(&settings(&vendor.url(), &vendor.url()), dir.path());
    assert_eq!(gather(&market, AS_OF).await.unwrap().articles.len(), 0);
    assert_eq!(vendor.asked("/query").len(), 1);
}

#[tokio::test]
async fn a_vendor_that_repeats_one_full_minute_is_given_up() {
    let vendor = Scripted::start(|target, _| {
        if !target.starts_with("/query") {
            return good(target);
        }
        let feed: Vec<_> = (0..1_000)
            .map(|number| article("20230629T120000", &format!("n{number}")))
            .collect();
        let asked_before = minute(target, "time_to=") < at("2023-06-29T12:00:00Z").naive_utc();
        let feed = if asked_before { Vec::new() } else { feed };
        Reply::json(&json!({"items": feed.len().to_string(), "feed": feed}))
    })
    .await;
    let dir = tempfile::tempdir().unwrap();
    let market = market(&settings(&vendor.url(), &vendor.url()), dir.path());
    assert_eq!(gather(&market, AS_OF).await.unwrap().articles.len(), 1_000);
    assert_eq!(vendor.asked("/query").len(), 3);
}

#[tokio::test]
async fn a_spent_quota_is_not_no_news_and_is_not_asked_again_that_day() {
    let vendor = Scripted::start(|target, before| {
        if !target.starts_with("/query") {
            return good(target);
        }
        match before {
            // A chart, a question about the price of the moment, and then this one.
            0..=2 => Reply::json(&json!({"feed": [article("20230629T120000", "kept")]})),
            _ => Reply::json(&json!({"Note": "the rate limit is 25 requests per day"})),
        }
    })
    .await;
    let dir = tempfile::tempdir().unwrap();
    let market = market(&settings(&vendor.url(), &vendor.url()), dir.path());
    for _ in 0..3 {
        assert_eq!(titles(&gather(&market, AS_OF).await.unwrap()), ["kept"]);
    }
    assert_eq!(vendor.asked("/query").len(), 2);
}

#[tokio::test]
async fn gathers_at_once_agree_and_do_not_ask_twice_for_the_past() {
    let (vendor, settings) = archive().await;
    let dir = tempfile::tempdir().unwrap();
    let market = Arc::new(market(&settings, dir.path()));
    let gathers = (0..4).map(|_| {
        let market = Arc::clone(&market);
        tokio::spawn(async move { market.gather(&picked("AAPL", AS_OF)).await.unwrap() })
    });
    let mut results = Vec::new();
    for gather in gathers.collect::<Vec<_>>() {
        results.push(gather.await.unwrap());
    }
    assert!(results.iter().all(|result| *result == results[0]));
    assert_eq!(results[0].articles.len(), IN_WINDOW);
    // One goes through the pages; the others ask for the last hours only.
    assert_eq!(vendor.asked("/query").len(), 4 + 3);
}
