//! AlphaVantage's answers: news, notes, refusals and rubbish.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::recorded;

fn ticker(symbol: &str) -> Ticker {
    Ticker::new(symbol).unwrap()
}

fn read_json(body: &serde_json::Value) -> Result<Feed, VendorFault> {
    read(
        &HttpAnswer::of(200, "application/json", body.to_string()),
        &ticker("AAPL"),
        "CANARY",
    )
}

fn item() -> serde_json::Value {
    json!({"title": "Apple rises", "url": "https://example.com/1",
    "time_published": "20230630T133000", "summary": "It does.", "source": "Example",
    "overall_sentiment_score": "0.1",
    "ticker_sentiment": [
        {"ticker": "MSFT", "relevance_score": 0.1, "ticker_sentiment_score": "-0.2"},
        {"ticker": "AAPL", "relevance_score": "0.9", "ticker_sentiment_score": 0.25}
    ]})
}

fn changed(field: &str, value: serde_json::Value) -> Feed {
    let mut item = item();
    item[field] = value;
    read_json(&json!({"items": "1", "feed": [item]})).unwrap()
}

#[test]
fn the_recorded_page_of_2026_is_read_whole() {
    let Some(answer) = recorded::answer("alphavantage/NEWS_SENTIMENT-AAPL-2026-05-17.json") else {
        return;
    };
    let feed = read(&answer, &ticker("AAPL"), "").unwrap();
    assert_eq!((feed.received, feed.items.len(), feed.refused), (50, 50, 0));
    assert!(feed.descending && feed.may_go_on());
    let first = &feed.items[0];
    assert_eq!(
        first.article.published.to_rfc3339(),
        "2026-05-17T11:01:00+00:00"
    );
    assert!(first.article.title.starts_with("Tim Cook Finds Purpose"));
    assert_eq!(first.article.source.as_deref(), Some("Benzinga"));
    assert_eq!(
        (first.relevance, first.vendor_score),
        (Some(1.0), Some(0.061_509))
    );
}

#[test]
fn the_recorded_page_of_2024_is_read_whole() {
    let name = "alphavantage/NEWS_SENTIMENT-MSFT-2024-12-20-to-2025-01-15.json";
    let Some(answer) = recorded::answer(name) else {
        return;
    };
    let feed = read(&answer, &ticker("MSFT"), "").unwrap();
    assert_eq!(
        (feed.received, feed.items.len(), feed.refused),
        (685, 685, 0)
    );
    assert!(!feed.may_go_on());
    assert_eq!(
        feed.newest.unwrap().to_rfc3339(),
        "2025-01-15T19:45:00+00:00"
    );
    assert!(feed.items.iter().all(|item| item.relevance.is_some()));
    // The same page says nothing about a ticker that no article names.
    let none = read(&answer, &ticker("ZZZZ"), "").unwrap();
    assert_eq!((none.items.len(), none.refused), (0, 685));
}

#[test]
fn the_recorded_items_of_2022_are_read_as_a_page() {
    let Some(lines) = recorded::file("alphavantage/feed-items-AAPL-2022-03-to-2022-08.jsonl")
    else {
        return;
    };
    let lines = String::from_utf8(lines).unwrap();
    let body = format!(
        "{{\"feed\":[{}]}}",
        lines.lines().collect::<Vec<_>>().join(",")
    );
    let feed = read(
        &HttpAnswer::of(200, "application/json", body),
        &ticker("AAPL"),
        "",
    )
    .unwrap();
    assert_eq!((feed.received, feed.items.len()), (1_200, 1_200));
    assert!(!feed.descending && feed.may_go_on());
}

#[test]
fn the_recorded_refusals_are_what_they_are() {
    for (name, answer) in recorded::refusals("alphavantage/error-bodies.json") {
        let result = read(&answer, &ticker("AAPL"), "");
        let right = match name.as_str() {
            "burst" | "note-old" | "premium-burst" => {
                matches!(
                    result,
                    Err(VendorFault::Throttled {
                        retry_after: Some(_)
                    })
                )
            }
            "daily-quota" | "daily-quota-note-2024" => matches!(result, Err(VendorFault::Quota(_))),
            "bad-inputs-or-no-news" => result == Err(VendorFault::InvalidInputs),
            "demo-key" | "missing-key" => matches!(result, Err(VendorFault::Credential(_))),
            "bad-call" => matches!(result, Err(VendorFault::BadRequest(_))),
            "premium-parameter" => matches!(result, Err(VendorFault::NotEntitled(_))),
            "empty-feed" => {
                result
                    == Ok(Feed {
                        descending: true,
                        ..Feed::default()
                    })
            }
            "empty-object" => matches!(result, Err(VendorFault::Malformed(_))),
            _ => false,
        };
        assert!(right, "{name}: {result:?}");
    }
}

#[test]
fn no_refusal_repeats_the_key() {
    let note = "We have detected your API key as CANARY and our standard API rate limit is 25 \
                requests per day.";
    for body in [
        json!({"Note": note}),
        json!({"Information": note, "feed": []}),
        json!({"Error Message": "the parameter apikey is invalid: CANARY"}),
        json!({"Information": "CANARY has no premium plan"}),
        json!({"Note": "CANARY"}),
        json!({"feed": "CANARY"}),
    ] {
        let fault = read_json(&body).unwrap_err();
        assert!(
            !format!("{fault} {fault:?}").contains("CANARY"),
            "{fault:?}"
        );
    }
}

