//! Bars inside the session from recorded files: what is shown of them as time goes by, in which
//! width, and what of the vendor's limits and forms holds.

use crate::support;

use chrono::{DateTime, TimeDelta, Utc};
use closecall_calendar::Clock;
use closecall_market_server::{RunningServer, Visibility};
use serde_json::Value;
use support::*;

const HEADER: &str = "start,open,high,low,close,volume\n";

/// The week of `small_records` with quarter hours on the Friday, hours on Monday's half day.
fn records() -> tempfile::TempDir {
    let directory = small_records();
    write_file(
        directory.path(),
        "intraday/ACME-15m.csv",
        &format!(
            "{HEADER}2023-06-30T13:30:00Z,10.6,10.9,10.5,10.8,100\n\
             2023-06-30T13:45:00Z,10.8,11.2,10.7,11.1,200\n\
             2023-06-30T14:00:00Z,11.1,11.3,11.0,11.2,300\n\
             2023-06-30T19:45:00Z,11.4,12.0,10.1,11.4,400\n"
        ),
    );
    write_file(
        directory.path(),
        "intraday/ACME-60m.csv",
        &format!(
            "{HEADER}2023-06-30T13:30:00Z,1,1,1,1,1\n\
             2023-07-03T13:30:00Z,11.6,11.8,11.5,11.7,10\n\
             2023-07-03T14:30:00Z,11.7,11.9,11.6,11.8,20\n\
             2023-07-03T15:30:00Z,11.8,12.0,11.7,11.9,30\n\
             2023-07-03T16:30:00Z,11.9,12.5,11.1,12.0,40\n"
        ),
    );
    directory
}

/// A server that goes by a clock, and the clock.
struct ByClock {
    _directory: tempfile::TempDir,
    server: RunningServer,
    clock: Clock,
}

impl ByClock {
    fn new(directory: tempfile::TempDir) -> Self {
        let clock = Clock::fixed(at("2023-06-30T00:00:00Z"));
        let server = start(replay(directory.path(), Visibility::Until(clock.clone())));
        Self {
            _directory: directory,
            server,
            clock,
        }
    }

    fn ask(&self, now: &str, query: &str) -> Value {
        self.clock.set(at(now));
        let path = format!("/v8/finance/chart/ACME?{query}");
        let (status, body) = get(self.server.address(), &path);
        assert_eq!(status, 200, "{query}: {body}");
        body
    }
}

/// The times of the rows in New York's summer, and their closes.
fn rows(body: &Value) -> Vec<(String, f64)> {
    let local = |stamp: &DateTime<Utc>| (*stamp - TimeDelta::hours(4)).format("%H:%M:%S");
    let times = stamps(body);
    let times = times.iter().map(|stamp| local(stamp).to_string());
    times.zip(column(body, "close")).collect()
}

fn expected(rows: &[(&str, f64)]) -> Vec<(String, f64)> {
    rows.iter()
        .map(|(time, close)| ((*time).to_owned(), *close))
        .collect()
}

#[test]
fn a_bar_shows_from_its_end_on_and_the_opening_from_the_opening_on() {
    let server = ByClock::new(records());
    let minute = |now: &str| rows(&server.ask(now, "interval=1m&range=1d"));
    assert_eq!(minute("2023-06-30T13:29:59Z"), expected(&[]));
    for now in ["2023-06-30T13:30:00Z", "2023-06-30T13:44:59Z"] {
        assert_eq!(minute(now), expected(&[("09:30:00", 10.6)]), "{now}");
    }
    // The bar in its last minute, then the live row: the price, with the time at which it was true.
    for now in ["2023-06-30T13:45:00Z", "2023-06-30T13:59:59Z"] {
        let shown = [("09:30:00", 10.6), ("09:44:00", 10.8), ("09:45:00", 10.8)];
        assert_eq!(minute(now), expected(&shown), "{now}");
        let meta = &server.ask(now, "interval=1m&range=1d")["chart"]["result"][0]["meta"];
        let end = at("2023-06-30T13:45:00Z").timestamp();
        assert_eq!(meta["regularMarketTime"], end, "{now}");
        assert_eq!(meta["regularMarketPrice"], 10.8);
        assert_eq!(meta["regularMarketDayHigh"], 10.9);
        assert_eq!(meta["regularMarketDayLow"], 10.5);
        assert_eq!(meta["regularMarketVolume"], 100);
        assert_eq!(meta["chartPreviousClose"], 10.5);
        assert_eq!(meta["previousClose"], 10.5);
    }
    // The file's own width: a bar as it was recorded; the one that grows is not there.
    let body = server.ask("2023-06-30T14:01:00Z", "interval=15m&range=1d");
    let shown = [("09:30:00", 10.8), ("09:45:00", 11.1), ("10:00:00", 11.1)];
    assert_eq!(rows(&body), expected(&shown));
    assert_eq!(column(&body, "high"), [10.9, 11.2, 11.1]);
    assert_eq!(column(&body, "volume"), [100.0, 200.0, 0.0]);
    // A wider one is put together from what had ended.
    let body = server.ask("2023-06-30T14:15:00Z", "interval=60m&range=1d");
    assert_eq!(
        rows(&body),
        expected(&[("09:30:00", 11.2), ("10:15:00", 11.2)])
    );
    assert_eq!(column(&body, "high")[0], 11.3);
    assert_eq!(column(&body, "volume")[0], 600.0);
    assert_eq!(result(&body)["meta"]["dataGranularity"], "1h");
    // The daily row so far, with the time at which its price was true.
    let body = server.ask("2023-06-30T14:29:00Z", "interval=1d&range=1d");
    assert_eq!(stamps(&body), [at("2023-06-30T14:15:00Z")]);
    assert_eq!(
        (column(&body, "close")[0], column(&body, "volume")[0]),
        (11.2, 600.0)
    );
    // After the close a row for the official close.
    let body = server.ask("2023-06-30T20:30:00Z", "interval=15m&range=1d");
    assert_eq!(
        rows(&body)[3..],
        expected(&[("15:45:00", 11.4), ("16:00:00", 11.5)])
    );
    let time = &result(&body)["meta"]["regularMarketTime"];
    assert_eq!(*time, at("2023-06-30T20:00:01Z").timestamp());
}

