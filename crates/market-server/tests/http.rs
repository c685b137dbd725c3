//! The server over real connections: addresses, vendors' own errors, forms of the answers.

use crate::support;

use closecall_market_server::{Error, Server, Visibility};
use support::*;

#[test]
fn a_port_in_use_is_named_and_freed_by_an_orderly_stop() {
    let directory = small_records();
    let market = || replay(directory.path(), Visibility::Everything);
    let running = start(market());
    let address = running.address();
    let refused = Server::bind(address, market()).unwrap_err();
    assert!(matches!(refused, Error::PortInUse { address: at } if at == address));
    assert!(
        refused.to_string().contains(&address.to_string()),
        "{refused}"
    );

    running.stop().unwrap();
    let again = Server::bind(address, market()).unwrap();
    assert_eq!(again.address(), address);
}

#[tokio::test]
async fn it_serves_as_a_task_until_told_to_stop() {
    let directory = small_records();
    let market = replay(directory.path(), Visibility::Everything);
    let server = Server::bind(Server::loopback(0), market).unwrap();
    let address = server.address();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let task = tokio::spawn(server.serve(async { drop(stopped.await) }));
    let path = chart("ACME", "2023-06-01T00:00:00Z", "2023-08-01T00:00:00Z");
    let (status, body) = tokio::task::spawn_blocking(move || get(address, &path))
        .await
        .unwrap();
    assert_eq!((status, stamps(&body).len()), (200, 4));
    drop(stop);
    task.await.unwrap().unwrap();
}

#[test]
fn the_chart_has_the_vendors_form() {
    let directory = small_records();
    let running = start(replay(directory.path(), until("2023-07-05T21:00:00Z")));
    let path = chart("ACME", "2023-06-30T00:00:00Z", "2023-07-06T00:00:00Z");
    let (status, body) = get(running.address(), &path);
    assert_eq!(status, 200);
    assert!(body["chart"]["error"].is_null());
    assert_eq!(
        stamps(&body),
        [
            at("2023-06-30T13:30:00Z"),
            at("2023-07-03T13:30:00Z"),
            at("2023-07-05T20:00:01Z"), // the last trade's time
        ]
    );
    assert_eq!(column(&body, "open"), [10.6, 11.6, 12.2]);
    assert_eq!(column(&body, "high"), [12.0, 12.5, 12.9]);
    assert_eq!(column(&body, "low"), [10.1, 11.1, 12.0]);
    assert_eq!(column(&body, "close"), [11.5, 12.1, 12.7]);
    assert_eq!(column(&body, "volume"), [2000.0, 1500.0, 1700.0]);
    let adjusted = &result(&body)["indicators"]["adjclose"][0]["adjclose"];
    assert_eq!(adjusted, &serde_json::json!([11.25, 12.0, 12.7]));
    let meta = &result(&body)["meta"];
    for (key, value) in [
        ("symbol", "ACME".into()),
        ("currency", "USD".into()),
        ("exchangeTimezoneName", "America/New_York".into()),
        ("timezone", "EDT".into()),
        ("gmtoffset", (-14_400).into()),
        ("dataGranularity", "1d".into()),
        ("range", "".into()),
        ("regularMarketPrice", 12.7.into()),
        (
            "regularMarketTime",
            at("2023-07-05T20:00:01Z").timestamp().into(),
        ),
        ("chartPreviousClose", 10.5.into()),
    ] as [(&str, serde_json::Value); 10]
    {
        assert_eq!(meta[key], value, "{key}");
    }
    let regular = &meta["currentTradingPeriod"]["regular"];
    assert_eq!(regular["start"], at("2023-07-05T13:30:00Z").timestamp());
    assert_eq!(regular["end"], at("2023-07-05T20:00:00Z").timestamp());
}

#[test]
fn an_empty_window_has_no_timestamps_and_the_end_is_excluded() {
    let directory = small_records();
    let running = start(replay(directory.path(), Visibility::Everything));
    let weekend = chart("ACME", "2023-07-01T00:00:00Z", "2023-07-03T13:30:00Z");
    let (status, body) = get(running.address(), &weekend);
    assert_eq!(status, 200);
    assert!(result(&body).get("timestamp").is_none(), "{body}");
    assert_eq!(
        result(&body)["indicators"],
        serde_json::json!({ "quote": [{}] })
    );
    let one = chart("ACME", "2023-07-03T13:30:00Z", "2023-07-03T13:30:01Z");
    assert_eq!(stamps(&get(running.address(), &one).1).len(), 1);
}

