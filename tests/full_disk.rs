//! A disk that becomes full under the ledger: forecasts are withheld and the process is not ready, says
//! why, and is not restarted; when there is space again it goes on, and the ledger is whole.

use crate::common;

use std::io::Write;

use common::Workplace;
use common::mounts::Mounts;
use common::pipeline::{Running, SHORT_WAITS};

/// A file that takes up all space that is left.
const FILLER: &str = "disk/filler";

fn fill(disk: &Mounts) {
    let mut filler = std::fs::File::create(disk.path(FILLER)).unwrap();
    let full = loop {
        if let Err(error) = filler.write_all(&[0; 4096]) {
            break error;
        }
    };
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull, "{full}");
}

#[test]
fn forecasts_are_withheld_while_the_disk_is_full_and_recorded_when_it_is_not() {
    let server = common::MarketServer::start(&["--simulated", "--articles", "2"]);
    let workplace = Workplace::on(&server.address).with("CLOSECALL__DATA_DIR", "disk");
    std::fs::create_dir(workplace.folder.path().join("disk")).unwrap();
    let Some(disk) = Mounts::of(&workplace, "mount -t tmpfs -o size=16m tmpfs disk") else {
        return testing::skip("no disk of its own can be mounted here");
    };
    let pace = ["--every", "200ms", "--tickers", "AAPL,PG", "--json"];
    let waits = ["--set", "supervision.delivery.attempts=2"];
    let listen = ["--set", "http.listen=127.0.0.1:0"];
    let words = [&["run"][..], &pace, &waits, &listen, &SHORT_WAITS].concat();
    let mut run = Running::start(disk.within(&workplace.command(words)));
    let pages = run.pages();
    common::wait_until("forecasts are made", || run.printed() >= 4);
    assert_eq!(pages.get("/readyz").0, 200);

    fill(&disk);
    let line = run.wait_for("nothing can be recorded");
    for says in [
        "\"ERROR\"",
        "disk that holds the ledger is full",
        "free some space",
    ] {
        assert!(line.contains(says), "{line}");
    }
    common::wait_until("it is not ready", || {
        let (status, answer) = pages.get("/readyz");
        status == 503 && answer.contains("the disk that holds the ledger is full")
    });
    // What is there can be read, and ending the process would not help.
    assert_eq!(pages.get("/healthz").0, 200);
    assert_eq!(pages.get("/").0, 200);
    let withheld = run.printed();
    assert!(run.is_running());

    std::fs::remove_file(disk.path(FILLER)).unwrap();
    run.wait_for("the ledger can be written again");
    common::wait_until("it is ready", || pages.get("/readyz").0 == 200);
    common::wait_until("forecasts are recorded", || run.printed() >= withheld + 4);
    let (_, account) = run.ends_well();

    let verified = disk.run(&workplace.command(["ledger", "verify"]));
    assert_eq!(
        verified.code(),
        0,
        "{}{}",
        verified.stdout(),
        verified.stderr()
    );
    let rows = disk.run(&workplace.command(["ledger", "list", "--json"]));
    assert_eq!(account["picks"], rows.json_lines().len());
    assert_eq!(disk.run(&workplace.command(["store", "info"])).code(), 0);
}
