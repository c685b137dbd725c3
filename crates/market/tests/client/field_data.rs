//! Prices as the field has them: on two bases, in two units, of another market, with holes. Each is
//! repaired and named, or refused with a sentence; the store keeps what was right.

use closecall_market::Error;
use closecall_protocol::{ErrorClass, Reason, RepairRule};
use serde_json::{Value, json};

use crate::support::{
    AS_OF, Reply, Scripted, chart, gather, good, market, market_at, sessions, settings, titles,
};

const COLUMNS: [&str; 4] = ["open", "high", "low", "close"];

/// The good chart, changed; its last row that counts on [`AS_OF`] is number 214, a close of 314.
async fn vendor(change: impl Fn(&mut Value) + Send + Sync + 'static) -> Scripted {
    Scripted::start(move |target, _| {
        if !target.contains("interval=1d") {
            return good(target);
        }
        let mut body = chart("AAPL", "2022-08-20", "2023-07-10");
        change(&mut body["chart"]["result"][0]);
        Reply::json(&body)
    })
    .await
}

fn times(series: &mut Value, rows: std::ops::Range<usize>, factor: f64) {
    for column in COLUMNS {
        for row in rows.clone() {
            let cell = &mut series["indicators"]["quote"][0][column][row];
            *cell = json!(cell.as_f64().unwrap() * factor);
        }
    }
}

async fn gathered(vendor: &Scripted) -> Result<closecall_protocol::MarketScraped, Error> {
    let dir = tempfile::tempdir().unwrap();
    gather(
        &market(&settings(&vendor.url(), &vendor.url()), dir.path()),
        AS_OF,
    )
    .await
}

#[tokio::test]
async fn a_split_that_was_not_applied_is_applied_and_named_also_from_the_store() {
    let vendor = vendor(|series| {
        times(series, 0..200, 4.0);
        let stamp = series["timestamp"][200].clone();
        series["events"] = json!({"splits": {"1":
            {"date": stamp, "numerator": 4, "denominator": 1, "splitRatio": "4:1"}}});
    })
    .await;
    let dir = tempfile::tempdir().unwrap();
    let settings = settings(&vendor.url(), &vendor.url());
    for now in [AS_OF, "2023-06-30T14:03:00Z"] {
        let scraped = gather(&market_at(&settings, dir.path(), now), now)
            .await
            .unwrap();
        let closes: Vec<f64> = scraped
            .bars
            .iter()
            .map(closecall_protocol::Bar::close)
            .collect();
        assert_eq!(closes.len(), 205);
        assert!(
            closes
                .windows(2)
                .all(|pair| (pair[1] - pair[0] - 1.0).abs() < 1e-9)
        );
        assert_eq!(closes[204], 314.0);
        let [repair] = scraped.repairs[..] else {
            panic!("{:?}", scraped.repairs);
        };
        assert_eq!((repair.rule, repair.factor), (RepairRule::Split, 0.25));
    }
}

#[tokio::test]
async fn a_row_in_another_unit_is_brought_to_the_others() {
    let scraped = gathered(&vendor(|series| times(series, 100..101, 100.0)).await)
        .await
        .unwrap();
    assert_eq!(scraped.bars.len(), 205);
    assert!((scraped.bars[90].close() - 200.0).abs() < 1e-9);
    assert_eq!(scraped.repairs[0].rule, RepairRule::Unit);
}

#[tokio::test]
async fn prices_that_no_rule_explains_are_refused_and_never_stored() {
    let broken = vendor(|series| {
        times(series, 0..200, 2.77);
        series["indicators"]["quote"][0]["close"][3] = json!(-1);
    })
    .await;
    let error = gathered(&broken).await.unwrap_err();
    assert!(matches!(error, Error::Unsound { .. }), "{error}");
    assert_eq!(
        (error.class(), error.reason()),
        (ErrorClass::BadData, Some(Reason::NoData))
    );
    let text = error.to_string();
    assert!(
        text.contains("the prices of AAPL cannot be trusted"),
        "{text}"
    );
    assert!(text.contains("no split and no unit explains"), "{text}");
    assert!(text.contains("(1 rows were unusable)"), "{text}");

    // With sound prices in the store, those are used.
    let sound = Scripted::start(|target, _| good(target)).await;
    let dir = tempfile::tempdir().unwrap();
    gather(
        &market(&settings(&sound.url(), &sound.url()), dir.path()),
        AS_OF,
    )
    .await
    .unwrap();
    let next = "2023-07-03T14:00:00Z";
    let market = market_at(&settings(&broken.url(), &broken.url()), dir.path(), next);
    let stored = gather(&market, next).await.unwrap();
    assert_eq!(sessions(&stored).last().unwrap(), "2023-06-29");
    assert_eq!((stored.sessions_ahead, stored.repairs.len()), (1, 0));
}

