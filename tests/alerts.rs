//! Alerts of the whole program: vendors fail for three slots of a session, then answer again. Exactly
//! one raise and one clear arrive, while the receiver is down, refuses, hangs up and is slow, and the
//! program is killed in between.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use testing::{Receiver, Way};

use crate::common;

use common::pipeline::Running;
use common::vendor::{Reply, Vendor, chart, closes, symbol};
use common::{Workplace, wait_until};

/// A minute inside a session is a second; a slot is 30 seconds.
fn start(workplace: &Workplace, clock: &str) -> Running {
    let run = ["run", "--clock-start", clock, "--speed", "60"];
    let picks = ["--every", "30s", "--tickers", "AAPL", "-v"];
    Running::start(workplace.command(run.iter().chain(&picks)))
}

/// Alerts that no receiver is known to have taken.
fn waiting(workplace: &Workplace) -> usize {
    let path = workplace.folder.path().join("closecall-data/alerts.json");
    let saved: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    saved["queue"].as_array().unwrap().len()
}

#[test]
fn one_raise_and_one_clear_arrive_whatever_is_killed() {
    let answers = Arc::new(AtomicBool::new(false));
    let up = Arc::clone(&answers);
    let vendor = Vendor::start(move |target| match symbol(target) {
        Some(symbol) if up.load(Ordering::SeqCst) => {
            Reply::json(&chart(&symbol, &closes(300, 100.0)))
        }
        _ => Reply::text(503, "{}"),
    });
    let address = testing::unused_address();
    let workplace = Workplace::on(&vendor.url())
        .with("CLOSECALL__MARKET__RETRY_BASE", "1ms")
        .with("CLOSECALL__HTTP__LISTEN", "127.0.0.1:0")
        .with("CLOSECALL__ALERTS__ON", "stale")
        .with(
            "CLOSECALL__ALERTS__URL",
            &format!("http://{address}/CANARY"),
        );

    // No one takes it: it is kept, and the program killed.
    let run = start(&workplace, "2023-06-30T14:00:00Z");
    run.wait_for("an alert was not taken");
    run.signal("KILL");
    drop(run);
    let receiver = Receiver::listen(address, &[Way::Refuses, Way::HangsUp, Way::Slow]);
    let run = start(&workplace, "2023-06-30T15:00:00Z");
    wait_until("the raise", || receiver.taken().len() == 1);
    // What is killed before it has the answer sends again, since it cannot know.
    wait_until("the answer's note", || waiting(&workplace) == 0);
    run.signal("KILL");
    drop(run);
    answers.store(true, Ordering::SeqCst);
    let run = start(&workplace, "2023-06-30T16:00:00Z");
    wait_until("the clear", || receiver.taken().len() == 2);
    run.signal("INT");
    let done = run.ended();
    assert_eq!(done.code(), 0, "{}", done.stderr());

    let states: Vec<(String, String)> = receiver
        .taken()
        .iter()
        .map(|body| {
            let alert: Value = serde_json::from_str(body).unwrap();
            let word = |key: &str| alert[key].as_str().unwrap().to_owned();
            (word("kind"), word("state"))
        })
        .collect();
    let of = |state: &str| ("stale".to_owned(), state.to_owned());
    assert_eq!(states, [of("raised"), of("cleared")]);
    assert!(!done.stderr().contains("CANARY"), "{}", done.stderr());
}

#[test]
fn a_test_tries_every_kind_and_says_of_each_whether_it_was_taken() {
    let address = testing::unused_address();
    let receiver = Receiver::listen(address, &[Way::Takes, Way::Refuses, Way::Refuses]);
    let url = format!("http://{address}/CANARY");
    let workplace = Workplace::new().with("CLOSECALL__ALERTS__URL", &url);
    let tested = |workplace: &Workplace| workplace.run(&["alerts", "test"]);

    let done = tested(&workplace);
    assert_eq!(done.code(), 69, "{}", done.stderr());
    assert_eq!(
        done.stdout(),
        "stage-down: taken
suspect: not taken: the receiver of the alerts answered 500
dead-letters: not taken: the receiver of the alerts answered 500
stale: taken
ledger: taken
"
    );
    assert!(done.stderr().contains("2 of 5 alerts were not taken"));
    assert_eq!((receiver.asked(), receiver.taken().len()), (5, 3));
    assert!(!done.stderr().contains("CANARY"), "{}", done.stderr());
    assert_eq!(tested(&workplace).code(), 0);

    let none = tested(&workplace.with("CLOSECALL__ALERTS__ON", "[]"));
    assert_eq!(none.code(), 78, "{}", none.stdout());
    assert!(none.stderr().contains("no kind of alert is on"));
    assert_eq!(receiver.asked(), 10);
}
