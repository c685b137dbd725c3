//! Ensures that the record by phase counts one outcome a ticker, session and phase, and that
//! nothing else gets into its sums.

use crate::support;

use closecall_ledger::{Ledger, LedgerSummary, PhaseSummary};
use closecall_protocol::{CloseForecast, Interval, Phase};

use support::{Fixture, Recording as _, at, changed, forecast, quoted};

const KNOWN: [(&str, f64); 1] = [("2023-06-28", 400.0)];
const NEXT: [(&str, f64); 2] = [("2023-06-28", 400.0), ("2023-06-29", 404.0)];

fn record(ledger: &mut Ledger, made: &CloseForecast) {
    ledger.record_forecast(made, made.as_of).unwrap();
}

/// A forecast of AAPL's 29 June from a price, with bands of one on both sides.
fn at_time(time: &str, price: f64, prediction: f64, phase: Phase) -> CloseForecast {
    let as_of = format!("2023-06-29T{time}:00Z");
    let made = quoted(forecast("AAPL", &as_of, prediction, &KNOWN), price, phase);
    changed(made, |values| {
        values.intervals = [0.8, 0.9]
            .map(|level| Interval {
                level,
                lower: prediction - 20.0 * (level - 0.75),
                upper: prediction + 20.0 * (level - 0.75),
            })
            .into();
    })
}

fn settle(ledger: &mut Ledger) {
    record(
        ledger,
        &forecast("AAPL", "2023-06-30T13:00:00Z", 405.0, &NEXT),
    );
}

fn of(summary: &LedgerSummary, phase: Phase) -> PhaseSummary {
    let found = summary.phases.iter().find(|found| found.phase == phase);
    found.unwrap().clone()
}

#[test]
fn the_first_of_a_phase_by_its_as_of_time_is_the_outcome() {
    let fixture = Fixture::new();
    let mut ledger = fixture.writer();
    // The second of the morning is recorded first.
    record(&mut ledger, &at_time("14:30", 402.0, 403.0, Phase::Morning));
    record(&mut ledger, &at_time("14:00", 401.0, 402.0, Phase::Morning));
    record(&mut ledger, &at_time("15:00", 399.0, 398.0, Phase::Morning));
    record(
        &mut ledger,
        &at_time("17:00", 403.0, 403.5, Phase::Afternoon),
    );
    settle(&mut ledger);
    let summary = fixture.reader().summary().unwrap();
    assert_eq!((summary.scored, summary.outcomes), (4, 2));
    let morning = of(&summary, Phase::Morning);
    assert_eq!(morning.outcomes, 1);
    // 404 came: 2 from the forecast, 3 from the price, 4 from the last close.
    assert_eq!(
        (morning.error, morning.baseline_error),
        (2.0 / 400.0, 3.0 / 400.0)
    );
    assert_eq!(morning.last_close_error, 4.0 / 400.0);
    assert_eq!(morning.relative_mae, Some((2.0 / 400.0) / (3.0 / 400.0)));
    assert_eq!((morning.calls, morning.calls_right), (1, 1));
    assert_eq!(morning.baseline_right, 1);
    // Bands of ±1 and ±3 about 402.
    assert_eq!(
        (morning.coverage_80, morning.coverage_90),
        (Some(0.0), Some(1.0))
    );
    let every: f64 = [1.0, 2.0, 6.0, 0.5].iter().sum::<f64>() / (2.0 + 3.0 + 5.0 + 1.0);
    assert!((summary.relative_mae.unwrap() - every).abs() < 1e-12);
    fixture.reader().verify().unwrap();
}

#[test]
fn what_is_late_or_of_the_first_version_is_no_outcome() {
    let fixture = Fixture::new();
    let mut ledger = fixture.writer();
    let late = at_time("14:00", 401.0, 402.0, Phase::Morning);
    ledger
        .record_forecast(&late, at("2023-06-29T20:00:00Z"))
        .unwrap();
    let first = forecast("AAPL", "2023-06-29T14:03:00Z", 402.0, &KNOWN);
    let first = changed(first, |values| values.reference = None);
    record(&mut ledger, &first);
    record(&mut ledger, &at_time("14:06", 400.0, 400.0, Phase::Morning));
    settle(&mut ledger);
    let summary = fixture.reader().summary().unwrap();
    assert_eq!((summary.late, summary.scored_by_last_close), (1, 1));
    assert_eq!((summary.scored, summary.outcomes), (1, 1));
    // It said the last close again: no call, and not a miss.
    assert_eq!(
        (summary.same, summary.calls, summary.baseline_right),
        (1, 0, 0)
    );
    let scores: Vec<_> = fixture
        .reader()
        .entries()
        .unwrap()
        .into_iter()
        .filter_map(|entry| entry.score)
        .collect();
    assert_eq!(scores[0].hit, Some(true));
    assert_eq!(scores[1].hit, None);
}

#[test]
fn the_entry_says_what_the_forecast_rests_on() {
    let fixture = Fixture::new();
    let mut ledger = fixture.writer();
    let made = at_time("14:00", 401.0, 402.0, Phase::Morning);
    record(&mut ledger, &made);
    let reader = fixture.reader();
    let entry = reader.entry(made.pick_id).unwrap().unwrap();
    assert_eq!(
        (entry.reference, entry.baseline),
        (Some(401.0), Some(401.0))
    );
    assert_eq!(
        (entry.phase, entry.sessions_ahead),
        (Some(Phase::Morning), Some(0))
    );
    assert_eq!(entry.intervals, made.intervals);
    assert_eq!(entry.seq, 1);
    // Whole, with the lists that stand beside the log.
    assert_eq!(reader.forecast(made.pick_id).unwrap().unwrap(), made);
    let json = serde_json::to_string(&entry).unwrap();
    assert!(
        json.contains(r#""reference":401.0,"reference_kind":"quote""#),
        "{json}"
    );
}

#[test]
fn entries_come_by_pages_newest_first() {
    let fixture = support::filled(7);
    let reader = fixture.reader();
    let page = reader.newest(None, 3).unwrap();
    let seqs: Vec<i64> = page.iter().map(|entry| entry.seq).collect();
    assert_eq!(seqs, [7, 6, 5]);
    let rest = reader.newest(Some(5), 10).unwrap();
    assert_eq!((rest.len(), rest[0].seq), (4, 4));
    let ticker = rest[0].ticker.clone().unwrap();
    assert_eq!(reader.newest_of(&ticker, Some(3), 10).unwrap().len(), 2);
    let next = |after| {
        reader
            .next_of(&ticker, after)
            .unwrap()
            .map(|entry| entry.seq)
    };
    assert_eq!((next(2), next(7)), (Some(3), None));
}
