//! With the hook installed, a caught panic carries where it happened. A test of its own, because the
//! hook is the whole process's.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "test code may fail loudly"
)]

use std::time::Duration;

use closecall_calendar::Clock;
use closecall_supervision::{FaultPoints, StageError, SupervisionSettings, Supervisor, log_panics};

#[test]
fn the_answer_names_file_and_line() {
    log_panics();
    let supervisor = Supervisor::new(SupervisionSettings::default(), Clock::system(), 7).unwrap();
    let context = supervisor.context("stage", FaultPoints::default());
    let place = concat!("no rows at ", file!(), ":");
    let work = context.compute(
        "work",
        Duration::from_secs(60),
        |_| -> Result<(), StageError> { panic!("no rows") },
    );
    let error = actix::System::new().block_on(work).unwrap_err();
    assert!(error.message().starts_with(place), "{error}");
}
