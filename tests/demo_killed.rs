//! `kill -9` at any moment of a demo: the ledger that is left verifies. Eight moments here; fifty
//! with `CLOSECALL_LONG_TESTS` set.

#![allow(clippy::disallowed_methods, reason = "tests may fail loudly")]

use crate::common;

use std::time::Duration;

use common::pipeline::{DEMO_DATA, Running};
use common::{Workplace, wait_until};

/// Demos at once.
const LANES: usize = 4;

#[test]
fn the_ledger_of_a_killed_demo_verifies() {
    let kills = match std::env::var_os("CLOSECALL_LONG_TESTS") {
        Some(_) => 50,
        None => 8,
    };
    let rows: usize = std::thread::scope(|scope| {
        let lane = |lane| {
            let moments = (0..kills).filter(move |kill| kill % LANES == lane);
            move || moments.map(kill_at).sum::<usize>()
        };
        let lanes: Vec<_> = (0..LANES).map(|n| scope.spawn(lane(n))).collect();
        lanes.into_iter().map(|lane| lane.join().unwrap()).sum()
    });
    // Otherwise the kills came before there was anything to lose.
    assert!(rows > 0, "no demo had a row");
}

/// Kills the demo of this number at its moment, and returns how many picks its ledger has.
fn kill_at(number: usize) -> usize {
    let workplace = Workplace::new();
    let seed = number.to_string();
    let mut demo = Running::start(workplace.command(["demo", "--json", "--seed", &seed]));
    let ledger = workplace
        .folder
        .path()
        .join(DEMO_DATA)
        .join("ledger.sqlite");
    wait_until("the ledger is there", || {
        ledger.exists() || !demo.is_running()
    });
    // From the making of the ledger to its third row, and some time after that.
    wait_until("enough forecasts", || {
        demo.printed() >= number / LANES % 4 || !demo.is_running()
    });
    std::thread::sleep(Duration::from_millis(number as u64 * 797 % 1_000));
    assert!(demo.is_running(), "{}", demo.ended().stderr());
    demo.signal("KILL");
    demo.ended();
    let verify = workplace.run(&["ledger", "verify", "--data-dir", DEMO_DATA]);
    if verify.stderr().contains("there is no ledger") {
        // It came before the first commit.
        return 0;
    }
    workplace.ledger(DEMO_DATA).len()
}
