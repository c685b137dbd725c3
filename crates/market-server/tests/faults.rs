//! Every fault of a script, over real connections: what goes over the wire, how often, and to whom.

use crate::support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use closecall_calendar::Clock;
use closecall_market_server::{Error, FaultScript, RunningServer, Server, Visibility};
use serde_json::Value;
use support::*;

const NOW: &str = "2023-07-05T21:00:00Z";
const DAILY: &str = "/v8/finance/chart/ACME?interval=1d&range=4d&events=div,splits";
const MINUTES: &str = "/v8/finance/chart/ACME?interval=15m&range=5d";

/// A server of a week of ACME that misbehaves so.
fn serve(faults: &[&str]) -> (RunningServer, Clock) {
    let directory = small_records();
    write_file(
        directory.path(),
        "intraday/ACME-15m.csv",
        "start,open,high,low,close,volume\n\
         2023-07-05T13:30:00Z,12.2,12.4,12.1,12.3,100\n\
         2023-07-05T13:45:00Z,12.3,12.5,12.2,12.4,200\n",
    );
    let clock = Clock::fixed(at(NOW));
    let market = replay(directory.path(), Visibility::Until(clock.clone()));
    let script = FaultScript::parse(faults).unwrap();
    let server = Server::bind(Server::loopback(0), market).unwrap();
    (server.with_faults(script).spawn().unwrap(), clock)
}

/// Sends a request and does not read yet.
fn send(address: SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    stream
}

/// Head and body of an answer, read until the connection ends.
fn raw(address: SocketAddr, path: &str) -> (String, Vec<u8>) {
    let mut bytes = Vec::new();
    send(address, path).read_to_end(&mut bytes).unwrap();
    let end = bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    (head.to_lowercase(), bytes[end + 4..].to_vec())
}

fn length(head: &str) -> usize {
    let line = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    line.unwrap_or_else(|| panic!("no length: {head}"))
        .parse()
        .unwrap()
}

fn statuses(address: SocketAddr, path: &str, count: usize) -> Vec<u16> {
    (0..count)
        .map(|_| raw(address, path).0[9..12].parse().unwrap())
        .collect()
}

#[test]
fn a_script_counts_the_requests_that_it_means() {
    let (server, _) = serve(&[
        "daily/ACME:status=503:first=2",
        "intraday:status=500:every=2",
        "news:status=429,retry-after=30:at=2",
    ]);
    let address = server.address();
    assert_eq!(statuses(address, DAILY, 3), [503, 503, 200]);
    assert_eq!(
        statuses(address, "/v8/finance/chart/QUIET?interval=1d", 1),
        [200]
    );
    assert_eq!(statuses(address, MINUTES, 4), [200, 500, 200, 500]);
    assert_eq!(statuses(address, &news("ACME", ""), 1), [200]);
    let (head, body) = raw(address, &news("ACME", ""));
    assert!(
        head.contains(" 429 ") && head.contains("retry-after: 30"),
        "{head}"
    );
    assert_eq!(body, b"Edge: Too Many Requests");
    assert_eq!(statuses(address, &news("ACME", ""), 1), [200]);
}

#[test]
fn bodies_are_cut_short_or_announced_wrong() {
    for (fault, sent, announced) in [
        ("truncate=40", 40, None),
        ("length=+10", 0, Some(10)),
        ("length=-10", 0, Some(-10)),
    ] {
        let (server, _) = serve(&[&format!("daily:{fault}:first=1")]);
        let (head, body) = raw(server.address(), DAILY);
        let (right_head, right_body) = raw(server.address(), DAILY);
        let right = right_body.len();
        assert_eq!(length(&right_head), right);
        match announced {
            None => {
                assert_eq!(length(&head), right, "{fault}");
                assert_eq!(body, right_body[..sent], "{fault}");
            }
            Some(difference) => {
                let said = right.checked_add_signed(difference).unwrap();
                assert_eq!(length(&head), said, "{fault}");
                assert_eq!(body, right_body[..right.min(said)], "{fault}");
            }
        }
    }
    let (server, _) = serve(&["daily:abort=40"]);
    let (head, body) = raw(server.address(), DAILY);
    assert!(head.contains("transfer-encoding: chunked"), "{head}");
    assert!(
        body.starts_with(b"28\r\n{\"chart\""),
        "forty bytes in one chunk"
    );
    assert!(!body.ends_with(b"0\r\n\r\n"), "the last chunk is missing");
}

