//! Stages broken on purpose: a stage that panics now and then loses nothing; a message that breaks
//! its stage is given up; a stage that keeps failing ends the process in order.

use crate::common;

use common::pipeline::{DEMO_DATA, SHORT_WAITS, Said};
use common::{Done, Workplace};
use serde_json::Value;

const STAGES: [&str; 5] = [
    "ticker-picker",
    "scraper",
    "sentiment",
    "gru-trainer",
    "reporter",
];

fn demo(workplace: &Workplace, picks: &str, fault: &str) -> Done {
    let demo = ["demo", "--json", "--picks", picks, "--fault", fault];
    workplace.run(&[&demo, &SHORT_WAITS[..]].concat())
}

/// Every seventh message, in each of the five stages; all at once, since a pick takes a second.
#[test]
fn a_stage_that_panics_is_restarted_and_nothing_is_lost() {
    std::thread::scope(|scope| {
        for stage in STAGES {
            scope.spawn(move || {
                let workplace = Workplace::new();
                let done = demo(&workplace, "24", &format!("{stage}:panic:every=7"));
                assert_eq!(done.code(), 0, "{stage}: {}", done.stderr());
                let said = Said::by(&done);
                said.assert_consistent();
                assert_eq!(said.dead_letters, [] as [Value; 0], "{stage}");
                assert_eq!(said.count("forecasts"), 24, "{stage}");
                assert!(said.count("restarts") >= 3, "{stage}: {}", said.summary);
                assert!(done.stderr().contains("fault strikes"), "{stage}");
                assert_eq!(workplace.ledger(DEMO_DATA).len(), 24, "{stage}");
            });
        }
    });
}

/// The panic stays within the message: no stage is restarted for it.
#[test]
fn a_fit_that_always_panics_ends_as_dead_letters() {
    let workplace = Workplace::new();
    let done = demo(&workplace, "3", "gru-trainer.mid-fit:panic");
    assert_eq!(done.code(), 0, "{}", done.stderr());
    let said = Said::by(&done);
    said.assert_consistent();
    assert_eq!(said.count("restarts"), 0);
    assert_eq!(said.dead_letters.len(), 3);
    for letter in &said.dead_letters {
        let letter = &letter["dead_letter"];
        assert_eq!(letter["reason"], "panic", "{letter}");
        assert_eq!(letter["stage"], "gru-trainer", "{letter}");
        let text = letter.to_string();
        assert!(text.contains(".rs:"), "the place is named: {text}");
        for built_in in [
            env!("CARGO_MANIFEST_DIR"),
            ".cargo",
            "/rustc/",
            "/registry/",
        ] {
            assert!(!text.contains(built_in), "{built_in} in {text}");
        }
    }
    for row in workplace.ledger(DEMO_DATA) {
        assert_eq!(row["state"], "dead_letter", "{row}");
        assert_eq!(row["reason"], "panic", "{row}");
    }
}

/// A panic in one message's fit does not disturb those before and after it.
#[test]
fn what_panics_once_is_tried_again() {
    let workplace = Workplace::new();
    let done = demo(&workplace, "3", "gru-trainer.mid-fit:panic:once");
    assert_eq!(done.code(), 0, "{}", done.stderr());
    let said = Said::by(&done);
    said.assert_consistent();
    assert_eq!((said.forecasts.len(), said.count("restarts")), (3, 0));
}

/// Beyond its budget a stage has failed for good: 70, and every accepted pick has its end.
#[test]
fn a_stage_that_keeps_failing_ends_the_process_in_order() {
    for stage in ["sentiment", "ticker-picker"] {
        let workplace = Workplace::new();
        let done = demo(&workplace, "24", &format!("{stage}:panic"));
        assert_eq!(done.code(), 70, "{}", done.stderr());
        let said = Said::by(&done);
        said.assert_consistent();
        // Those that one message is to blame for do not count against the budget.
        assert!(said.count("restarts") >= 5, "{stage}: {}", said.summary);
        let rows = workplace.ledger(DEMO_DATA);
        assert_eq!(rows.len() as u64, said.count("picks"), "{stage}");
    }
}
