//! Being asked to end: before the first pick, in the middle of a fit, and asked twice.

use crate::common;

use common::Workplace;
use common::pipeline::{DEMO_DATA, Running, Said};

fn stalled(workplace: &Workplace, span_ms: u32) -> Running {
    let fault = format!("gru-trainer.mid-fit:stall={span_ms}");
    let demo = Running::start(workplace.command(["demo", "--json", "--fault", &fault]));
    demo.wait_for("fault strikes");
    demo
}

/// From the moment that it names its page: what it has to do to start is done, and the end is orderly.
#[test]
fn a_signal_before_the_first_pick_ends_it_in_order() {
    for signal in ["TERM", "INT"] {
        let workplace = Workplace::new();
        let demo = Running::start(workplace.command(["demo", "--json"]));
        demo.pages();
        demo.signal(signal);
        let done = demo.ended();
        assert_eq!(done.code(), 0, "{signal}: {}", done.stderr());
        Said::by(&done).assert_consistent();
        workplace.ledger(DEMO_DATA);
    }
}

/// The work in hand is finished, and the end is orderly.
#[test]
fn a_signal_in_the_middle_of_a_fit_drains() {
    for signal in ["TERM", "INT"] {
        let workplace = Workplace::new();
        let demo = stalled(&workplace, 1_500);
        demo.signal(signal);
        let done = demo.ended();
        assert_eq!(done.code(), 0, "{signal}: {}", done.stderr());
        let said = Said::by(&done);
        said.assert_consistent();
        assert!(said.count("forecasts") >= 1, "{signal}: {}", said.summary);
        let rows = workplace.ledger(DEMO_DATA);
        assert_eq!(rows.len() as u64, said.count("picks"));
    }
}

/// A fit that outlasts the deadline is cut off; its pick ends as abandoned, and the code says so.
#[test]
fn what_outlasts_the_deadline_is_abandoned() {
    let workplace = Workplace::new();
    let fault = "gru-trainer.mid-fit:stall=600000";
    let deadlines = [
        "--set",
        "supervision.drain.deadline=500ms",
        "--set",
        "supervision.drain.stop=500ms",
    ];
    let demo = ["demo", "--json", "--fault", fault];
    let demo = Running::start(workplace.command(demo.iter().chain(&deadlines)));
    demo.wait_for("fault strikes");
    demo.signal("TERM");
    let done = demo.ended();
    assert_eq!(done.code(), 143, "{}", done.stderr());
    let said = Said::by(&done);
    said.assert_consistent();
    for letter in &said.dead_letters {
        assert_eq!(letter["dead_letter"]["reason"], "abandoned", "{letter}");
    }
    assert!(!said.dead_letters.is_empty());
}

#[test]
fn a_second_signal_ends_at_once() {
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let workplace = Workplace::new();
        let demo = stalled(&workplace, 600_000);
        demo.signal(signal);
        demo.wait_for("\"ending\"");
        demo.signal(signal);
        let done = demo.ended();
        assert_eq!(done.code(), code, "{}", done.stderr());
        // Cut short, but what was written holds.
        workplace.ledger(DEMO_DATA);
    }
}
