//! The simulated market over HTTP: it answers on any day, and goes by its clock.

use crate::support;

use chrono::TimeDelta;
use closecall_calendar::{Calendar, Clock};
use closecall_market_server::{RunningServer, ServedMarket, Simulated, SimulatedSettings};
use proptest::prelude::*;
use support::*;

fn serve(seed: u64, clock: &Clock) -> RunningServer {
    let simulated = Simulated::new(SimulatedSettings::new(seed), Calendar::default()).unwrap();
    start(ServedMarket::simulated(simulated, clock.clone()))
}

#[test]
fn every_day_of_a_year_has_its_bars_and_news() {
    let clock = Clock::fixed(at("2026-01-01T00:00:00Z"));
    let running = serve(7, &clock);
    let calendar = Calendar::default();
    for day in 0..365 {
        let now = at("2026-01-01T15:00:00Z") + TimeDelta::days(day);
        clock.set(now);
        let from = now - TimeDelta::days(4);
        let path = chart(
            "NVDA",
            &from.to_rfc3339(),
            &(now + TimeDelta::days(1)).to_rfc3339(),
        );
        let (status, body) = get(running.address(), &path);
        assert_eq!(status, 200);
        let dates: Vec<_> = stamps(&body).into_iter().map(Calendar::date_at).collect();
        let expected: Vec<_> = calendar
            .sessions(Calendar::date_at(from), Calendar::date_at(now))
            .filter(|session| session.open >= from && session.open <= now)
            .map(|session| session.date)
            .collect();
        assert_eq!(dates, expected, "{now}");
        let more = format!(
            "sort=EARLIEST&limit=1000&time_from={}",
            from.format("%Y%m%dT%H%M")
        );
        let times = published(&get(running.address(), &news("NVDA", &more)).1);
        assert!(
            times.len() > 10 && times.is_sorted(),
            "{now}: {}",
            times.len()
        );
        assert!(times[0] >= from && times[times.len() - 1] <= now);
    }
}

#[test]
fn the_ten_companies_are_there_and_no_other() {
    let clock = Clock::fixed(at("2024-02-29T22:00:00Z"));
    let running = serve(0, &clock);
    let window = ("2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z");
    for symbol in "AAPL MSFT NVDA AMZN GOOG META TSLA TSM NFLX PG".split(' ') {
        let (status, body) = get(running.address(), &chart(symbol, window.0, window.1));
        assert_eq!((status, stamps(&body).len()), (200, 20), "{symbol}");
        let (_, body) = get(running.address(), &news(symbol, "limit=1000"));
        assert_eq!(body["items"], "1000", "{symbol}");
    }
    assert_eq!(
        get(running.address(), &chart("IBM", window.0, window.1)).0,
        404
    );
    let (_, body) = get(running.address(), &news("IBM", ""));
    assert!(
        body["Information"]
            .as_str()
            .unwrap()
            .starts_with("Invalid inputs")
    );
}

#[test]
fn what_was_shown_of_a_session_stays_except_that_it_closes() {
    let clock = Clock::fixed(at("2031-07-03T16:59:00Z"));
    let running = serve(3, &clock);
    let day = chart("TSLA", "2031-07-03T00:00:00Z", "2031-07-04T00:00:00Z");
    let partial = get(running.address(), &day).1;
    clock.set(at("2031-07-03T17:00:01Z")); // a half day
    let closed = get(running.address(), &day).1;
    assert_eq!(column(&partial, "open"), column(&closed, "open"));
    assert_eq!(stamps(&partial), [at("2031-07-03T16:58:50Z")]); // the last trade by then
    assert_ne!(column(&partial, "close"), column(&closed, "close"));
    assert!(column(&partial, "high") <= column(&closed, "high"));
    assert!(column(&partial, "low") >= column(&closed, "low"));
    assert!(column(&partial, "volume") < column(&closed, "volume"));
    clock.set(at("2035-01-01T00:00:00Z"));
    let later = get(running.address(), &day).1;
    assert_eq!(column(&later, "close"), column(&closed, "close"));
    assert_eq!(
        later["chart"]["result"][0]["timestamp"][0],
        at("2031-07-03T13:30:00Z").timestamp()
    );
}

#[test]
fn two_servers_with_the_same_seed_show_the_same() {
    let clock = Clock::fixed(at("2026-11-21T12:00:00Z")); // a Saturday
    let (one, other, third) = (serve(7, &clock), serve(7, &clock), serve(8, &clock));
    let news = news("PG", "limit=200");
    let wide = chart("PG", "2026-01-01T00:00:00Z", "2026-12-01T00:00:00Z");
    let narrow = chart("PG", "2026-11-20T00:00:00Z", "2026-12-01T00:00:00Z");
    get(other.address(), &narrow); // asked in another order
    for path in [&wide, &narrow, &news] {
        let answer = get(one.address(), path).1;
        assert_eq!(answer, get(other.address(), path).1);
        assert_ne!(answer, get(third.address(), path).1);
    }
}

