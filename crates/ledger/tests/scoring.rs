//! Ensures that a forecast is scored once, by the first later forecast that knows how its session
//! ended, and on the price basis on which it was made.

use crate::support;

use closecall_ledger::{Recorded, Score};

use support::{Fixture, Recording as _, at, dead_letter, forecast};

/// Records a forecast of AAPL for 29 June from a close of 400.00, then one made a day later with
/// `closes` as its history; gives the first one's score.
fn scored(prediction: f64, closes: &[(&str, f64)]) -> Option<Score> {
    let fixture = Fixture::new();
    let mut ledger = fixture.writer();
    let before = [("2023-06-27", 395.0), ("2023-06-28", 400.0)];
    let made = forecast("AAPL", "2023-06-29T14:00:00Z", prediction, &before);
    ledger
        .record_forecast(&made, at("2023-06-29T14:00:05Z"))
        .unwrap();
    let later = forecast(
        "AAPL",
        "2023-06-30T14:00:00Z",
        closes[closes.len() - 1].1,
        closes,
    );
    let recorded = ledger
        .record_forecast(&later, at("2023-06-30T14:00:05Z"))
        .unwrap();
    let score = fixture.reader().entries().unwrap()[0].score;
    let scored = usize::from(score.is_some());
    assert_eq!(
        recorded,
        Recorded::New {
            late: false,
            scored
        }
    );
    fixture.reader().verify().unwrap();
    score
}

fn close_to(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() < 1e-12,
        "{found} is not {expected}"
    );
}

#[test]
fn error_and_hit_against_the_close_that_came() {
    let score = scored(402.0, &[("2023-06-28", 400.0), ("2023-06-29", 404.0)]).unwrap();
    assert_eq!(score.actual, 404.0);
    close_to(score.error, 2.0 / 400.0);
    close_to(score.baseline_error, 4.0 / 400.0);
    assert_eq!(score.hit, Some(true));
    // The last close itself calls nothing.
    assert_eq!(score.baseline_hit, None);
    let fell = scored(399.0, &[("2023-06-28", 400.0), ("2023-06-29", 404.0)]).unwrap();
    assert_eq!(fell.hit, Some(false));
}

#[test]
fn a_split_in_between_changes_nothing() {
    let plain = scored(402.0, &[("2023-06-28", 400.0), ("2023-06-29", 404.0)]);
    // 10:1 and 1:20, after which the vendor restates the closes before it.
    let split = scored(402.0, &[("2023-06-28", 40.0), ("2023-06-29", 40.4)]);
    let reverse = scored(402.0, &[("2023-06-28", 8000.0), ("2023-06-29", 8080.0)]);
    assert_eq!(plain, split);
    assert_eq!(plain, reverse);
}

#[test]
fn a_dividend_or_a_revision_in_between_changes_nothing_that_is_scored() {
    // Restated by 0.5 % for a dividend: the return stays.
    let restated = scored(402.0, &[("2023-06-28", 398.0), ("2023-06-29", 401.98)]).unwrap();
    assert_eq!(restated.actual, 404.0);

    // A later vintage with another close scores nothing again.
    let fixture = Fixture::new();
    let mut ledger = fixture.writer();
    let record = |ledger: &mut closecall_ledger::Ledger, as_of: &str, closes: &[(&str, f64)]| {
        let made = forecast("AAPL", as_of, closes[closes.len() - 1].1, closes);
        ledger.record_forecast(&made, at(as_of)).unwrap()
    };
    record(
        &mut ledger,
        "2023-06-29T14:00:00Z",
        &[("2023-06-28", 400.0)],
    );
    let closes = [("2023-06-28", 400.0), ("2023-06-29", 404.0)];
    let first = record(&mut ledger, "2023-06-30T14:00:00Z", &closes);
    assert_eq!(
        first,
        Recorded::New {
            late: false,
            scored: 1
        }
    );
    let revised = [("2023-06-28", 400.0), ("2023-06-29", 499.0)];
    let second = record(&mut ledger, "2023-06-30T14:03:00Z", &revised);
    assert_eq!(
        second,
        Recorded::New {
            late: false,
            scored: 0
        }
    );
    assert_eq!(
        fixture.reader().entries().unwrap()[0].score.unwrap().actual,
        404.0
    );
}

#[test]
fn same_is_no_call_and_an_unmoved_close_judges_none() {
    let hit = |prediction, close| {
        let closes = [("2023-06-28", 400.0), ("2023-06-29", close)];
        scored(prediction, &closes).unwrap().hit
    };
    assert_eq!(hit(400.0, 400.0), None);
    assert_eq!(hit(400.0, 400.01), None);
    assert_eq!(hit(400.01, 400.0), None);
    assert_eq!(hit(400.01, 400.01), Some(true));
}

