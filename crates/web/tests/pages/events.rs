//! Events: what is recorded arrives, what was missed is sent again, and a reader that is gone leaves
//! nothing behind.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

use crate::support::{
    Maker, PATIENCE, Recording as _, Served, afternoons, at, get, letter, one, until,
};

struct Stream(BufReader<TcpStream>);

impl Stream {
    fn open(served: &Served, headers: &str) -> Self {
        let mut stream = TcpStream::connect(served.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(
            stream,
            "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n"
        )
        .unwrap();
        let mut stream = Self(BufReader::new(stream));
        stream.until("retry: 3000");
        stream
    }

    /// Reads on to a line that begins so.
    #[track_caller]
    fn until(&mut self, begin: &str) -> String {
        loop {
            let mut line = String::new();
            assert!(
                self.0.read_line(&mut line).unwrap() > 0,
                "the stream ended before `{begin}`"
            );
            if line.starts_with(begin) {
                return line.trim_end().to_owned();
            }
        }
    }
}

#[test]
fn what_is_recorded_arrives_with_the_number_of_its_row() {
    let mut served = Served::filled(|ledger| {
        afternoons(
            ledger,
            2,
            Maker {
                share: 0.0,
                width: 1.0,
            },
        )
    });
    let rows = served.get("/api/v1/stages").json()["ledger"]["rows"]
        .as_i64()
        .unwrap();
    let mut stream = Stream::open(&served, "");
    served.record(|ledger| {
        let later = one("2025-03-03T15:00:00Z", |_| ());
        ledger
            .record_forecast(&later, at("2025-03-03T15:00:05Z"))
            .unwrap();
        ledger.record_dead_letter(&letter(1, "given up")).unwrap();
    });
    assert_eq!(stream.until("id: "), format!("id: {}", rows + 1));
    assert_eq!(stream.until("event: "), "event: forecast");
    let data: serde_json::Value =
        serde_json::from_str(stream.until("data: ").trim_start_matches("data: ")).unwrap();
    assert_eq!(data["ticker"], "AAPL");
    assert_eq!(stream.until("event: "), "event: dead-letter");
}

#[test]
fn what_was_missed_is_sent_again_and_too_much_of_it_asks_to_fetch_anew() {
    let served = Served::filled(|ledger| {
        afternoons(
            ledger,
            3,
            Maker {
                share: 0.0,
                width: 1.0,
            },
        )
    });
    let rows = served.get("/api/v1/stages").json()["ledger"]["rows"]
        .as_i64()
        .unwrap();
    let mut stream = Stream::open(&served, &format!("Last-Event-ID: {}\r\n", rows - 2));
    assert_eq!(stream.until("id: "), format!("id: {}", rows - 1));
    assert_eq!(stream.until("id: "), format!("id: {rows}"));
    let mut ahead = Stream::open(&served, "Last-Event-ID: 999999\r\n");
    ahead.until("event: reset");
    let refused = get(served.address, "/api/v1/events", "Last-Event-ID: x\r\n");
    assert_eq!(refused.status, 400);
}

#[test]
fn the_33rd_reader_is_asked_to_come_back_and_a_reader_that_is_gone_makes_room() {
    let mut served = Served::new();
    let mut streams: Vec<Stream> = (0..32).map(|_| Stream::open(&served, "")).collect();
    let refused = get(served.address, "/api/v1/events", "");
    assert_eq!(
        (refused.status, refused.header("retry-after")),
        (503, Some("30"))
    );
    assert_eq!(served.get("/").status, 200, "pages are answered meanwhile");
    // Killed, as a browser is; what is sent next finds that out.
    streams.clear();
    let mut number = 0;
    until("the readers that are gone to be noticed", || {
        number += 1;
        served.record(|ledger| {
            ledger
                .record_dead_letter(&letter(number, "given up"))
                .unwrap();
        });
        let mut stream = TcpStream::connect(served.address).unwrap();
        write!(
            stream,
            "HEAD /api/v1/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut status = String::new();
        BufReader::new(stream).read_line(&mut status).unwrap();
        status.contains(" 200 ")
    });
}