#[test]
fn an_article_is_read_with_its_own_scores() {
    let feed = read_json(&json!({"feed": [item()]})).unwrap();
    let NewsItem {
        article,
        relevance,
        vendor_score,
    } = &feed.items[0];
    assert_eq!((*relevance, *vendor_score), (Some(0.9), Some(0.25)));
    assert_eq!(article.title, "Apple rises");
    assert_eq!(article.summary.as_deref(), Some("It does."));
    assert_eq!(article.url.as_deref(), Some("https://example.com/1"));
    assert_eq!(article.published.to_rfc3339(), "2023-06-30T13:30:00+00:00");
    // Some sources know the minute only.
    let minute = changed("time_published", json!("20230630T1330"));
    assert_eq!(minute.items[0].article.published, article.published);
}

#[test]
fn what_is_missing_is_missed_and_what_is_odd_costs_one_article() {
    for (field, value) in [
        ("summary", json!(null)),
        ("url", json!(7)),
        ("source", json!([])),
        ("ticker_sentiment", json!(null)),
        ("ticker_sentiment", json!(["odd"])),
        ("banner_image", json!({"a": 1})),
    ] {
        assert_eq!(
            changed(field, value.clone()).items.len(),
            1,
            "{field} {value}"
        );
    }
    for (field, value) in [
        ("title", json!(" \u{0}\n")),
        ("title", json!(3)),
        ("time_published", json!("yesterday")),
        ("time_published", json!("20230231T000000")),
        ("time_published", json!(20_230_630)),
        ("ticker_sentiment", json!([{"ticker": "MSFT"}])),
    ] {
        let feed = changed(field, value.clone());
        let counts = (feed.received, feed.items.len(), feed.refused);
        assert_eq!(counts, (1, 0, 1), "{field} {value}");
    }
}

#[test]
fn hostile_text_arrives_readable_and_bounded() {
    let title = format!("<script>\u{1b}[31m\u{202e}🚀{}", "x".repeat(1 << 20));
    let feed = changed("title", json!(title));
    let kept = &feed.items[0].article.title;
    assert!(kept.chars().count() <= 2_000 && !kept.contains('\u{1b}'));
}

#[test]
fn the_order_and_the_end_of_a_page_are_noticed() {
    let at = |minute: usize| {
        let mut item = item();
        item["time_published"] = json!(format!("20230630T13{minute:02}00"));
        item
    };
    let page = |minutes: &[usize]| {
        read_json(&json!({"feed": minutes.iter().map(|m| at(*m)).collect::<Vec<_>>()})).unwrap()
    };
    assert!(page(&[2, 1, 1]).descending);
    assert!(!page(&[1, 2]).descending);
    assert_eq!(page(&[1, 2]).newest, page(&[2]).newest);
    assert_eq!(page(&[1, 2]).oldest, page(&[1]).oldest);
    assert!(!page(&[1; 49]).may_go_on() && page(&[1; 50]).may_go_on());
    assert!(!page(&[1; 999]).may_go_on() && page(&[1; 1_000]).may_go_on());
    assert!(page(&[1; 1_001]).may_go_on());
}

#[test]
fn http_errors_are_not_news() {
    let read = |status, body: &str| {
        read(
            &HttpAnswer::of(status, "application/json", body),
            &ticker("AAPL"),
            "",
        )
    };
    let empty = r#"{"items":"0","feed":[]}"#;
    assert!(read(200, empty).is_ok());
    for status in [204, 301, 404, 429, 500, 503] {
        assert!(read(status, empty).is_err(), "{status}");
    }
    assert!(matches!(read(403, empty), Err(VendorFault::Credential(_))));
    assert!(matches!(read(200, "<html>"), Err(VendorFault::NotJson(_))));
    assert!(matches!(read(200, ""), Err(VendorFault::Malformed(_))));
    assert!(matches!(read(200, "[]"), Err(VendorFault::Malformed(_))));
}

#[test]
fn a_page_of_more_entries_than_a_page_has_is_refused_and_not_kept() {
    let many = format!(r#"{{"feed":[{}1]}}"#, "1,".repeat(1_000_000));
    let answer = HttpAnswer::of(200, "application/json", many);
    let refused = read(&answer, &ticker("AAPL"), "");
    assert!(
        matches!(refused, Err(VendorFault::Malformed(_))),
        "{refused:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(recorded::mutations()))]

    #[test]
    fn no_byte_changed_makes_it_panic(place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut body = json!({"feed": [item()]}).to_string().into_bytes();
        let place = place.index(body.len());
        body[place] = byte;
        let read = read(&HttpAnswer::of(200, "application/json", body), &ticker("AAPL"), "");
        prop_assert!(read.map_or(true, |feed| feed.items.len() + feed.refused <= 1));
    }

    #[test]
    fn no_bytes_make_it_panic(status in 100_u16..600, seed in any::<u64>()) {
        let body = testing::noise(seed);
        let read = read(&HttpAnswer::of(status, "application/json", body), &ticker("AAPL"), "");
        prop_assert!(read.is_err());
    }

    #[test]
    fn no_page_spoilt_makes_it_panic(seed in any::<u64>()) {
        let body = testing::spoilt(json!({"feed": [item()]}).to_string().as_bytes(), seed);
        let size = body.len();
        let read = read(&HttpAnswer::of(200, "application/json", body), &ticker("AAPL"), "");
        prop_assert!(read.map_or(true, |feed| feed.items.len() + feed.refused < size));
    }
}

proptest! {
    #[test]
    fn no_text_in_any_place_makes_it_panic_or_leaks_the_key(text in "(CANARY|key as |[a-z\\PC]){0,40}") {
        for field in ["title", "time_published", "url", "ticker_sentiment"] {
            let mut item = item();
            item[field] = json!(text);
            let page = read_json(&json!({"feed": [item]}));
            prop_assert!(page.is_ok());
        }
        if let Err(fault) = read_json(&json!({"Note": text})) {
            prop_assert!(!fault.to_string().contains("CANARY"));
        }
    }
}
