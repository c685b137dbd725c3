//! `closecall ledger score`: a close that no later forecast brought is fetched, once it has come,
//! and the score verifies.

use crate::common;

use common::pipeline::RUN_DATA;
use common::{MarketServer, Workplace};

const SCORE: [&str; 3] = ["ledger", "score", "--clock-start"];

#[test]
fn a_close_that_no_forecast_brought_is_fetched() {
    let server = MarketServer::start(&["--simulated"]);
    let workplace = Workplace::on(&server.address);
    let nothing = workplace.run(&["ledger", "score"]);
    nothing.refused(65, &["there is no ledger"]);

    let run = ["run", "--picks", "3", "--every", "1s", "--tickers", "AAPL"];
    let run = workplace.run(&[&run[..], &["--clock-start", "2025-03-03T15:00:00Z"]].concat());
    assert_eq!(run.code(), 0, "{}", run.stderr());

    let early = workplace.run(&[&SCORE[..], &["2025-03-03T20:59:00Z"]].concat());
    assert_eq!(early.code(), 0, "{}", early.stderr());
    assert!(early.stdout().contains("no forecast waits"));
    let scored = workplace.run(&[&SCORE[..], &["2025-03-04T02:00:00Z"]].concat());
    assert_eq!(scored.code(), 0, "{}", scored.stderr());
    assert_eq!(scored.stdout(), "AAPL   3 scored\n");

    let rows = workplace.ledger(RUN_DATA);
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| row["score"]["rule"] == 2), "{rows:?}");
    let verified = workplace.run(&["ledger", "verify"]);
    assert_eq!(verified.stdout(), "6 rows verified\n");
    let again = workplace.run(&[&SCORE[..], &["2025-03-05T02:00:00Z"]].concat());
    assert!(again.stdout().contains("no forecast waits"));
}