#[tokio::test]
async fn prices_all_in_another_unit_than_the_stored_are_refused() {
    let sound = Scripted::start(|target, _| good(target)).await;
    let cents = vendor(|series| times(series, 0..221, 100.0)).await;
    let dir = tempfile::tempdir().unwrap();
    gather(
        &market(&settings(&sound.url(), &sound.url()), dir.path()),
        AS_OF,
    )
    .await
    .unwrap();
    let next = "2023-07-03T14:00:00Z";
    let market = market_at(&settings(&cents.url(), &cents.url()), dir.path(), next);
    let scraped = gather(&market, next).await.unwrap();
    assert_eq!(scraped.bars.last().unwrap().close(), 314.0);
}

#[tokio::test]
async fn another_market_is_refused_by_its_name() {
    for (name, value, said) in [
        (
            "exchangeTimezoneName",
            "Europe/London",
            "sessions of Europe/London",
        ),
        ("currency", "GBp", "in GBp"),
        ("instrumentType", "CRYPTOCURRENCY", "a crypto currency"),
    ] {
        let error =
            gathered(&vendor(move |series| series["meta"][name] = json!(value)).await).await;
        let error = error.unwrap_err();
        assert!(matches!(error, Error::OtherMarket { .. }), "{error}");
        assert_eq!(
            (error.class(), error.reason()),
            (ErrorClass::BadData, Some(Reason::NoData))
        );
        assert!(error.to_string().contains(said), "{error}");
    }
}

/// Midnight of UTC is the evening before in New York: every row would be the day before's.
#[tokio::test]
async fn rows_dated_by_another_clock_are_refused() {
    let midnights = vendor(|series| {
        for stamp in series["timestamp"].as_array_mut().unwrap() {
            *stamp = json!(stamp.as_i64().unwrap() / 86_400 * 86_400);
        }
    });
    let error = gathered(&midnights.await).await.unwrap_err();
    assert!(matches!(error, Error::Unsound { .. }), "{error}");
    let text = error.to_string();
    let says = "rows are of days on which the exchange was closed";
    assert!(text.contains(says), "{text}");
}

#[tokio::test]
async fn newest_rows_without_prices_leave_the_sessions_that_lie_ahead() {
    let scraped = gathered(
        &vendor(|series| {
            for column in COLUMNS {
                for row in 210..221 {
                    series["indicators"]["quote"][0][column][row] = json!(null);
                }
            }
        })
        .await,
    )
    .await
    .unwrap();
    assert_eq!(sessions(&scraped).last().unwrap(), "2023-06-22");
    assert_eq!((scraped.sessions_ahead, scraped.bars.len()), (5, 200));
}

#[tokio::test]
async fn fields_that_no_forecast_reads_cost_no_session() {
    let scraped = gathered(
        &vendor(|series| {
            series["indicators"]["adjclose"] = json!([{"adjclose": vec![-1.0; 221]}]);
            series["indicators"]["quote"][0]["volume"] = json!(vec![Value::Null; 221]);
            series["indicators"]["quote"][0]["low"][214] = json!(999.0);
        })
        .await,
    )
    .await
    .unwrap();
    assert_eq!(scraped.bars.len(), 205);
    let newest = scraped.bars[204];
    assert_eq!((newest.close(), newest.open()), (314.0, Some(314.0)));
    assert_eq!(
        (newest.range(), newest.volume(), newest.adj_close()),
        (None, None, None)
    );
}

#[tokio::test]
async fn titles_are_read_as_they_are_meant() {
    let feed = json!({"items": "1", "feed": [{
        "title": "AT&amp;T isn&#39;t losing customers", "url": "https://news.invalid/1",
        "time_published": "20230629T120000", "summary": "Q&amp;A"}]});
    let vendor = Scripted::start(move |target, _| match target.starts_with("/query") {
        true => Reply::json(&feed),
        false => good(target),
    })
    .await;
    let scraped = gathered(&vendor).await.unwrap();
    assert_eq!(titles(&scraped), ["AT&T isn't losing customers"]);
    assert_eq!(scraped.articles[0].summary.as_deref(), Some("Q&A"));
}
