//! Ensures that what came when the close was known already, and what belongs to no pick, is kept
//! and never scored.

use crate::support;

use closecall_ledger::Recorded;

use support::{Fixture, Recording as _, at, changed, forecast, foreign};

const LATER: [(&str, f64); 2] = [("2023-06-28", 400.0), ("2023-06-29", 404.0)];

#[test]
fn from_its_sessions_close_on_a_forecast_is_late() {
    // 29 June closes at 20:00 UTC; 3 July 2023 is a half day and closes at 17:00.
    let moments = [
        ("2023-06-29T14:00:00Z", "2023-06-29T19:59:59Z", false),
        ("2023-06-29T14:00:00Z", "2023-06-29T20:00:00Z", true),
        ("2023-06-29T14:00:00Z", "2023-07-05T14:00:00Z", true),
        ("2023-07-03T14:00:00Z", "2023-07-03T16:59:59Z", false),
        ("2023-07-03T14:00:00Z", "2023-07-03T17:00:00Z", true),
    ];
    for (as_of, recorded_at, late) in moments {
        let fixture = Fixture::new();
        let made = forecast("AAPL", as_of, 402.0, &[("2023-06-28", 400.0)]);
        let recorded = fixture
            .writer()
            .record_forecast(&made, at(recorded_at))
            .unwrap();
        assert_eq!(recorded, Recorded::New { late, scored: 0 }, "{recorded_at}");
        assert_eq!(fixture.reader().entries().unwrap()[0].late, late);
        assert_eq!(fixture.reader().summary().unwrap().late, u64::from(late));
    }
}

#[test]
fn a_clock_set_back_does_not_make_a_late_forecast_timely() {
    let fixture = Fixture::new();
    let made = forecast(
        "AAPL",
        "2023-06-29T14:00:00Z",
        402.0,
        &[("2023-06-28", 400.0)],
    );
    let made = changed(made, |values| values.as_of = at("2023-06-29T20:30:00Z"));
    let recorded = fixture
        .writer()
        .record_forecast(&made, at("2023-06-29T10:00:00Z"))
        .unwrap();
    assert_eq!(
        recorded,
        Recorded::New {
            late: true,
            scored: 0
        }
    );
}

#[test]
fn a_late_forecast_is_kept_never_scored_and_still_scores_others() {
    let fixture = Fixture::new();
    let mut ledger = fixture.writer();
    let timely = forecast("AAPL", "2023-06-29T14:00:00Z", 402.0, &LATER[..1]);
    let late = forecast("AAPL", "2023-06-29T14:03:00Z", 403.0, &LATER[..1]);
    ledger
        .record_forecast(&timely, at("2023-06-29T14:00:05Z"))
        .unwrap();
    ledger
        .record_forecast(&late, at("2023-06-29T21:00:00Z"))
        .unwrap();

    let next = forecast("AAPL", "2023-06-30T14:00:00Z", 405.0, &LATER);
    let recorded = ledger
        .record_forecast(&next, at("2023-06-30T21:00:00Z"))
        .unwrap();
    assert_eq!(
        recorded,
        Recorded::New {
            late: true,
            scored: 1
        }
    );
    let scores: Vec<bool> = fixture
        .reader()
        .entries()
        .unwrap()
        .iter()
        .map(|entry| entry.score.is_some())
        .collect();
    assert_eq!(scores, [true, false, false]);
}

#[test]
fn a_prediction_of_the_originals_trainer_is_stored_as_it_is_and_never_scored() {
    let fixture = Fixture::new();
    let mut ledger = fixture.writer();
    let now = at("2023-06-29T14:00:05Z");
    // It labels a Saturday's prediction with Saturday.
    for (offset, target) in [(1, "2023-06-29"), (2, "2023-07-01")] {
        let prediction = foreign(offset, target);
        let new = Recorded::New {
            late: false,
            scored: 0,
        };
        assert_eq!(ledger.record_foreign(&prediction, now).unwrap(), new);
        assert_eq!(
            ledger.record_foreign(&prediction, now).unwrap(),
            Recorded::Duplicate
        );
    }
    let next = forecast("AAPL", "2023-06-30T14:00:00Z", 405.0, &LATER);
    let recorded = ledger
        .record_forecast(&next, at("2023-06-30T14:00:05Z"))
        .unwrap();
    assert_eq!(
        recorded,
        Recorded::New {
            late: false,
            scored: 0
        }
    );

    let reader = fixture.reader();
    let entry = &reader.entries().unwrap()[0];
    assert!(entry.foreign && entry.score.is_none());
    assert_eq!((entry.prediction, entry.close), (Some(190.5), Some(189.25)));
    let summary = reader.summary().unwrap();
    assert_eq!(
        (summary.forecasts, summary.foreign, summary.duplicates),
        (1, 2, 2)
    );
}