#[test]
fn an_hour_of_a_half_day_ends_in_a_row_stamped_with_the_close() {
    let server = ByClock::new(records());
    let hours = |now: &str| server.ask(now, "interval=1h&range=1d");
    let body = hours("2023-07-03T16:59:00Z");
    let shown = [
        ("09:30:00", 11.7),
        ("10:30:00", 11.8),
        ("11:30:00", 11.9),
        ("12:30:00", 11.9),
    ];
    assert_eq!(rows(&body), expected(&shown));
    let body = hours("2023-07-03T17:30:00Z");
    let shown = [
        ("09:30:00", 11.7),
        ("10:30:00", 11.8),
        ("11:30:00", 11.9),
        ("13:00:00", 12.1),
    ];
    assert_eq!(rows(&body), expected(&shown));
    assert_eq!(column(&body, "open")[3], 11.9);
    assert_eq!(column(&body, "volume")[3], 0.0);
    let period = &result(&body)["meta"]["tradingPeriods"][0][0];
    assert_eq!(period["end"], at("2023-07-03T17:00:00Z").timestamp());
}

#[test]
fn without_bars_there_is_one_row_at_the_opening() {
    let server = ByClock::new(records());
    for now in ["2023-07-05T13:30:00Z", "2023-07-05T18:00:00Z"] {
        let body = server.ask(now, "interval=1m&range=1d");
        assert_eq!(rows(&body), expected(&[("09:30:00", 12.2)]), "{now}");
        let meta = &result(&body)["meta"];
        assert_eq!(
            meta["regularMarketTime"],
            at("2023-07-05T13:30:00Z").timestamp()
        );
        assert_eq!(meta["regularMarketPrice"], 12.2);
    }
}

#[test]
fn before_the_opening_a_day_is_empty_and_five_days_are_not() {
    let server = ByClock::new(records());
    let before = "2023-06-30T12:00:00Z";
    let body = server.ask(before, "interval=1m&range=1d");
    assert!(result(&body).get("timestamp").is_none());
    assert_eq!(
        result(&body)["indicators"],
        serde_json::json!({ "quote": [{}] })
    );
    let meta = &result(&body)["meta"];
    // The vendor has not moved on from the session before, and that was the first one.
    assert_eq!(
        meta["regularMarketTime"],
        at("2023-06-29T20:00:01Z").timestamp()
    );
    assert!(meta.get("previousClose").is_none());
    let body = server.ask(before, "interval=1m&range=5d");
    assert_eq!(
        stamps(&body),
        [at("2023-06-29T13:30:00Z"), at("2023-06-29T20:00:00Z")]
    );
    let extended = server.ask(before, "interval=1h&range=1d&includePrePost=true");
    let periods = &result(&extended)["meta"]["tradingPeriods"];
    assert_eq!(
        periods["regular"][0][0]["start"],
        at("2023-06-30T13:30:00Z").timestamp()
    );
    assert_eq!(
        periods["pre"][0][0]["start"],
        at("2023-06-30T08:00:00Z").timestamp()
    );
}

#[test]
fn a_server_that_shows_everything_has_no_limits_and_no_ranges() {
    let directory = records();
    let server = start(replay(directory.path(), Visibility::Everything));
    let (status, body) = get(
        server.address(),
        "/v8/finance/chart/ACME?interval=1m&range=1d",
    );
    assert_eq!(status, 422);
    assert!(body.to_string().contains("period1"), "{body}");
    // The question of a pick at 14:00 New York, answered with what was to be seen by then.
    let (from, to) = (at("2023-06-30T13:30:00Z"), at("2023-06-30T14:01:00Z"));
    let path = format!(
        "/v8/finance/chart/ACME?interval=1m&period1={}&period2={}",
        from.timestamp(),
        to.timestamp()
    );
    let (status, body) = get(server.address(), &path);
    assert_eq!(status, 200);
    let shown = [("09:30:00", 10.6), ("09:44:00", 10.8), ("09:59:00", 11.1)];
    assert_eq!(rows(&body), expected(&shown));
    assert_eq!(result(&body)["meta"]["chartPreviousClose"], 10.5);
    assert_eq!(result(&body)["meta"]["range"], "");
}

