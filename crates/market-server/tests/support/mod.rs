//! Support of the market server's tests: a plain HTTP client, a clock, recorded data.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;

use chrono::{DateTime, Utc};
use closecall_calendar::{Calendar, Clock};
use closecall_market_server::{Replay, RunningServer, ServedMarket, Server, Visibility};
use serde_json::Value;

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn until(text: &str) -> Visibility {
    Visibility::Until(Clock::fixed(at(text)))
}

pub(crate) fn start(market: ServedMarket) -> RunningServer {
    Server::bind(Server::loopback(0), market)
        .unwrap()
        .spawn()
        .unwrap()
}

/// Status and body of a GET, by hand: what the server sends, not what a client makes of it.
pub(crate) fn get_text(address: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(
        !head.to_lowercase().contains("transfer-encoding"),
        "plain body expected: {head}"
    );
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

pub(crate) fn get(address: SocketAddr, path: &str) -> (u16, Value) {
    let (status, body) = get_text(address, path);
    (
        status,
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}")),
    )
}

/// The path of a chart request for these moments.
pub(crate) fn chart(symbol: &str, from: &str, to: &str) -> String {
    format!(
        "/v8/finance/chart/{symbol}?period1={}&period2={}&interval=1d&events=div,splits&includePrePost=false",
        at(from).timestamp(),
        at(to).timestamp()
    )
}

/// The path of a news request with these further parameters.
pub(crate) fn news(ticker: &str, more: &str) -> String {
    format!("/query?function=NEWS_SENTIMENT&tickers={ticker}&apikey=any&{more}")
}

pub(crate) fn result(body: &Value) -> &Value {
    &body["chart"]["result"][0]
}

pub(crate) fn stamps(body: &Value) -> Vec<DateTime<Utc>> {
    let stamps = result(body)["timestamp"].as_array();
    stamps
        .into_iter()
        .flatten()
        .map(|stamp| DateTime::from_timestamp(stamp.as_i64().unwrap(), 0).unwrap())
        .collect()
}

/// A column of the quote, e.g. `close`.
pub(crate) fn column(body: &Value, name: &str) -> Vec<f64> {
    let column = result(body)["indicators"]["quote"][0][name].as_array();
    column
        .into_iter()
        .flatten()
        .map(|number| number.as_f64().unwrap())
        .collect()
}

pub(crate) fn published(body: &Value) -> Vec<DateTime<Utc>> {
    body["feed"]
        .as_array()
        .unwrap_or_else(|| panic!("no feed: {body}"))
        .iter()
        .map(|item| {
            let text = item["time_published"].as_str().unwrap();
            chrono::NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S")
                .unwrap()
                .and_utc()
        })
        .collect()
}

/// A directory to replay with a week of one ticker, made by hand; 2023-07-03 is a half day and
/// 2023-07-04 a holiday.
pub(crate) fn small_records() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    write_file(
        directory.path(),
        "prices/ACME.csv",
        "Date,Open,High,Low,Close,Adj Close,Volume\n\
         2023-06-29,10.0,11.0,9.5,10.5,10.25,1000\n\
         2023-06-30,10.6,12.0,10.1,11.5,11.25,2000\n\
         2023-07-03,11.6,12.5,11.1,12.1,12.0,1500\n\
         2023-07-05,12.2,12.9,12.0,12.7,12.7,1700\n",
    );
    write_file(
        directory.path(),
        "prices/QUIET.csv",
        "Date,Open,High,Low,Close,Adj Close,Volume\n2023-06-30,1,2,0.5,1.5,1.5,0\n",
    );
    write_file(
        directory.path(),
        "news/ACME.csv",
        "time_published,title,summary,url,source\n\
         20230630T120000,Acme before the opening,s,https://example.org/1,Wire\n\
         20230630T150000,Acme \"during\" the session,,,\n\
         20230630T150000,Another of the same second,,,\n\
         20230630T150059,ACME in the last second of that minute,,,\n\
         20230701T010000,Acme at the weekend,,,\n",
    );
    directory
}

pub(crate) fn write_file(directory: &Path, name: &str, content: &str) {
    let path = directory.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

pub(crate) fn replay(directory: &Path, visibility: Visibility) -> ServedMarket {
    let calendar = Calendar::default();
    let replay = Replay::load(directory, &calendar).unwrap();
    ServedMarket::replay(replay, visibility, calendar)
}
