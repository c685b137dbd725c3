//! The price of the moment, over HTTP: one question a pick, only while the session is open, and the
//! same quote whenever it is asked.

use chrono::{DateTime, TimeDelta, Utc};
use closecall_calendar::Calendar;
use closecall_protocol::{Quote, QuoteAbsent, RepairRule};
use serde_json::{Value, json};

use crate::support::{
    AS_OF, Reply, Scripted, at, charts, gather, good, market, market_at, settings,
};

/// Bars of a minute of a session, closes rising from `from` by a cent, up to `until`.
fn minutes(date: &str, from: f64, until: &str) -> Value {
    let session = Calendar::default().session(date.parse().unwrap()).unwrap();
    let starts: Vec<DateTime<Utc>> = (0..390)
        .map(|minute| session.open + TimeDelta::minutes(minute))
        .take_while(|start| *start < session.close && *start < at(until))
        .collect();
    let closes: Vec<f64> = (1..=starts.len()).map(|n| from + 0.01 * n as f64).collect();
    let stamps: Vec<i64> = starts.iter().map(DateTime::timestamp).collect();
    json!({"chart": {"error": null, "result": [{
        "meta": {"symbol": "AAPL", "dataGranularity": "1m", "currency": "USD",
            "exchangeTimezoneName": "America/New_York", "chartPreviousClose": 314.0},
        "timestamp": stamps,
        "indicators": {"quote": [{"open": vec![from; closes.len()], "high": closes,
            "low": vec![from; closes.len()], "close": closes, "volume": vec![1; closes.len()]}]}
    }]}})
}

/// A vendor whose daily closes end with 314 on 2023-06-29 and whose session then opens at 315.
async fn vendor() -> Scripted {
    Scripted::start(|target, _| {
        if target.contains("interval=1m") {
            return Reply::json(&minutes("2023-06-30", 315.0, "2023-06-30T20:00:00Z"));
        }
        good(target)
    })
    .await
}

fn questions(vendor: &Scripted) -> Vec<String> {
    let mut asked = vendor.asked("/v8/");
    asked.retain(|target| target.contains("interval=1m"));
    asked
}

fn quote(scraped: &closecall_protocol::MarketScraped) -> Quote {
    scraped.quote.unwrap()
}

#[tokio::test]
async fn the_running_session_is_asked_by_its_range_and_a_past_one_by_its_times() {
    let vendor = vendor().await;
    let settings = settings(&vendor.url(), &vendor.url());
    let (live, past) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let live = gather(&market(&settings, live.path()), AS_OF)
        .await
        .unwrap();
    let years_later = "2026-01-01T00:00:00Z";
    let past = gather(&market_at(&settings, past.path(), years_later), AS_OF)
        .await
        .unwrap();
    let right = quote(&live);
    assert_eq!((right.at, right.open), (at(AS_OF), 315.0));
    assert!((right.price - 315.3).abs() < 1e-9, "{right:?}");
    assert_eq!(quote(&past), right);
    assert_eq!((live.sessions_ahead, live.repairs.len()), (0, 0));
    let asked = questions(&vendor);
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(
        asked[0].contains("range=1d") && !asked[0].contains("period1"),
        "{}",
        asked[0]
    );
    // From the opening at 13:30 to a minute after 14:00.
    assert!(
        asked[1].contains("period1=1688131800&period2=1688133660"),
        "{}",
        asked[1]
    );
}

#[tokio::test]
async fn a_server_that_knows_no_running_session_is_asked_by_times() {
    let vendor = Scripted::start(|target, _| match target {
        _ if target.contains("range=") => Reply::text(
            422,
            "application/json",
            r#"{"chart":{"result":null,"error":{"code":"Unprocessable Entity","description":"ask by period"}}}"#,
        ),
        _ if target.contains("interval=1m") => {
            Reply::json(&minutes("2023-06-30", 315.0, "2023-06-30T20:00:00Z"))
        }
        _ => good(target),
    })
    .await;
    let dir = tempfile::tempdir().unwrap();
    let settings = settings(&vendor.url(), &vendor.url());
    let scraped = gather(&market(&settings, dir.path()), AS_OF).await.unwrap();
    assert_eq!(quote(&scraped).at, at(AS_OF));
}

#[tokio::test]
async fn without_a_running_session_nothing_is_asked_and_the_reason_named() {
    let vendor = vendor().await;
    let settings = settings(&vendor.url(), &vendor.url());
    for (now, reason) in [
        ("2023-06-30T13:29:59Z", QuoteAbsent::NotYetOpen),
        ("2023-06-30T20:00:00Z", QuoteAbsent::Closed),
        ("2023-07-01T14:00:00Z", QuoteAbsent::Closed),
        ("2023-07-04T14:00:00Z", QuoteAbsent::Closed),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let scraped = gather(&market_at(&settings, dir.path(), now), now)
            .await
            .unwrap();
        assert_eq!(scraped.quote, Err(reason), "{now}");
    }
    assert_eq!(questions(&vendor), Vec::<String>::new());
}

