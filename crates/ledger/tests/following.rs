//! Ensures that followers see every row once and in order, wherever they begin, and that threads
//! which record at the same time share a transaction and are each answered.

use crate::support;

use chrono::TimeDelta;
use closecall_ledger::{Follower, Happening, LedgerInput, Recorded, SharedLedger};
use closecall_protocol::{PickId, Prediction, Reason, Ticker};

use support::{Fixture, Recording as _, at, dead_letter, forecast};

const CLOSES: [(&str, f64); 2] = [("2023-06-28", 400.0), ("2023-06-29", 404.0)];

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
}

#[test]
fn a_follower_sees_every_row_once_and_is_woken() {
    let fixture = Fixture::new();
    let mut ledger = fixture.writer();
    let mut follower = Follower::open(fixture.directory.path(), 0, Some(ledger.watch())).unwrap();
    assert!(follower.poll().unwrap().is_empty());
    let first = forecast("AAPL", "2023-06-29T14:00:00Z", 402.0, &CLOSES[..1]);
    ledger.record_forecast(&first, first.as_of).unwrap();
    let recorder = std::thread::spawn(move || {
        let second = forecast("AAPL", "2023-06-30T14:00:00Z", 405.0, &CLOSES);
        ledger.record_forecast(&second, second.as_of).unwrap();
        // Dropped here: the writer is gone, and following ends.
    });
    let seen = runtime().block_on(async {
        let mut seen = Vec::new();
        loop {
            let events = follower.next().await.unwrap();
            if events.is_empty() {
                break seen;
            }
            seen.extend(events);
        }
    });
    recorder.join().unwrap();
    let seqs: Vec<i64> = seen.iter().map(|event| event.seq).collect();
    assert_eq!(seqs, [1, 2, 3]);
    assert!(matches!(seen[0].happening, Happening::Recorded(_)));
    assert!(matches!(seen[2].happening, Happening::Scored(_)));
    assert_eq!(seen[2].pick_id, first.pick_id);

    // One that begins again goes on where it was.
    let mut again = Follower::open(fixture.directory.path(), 2, None).unwrap();
    assert_eq!(again.poll().unwrap(), seen[2..]);
    assert_eq!(again.cursor(), 3);
    assert!(again.poll().unwrap().is_empty());
}

#[test]
fn a_follower_of_another_processs_ledger_looks_by_itself() {
    let fixture = Fixture::new();
    let mut ledger = fixture.writer();
    let mut follower = Follower::open(fixture.directory.path(), 0, None).unwrap();
    let made = forecast("AAPL", "2023-06-29T14:00:00Z", 402.0, &CLOSES[..1]);
    let recorder = std::thread::spawn(move || {
        ledger.record_forecast(&made, made.as_of).unwrap();
        ledger
    });
    let events = runtime().block_on(follower.next()).unwrap();
    assert_eq!(events.len(), 1);
    drop(recorder.join().unwrap());
}

#[test]
fn threads_that_record_at_once_are_each_answered() {
    let fixture = Fixture::new();
    let shared = SharedLedger::from(fixture.writer());
    let (threads, each) = (8, 12);
    let recorded: Vec<Recorded> = std::thread::scope(|scope| {
        let spawned: Vec<_> = (0..threads)
            .map(|thread| {
                let shared = shared.clone();
                scope.spawn(move || {
                    (0..each)
                        .map(|turn| {
                            // Every second one is met by two threads.
                            let slot = if turn % 2 == 0 {
                                turn
                            } else {
                                100 * thread + turn
                            };
                            let as_of = at("2023-06-29T14:00:00Z") + TimeDelta::minutes(slot);
                            let made = forecast("AAPL", &as_of.to_rfc3339(), 402.0, &CLOSES[..1]);
                            let ours = Prediction::Ours(Box::new(made));
                            let input = LedgerInput::Prediction(Box::new(ours), as_of);
                            shared.record(input).unwrap()
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        spawned
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(recorded.len(), usize::try_from(threads * each).unwrap());
    let new = recorded
        .iter()
        .filter(|recorded| matches!(recorded, Recorded::New { .. }))
        .count();
    let reader = fixture.reader();
    let summary = reader.summary().unwrap();
    assert_eq!(summary.forecasts, new as u64);
    assert_eq!(new as u64 + summary.duplicates, recorded.len() as u64);
    assert_eq!(reader.verify().unwrap().rows, i64::try_from(new).unwrap());
}

#[test]
fn a_batch_is_one_transaction_and_its_answers_are_in_order() {
    let fixture = Fixture::new();
    let mut ledger = fixture.writer();
    let mut rows = ledger.watch();
    let made = forecast("AAPL", "2023-06-29T14:00:00Z", 402.0, &CLOSES[..1]);
    let other = PickId::of_slot(8, made.as_of, &Ticker::new("TSLA").unwrap());
    let letter = dead_letter(other, Reason::Expired, made.as_of);
    let ours = LedgerInput::Prediction(
        Box::new(Prediction::Ours(Box::new(made.clone()))),
        made.as_of,
    );
    let inputs = [
        ours.clone(),
        LedgerInput::DeadLetter(Box::new(letter)),
        ours,
    ];
    let recorded = ledger.record_all(&inputs).unwrap();
    assert!(matches!(recorded[0], Recorded::New { .. }));
    assert!(matches!(recorded[1], Recorded::New { .. }));
    assert_eq!(recorded[2], Recorded::Duplicate);
    assert!(rows.has_changed().unwrap());
    assert_eq!(*rows.borrow_and_update(), 2);
    assert!(!rows.has_changed().unwrap());
}