#[test]
fn answers_come_late_in_drops_or_not_at_all() {
    let (server, _) = serve(&[
        "daily:delay=20ms:at=1",
        "daily:hang:at=2",
        "daily:silence=5:at=3",
    ]);
    let address = server.address();
    let right = raw(address, DAILY);
    // Late is right all the same.
    assert_eq!(length(&right.0), right.1.len());
    for (name, expected) in [("hang", 0), ("silence", 5)] {
        let mut stream = send(address, DAILY);
        let mut bytes = Vec::new();
        let body = |bytes: &[u8]| {
            let head = bytes.windows(4).position(|four| four == b"\r\n\r\n");
            head.map_or(0, |end| bytes.len() - end - 4)
        };
        // Whatever time that takes, and then nothing more.
        while body(&bytes) < expected {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            bytes.push(byte[0]);
        }
        stream
            .set_read_timeout(Some(Duration::from_millis(200)))
            .unwrap();
        let error = stream.read_to_end(&mut bytes).unwrap_err();
        let waiting = [std::io::ErrorKind::WouldBlock, std::io::ErrorKind::TimedOut];
        assert!(waiting.contains(&error.kind()), "{name}: {error}");
        assert_eq!(body(&bytes), expected, "{name}");
    }
    let (server, _) = serve(&["daily:drip=4000"]);
    assert_eq!(raw(server.address(), DAILY).1, right.1);
}

#[test]
fn what_comes_is_no_data() {
    let (server, _) = serve(&[
        "daily:garbage:at=1",
        "daily:html:at=2",
        "daily:text:at=3",
        "daily:encoding=br:at=4",
        "daily:redirect=http://169.254.169.254/latest:at=5",
        "daily:status=401:at=6",
    ]);
    let answers: Vec<(String, Vec<u8>)> = (0..6).map(|_| raw(server.address(), DAILY)).collect();
    let head = |index: usize| answers[index].0.as_str();
    assert!(head(0).contains("200 ok") && head(0).contains("application/json"));
    assert!(serde_json::from_slice::<Value>(&answers[0].1).is_err());
    assert!(head(1).contains("text/html"));
    assert_eq!(answers[2].1, b"Too Many Requests\r\n");
    assert!(head(3).contains("content-encoding: br"));
    assert!(head(4).contains("302") && head(4).contains("location: http://169.254.169.254/latest"));
    assert!(String::from_utf8_lossy(&answers[5].1).contains("Invalid Crumb"));
}

#[test]
fn a_bomb_is_small_on_the_wire() {
    for (coding, magic) in [("gzip", [0x1f, 0x8b]), ("deflate", [0x78, 0x9c])] {
        let (server, _) = serve(&[&format!("daily:bomb={coding},1")]);
        let (head, body) = raw(server.address(), DAILY);
        assert!(
            head.contains(&format!("content-encoding: {coding}")),
            "{head}"
        );
        // In chunks, whose sizes stand between: two mebibytes stand for a gibibyte.
        assert!(body.len() < 2 << 20, "{}", body.len());
        assert!(body.windows(2).any(|two| two == magic));
    }
}

#[test]
fn a_quota_is_enforced_by_the_day_and_its_note_holds_the_key() {
    let (server, clock) = serve(&["news:quota=2"]);
    let ask = || get(server.address(), &news("ACME", "")).1;
    assert!(ask().get("feed").is_some() && ask().get("feed").is_some());
    let note = ask()["Information"].as_str().unwrap().to_owned();
    assert!(
        note.contains("25 requests per day") && note.contains("API key as any"),
        "{note}"
    );
    clock.set(at("2023-07-06T00:00:00Z"));
    assert!(ask().get("feed").is_some());

    let (server, _) = serve(&["news:burst-note:first=1"]);
    let (_, body) = get(server.address(), &news("ACME", ""));
    assert!(
        body["Information"]
            .as_str()
            .unwrap()
            .contains("1 request per second")
    );
}

/// The daily chart of the week: four sessions, of which the last has just closed.
fn daily(fault: &str, now: &str) -> Value {
    let (server, clock) = serve(&[fault]);
    clock.set(at(now));
    get(server.address(), DAILY).1
}

fn closes(body: &Value) -> Vec<Option<f64>> {
    let closes = result(body)["indicators"]["quote"][0]["close"].as_array();
    closes.into_iter().flatten().map(Value::as_f64).collect()
}

