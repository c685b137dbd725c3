//! Providers of prices that die one after the other, seen in the record: the next one's name, and in
//! the end the stored prices with their age. Keys of all vendors are in no log, page, metric or file.

use crate::common;

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use closecall_calendar::Clock;
use common::Workplace;
use common::http::Site;
use common::pipeline::{RUN_DATA, Running, account};
use serde_json::Value;

/// Each provider dies on another day; the vendor of news repeats its key in what it says.
const SCRIPT: [&str; 4] = [
    "chart:status=503:between=20230627T0000,20230706T0000",
    "alpaca:status=403:between=20230628T0000,20230706T0000",
    "tiingo:garbage:between=20230629T0000,20230706T0000",
    "news:quota-note:between=20230627T0000,20230706T0000",
];

/// A moment of each day, whose bars the record has, and whose price of the moment.
const DAYS: [(&str, &str, Option<&str>); 5] = [
    ("2023-06-26T15:00:00Z", "yahoo", Some("yahoo")),
    ("2023-06-27T15:00:00Z", "alpaca", Some("alpaca")),
    ("2023-06-28T15:00:00Z", "tiingo", Some("tiingo")),
    ("2023-06-29T15:00:00Z", "files", None),
    // The file is gone, too.
    ("2023-06-30T15:00:00Z", "files", None),
];

/// Settings that are secrets, each with a value of its own.
const KEYS: [(&str, &str); 7] = [
    ("CLOSECALL__ALPHAVANTAGE__API_KEY", "CANARY0NEWS"),
    ("CLOSECALL__ALPACA__KEY_ID", "CANARY0ALPACA0ID"),
    ("CLOSECALL__ALPACA__SECRET_KEY", "CANARY0ALPACA0SECRET"),
    ("CLOSECALL__TIINGO__API_KEY", "CANARY0TIINGO"),
    ("CLOSECALL__ALERTS__URL", "http://127.0.0.1:9/CANARY0ALERTS"),
    ("CLOSECALL__KAFKA__SASL_PASSWORD", "CANARY0BROKER"),
    ("CLOSECALL__KAFKA__TLS_KEY_PASSWORD", "CANARY0CERTIFICATE"),
];
const CANARY: &str = "CANARY0";

const PATHS: [&str; 12] = [
    "/",
    "/record",
    "/pipeline",
    "/dead-letters",
    "/api",
    "/metrics",
    "/readyz",
    "/version",
    "/api/v1/forecasts",
    "/api/v1/stages",
    "/api/v1/score",
    "/api/v1/tickers",
];

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// The days before `end` as a folder of prices in Yahoo's own columns, fetched from the server.
fn keep_files(url: &str, end: &str, workplace: &Workplace) {
    let (from, to) = (at("2022-06-01T00:00:00Z"), at(end));
    let path = format!(
        "/v8/finance/chart/AAPL?interval=1d&period1={}&period2={}",
        from.timestamp(),
        to.timestamp()
    );
    let (status, answer) = Site::at(url).get(&path);
    assert_eq!(status, 200, "{answer}");
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    let body: Value = serde_json::from_str(body).unwrap();
    let result = &body["chart"]["result"][0];
    let opens = result["timestamp"].as_array().unwrap();
    let closes = result.pointer("/indicators/quote/0/close").unwrap();
    let mut text = "Date,Open,High,Low,Close,Adj Close,Volume\n".to_owned();
    for (open, close) in opens.iter().zip(closes.as_array().unwrap()) {
        let open = DateTime::from_timestamp(open.as_i64().unwrap(), 0).unwrap();
        let close = close.as_f64().unwrap();
        let date = open.date_naive();
        writeln!(text, "{date},{close},{close},{close},{close},{close},1000").unwrap();
    }
    let folder = workplace.folder.path().join("files");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("AAPL.csv"), text).unwrap();
}

