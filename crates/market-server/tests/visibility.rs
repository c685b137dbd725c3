//! Nothing dated after the clock is ever served, and everything before it is.

use crate::support;

use chrono::TimeDelta;
use closecall_calendar::Clock;
use closecall_market_server::Visibility;
use proptest::prelude::*;
use support::*;

const WIDE: (&str, &str) = ("2023-06-01T00:00:00Z", "2024-01-01T00:00:00Z");

#[test]
fn a_bar_appears_at_its_close_and_its_opening_price_at_its_opening() {
    let directory = small_records();
    let clock = Clock::fixed(at("2023-06-30T13:29:59.5Z"));
    let visibility = Visibility::Until(clock.clone());
    let running = start(replay(directory.path(), visibility));
    let bars = |time: &str| {
        clock.set(at(time));
        get(running.address(), &chart("ACME", WIDE.0, WIDE.1)).1
    };

    // Before the opening: the session before, with the time of its last trade.
    assert_eq!(
        stamps(&bars("2023-06-30T13:29:59.5Z")),
        [at("2023-06-29T20:00:01Z")]
    );
    // No bars inside it: from the opening to just before the close the opening price, with its
    // time, and nothing else.
    for now in ["2023-06-30T13:30:00Z", "2023-06-30T19:59:59Z"] {
        let body = bars(now);
        let opening = at("2023-06-30T13:30:00Z");
        assert_eq!(stamps(&body), [at("2023-06-29T13:30:00Z"), opening]);
        for name in ["open", "high", "low", "close"] {
            assert_eq!(column(&body, name)[1], 10.6, "{name} at {now}");
        }
        assert_eq!(column(&body, "volume")[1], 0.0);
        let adjusted = &result(&body)["indicators"]["adjclose"][0]["adjclose"];
        assert_eq!(adjusted[1], 10.6);
        assert_eq!(result(&body)["meta"]["regularMarketPrice"], 10.6);
    }
    // At the close the whole bar; not stamped later than the clock.
    let body = bars("2023-06-30T20:00:00Z");
    assert_eq!(column(&body, "close"), [10.5, 11.5]);
    assert_eq!(stamps(&body)[1], at("2023-06-30T20:00:00Z"));
    // A half day closes at 13:00.
    assert_eq!(column(&bars("2023-07-03T16:59:59Z"), "close")[2], 11.6);
    assert_eq!(column(&bars("2023-07-03T17:00:00Z"), "close")[2], 12.1);
    // The last one keeps its stamp through the holiday, until the next session opens.
    assert_eq!(
        stamps(&bars("2023-07-05T13:29:00Z"))[2],
        at("2023-07-03T17:00:01Z")
    );
    assert_eq!(
        stamps(&bars("2023-07-05T13:30:00Z"))[2],
        at("2023-07-03T13:30:00Z")
    );
    // Before all records: nothing at all.
    let body = bars("2020-01-01T00:00:00Z");
    assert!(stamps(&body).is_empty());
    assert!(result(&body)["meta"].get("regularMarketPrice").is_none());
}

#[test]
fn an_article_appears_at_its_second() {
    let directory = small_records();
    let clock = Clock::fixed(at("2023-06-30T11:59:59Z"));
    let running = start(replay(directory.path(), Visibility::Until(clock.clone())));
    for (now, visible) in [
        ("2023-06-30T11:59:59Z", 0),
        ("2023-06-30T12:00:00Z", 1),
        ("2023-06-30T14:59:59.999Z", 1),
        ("2023-06-30T15:00:00Z", 3),
        ("2023-06-30T15:00:59Z", 4),
        ("2023-07-02T00:00:00Z", 5),
    ] {
        clock.set(at(now));
        let (_, body) = get(running.address(), &news("ACME", "limit=1000"));
        assert_eq!(published(&body).len(), visible, "at {now}");
    }
}

#[test]
fn a_date_without_a_time_is_the_end_of_that_new_york_day() {
    let directory = small_records();
    write_file(
        directory.path(),
        "news/ACME.csv",
        "date,title\n2023-06-30,Summer\n2023-01-10,Winter\n",
    );
    let running = start(replay(directory.path(), Visibility::Everything));
    let (_, body) = get(running.address(), &news("ACME", "sort=EARLIEST"));
    assert_eq!(
        published(&body),
        [at("2023-01-11T04:59:59Z"), at("2023-07-01T03:59:59Z")]
    );
}

