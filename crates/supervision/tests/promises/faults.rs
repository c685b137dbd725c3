//! The grammar of faults, and when they strike.
#![allow(clippy::unwrap_used, reason = "test code may fail loudly")]

use std::panic::catch_unwind;

use closecall_supervision::{Error, FaultPoints, InjectedFault, KnownPoints};
use proptest::prelude::*;

const KNOWN: KnownPoints<'static> = &[
    ("scraper", &[]),
    ("gru-trainer", &["mid-fit"]),
    ("kafka-bridge", &["after-receive", "before-commit"]),
];

fn parse(spec: &str) -> Result<InjectedFault, Error> {
    InjectedFault::parse(spec, KNOWN)
}

fn refusal(spec: &str) -> String {
    parse(spec).unwrap_err().to_string()
}

const NEVER: [usize; 0] = [];

/// Those of the first ten hits that panic.
fn strikes(spec: &str, stage: &str, point: Option<&str>) -> Vec<usize> {
    let faults = FaultPoints::parse([spec], KNOWN).unwrap();
    (1..=10)
        .filter(|_| catch_unwind(|| faults.hit(stage, point)).is_err())
        .collect()
}

#[test]
fn faults_strike_where_and_when_they_say() {
    assert_eq!(strikes("scraper:panic:every=4", "scraper", None), [4, 8]);
    assert_eq!(strikes("scraper:panic:once", "scraper", None), [1]);
    assert_eq!(strikes("scraper:panic", "scraper", None).len(), 10);
    assert_eq!(strikes("scraper:panic", "gru-trainer", None), NEVER);
    assert_eq!(
        strikes("gru-trainer.mid-fit:panic", "gru-trainer", None),
        NEVER
    );
    assert_eq!(
        strikes(
            "gru-trainer.mid-fit:panic:once",
            "gru-trainer",
            Some("mid-fit")
        ),
        [1]
    );
    assert_eq!(strikes("scraper:stall=1", "scraper", None), NEVER);
}

#[test]
fn unknown_places_are_refused_with_the_nearest_name() {
    assert!(refusal("gru-trianer:panic").contains("did you mean gru-trainer?"));
    assert!(refusal("kafka-bridge.before-comit:exit").contains("did you mean before-commit?"));
    assert!(refusal("picker:panic").contains("there are scraper, gru-trainer, kafka-bridge"));
    assert!(refusal("scraper.middle:panic").contains("unknown point `middle`: there are none"));
    assert!(refusal(":panic").contains("unknown stage ``"));
}

#[test]
fn what_cannot_be_read_is_refused_with_what_is_wrong() {
    for (spec, problem) in [
        ("scraper", "no action given"),
        ("scraper:explode", "`explode` is not an action"),
        (
            "scraper:panic:every=0",
            "every=0 is not a whole number from 1",
        ),
        ("scraper:panic:every=+7", "every=+7 is not a whole number"),
        ("scraper:panic:twice", "`twice` is neither every=N nor once"),
        ("scraper:panic:once:once", "`once` is too much"),
        ("scraper:stall=9999999999", "is not milliseconds"),
        ("scraper:stall", "`stall` is not an action"),
    ] {
        let error = refusal(spec);
        assert!(error.contains(problem) && error.contains(spec), "{error}");
    }
}

proptest! {
    #[test]
    fn every_fault_is_read_as_it_is_written(
        place in prop::sample::select(
            vec!["scraper", "gru-trainer", "gru-trainer.mid-fit", "kafka-bridge.after-receive"]
        ),
        action in prop_oneof![
            Just("panic".to_owned()),
            Just("exit".to_owned()),
            (0_u64..=3_600_000).prop_map(|millis| format!("stall={millis}")),
        ],
        when in prop_oneof![
            Just(String::new()),
            Just(":once".to_owned()),
            (1_u64..).prop_map(|n| format!(":every={n}")),
        ],
    ) {
        let spec = format!("{place}:{action}{when}");
        prop_assert_eq!(parse(&spec).unwrap().to_string(), spec);
    }

    #[test]
    fn no_text_panics_and_what_is_accepted_is_written_back_the_same(
        text in "(scraper|gru-trainer|[a-z.:]{0,8})[.:]?(panic|mid-fit|\\PC{0,6})(:\\PC{0,10})?"
    ) {
        if let Ok(fault) = parse(&text) {
            prop_assert_eq!(parse(&fault.to_string()).unwrap(), fault);
        }
    }
}