#[test]
fn limits_count_from_the_clock() {
    let server = ByClock::new(records());
    server.clock.set(at("2023-08-30T14:00:00Z"));
    for (interval, start, refused) in [
        ("1m", "2023-07-31T14:00:01Z", false),
        ("1m", "2023-07-31T14:00:00Z", true),
        ("5m", "2023-07-01T14:00:01Z", false),
        ("5m", "2023-07-01T14:00:00Z", true),
        ("1h", "2021-09-01T00:00:00Z", false),
        ("1h", "2021-08-30T00:00:00Z", true),
    ] {
        let start = at(start);
        let end = start + TimeDelta::days(1);
        let path = format!(
            "/v8/finance/chart/ACME?interval={interval}&period1={}&period2={}",
            start.timestamp(),
            end.timestamp()
        );
        let (status, body) = get(server.server.address(), &path);
        assert_eq!(
            status,
            if refused { 422 } else { 200 },
            "{interval} {start}: {body}"
        );
    }
}

#[test]
fn an_hourly_file_on_the_other_grid_is_shown_by_its_bars_ends() {
    let directory = small_records();
    write_file(
        directory.path(),
        "intraday/ACME-60m.csv",
        &format!(
            "{HEADER}2023-06-30T13:30:00Z,10.6,10.7,10.5,10.65,100\n\
             2023-06-30T14:00:00Z,10.65,11.0,10.6,10.9,100\n\
             2023-06-30T15:00:00Z,10.9,11.1,10.8,11.0,100\n"
        ),
    );
    let server = ByClock::new(directory);
    let minute = |now: &str| rows(&server.ask(now, "interval=1m&range=1d"));
    let first = [("09:30:00", 10.6), ("09:59:00", 10.65), ("10:00:00", 10.65)];
    assert_eq!(minute("2023-06-30T14:00:00Z"), expected(&first));
    assert_eq!(minute("2023-06-30T14:59:59Z"), expected(&first));
    let later = minute("2023-06-30T15:00:00Z");
    assert_eq!(
        later[2..],
        expected(&[("10:59:00", 10.9), ("11:00:00", 10.9)])
    );
    let hours = rows(&server.ask("2023-06-30T15:10:00Z", "interval=1h&range=1d"));
    let shown = [("09:30:00", 10.65), ("10:30:00", 10.9), ("11:00:00", 10.9)];
    assert_eq!(hours, expected(&shown));
}

#[test]
fn a_split_is_announced_on_its_day_and_prices_are_on_the_basis_of_the_moment() {
    let directory = records();
    write_file(
        directory.path(),
        "splits/ACME.csv",
        "date,numerator,denominator\n2023-06-30,4,1\n",
    );
    let server = ByClock::new(directory);
    let daily = |now: &str| server.ask(now, "interval=1d&range=5d&events=div,splits");
    // The day before: as it was quoted then, no split in sight.
    let body = daily("2023-06-29T21:00:00Z");
    assert_eq!(column(&body, "close"), [42.0]);
    assert_eq!(column(&body, "volume"), [250.0]);
    assert!(result(&body).get("events").is_none());
    // On its day the past is on the new basis.
    let body = daily("2023-06-30T14:00:00Z");
    assert_eq!(column(&body, "close"), [10.5, 11.1]);
    let key = at("2023-06-30T13:30:00Z").timestamp().to_string();
    let split = &result(&body)["events"]["splits"][&key];
    assert_eq!(split["splitRatio"], "4:1");
    assert_eq!(result(&body)["meta"]["chartPreviousClose"], Value::Null);
    let body = server.ask("2023-06-30T14:00:00Z", "interval=1m&range=1d&events=split");
    assert_eq!(result(&body)["meta"]["chartPreviousClose"], 10.5);
    assert!(result(&body)["events"]["splits"].get(&key).is_some());
}

#[test]
fn a_malformed_file_is_refused_with_its_line() {
    for (content, line, said) in [
        ("start,open\n", 1, "high is missing"),
        ("13:30,1,1,1,1,1\n", 2, "start is \"13:30\""),
        ("2023-06-30T13:30:00Z,1,2,3,1,1\n", 2, "high"),
        ("2023-06-30T13:30:00Z,1,1,1,1,x\n", 2, "volume is \"x\""),
        (
            "2023-06-30T13:45:00Z,1,1,1,1,1\n2023-06-30T13:30:00Z,1,1,1,1,1\n",
            3,
            "does not come after",
        ),
    ] {
        let directory = small_records();
        let content = if line == 1 {
            content.to_owned()
        } else {
            format!("{HEADER}{content}")
        };
        write_file(directory.path(), "intraday/ACME-15m.csv", &content);
        let error = closecall_market_server::Replay::load(
            directory.path(),
            &closecall_calendar::Calendar::default(),
        )
        .unwrap_err()
        .to_string();
        assert!(error.contains(&format!("line {line}")), "{error}");
        assert!(error.contains(said), "{error}");
    }
}