#[test]
fn a_simulated_clock_lets_the_future_come() {
    let directory = small_records();
    let clock = Clock::simulated(at("2023-06-30T14:00:00Z"), 1_000_000.0).unwrap();
    let running = start(replay(directory.path(), Visibility::Until(clock.clone())));
    // A second is more than eleven days: whichever state is met, it agrees with the clock.
    loop {
        let before = clock.now();
        let (_, body) = get(running.address(), &chart("ACME", WIDE.0, WIDE.1));
        let after = clock.now();
        assert!(stamps(&body).iter().all(|stamp| *stamp <= after));
        let finished = stamps(&body).len() == 4 && column(&body, "close")[3] == 12.7;
        if finished {
            assert!(after >= at("2023-07-05T20:00:00Z"));
            break;
        }
        assert!(before < at("2023-07-05T20:00:00Z"), "{body}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever is asked, the answer is JSON and holds nothing later than the clock.
    #[test]
    fn no_query_panics_or_shows_the_future(
        minutes in 0i64..14_000,
        symbol in "ACME|QUIET|[A-Z]{0,3}|%[0-9A-F]{2}",
        parameters in prop::collection::vec((
            "function|tickers|apikey|time_from|time_to|sort|limit|period1|period2|interval|range|events",
            "ACME|QUIET|NEWS_SENTIMENT|EARLIEST|RELEVANCE|1d|1mo|20[0-9]{6}T[0-9]{4}|-?[0-9]{1,20}|168[78][0-9]{6}|[a-z%&=]{0,5}",
        ), 0..8),
        bare in any::<bool>(),
    ) {
        let now = at("2023-06-29T00:00:00Z") + TimeDelta::minutes(minutes);
        let (_directory, running) = shared();
        running.1.set(now);
        let address = running.0.address();
        let mut query: Vec<String> = parameters.iter().map(|(k, v)| format!("{k}={v}")).collect();
        if bare {
            query.extend(["function=NEWS_SENTIMENT", "tickers=ACME", "apikey=k"].map(str::to_owned));
        }
        let query = query.join("&");
        let (_, text) = get_text(address, &format!("/v8/finance/chart/{symbol}?{query}"));
        if let Ok(body) = serde_json::from_str(&text) {
            prop_assert!(stamps(&body).iter().all(|stamp| *stamp <= now));
        }
        let (status, body) = get(address, &format!("/query?{query}"));
        prop_assert_eq!(status, 200);
        if body.get("feed").is_some() {
            prop_assert!(published(&body).iter().all(|time| *time <= now));
        }
    }
}

/// One server for all cases; the clock is moved for each, and cases run one after the other.
fn shared() -> &'static (
    tempfile::TempDir,
    (closecall_market_server::RunningServer, Clock),
) {
    static SERVER: std::sync::OnceLock<(
        tempfile::TempDir,
        (closecall_market_server::RunningServer, Clock),
    )> = std::sync::OnceLock::new();
    SERVER.get_or_init(|| {
        let directory = small_records();
        let clock = Clock::fixed(at("2023-06-29T00:00:00Z"));
        let market = replay(directory.path(), Visibility::Until(clock.clone()));
        (directory, (start(market), clock))
    })
}

/// Quarter hours of two sessions of ACME, of which those that end after `at`, and all daily rows not
/// closed by then, are others when `otherwise`.
fn altered(at: chrono::DateTime<chrono::Utc>, otherwise: bool, change: f64) -> tempfile::TempDir {
    use std::fmt::Write as _;
    let directory = small_records();
    let calendar = closecall_calendar::Calendar::default();
    let mut daily = "Date,Open,High,Low,Close,Adj Close,Volume\n".to_owned();
    let mut bars = "start,open,high,low,close,volume\n".to_owned();
    let first = "2023-06-29".parse().unwrap();
    for (day, session) in calendar
        .sessions(first, "2023-07-05".parse().unwrap())
        .enumerate()
    {
        let hidden = |known: chrono::DateTime<chrono::Utc>| otherwise && known > at;
        let open = 10.0 + day as f64 + if hidden(session.open) { change } else { 0.0 };
        let factor = if hidden(session.close) {
            1.0 + change
        } else {
            1.0
        };
        let (high, low, close) = (open * 1.2 * factor, open * 0.8, open * 1.1 * factor);
        writeln!(
            daily,
            "{},{open},{high},{low},{close},{close},{}",
            session.date,
            9e3 * factor
        )
        .unwrap();
        let quarter = TimeDelta::minutes(15);
        let mut start = session.open;
        let mut price = open;
        while start < session.close {
            let factor = if hidden(start + quarter) {
                1.0 + change
            } else {
                1.0
            };
            // The first bar's opening shows from the opening on.
            let (from, to) = (
                price,
                open * factor * (1.0 + (start.timestamp() % 7_000) as f64 / 1e5),
            );
            let (high, low) = (from.max(to) * 1.01, from.min(to) * 0.99);
            writeln!(
                bars,
                "{},{from},{high},{low},{to},{}",
                start.to_rfc3339(),
                50.0 * factor
            )
            .unwrap();
            price = to;
            start += quarter;
        }
    }
    write_file(directory.path(), "prices/ACME.csv", &daily);
    write_file(directory.path(), "intraday/ACME-15m.csv", &bars);
    directory
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    /// Whatever lies after the clock could be anything else: every answer is the same, byte for byte.
    #[test]
    fn nothing_after_the_clock_changes_an_answer(
        minutes in 0i64..9_400,
        seconds in 0i64..60,
        change in 0.01f64..3.0,
        interval in "1m|2m|5m|15m|30m|60m|90m|1d",
        range in "1d|2d|5d|30h|1mo",
        back in 0i64..4_000,
        length in 1i64..5_000,
    ) {
        let now = at("2023-06-29T13:00:00Z") + TimeDelta::minutes(minutes) + TimeDelta::seconds(seconds);
        let servers = [false, true].map(|otherwise| {
            let directory = altered(now, otherwise, change);
            let shown = Visibility::Until(Clock::fixed(now));
            start(replay(directory.path(), shown))
        });
        let from = now - TimeDelta::minutes(back);
        let window = format!(
            "period1={}&period2={}",
            from.timestamp(),
            (from + TimeDelta::minutes(length)).timestamp()
        );
        for question in [format!("range={range}"), window] {
            let path = format!("/v8/finance/chart/ACME?interval={interval}&{question}");
            let [truth, otherwise] =
                [&servers[0], &servers[1]].map(|server| get_text(server.address(), &path));
            prop_assert_eq!(truth.0, otherwise.0);
            prop_assert_eq!(&truth.1, &otherwise.1);
            if let Ok(body) = serde_json::from_str(&truth.1) {
                prop_assert!(stamps(&body).iter().all(|stamp| *stamp <= now));
                let time = result(&body)["meta"]["regularMarketTime"].as_i64();
                prop_assert!(time.is_none_or(|time| time <= now.timestamp()));
            }
        }
    }
}
