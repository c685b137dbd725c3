//! Exactly one raise and one clear arrive, whatever becomes of the receiver and of the program.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use closecall_alerts::{
    AlertCounts, AlertFormat, AlertSettings, Client, Look, Notifier, Observation,
};
use serde_json::Value;
use testing::{Receiver, Way};

/// Time that anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

fn until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// A notifier over a folder, as a program has one; dropping it is a kill: nothing is tidied up.
fn run_while(
    folder: &std::path::Path,
    url: &str,
    ledger_ok: &Arc<AtomicBool>,
    meanwhile: impl FnOnce(&AlertCounts),
) {
    let settings: AlertSettings =
        serde_json::from_str(r#"{"format":"json","on":["ledger","stage-down"],"quiet":"1h"}"#)
            .unwrap();
    let client = Client::new(&url.into(), AlertFormat::Json, "http://127.0.0.1:8316/").unwrap();
    let counts = AlertCounts::default();
    let mut notifier = Notifier::open(folder, &settings, client, counts.clone()).unwrap();
    let ok = Arc::clone(ledger_ok);
    let look: Look = Arc::new(move || Observation {
        at: "2026-11-26T14:03:10Z".parse().unwrap(),
        ledger_ok: Some(ok.load(Ordering::SeqCst)),
        ..Observation::default()
    });
    let stop = Arc::new(AtomicBool::new(false));
    let stopping = Arc::clone(&stop);
    let thread =
        std::thread::spawn(move || notifier.run(&look, &move || stopping.load(Ordering::SeqCst)));
    meanwhile(&counts);
    stop.store(true, Ordering::SeqCst);
    thread.join().unwrap().unwrap();
}

#[test]
fn one_raise_and_one_clear_arrive() {
    let folder = tempfile::tempdir().unwrap();
    let address = testing::unused_address();
    let url = format!("http://{address}/hooks/secret");
    let ok = Arc::new(AtomicBool::new(false));

    // Raised while the receiver is down; the program is killed.
    run_while(folder.path(), &url, &ok, |counts| {
        until("a refusal", || {
            counts
                .counts()
                .iter()
                .any(|(_, outcome, _)| *outcome == "refused")
        });
    });
    // It comes up, answers 500, hangs up, is slow; then takes what comes.
    let receiver = Receiver::listen(address, &[Way::Refuses, Way::HangsUp, Way::Slow]);
    run_while(folder.path(), &url, &ok, |_| {
        until("the raise", || receiver.taken().len() == 1)
    });
    // Killed and started again while it stands, then over.
    run_while(folder.path(), &url, &ok, |_| {
        let asked = receiver.asked();
        ok.store(true, Ordering::SeqCst);
        until("the clear", || receiver.taken().len() >= 2);
        assert_eq!(receiver.asked(), asked + 1);
    });
    run_while(folder.path(), &url, &ok, |_| {
        std::thread::park_timeout(Duration::from_secs(2))
    });

    let taken: Vec<Value> = receiver
        .taken()
        .iter()
        .map(|body| serde_json::from_str(body).unwrap())
        .collect();
    let states: Vec<&str> = taken
        .iter()
        .map(|alert| alert["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["raised", "cleared"]);
    for alert in taken.iter() {
        assert_eq!(
            (alert["kind"].as_str(), alert["severity"].as_str()),
            (Some("ledger"), Some("critical"))
        );
        assert_eq!(alert["page"], "http://127.0.0.1:8316/pipeline");
    }
    let saved = std::fs::read_to_string(folder.path().join("alerts.json")).unwrap();
    assert!(!saved.contains("secret"), "{saved}");
}
