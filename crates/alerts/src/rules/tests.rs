//! Each rule, over made-up observations.

use super::*;
use strum::VariantArray as _;

const HOUR_S: u64 = 3600;

fn rules() -> Rules {
    Rules::new(AlertKind::VARIANTS, Duration::from_secs(HOUR_S), [])
}

fn seen(second: i64) -> Observation {
    let at: DateTime<Utc> = "2026-11-25T15:00:00Z".parse().unwrap();
    Observation {
        at: at + TimeDelta::seconds(second),
        slot: TimeDelta::minutes(3),
        ..Observation::default()
    }
}

fn stage(second: i64, down: bool) -> Observation {
    let stage = StageSeen {
        name: "scraper".into(),
        title: "Scraper".into(),
        down,
        restarts: 2,
    };
    Observation {
        stages: vec![stage],
        ..seen(second)
    }
}

/// The states of what is said, with the second.
fn said(
    rules: &mut Rules,
    seconds: std::ops::Range<i64>,
    of: impl Fn(i64) -> Observation,
) -> Vec<(i64, AlertState)> {
    seconds
        .flat_map(|second| {
            let uptime = Duration::from_secs(second.unsigned_abs());
            rules
                .look(&of(second), uptime)
                .into_iter()
                .map(move |alert| (second, alert.state))
                .collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn a_stage_is_down_after_a_minute_and_up_after_another() {
    let mut rules = rules();
    let down = said(&mut rules, 0..200, |second| stage(second, second < 100));
    assert_eq!(down, [(60, AlertState::Raised), (160, AlertState::Cleared)]);
    // One that flickers is neither.
    let flickers = said(&mut rules, 200..500, |second| {
        stage(second, second % 50 < 40)
    });
    assert_eq!(flickers, []);
}

#[test]
fn what_stands_is_repeated_once_an_hour_and_survives_a_restart() {
    let mut rules = rules();
    let long = said(&mut rules, 0..7_300, |second| stage(second, true));
    assert_eq!(
        long.iter().map(|said| said.0).collect::<Vec<_>>(),
        [60, 3_660, 7_260]
    );
    let mut again = Rules::new(
        AlertKind::VARIANTS,
        Duration::from_secs(HOUR_S),
        rules.raised(),
    );
    let after = said(&mut again, 0..200, |second| stage(second, second < 90));
    assert_eq!(
        after,
        [(150, AlertState::Cleared)],
        "not raised a second time"
    );
}

#[test]
fn dead_letters_by_their_share_of_an_hour() {
    let mut rules = rules();
    for second in 0..40 {
        rules.pick(seen(second).at, second % 10 == 0, 0);
    }
    let raised = said(&mut rules, 40..41, seen);
    assert_eq!(raised, [(40, AlertState::Raised)], "4 of 40");
    // An hour later they no longer count, and an hour after that it is over.
    assert_eq!(said(&mut rules, 41..3_700, seen), []);
    let over = said(&mut rules, 3_700..7_400, seen);
    assert_eq!(over.len(), 1, "{over:?}");
    assert_eq!(over[0].1, AlertState::Cleared);
    let mut few = super::tests::rules();
    for second in 0..10 {
        few.pick(seen(second).at, second < 2, 0);
    }
    assert_eq!(said(&mut few, 10..20, seen), [], "two are too few");
}

#[test]
fn stale_counts_slots_of_a_session_only() {
    let open = seen(0).at;
    let session = |second| Observation {
        session_open: Some(open),
        ..seen(second)
    };
    let mut rules = rules();
    assert_eq!(said(&mut rules, 0..541, session), []);
    assert_eq!(
        said(&mut rules, 541..542, session),
        [(541, AlertState::Raised)]
    );
    rules.pick(seen(542).at, false, 0);
    assert_eq!(
        said(&mut rules, 542..543, session),
        [(542, AlertState::Cleared)]
    );
    // At night nothing comes, and nothing is said.
    assert_eq!(said(&mut rules, 543..5_000, seen), []);
    rules.pick(seen(5_000).at, false, 2);
    assert_eq!(
        said(&mut rules, 5_000..5_001, seen),
        [(5_000, AlertState::Raised)],
        "old prices"
    );
}

#[test]
fn a_ledger_that_cannot_be_written_is_said_with_the_reason_until_it_can() {
    let mut rules = rules();
    let full = |second| Observation {
        ledger_ok: Some(true),
        unrecorded: Some("the disk is full".to_owned()),
        ..seen(second)
    };
    let alerts = rules.look(&full(0), Duration::ZERO);
    assert_eq!(alerts.len(), 1);
    assert_eq!(alerts[0].title, "Nothing can be recorded");
    assert!(alerts[0].detail.ends_with("the disk is full"));
    let fine = |second| Observation {
        ledger_ok: Some(true),
        ..seen(second)
    };
    assert_eq!(
        said(&mut rules, 1..9, fine),
        [(1, AlertState::Cleared)],
        "it is over at once"
    );
}

#[test]
fn what_is_not_known_changes_nothing_and_what_is_off_is_not_said() {
    let mut rules = rules();
    let unknown = |second| Observation {
        suspect: None,
        ledger_ok: None,
        ..seen(second)
    };
    let suspect = |second| Observation {
        suspect: Some(true),
        ledger_ok: Some(false),
        ..seen(second)
    };
    assert_eq!(said(&mut rules, 0..1, suspect).len(), 2);
    assert_eq!(said(&mut rules, 1..9, unknown), []);
    let fine = |second| Observation {
        suspect: Some(false),
        ledger_ok: Some(true),
        ..seen(second)
    };
    assert_eq!(said(&mut rules, 9..10, fine).len(), 2);
    let mut off = Rules::new(&[AlertKind::Ledger], Duration::ZERO, []);
    assert_eq!(said(&mut off, 0..1, suspect).len(), 1);
}
