//! The roles as processes of their own on a real Kafka broker: the probes tell how they are, what is
//! in hand is finished, and refused records can be sent again. Kills are `tests/crash_matrix.rs`'s.

use crate::common;
use crate::kafka_support;

use std::time::Duration;

use common::MarketServer;
use common::slow::SlowLine;
use kafka_support::{Pipeline, Role, broker, until};

const MARKET: [&str; 1] = ["--simulated"];
const CONSUMERS: [&str; 3] = ["scraper", "gru-trainer", "reporter"];

/// Asks a role that has work in hand to end: not ready at once, done with what it has, code 0; and
/// the one pick that was made is a forecast.
#[track_caller]
fn ends_in_order(pipeline: &Pipeline, mut role: Role) {
    until("it is ready", || role.page("/readyz") == Some(200));
    role.terminate();
    until("it is not ready", || role.page("/readyz") == Some(503));
    assert_eq!(role.wait().code(), Some(0), "{}", role.log());
    until("the forecast in the ledger", || {
        pipeline.ledger().values().eq(["forecast"])
    });
}

#[test]
fn a_role_that_is_to_end_finishes_the_fetch_under_way() {
    let Some(broker) = broker() else { return };
    let market = MarketServer::start(&MARKET);
    let line = SlowLine::to(&market.address, Duration::from_secs(8));
    let pipeline = Pipeline::on(&broker, &line.url());
    let _others = ["gru-trainer", "reporter"].map(|role| pipeline.start(role, &[]));
    let scraper = pipeline.start("scraper", &[]);
    pipeline.pick(1);
    until("it asks the vendor", || line.connections() > 0);
    ends_in_order(&pipeline, scraper);
}

#[test]
fn a_role_that_is_to_end_finishes_the_fit_and_the_sending_under_way() {
    let Some(broker) = broker() else { return };
    let market = MarketServer::start(&MARKET);
    for stalled in ["gru-trainer.mid-fit", "kafka-bridge.before-produce"] {
        let pipeline = Pipeline::on(&broker, &market.address);
        let _others = ["scraper", "reporter"].map(|role| pipeline.start(role, &[]));
        let slow = format!("{stalled}:stall=8000:once");
        let trainer = pipeline.start("gru-trainer", &["--fault", &slow]);
        pipeline.pick(1);
        trainer.says("fault strikes");
        ends_in_order(&pipeline, trainer);
    }
}

#[test]
fn without_a_broker_a_role_is_alive_and_not_ready() {
    let nowhere = testing::unused_address().to_string();
    let pipeline = Pipeline::without_topics(&nowhere, "http://127.0.0.1:9");
    let mut roles = CONSUMERS.map(|role| pipeline.start(role, &[]));
    for role in &mut roles {
        role.says("not answer, trying on");
        assert_eq!(role.page("/healthz"), Some(200), "{}", role.log());
        assert_eq!(role.page("/readyz"), Some(503), "{}", role.log());
        role.terminate();
        assert_eq!(role.wait().code(), Some(0), "{}", role.log());
    }
}

#[test]
fn a_dead_letter_is_sent_again_once_its_cause_is_repaired() {
    let Some(broker) = broker() else { return };
    let market = MarketServer::start(&MARKET);
    let pipeline = Pipeline::on(&broker, &market.address);
    let _others = ["scraper", "reporter"].map(|role| pipeline.start(role, &[]));
    let broken = "gru-trainer.mid-fit:panic";
    let mut trainer = pipeline.start("gru-trainer", &["--fault", broken]);
    pipeline.pick(1);
    until("the dead letter in the ledger", || {
        pipeline.ledger().values().eq(["dead_letter"])
    });
    trainer.terminate();
    assert_eq!(trainer.wait().code(), Some(0), "{}", trainer.log());

    let listed = pipeline.run(&["dead-letters", "list", "--json"]).json();
    let pick_id = listed["dead_letter"]["pick_id"].as_str().unwrap();
    assert!(pipeline.ledger().contains_key(pick_id), "{listed}");
    assert_eq!(listed["dead_letter"]["stage"], "gru-trainer");
    let repaired = pipeline.start_as("repaired", "gru-trainer", &[]);
    let again = pipeline.run(&["dead-letters", "retry", "--yes"]);
    assert_eq!(again.code(), 0, "{}", again.stderr());
    until("the forecast in its place", || {
        pipeline.ledger().values().eq(["forecast"])
    });
    assert!(pipeline.ledger().contains_key(pick_id));
    assert_eq!(pipeline.run(&["ledger", "verify"]).code(), 0);
    drop(repaired);
}
