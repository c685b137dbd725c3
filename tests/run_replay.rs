//! `closecall run` on recorded data and a fast clock: every pick ends as exactly one row of the
//! ledger, sessions that close are scored, forecasts are made again to the bit, and Ctrl-C drains.
//! Until the first scores here; for two minutes with `CLOSECALL_LONG_TESTS` set.

#![allow(clippy::disallowed_methods, reason = "tests may fail loudly")]

use crate::common;

use std::time::Duration;

use common::pipeline::{RUN_DATA, Running, account};
use common::{MarketServer, Workplace, wait_until};
use testing::recorded_data;

const TICKERS: &str = "AAPL,AMZN,MSFT,NVDA,PG,TSLA,TSM";

#[test]
fn every_pick_of_a_replay_is_accounted_for() {
    let Some(data) = recorded_data() else {
        return;
    };
    let server = MarketServer::start(&["--replay", data.to_str().unwrap()]);
    let workplace = Workplace::on(&server.address);
    let run = ["run", "--clock-start", "2023-06-26T13:30:00Z"];
    let pace = ["--speed", "3600", "--every", "30m", "--tickers", TICKERS];
    let mut run = Running::start(workplace.command(run.iter().chain(&pace)));

    let scored = || {
        let rows = workplace.run(&["ledger", "list", "--json"]);
        let rows = if rows.code() == 0 {
            rows.json_lines()
        } else {
            Vec::new()
        };
        rows.iter().filter(|row| row["score"].is_object()).count()
    };
    if std::env::var_os("CLOSECALL_LONG_TESTS").is_some() {
        std::thread::sleep(Duration::from_secs(120));
        assert!(scored() > 0);
    }
    wait_until("a forecast is scored", || {
        std::thread::sleep(Duration::from_millis(500));
        scored() > 0
    });
    assert!(run.is_running());
    run.signal("INT");
    let done = run.ended();
    assert_eq!(done.code(), 0, "{}", done.stderr());

    let account = account(&done.stderr());
    let rows = workplace.ledger(RUN_DATA);
    assert_eq!(account["picks"], rows.len());
    assert_eq!(account["lost"], 0, "{account}");
    let count = |state: &str| rows.iter().filter(|row| row["state"] == state).count();
    assert_eq!(account["forecasts"], count("forecast"), "{account}");
    assert_eq!(account["dead_letters"], count("dead_letter"), "{account}");
    // An hour of this clock is a second: on a machine with other things to do picks expire.
    for row in rows.iter().filter(|row| row["state"] == "dead_letter") {
        assert_eq!(row["reason"], "expired", "{row}");
    }
    // Each forecast is made again to the bit from what its pick had seen.
    let again = workplace.run(&["ledger", "recompute", "--sample", "30", "--json"]);
    assert_eq!(again.code(), 0, "{}{}", again.stdout(), again.stderr());
    assert!(again.json_lines().iter().all(|line| line["same"] == true));
    // Each was printed as it was recorded.
    assert_eq!(done.json_lines().len(), rows.len());
}