#[test]
fn a_history_that_misses_one_of_both_sessions_scores_nothing() {
    assert_eq!(
        scored(402.0, &[("2023-06-27", 395.0), ("2023-06-29", 404.0)]),
        None
    );
    assert_eq!(
        scored(402.0, &[("2023-06-27", 395.0), ("2023-06-28", 400.0)]),
        None
    );
    assert_eq!(
        scored(402.0, &[("2023-06-28", 0.0), ("2023-06-29", 404.0)]),
        None
    );
}

#[test]
fn one_forecast_scores_all_that_wait_and_the_next_goes_on() {
    let fixture = Fixture::new();
    let mut ledger = fixture.writer();
    for minute in ["00", "03", "06"] {
        let as_of = format!("2023-06-29T14:{minute}:00Z");
        let made = forecast("AAPL", &as_of, 402.0, &[("2023-06-28", 400.0)]);
        ledger.record_forecast(&made, at(&as_of)).unwrap();
    }
    let other = forecast(
        "TSLA",
        "2023-06-29T14:09:00Z",
        256.0,
        &[("2023-06-28", 256.24)],
    );
    ledger
        .record_forecast(&other, at("2023-06-29T14:09:05Z"))
        .unwrap();
    let letter = dead_letter(
        forecast("AAPL", "2023-06-29T14:12:00Z", 1.0, &[("2023-06-28", 1.0)]).pick_id,
        closecall_protocol::Reason::Expired,
        at("2023-06-29T14:12:00Z"),
    );
    ledger.record_dead_letter(&letter).unwrap();

    let closes = [("2023-06-28", 400.0), ("2023-06-29", 404.0)];
    let later = forecast("AAPL", "2023-06-30T14:00:00Z", 405.0, &closes);
    let recorded = ledger
        .record_forecast(&later, at("2023-06-30T14:00:05Z"))
        .unwrap();
    assert_eq!(
        recorded,
        Recorded::New {
            late: false,
            scored: 3
        }
    );
    let closes = [("2023-06-29", 404.0), ("2023-06-30", 404.0)];
    let last = forecast("AAPL", "2023-07-03T14:00:00Z", 405.0, &closes);
    let recorded = ledger
        .record_forecast(&last, at("2023-07-03T14:00:05Z"))
        .unwrap();
    assert_eq!(
        recorded,
        Recorded::New {
            late: false,
            scored: 1
        }
    );

    let summary = fixture.reader().summary().unwrap();
    assert_eq!((summary.forecasts, summary.scored), (6, 4));
    // Three times 2 of 400 and once 1 of 404, against three times 4 of 400 and once nothing.
    let expected = (3.0 * 2.0 / 400.0 + 1.0 / 404.0) / (3.0 * 4.0 / 400.0);
    close_to(summary.relative_mae.unwrap(), expected);
}

#[test]
fn before_the_first_score_there_is_no_relative_error() {
    let fixture = support::filled(3);
    let summary = fixture.reader().summary().unwrap();
    assert_eq!(
        (summary.forecasts, summary.scored, summary.relative_mae),
        (3, 0, None)
    );
}

#[test]
fn closes_that_were_fetched_score_what_waits_and_are_verified() {
    let fixture = Fixture::new();
    let mut ledger = fixture.writer();
    let closes = [("2023-06-28", 400.0), ("2023-06-29", 404.0)];
    let made = forecast("AAPL", "2023-06-29T14:00:00Z", 402.0, &closes[..1]);
    ledger.record_forecast(&made, made.as_of).unwrap();
    let waiting = ledger.waiting().unwrap();
    assert_eq!(
        (waiting.len(), waiting[0].forecasts, waiting[0].session),
        (1, 1, made.target)
    );
    let now = at("2023-06-30T01:00:00Z");
    let known = support::history(&closes[..1]);
    assert_eq!(ledger.score(&made.ticker, &known, now).unwrap(), 0);
    let known = support::history(&closes);
    assert_eq!(ledger.score(&made.ticker, &known, now).unwrap(), 1);
    assert_eq!(ledger.score(&made.ticker, &known, now).unwrap(), 0);
    assert!(ledger.waiting().unwrap().is_empty());

    let reader = fixture.reader();
    assert_eq!(reader.verify().unwrap().rows, 2);
    let row = reader.score_row(made.pick_id).unwrap().unwrap();
    assert_eq!((row.by, row.score.actual), (None, 404.0));
    drop(ledger);
    let raw = rusqlite::Connection::open(fixture.database()).unwrap();
    raw.execute_batch("DROP TRIGGER contents_stay; UPDATE contents SET content = replace(content, '404.0', '405.0');")
        .unwrap();
    assert!(reader.verify().is_err());
}
