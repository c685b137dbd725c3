//! A demo's folder: kept to itself while it runs, and emptied of the last demo's record by the next one, but
//! of nothing else.

use crate::common;

use common::Workplace;
use common::pipeline::{DEMO_DATA, Running, Said};

#[test]
fn a_second_demo_in_the_folder_of_one_that_runs_is_refused() {
    let workplace = Workplace::new();
    let first = Running::start(workplace.command(["demo", "--json"]));
    let record = workplace
        .folder
        .path()
        .join(DEMO_DATA)
        .join("ledger.sqlite");
    common::wait_until("the record begins", || record.exists());
    let second = workplace.run(&["demo", "--picks", "2"]);
    second.refused(73, &["is being written by another process", DEMO_DATA]);
    first.signal("TERM");
    let done = first.ended();
    assert_eq!(done.code(), 0, "{}", done.stderr());
    let said = Said::by(&done);
    said.assert_consistent();
    assert_eq!(
        workplace.ledger(DEMO_DATA).len() as u64,
        said.count("picks")
    );
}

/// At the same moment, too: one of them has the folder, with its record and its store.
#[test]
fn of_two_demos_that_start_together_one_is_refused() {
    let workplace = Workplace::new();
    let demo = || workplace.run(&["demo", "--picks", "16", "--json"]);
    let (one, other) = std::thread::scope(|scope| {
        let other = scope.spawn(demo);
        (demo(), other.join().unwrap())
    });
    let (done, refused) = match one.code() {
        0 => (one, other),
        _ => (other, one),
    };
    assert_eq!(done.code(), 0, "{}", done.stderr());
    refused.refused(73, &["is being written by another process", DEMO_DATA]);
    assert_eq!(workplace.ledger(DEMO_DATA).len(), 16);
    let store = workplace.folder.path().join(DEMO_DATA).join("market.db");
    assert!(store.exists());
}

#[test]
fn a_demo_starts_a_new_record_and_leaves_what_else_is_in_its_folder() {
    let workplace = Workplace::new();
    let demo = ["demo", "--picks", "2", "--json"];
    assert_eq!(workplace.run(&demo).code(), 0);
    let other = workplace.folder.path().join(DEMO_DATA).join("thesis.txt");
    std::fs::write(&other, "mine").unwrap();
    assert_eq!(workplace.run(&demo).code(), 0);
    assert_eq!(workplace.ledger(DEMO_DATA).len(), 2);
    assert_eq!(std::fs::read_to_string(other).unwrap(), "mine");
}