#[tokio::test]
async fn a_vendor_that_falls_silent_leaves_the_price_that_was_known() {
    let vendor = Scripted::start(|target, before| match target {
        _ if target.contains("interval=1m") && before > 2 => Reply::text(403, "text/html", "<"),
        _ if target.contains("interval=1m") => {
            Reply::json(&minutes("2023-06-30", 315.0, "2023-06-30T14:00:00Z"))
        }
        _ => good(target),
    })
    .await;
    let dir = tempfile::tempdir().unwrap();
    let settings = settings(&vendor.url(), &vendor.url());
    let first = gather(&market(&settings, dir.path()), AS_OF).await.unwrap();
    let later = "2023-06-30T15:00:00Z";
    let mut silent = gather(&market_at(&settings, dir.path(), later), later)
        .await
        .unwrap();
    for _ in 0..3 {
        silent = gather(&market_at(&settings, dir.path(), later), later)
            .await
            .unwrap();
    }
    assert_eq!(quote(&silent), quote(&first));
    // Shut out once, it is left alone.
    assert_eq!(questions(&vendor).len(), 2);
}

#[tokio::test]
async fn until_the_daily_bar_is_there_the_last_intraday_bar_is_a_provisional_close() {
    let vendor = vendor().await;
    let dir = tempfile::tempdir().unwrap();
    let settings = settings(&vendor.url(), &vendor.url());
    let mut seen = Vec::new();
    for now in [
        "2023-06-30T19:59:59Z",
        "2023-06-30T20:00:59Z",
        "2023-06-30T20:03:00Z",
        "2023-06-30T20:19:00Z",
        "2023-06-30T20:20:00Z",
    ] {
        let market = market_at(&settings, dir.path(), now);
        let scraped = gather(&market, now).await.unwrap();
        let last = scraped.bars.last().unwrap();
        let cents = (last.close() * 100.0).round() / 100.0;
        seen.push((cents, scraped.provisional, scraped.sessions_ahead));
    }
    // 314 the day before; 318.9 by the last minute's bar; 315 by the daily one.
    let right = [
        (314.0, false, 0),
        (314.0, false, 1),
        (318.9, true, 0),
        (318.9, true, 0),
        (315.0, false, 0),
    ];
    assert_eq!(seen, right);
    // Inside the session once, after it once.
    assert_eq!(questions(&vendor).len(), 2, "{:?}", questions(&vendor));
}

#[tokio::test]
async fn the_daily_chart_is_asked_twice_a_session_when_the_vendor_is_prompt() {
    let vendor = vendor().await;
    let dir = tempfile::tempdir().unwrap();
    let settings = settings(&vendor.url(), &vendor.url());
    let mut now = at("2023-06-29T20:00:00Z");
    let end = at("2023-06-30T20:20:00Z");
    let mut picks_inside = 0;
    while now < end {
        let text = now.to_rfc3339();
        gather(&market_at(&settings, dir.path(), &text), &text)
            .await
            .unwrap();
        picks_inside += usize::from(Calendar::default().in_progress(now).is_some());
        now += TimeDelta::minutes(20);
    }
    // One for a store without anything, one when the bar is due, one after the next opening.
    assert_eq!(charts(&vendor).len(), 3, "{:?}", charts(&vendor));
    assert_eq!(questions(&vendor).len(), picks_inside);
}

#[tokio::test]
async fn a_split_of_the_day_brings_the_window_to_its_basis_and_is_named() {
    let vendor = Scripted::start(|target, _| {
        if !target.contains("interval=1m") {
            return good(target);
        }
        let mut body = minutes("2023-06-30", 78.75, "2023-06-30T20:00:00Z");
        let result = &mut body["chart"]["result"][0];
        result["meta"]["chartPreviousClose"] = json!(78.5);
        result["events"] = json!({"splits": {"1688131800": {
            "date": 1_688_131_800, "numerator": 4, "denominator": 1, "splitRatio": "4:1"}}});
        Reply::json(&body)
    })
    .await;
    let dir = tempfile::tempdir().unwrap();
    let settings = settings(&vendor.url(), &vendor.url());
    let scraped = gather(&market(&settings, dir.path()), AS_OF).await.unwrap();
    assert!((quote(&scraped).price - 79.05).abs() < 1e-9);
    assert_eq!(scraped.bars.last().unwrap().close(), 78.5);
    let [repair] = scraped.repairs[..] else {
        panic!("{:?}", scraped.repairs);
    };
    assert_eq!((repair.rule, repair.factor), (RepairRule::Split, 0.25));
    assert_eq!(repair.session.to_string(), "2023-06-29");
}

#[tokio::test]
async fn the_agent_that_is_set_for_yahoo_is_named_to_yahoo_alone() {
    let vendor = vendor().await;
    let dir = tempfile::tempdir().unwrap();
    let mut settings = settings(&vendor.url(), &vendor.url());
    settings.yahoo.user_agent = "mine/1".to_owned();
    gather(&market(&settings, dir.path()), AS_OF).await.unwrap();
    let named = |path: &str| vendor.agents(path).into_iter().collect::<Vec<_>>();
    assert_eq!(named("/v8/"), ["mine/1"]);
    let news = named("/query");
    assert!(
        news.len() == 1 && news[0].contains("closecall/"),
        "{news:?}"
    );
}