#[track_caller]
fn assert_no_key(place: &str, text: &str) {
    let found = text.find(CANARY);
    let around = found.map(|found| text[found..].chars().take(30).collect::<String>());
    assert_eq!(around, None, "a key is in {place}");
}

/// Runs at this moment until a forecast is made, looks at all pages, and ends it.
fn forecast_at(moment: &str, workplace: &Workplace) -> Value {
    let run = ["run", "--clock-start", moment];
    let more = [
        "--tickers",
        "AAPL",
        "--json=full",
        "-vv",
        "--set",
        "http.listen=127.0.0.1:0",
    ];
    let run = Running::start(workplace.command(run.into_iter().chain(more)));
    let pages = run.pages();
    common::wait_until("a forecast is made", || run.printed() > 0);
    for path in PATHS {
        let (status, page) = pages.get(path);
        assert_eq!(status, 200, "{path}: {page}");
        assert_no_key(path, &page);
    }
    run.signal("TERM");
    let done = run.ended();
    assert_eq!(done.code(), 0, "{}", done.stderr());
    assert_eq!(account(&done.stderr())["lost"], 0);
    assert_no_key("the log", &done.stderr());
    assert_no_key("what was printed", &done.stdout());
    done.json_lines().remove(0)
}

#[test]
fn the_record_names_the_next_provider_and_at_last_the_age_of_what_is_stored() {
    let clock = Clock::fixed(at("2023-07-10T15:00:00Z"));
    let server = common::simulated::serve(3, &clock, SCRIPT);
    let url = format!("http://{}", server.address());
    let mut workplace = Workplace::on(&url)
        .with("CLOSECALL__ALPACA__BASE_URL", &url)
        .with("CLOSECALL__TIINGO__BASE_URL", &url)
        .with("CLOSECALL__FILES__FOLDER", "files");
    for (name, key) in KEYS {
        workplace = workplace.with(name, key);
    }
    keep_files(&url, "2023-06-29T00:00:00Z", &workplace);
    let mut ages = Vec::new();
    for (moment, provider, quote) in DAYS {
        if moment == DAYS[4].0 {
            std::fs::remove_file(workplace.folder.path().join("files/AAPL.csv")).unwrap();
        }
        // A vendor sees its own clock; what is later than the pick is cut off.
        clock.set(at(moment) + TimeDelta::minutes(1));
        let forecast = forecast_at(moment, &workplace);
        assert_eq!(forecast["provider"], provider, "{moment}: {forecast}");
        let source = forecast.pointer("/quote/source").and_then(Value::as_str);
        assert_eq!(source, quote, "{moment}");
        ages.push(forecast["data_age_s"].as_i64().unwrap());
    }
    assert!(ages[3] < 3600 && ages[4] > 20 * 3600, "{ages:?}");

    workplace.ledger(RUN_DATA);
    let record = workplace.run(&["ledger", "export", "--format", "json"]);
    let rows: Vec<Value> = serde_json::from_str(&record.stdout()).unwrap();
    for (moment, provider, quote) in DAYS {
        let of_day: Vec<_> = rows
            .iter()
            .filter(|row| {
                row["as_of"]
                    .as_str()
                    .is_some_and(|at| at[..10] == moment[..10])
            })
            .collect();
        assert!(!of_day.is_empty());
        for row in of_day {
            assert_eq!(row["provider"], provider, "{row}");
            assert_eq!(row["quote_source"].as_str(), quote, "{row}");
        }
    }
    assert_no_key("the export", &record.stdout());
    for words in [
        &["doctor"][..],
        &["store", "info"],
        &["config", "show"],
        &["ledger", "list"],
    ] {
        let done = workplace.run(&[words, &["-vv"]].concat());
        assert_no_key(words[0], &(done.stdout() + &done.stderr()));
    }
    for (path, bytes) in workplace.files() {
        assert_no_key(
            &path.display().to_string(),
            &String::from_utf8_lossy(&bytes),
        );
    }
}
