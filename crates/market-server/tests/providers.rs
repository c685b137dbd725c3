//! The forms of Alpaca and Tiingo: keys, pages, words of refusal, empty pages.

use crate::support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;
use support::{replay, small_records, start, until, write_file};

const ALPACA: &str = "APCA-API-KEY-ID: k\r\nAPCA-API-SECRET-KEY: s\r\n";
const TIINGO: &str = "Authorization: Token k\r\n";

fn get(address: SocketAddr, path: &str, headers: &str) -> (u16, Value) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\n{headers}Connection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap())
}

#[test]
fn alpacas_pages_follow_each_other_until_there_is_none() {
    let records = small_records();
    let server = start(replay(records.path(), until("2023-07-05T18:00:00Z")));
    let ask = |more: &str| {
        let path = format!(
            "/v2/stocks/bars?symbols=ACME&timeframe=1Day&start=2023-06-01&end=2023-07-05T17:44:00Z&feed=sip{more}"
        );
        get(server.address(), &path, ALPACA)
    };
    let (status, whole) = ask("");
    let bars = whole["bars"]["ACME"].as_array().unwrap();
    assert_eq!((status, bars.len()), (200, 4));
    // Midnight in New York; the session in progress is a bar, too.
    assert_eq!(bars[0]["t"], "2023-06-29T04:00:00Z");
    assert_eq!(
        (bars[0]["c"].as_f64(), bars[3]["c"].as_f64()),
        (Some(10.5), Some(12.2))
    );
    assert_eq!(whole["next_page_token"], Value::Null);
    let (mut paged, mut token) = (Vec::new(), String::new());
    loop {
        let (_, page) = ask(&format!("&limit=3{token}"));
        paged.extend(page["bars"]["ACME"].as_array().unwrap().clone());
        match page["next_page_token"].as_str() {
            Some(next) => token = format!("&page_token={}", next.replace('|', "%7C")),
            None => break,
        }
    }
    assert_eq!(&paged, bars);
}

#[test]
fn alpaca_refuses_in_its_own_words() {
    let records = small_records();
    let server = start(replay(records.path(), until("2023-07-05T18:00:00Z")));
    let ask = |query: &str, headers: &str| {
        get(
            server.address(),
            &format!("/v2/stocks/bars?{query}"),
            headers,
        )
    };
    let day = "symbols=ACME&timeframe=1Day&start=2023-06-01";
    assert_eq!(ask(day, "").0, 403);
    let (status, recent) = ask(&format!("{day}&feed=sip"), ALPACA);
    let message = recent["message"].as_str().unwrap();
    assert_eq!(
        (status, message),
        (403, "subscription does not permit querying recent SIP data")
    );
    assert_eq!(ask(&format!("{day}&feed=iex"), ALPACA).0, 200);
    assert_eq!(
        ask("symbols=a!&timeframe=1Day&end=2023-07-01", ALPACA).0,
        400
    );
    assert_eq!(
        ask("symbols=ACME&timeframe=1Fortnight&end=2023-07-01", ALPACA).0,
        400
    );
    // A symbol that it does not have is an empty page.
    let (status, empty) = ask(
        "symbols=NONE&timeframe=1Day&start=2023-06-01&end=2023-07-01",
        ALPACA,
    );
    assert_eq!((status, &empty["bars"]), (200, &serde_json::json!({})));
    assert_eq!(server.requests().of("alpaca-daily"), 5);
}

#[test]
fn tiingo_shows_prices_as_they_were_quoted_with_their_splits() {
    let records = small_records();
    write_file(
        records.path(),
        "splits/ACME.csv",
        "date,numerator,denominator\n2023-07-03,2,1\n",
    );
    let server = start(replay(records.path(), until("2023-07-05T21:00:00Z")));
    let path = "/tiingo/daily/ACME/prices?startDate=2023-06-29&endDate=2023-07-05";
    assert_eq!(get(server.address(), path, "").0, 403);
    let (_, rows) = get(server.address(), path, TIINGO);
    let column = |name: &str| -> Vec<f64> {
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| row[name].as_f64().unwrap()).collect()
    };
    assert_eq!(column("close"), [21.0, 23.0, 12.1, 12.7]);
    assert_eq!(column("splitFactor"), [1.0, 1.0, 2.0, 1.0]);
    let (status, body) = get(server.address(), "/tiingo/daily/NONE/prices", TIINGO);
    assert_eq!(
        (status, &body["detail"]),
        (404, &"Error: Ticker 'NONE' not found".into())
    );
    let none = get(
        server.address(),
        "/iex/NONE/prices?resampleFreq=1min",
        TIINGO,
    );
    assert_eq!(none, (200, serde_json::json!([])));
}
