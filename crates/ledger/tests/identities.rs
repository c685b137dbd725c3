//! Ensures that every pick is in exactly one state, that repeats are counted and not stored, and
//! that a listing is the documented one.

use crate::support;

use closecall_ledger::{Recorded, State};
use closecall_protocol::Reason;

use support::{Fixture, Recording as _, at, dead_letter, forecast, foreign};

const CLOSES: [(&str, f64); 2] = [("2023-06-27", 188.06), ("2023-06-28", 189.25)];
const NEW: Recorded = Recorded::New {
    late: false,
    scored: 0,
};

#[test]
fn a_pick_has_one_forecast_whatever_comes_after_it() {
    let fixture = Fixture::new();
    let mut ledger = fixture.writer();
    let now = at("2023-06-29T14:00:05Z");
    let first = forecast("AAPL", "2023-06-29T14:00:00Z", 190.0, &CLOSES);
    let again = forecast("AAPL", "2023-06-29T14:00:00Z", 200.0, &CLOSES);
    assert_eq!(again.pick_id, first.pick_id);
    let letter = dead_letter(first.pick_id, Reason::Expired, now);

    assert_eq!(ledger.record_forecast(&first, now).unwrap(), NEW);
    assert_eq!(
        ledger.record_forecast(&again, now).unwrap(),
        Recorded::Duplicate
    );
    assert_eq!(
        ledger.record_dead_letter(&letter).unwrap(),
        Recorded::Duplicate
    );
    drop(ledger);
    // Counted for good, and still known after a restart.
    assert_eq!(
        fixture.writer().record_forecast(&first, now).unwrap(),
        Recorded::Duplicate
    );

    let reader = fixture.reader();
    let entries = reader.entries().unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(
        (entries[0].state, entries[0].prediction),
        (State::Forecast, Some(190.0))
    );
    let summary = reader.summary().unwrap();
    assert_eq!(
        (summary.forecasts, summary.dead_letters, summary.duplicates),
        (1, 0, 3)
    );
    assert_eq!(reader.verify().unwrap().rows, 1);
}

#[test]
fn a_dead_letter_is_taken_once_and_superseded_by_a_forecast() {
    let fixture = Fixture::new();
    let mut ledger = fixture.writer();
    let now = at("2023-06-29T14:00:05Z");
    let made = forecast("AAPL", "2023-06-29T14:00:00Z", 190.0, &CLOSES);
    let letter = dead_letter(made.pick_id, Reason::Unavailable, now);

    assert_eq!(ledger.record_dead_letter(&letter).unwrap(), NEW);
    assert_eq!(
        ledger.record_dead_letter(&letter).unwrap(),
        Recorded::Duplicate
    );
    let reader = fixture.reader();
    assert_eq!(
        reader.entries().unwrap()[0].reason,
        Some(Reason::Unavailable)
    );
    assert_eq!(reader.summary().unwrap().dead_letters, 1);

    assert_eq!(ledger.record_forecast(&made, now).unwrap(), NEW);
    let entries = reader.entries().unwrap();
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert_eq!(
        (entries[0].state, entries[0].reason),
        (State::Forecast, None)
    );
    let summary = reader.summary().unwrap();
    assert_eq!(
        (summary.forecasts, summary.dead_letters, summary.duplicates),
        (1, 0, 1)
    );
    // Superseded, not removed.
    assert_eq!(reader.verify().unwrap().rows, 2);
}

#[test]
fn a_forecast_is_stored_as_it_is_published() {
    let fixture = Fixture::new();
    let made = forecast("AAPL", "2023-06-29T14:00:00Z", 190.123_456, &CLOSES);
    fixture
        .writer()
        .record_forecast(&made, at("2023-06-29T14:00:05Z"))
        .unwrap();
    let entry = &fixture.reader().entries().unwrap()[0];
    assert_eq!(
        (entry.prediction, entry.close),
        (Some(190.12), Some(189.25))
    );
}

#[test]
fn a_listing_is_the_documented_one() {
    let fixture = Fixture::new();
    let mut ledger = fixture.writer();
    let now = at("2023-06-29T14:00:05Z");
    let made = forecast("AAPL", "2023-06-29T14:00:00Z", 190.0, &CLOSES);
    let letter = dead_letter(foreign(1, "2023-06-29").pick_id, Reason::NoData, now);
    ledger.record_forecast(&made, now).unwrap();
    ledger.record_dead_letter(&letter).unwrap();
    ledger
        .record_foreign(&foreign(2, "2023-06-29"), now)
        .unwrap();

    let lines: Vec<String> = fixture
        .reader()
        .entries()
        .unwrap()
        .iter()
        .map(|entry| serde_json::to_string(entry).unwrap())
        .collect();
    let expected = [
        format!(
            r#"{{"pick_id":"{}","state":"forecast","ticker":"AAPL","session":"2023-06-29","prediction":190.0,"close":189.25,"baseline":189.25,"as_of":"2023-06-29T14:00:00Z","recorded_at":"2023-06-29T14:00:05Z","late":false,"foreign":false,"score":null,"reason":null,"reference":189.25,"reference_kind":"last-close","reference_at":null,"phase":"before","sessions_ahead":0,"probability_up":0.5,"scale":0.02,"provider":null,"intervals":[{{"level":0.8,"lower":186.2,"upper":193.8}}],"seq":1}}"#,
            made.pick_id
        ),
        format!(
            r#"{{"pick_id":"{}","state":"dead_letter","ticker":"AAPL","session":null,"prediction":null,"close":null,"baseline":null,"as_of":null,"recorded_at":"2023-06-29T14:00:05Z","late":false,"foreign":false,"score":null,"reason":"no-data","reference":null,"reference_kind":null,"reference_at":null,"phase":null,"sessions_ahead":null,"probability_up":null,"scale":null,"provider":null,"intervals":[],"seq":2}}"#,
            letter.pick_id
        ),
        format!(
            r#"{{"pick_id":"{}","state":"forecast","ticker":"AAPL","session":"2023-06-29","prediction":190.5,"close":189.25,"baseline":null,"as_of":null,"recorded_at":"2023-06-29T14:00:05Z","late":false,"foreign":true,"score":null,"reason":null,"reference":null,"reference_kind":null,"reference_at":null,"phase":null,"sessions_ahead":null,"probability_up":null,"scale":null,"provider":null,"intervals":[],"seq":3}}"#,
            foreign(2, "2023-06-29").pick_id
        ),
    ];
    assert_eq!(lines, expected);
}