#[test]
fn what_yahoo_refuses_is_refused_in_its_words() {
    let directory = small_records();
    let running = start(replay(directory.path(), until("2023-07-05T21:00:00Z")));
    let refusals = [
        ("NOPE?interval=1d", 404, "Not Found"),
        ("acme?interval=1d", 404, "Not Found"),
        ("GC%3DF?interval=1d", 404, "Not Found"),
        ("ACME?interval=1m&range=1mo", 422, "Unprocessable Entity"),
        ("ACME?interval=1wk&range=1mo", 422, "Unprocessable Entity"),
        ("ACME?interval=7m&range=1d", 400, "Bad Request"),
        ("ACME?interval=1d&range=max", 422, "Unprocessable Entity"),
        ("ACME?interval=1d&period1=x", 422, "Unprocessable Entity"),
        (
            "ACME?period1=-9223372036854775808&period2=9223372036854775807",
            422,
            "Unprocessable Entity",
        ),
        ("ACME?period1=5&period2=5", 400, "Bad Request"),
    ];
    for (request, status, code) in refusals {
        let (got, body) = get(running.address(), &format!("/v8/finance/chart/{request}"));
        assert_eq!(got, status, "{request}");
        assert_eq!(body["chart"]["error"]["code"], code, "{request}");
        assert!(body["chart"]["result"].is_null(), "{request}");
    }
    let (status, body) = get(
        running.address(),
        "/v8/finance/chart/ACME?range=5d&interval=1d",
    );
    assert_eq!((status, stamps(&body).len()), (200, 4));
}

#[test]
fn news_have_the_vendors_form_order_and_limit() {
    let directory = small_records();
    let running = start(replay(directory.path(), Visibility::Everything));
    let titles = |more: &str| -> Vec<String> {
        let (status, body) = get(running.address(), &news("ACME", more));
        assert_eq!(status, 200);
        let feed = body["feed"].as_array().unwrap_or_else(|| panic!("{body}"));
        assert_eq!(body["items"], feed.len().to_string());
        let title = |item: &serde_json::Value| item["title"].as_str().unwrap().to_owned();
        feed.iter().map(title).collect()
    };
    assert_eq!(titles("").len(), 5);
    assert_eq!(titles("limit=1"), ["Acme at the weekend"]);
    assert_eq!(titles("sort=EARLIEST&limit=1"), ["Acme before the opening"]);
    assert_eq!(
        titles("sort=RELEVANCE&limit=1"),
        ["ACME in the last second of that minute"]
    );
    // Both ends of a window are whole minutes.
    let minute = titles("time_from=20230630T1500&time_to=20230630T1500&sort=EARLIEST");
    assert_eq!(minute.len(), 3);
    assert_eq!(
        titles("time_from=20230702T0000&time_to=20230702T2359").len(),
        0
    );

    let (_, body) = get(running.address(), &news("ACME", "sort=EARLIEST"));
    let item = &body["feed"][0];
    assert_eq!(item["time_published"], "20230630T120000");
    assert_eq!(item["url"], "https://example.org/1");
    assert_eq!(item["source"], "Wire");
    assert_eq!(item["ticker_sentiment"][0]["ticker"], "ACME");
    let urls: std::collections::HashSet<_> = (0..5)
        .map(|i| body["feed"][i]["url"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(urls.len(), 5, "articles without an address get one each");
    assert_eq!(
        get(running.address(), &news("ACME", "sort=EARLIEST")).1,
        body
    );
}

#[test]
fn what_alphavantage_refuses_is_refused_in_its_words() {
    let directory = small_records();
    let running = start(replay(directory.path(), Visibility::Everything));
    let (status, quiet) = get(running.address(), &news("QUIET", "limit=1000"));
    assert_eq!((status, &quiet["items"]), (200, &"0".into()));
    assert_eq!(quiet["feed"], serde_json::json!([]));

    for invalid in [
        news("NOPE", ""),
        news("ACME,NOPE", ""),
        news("acme", ""),
        news("", ""),
        news("ACME", "sort=NEWEST"),
        news("ACME", "limit=0"),
        news("ACME", "limit=-1"),
        news("ACME", "time_from=2023-06-30"),
        news("ACME", "time_from=20230630T1500&time_to=20230630T1459"),
    ] {
        let (status, body) = get(running.address(), &invalid);
        assert_eq!(status, 200, "{invalid}");
        let said = body["Information"].as_str().unwrap_or_default();
        assert!(said.starts_with("Invalid inputs"), "{invalid}: {body}");
    }
    for (request, said) in [
        (
            "/query?function=NEWS_SENTIMENT&tickers=ACME",
            "apikey is invalid or missing",
        ),
        (
            "/query?function=NEWS_SENTIMENT&tickers=ACME&apikey=",
            "apikey is invalid or missing",
        ),
        (
            "/query?function=TIME_SERIES_DAILY&symbol=ACME&apikey=k",
            "does not exist",
        ),
    ] {
        let (status, body) = get(running.address(), request);
        let message = body["Error Message"].as_str().unwrap_or_default();
        assert!(status == 200 && message.contains(said), "{request}: {body}");
    }
}

#[test]
fn several_tickers_mean_articles_that_name_all_of_them() {
    let directory = small_records();
    write_file(
        directory.path(),
        "news/OTHER.csv",
        "time_published,title\n20230630T150000,Another of the same second\n20230630T150000,Alone\n",
    );
    let running = start(replay(directory.path(), Visibility::Everything));
    let (_, body) = get(running.address(), &news("ACME,OTHER", ""));
    assert_eq!(body["items"], "1", "{body}");
    assert_eq!(body["feed"][0]["title"], "Another of the same second");
    // News without prices: known to the one vendor only.
    let chart = chart("OTHER", "2023-06-01T00:00:00Z", "2023-07-01T00:00:00Z");
    assert_eq!(get(running.address(), &chart).0, 404);
}
