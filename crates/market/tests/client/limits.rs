//! A host that fails or refuses is left alone for a while, a spent day until the next; a restart
//! forgets neither.

use closecall_market::EndpointFamily;
use closecall_protocol::ErrorClass;
use serde_json::json;

use crate::support::{
    AS_OF, Reply, Scripted, article, charts, gather, good, market, market_at, settings,
};

#[tokio::test]
async fn a_refusal_is_honoured_for_a_quarter_of_an_hour_then_probed_once() {
    let vendor = Scripted::start(|target, before| match before {
        0 | 1 => Reply::text(429, "text/plain", "Too Many Requests"),
        _ => good(target),
    })
    .await;
    let dir = tempfile::tempdir().unwrap();
    let settings = settings(&vendor.url(), "http://127.0.0.1:9");
    // The first probe is refused too, which doubles the time.
    for (now, asked, answered) in [
        (AS_OF, 1, false),
        ("2023-06-30T14:14:59Z", 1, false),
        ("2023-06-30T14:15:00Z", 2, false),
        ("2023-06-30T14:44:59Z", 2, false),
        ("2023-06-30T14:45:00Z", 3, true),
    ] {
        let market = market_at(&settings, dir.path(), now);
        let result = gather(&market, now).await;
        assert_eq!(
            (charts(&vendor).len(), result.is_ok()),
            (asked, answered),
            "{now}"
        );
        if let Err(error) = result {
            assert_eq!(error.class(), ErrorClass::TryLater, "{error}");
        }
    }
}

#[tokio::test]
async fn faults_in_a_row_leave_the_host_alone_and_are_counted() {
    let vendor = Scripted::start(|_, _| Reply::text(503, "text/plain", "x")).await;
    let dir = tempfile::tempdir().unwrap();
    let settings = settings(&vendor.url(), "http://127.0.0.1:9");
    let market = market(&settings, dir.path());
    assert_eq!(market.stats().left_alone(EndpointFamily::YahooChart), 0);
    for _ in 0..5 {
        gather(&market, AS_OF).await.unwrap_err();
    }
    assert_eq!(charts(&vendor).len(), 3);
    assert_eq!(market.stats().left_alone(EndpointFamily::YahooChart), 1);
    let later = "2023-06-30T14:00:20Z";
    let error = gather(&market_at(&settings, dir.path(), later), later).await;
    assert_eq!(error.unwrap_err().class(), ErrorClass::Unavailable);
    assert_eq!(charts(&vendor).len(), 4);
}

#[tokio::test]
async fn a_spent_day_and_a_share_of_it_survive_a_restart() {
    let spent = Scripted::start(|target, _| match target.starts_with("/query") {
        true => Reply::json(&json!({"Note": "the rate limit is 25 requests per day"})),
        false => good(target),
    })
    .await;
    let dir = tempfile::tempdir().unwrap();
    let one_day = [
        "2023-06-30T14:00:00Z",
        "2023-06-30T23:59:59Z",
        "2023-07-01T00:00:00Z",
    ];
    for (now, asked) in one_day.into_iter().zip([1, 1, 2]) {
        let settings = settings(&spent.url(), &spent.url());
        gather(&market_at(&settings, dir.path(), now), now)
            .await
            .unwrap();
        assert_eq!(spent.asked("/query").len(), asked, "{now}");
    }
    let open = Scripted::start(|target, before| match target.starts_with("/query") {
        true => {
            let feed = json!([article("20230629T120000", &format!("n{before}"))]);
            Reply::json(&json!({"items": "1", "feed": feed}))
        }
        false => good(target),
    })
    .await;
    let dir = tempfile::tempdir().unwrap();
    // Two a day for one ticker are one every twelve hours.
    let half_days = [
        "2023-06-30T14:00:00Z",
        "2023-06-30T23:59:59Z",
        "2023-07-01T02:00:00Z",
    ];
    for (now, asked) in half_days.into_iter().zip([1, 1, 2]) {
        let mut settings = settings(&open.url(), &open.url());
        settings.alphavantage.requests_per_day = Some(2);
        for _ in 0..3 {
            gather(&market_at(&settings, dir.path(), now), now)
                .await
                .unwrap();
        }
        assert_eq!(open.asked("/query").len(), asked, "{now}");
    }
}
