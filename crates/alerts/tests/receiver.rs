//! Exactly one raise and one clear arrive, whatever becomes of the receiver and of the program.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use closecall_alerts::{
    AlertCounts, AlertFormat, AlertSettings, Client, Look, Notifier, Observation,
};
use serde_json::Value;

/// Time that anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// Behaviour of a receiver towards one request.
#[derive(Clone, Copy)]
enum Way {
    Takes,
    Refuses,
    /// Answers after a while.
    Slow,
    HangsUp,
}

/// Messages that a receiver took, and its behaviour to come.
struct Receiver {
    taken: Arc<Mutex<Vec<Value>>>,
    asked: Arc<Mutex<usize>>,
}

impl Receiver {
    fn listen(address: SocketAddr, ways: &'static [Way]) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let (taken, asked) = (
            Arc::<Mutex<Vec<Value>>>::default(),
            Arc::<Mutex<usize>>::default(),
        );
        let (took, counted) = (Arc::clone(&taken), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let way = {
                    let mut asked = counted.lock().unwrap();
                    *asked += 1;
                    ways.get(*asked - 1).copied().unwrap_or(Way::Takes)
                };
                answer(stream, way, &took);
            }
        });
        Self { taken, asked }
    }
}

fn answer(mut stream: TcpStream, way: Way, taken: &Mutex<Vec<Value>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    if let Way::Slow = way {
        std::thread::park_timeout(Duration::from_secs(2));
    }
    let status = match way {
        Way::HangsUp => return,
        Way::Refuses => "500 Internal Server Error",
        Way::Takes | Way::Slow => {
            taken
                .lock()
                .unwrap()
                .push(serde_json::from_slice(&body).unwrap());
            "204 No Content"
        }
    };
    // A sender that has gone away is no matter.
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    .ok();
}

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
    // A port that no one listens on.
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
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
        until("the raise", || receiver.taken.lock().unwrap().len() == 1)
    });
    // Killed and started again while it stands, then over.
    run_while(folder.path(), &url, &ok, |_| {
        let asked = *receiver.asked.lock().unwrap();
        ok.store(true, Ordering::SeqCst);
        until("the clear", || receiver.taken.lock().unwrap().len() >= 2);
        assert_eq!(*receiver.asked.lock().unwrap(), asked + 1);
    });
    run_while(folder.path(), &url, &ok, |_| {
        std::thread::park_timeout(Duration::from_secs(2))
    });

    let taken = receiver.taken.lock().unwrap();
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
