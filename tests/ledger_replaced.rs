//! A ledger that is replaced by hand under a run: what the run recorded in the other is counted as lost,
//! and the code says so.

use crate::common;

use common::Workplace;
use common::pipeline::{DEMO_DATA, Running, Said};

/// Files of a ledger, apart from its lock.
const FILES: [&str; 4] = [
    "ledger.head",
    "ledger.sqlite-shm",
    "ledger.sqlite-wal",
    "ledger.sqlite",
];

#[test]
fn picks_without_an_end_in_the_ledger_end_the_process_with_70() {
    let workplace = Workplace::new();
    let folder = workplace.folder.path().join(DEMO_DATA);
    let short = workplace.run(&["demo", "--picks", "1", "--json"]);
    assert_eq!(short.code(), 0, "{}", short.stderr());
    let kept = tempfile::tempdir().unwrap();
    for file in FILES.into_iter().filter(|file| folder.join(file).exists()) {
        std::fs::copy(folder.join(file), kept.path().join(file)).unwrap();
    }

    let demo = Running::start(workplace.command(["demo", "--json"]));
    common::wait_until("three forecasts", || demo.printed() >= 3);
    for file in FILES {
        std::fs::remove_file(folder.join(file)).ok();
    }
    for file in FILES
        .into_iter()
        .filter(|file| kept.path().join(file).exists())
    {
        std::fs::copy(kept.path().join(file), folder.join(file)).unwrap();
    }
    demo.signal("TERM");
    let done = demo.ended();
    assert_eq!(done.code(), 70, "{}", done.stderr());
    assert!(done.stderr().contains("no end in the ledger"));
    let said = Said::by(&done);
    assert!(said.count("lost") >= 2, "{}", said.summary);
}