#[test]
fn beyond_its_years_there_is_nothing_and_no_failure() {
    for now in [
        "1969-07-20T20:17:00Z",
        "1990-01-01T12:00:00Z",
        "2300-01-01T00:00:00Z",
    ] {
        let clock = Clock::fixed(at(now));
        let running = serve(1, &clock);
        let before = chart("AAPL", "1900-01-01T00:00:00Z", "1989-12-31T00:00:00Z");
        let (status, body) = get(running.address(), &before);
        assert_eq!((status, stamps(&body).len()), (200, 0));
        let after = "time_from=22000101T0000&time_to=99991231T2359";
        assert_eq!(get(running.address(), &news("AAPL", after)).1["items"], "0");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Whatever is asked, whenever: nothing later than the clock.
    #[test]
    fn the_future_is_never_shown(
        minutes in 0i64..12_000_000,
        back in -3_000i64..600_000,
        length in 1i64..600_000,
        sort in "EARLIEST|LATEST",
        limit in 1usize..1_200,
    ) {
        let (running, clock) = shared();
        let now = at("2004-01-01T00:00:00Z") + TimeDelta::minutes(minutes);
        clock.set(now);
        let from = now - TimeDelta::minutes(back);
        let to = from + TimeDelta::minutes(length);
        let path = chart("META", &from.to_rfc3339(), &to.to_rfc3339());
        let (status, body) = get(running.address(), &path);
        prop_assert_eq!(status, 200);
        prop_assert!(stamps(&body).iter().all(|stamp| *stamp <= now));
        let latest = result(&body)["meta"]["regularMarketTime"].as_i64().unwrap();
        prop_assert!(latest <= now.timestamp());
        let more = format!(
            "sort={sort}&limit={limit}&time_from={}&time_to={}",
            from.format("%Y%m%dT%H%M"),
            to.format("%Y%m%dT%H%M")
        );
        let (_, body) = get(running.address(), &news("META", &more));
        let times = published(&body);
        prop_assert!(times.len() <= limit.min(1000));
        prop_assert!(times.iter().all(|time| *time <= now));
    }
}

fn shared() -> &'static (RunningServer, Clock) {
    static SERVER: std::sync::OnceLock<(RunningServer, Clock)> = std::sync::OnceLock::new();
    SERVER.get_or_init(|| {
        let clock = Clock::fixed(at("2004-01-01T00:00:00Z"));
        (serve(11, &clock), clock)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Inside a session: no row is later than the clock, a bar that has ended stays as it is, and the
    /// live row is the price that the daily row has.
    #[test]
    fn what_has_ended_inside_a_session_stays(
        day in 0i64..3_000,
        second in 0i64..40_000,
        later in 1i64..20_000,
        width in prop::sample::select(vec![("1m", 1), ("2m", 2), ("5m", 5), ("15m", 15), ("60m", 60)]),
    ) {
        let (running, clock) = inside();
        let now = at("2016-01-04T13:00:00Z") + TimeDelta::days(day) + TimeDelta::seconds(second);
        let ask = |now: chrono::DateTime<chrono::Utc>, interval: &str| {
            clock.set(now);
            let path = format!("/v8/finance/chart/NFLX?interval={interval}&range=1d");
            get(running.address(), &path).1
        };
        let (interval, minutes) = width;
        let body = ask(now, interval);
        prop_assert!(stamps(&body).iter().all(|stamp| *stamp <= now));
        let afterwards = ask(now + TimeDelta::seconds(later), interval);
        let same_day = stamps(&body).first() == stamps(&afterwards).first();
        let session = Calendar::default().in_progress(now);
        if let (Some(session), true) = (session, same_day) {
            let ended = stamps(&body)
                .iter()
                .filter(|stamp| **stamp + TimeDelta::minutes(minutes) <= now && **stamp >= session.open)
                .filter(|stamp| (**stamp - session.open).num_seconds() % (60 * minutes) == 0)
                .count();
            for name in ["open", "high", "low", "close", "volume"] {
                let (before, after) = (column(&body, name), column(&afterwards, name));
                prop_assert_eq!(&before[..ended], &after[..ended], "{}", name);
            }
            let daily = ask(now, "1d");
            prop_assert_eq!(column(&daily, "close").pop(), column(&body, "close").pop());
            prop_assert_eq!(stamps(&daily).pop(), stamps(&body).pop());
        }
    }
}

/// A server of its own: tests that move one clock must not meet.
fn inside() -> &'static (RunningServer, Clock) {
    static SERVER: std::sync::OnceLock<(RunningServer, Clock)> = std::sync::OnceLock::new();
    SERVER.get_or_init(|| {
        let clock = Clock::fixed(at("2016-01-04T13:00:00Z"));
        (serve(12, &clock), clock)
    })
}