#[test]
fn rows_are_null_missing_late_corrected_or_doubled() {
    let all = [10.5, 11.5, 12.1, 12.7].map(Some);
    assert_eq!(
        closes(&daily("daily:null-rows=1", NOW)),
        [all[0], all[1], all[2], None]
    );
    let nulls = daily("daily:null-rows=1", NOW);
    assert_eq!(
        column(&nulls, "volume")[3],
        1700.0,
        "a volume and no prices"
    );
    assert_eq!(closes(&daily("daily:missing=last", NOW)), all[..3]);
    let without = daily("daily:missing=2023-06-30", NOW);
    assert_eq!(closes(&without), [all[0], all[2], all[3]]);
    // A close comes forty minutes late, or another first.
    for (fault, early) in [
        ("daily:late-close=40", &all[..3]),
        (
            "daily:corrected-close=10,40",
            &[all[0], all[1], all[2], Some(12.7 * 1.1)][..],
        ),
    ] {
        assert_eq!(
            closes(&daily(fault, "2023-07-05T20:39:00Z")),
            early,
            "{fault}"
        );
        assert_eq!(
            closes(&daily(fault, "2023-07-05T20:40:00Z")),
            all,
            "{fault}"
        );
    }
    let doubled = daily("daily:doubled-bar", NOW);
    assert_eq!(closes(&doubled), [all[0], all[1], all[2], all[3], all[3]]);
    assert_eq!(stamps(&doubled)[3], stamps(&doubled)[4]);
    // Without any row there are no columns.
    let (server, _) = serve(&["daily:missing=2023-07-05"]);
    let path = "/v8/finance/chart/ACME?interval=1d&range=1d";
    let (_, body) = get(server.address(), path);
    assert_eq!(
        result(&body)["indicators"],
        serde_json::json!({ "quote": [{}] })
    );
}

#[test]
fn a_split_is_applied_or_not_and_announced_or_not() {
    let before = "2023-07-03T20:00:00Z";
    for announced in ["announced", "silent"] {
        let of = |applied: &str| format!("chart:split=4:1,2023-07-05,{applied},{announced}");
        assert_eq!(
            closes(&daily(&of("applied"), before)),
            [10.5, 11.5, 12.1].map(Some)
        );
        let applied = daily(&of("applied"), NOW);
        assert_eq!(closes(&applied), [2.625, 2.875, 3.025, 3.175].map(Some));
        assert_eq!(column(&applied, "volume"), [4000.0, 8000.0, 6000.0, 6800.0]);
        let unapplied = daily(&of("unapplied"), NOW);
        assert_eq!(closes(&unapplied), [10.5, 11.5, 12.1, 3.175].map(Some));
        for body in [applied, unapplied] {
            let split = &result(&body)["events"]["splits"]["1688563800"];
            let said = announced == "announced";
            assert_eq!(
                split["splitRatio"],
                if said { "4:1".into() } else { Value::Null }
            );
            assert_eq!(result(&body)["meta"]["regularMarketPrice"], 3.175);
        }
    }
    let (server, _) = serve(&["chart:split=1:20,2023-07-05,unapplied,announced"]);
    let (_, body) = get(
        server.address(),
        "/v8/finance/chart/ACME?interval=15m&range=1d",
    );
    assert_eq!(closes(&body), [246.0, 248.0, 254.0].map(Some));
    assert_eq!(result(&body)["meta"]["chartPreviousClose"], 12.1);
}

#[test]
fn units_change_and_a_quote_stands_still() {
    let all = daily("daily:unit=0.01", NOW);
    assert_eq!(closes(&all)[3], Some(12.7 * 0.01));
    let one = daily("daily:unit=100,1", NOW);
    assert_eq!(closes(&one), [10.5, 11.5, 12.1, 1270.0].map(Some));
    let (server, clock) = serve(&["intraday:stale=10"]);
    clock.set(at("2023-07-05T14:05:00Z"));
    let (_, body) = get(
        server.address(),
        "/v8/finance/chart/ACME?interval=15m&range=1d",
    );
    assert_eq!(closes(&body), [12.3, 12.4].map(Some));
    assert_eq!(
        result(&body)["meta"]["regularMarketTime"],
        at("2023-07-05T13:45:00Z").timestamp()
    );
}

#[test]
fn what_is_no_fault_is_refused_with_its_text() {
    for (spec, said) in [
        ("daily", "WHERE:WHAT"),
        ("days:hang", "\"days\""),
        ("daily:explode", "\"explode\""),
        ("daily:status=abc", "\"abc\""),
        ("daily:status=100", "\"100\""),
        ("daily:hang:first=0", "count from 1"),
        ("daily/../x:hang", "\"../x\""),
        ("daily/aapl:hang", "\"aapl\""),
        (
            "daily:hang:between=20230630T1700,20230630T1400",
            "the earlier first",
        ),
        ("daily:delay=2", "no span"),
        ("daily:split=4:1,2023-07-05,applied", "split is"),
        ("daily:split=0:1,2023-07-05,applied,silent", "not above 0"),
        ("daily:unit=nan", "no number"),
        ("daily:bomb=zip", "neither gzip nor deflate"),
        ("news:quota=2:first=1", "says itself"),
    ] {
        let error = FaultScript::parse([spec]).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, Error::FaultSpec { .. }), "{text}");
        assert!(text.contains(said) && text.contains(spec), "{spec}: {text}");
    }
}
