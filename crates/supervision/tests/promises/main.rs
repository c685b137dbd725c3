//! Promises of supervision, one module a promise, on real actors, threads and arbiters.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "test code may fail loudly"
)]

mod backpressure;
mod budget;
mod dead_letters;
mod drain;
mod exit_fault;
mod expiry;
mod faults;
mod force;
mod invariants;
mod liveness;
mod panic_in_handler;
mod panic_in_interval;
mod panic_in_started;
mod passing_up;
mod poison;
mod shutdown;
mod support;
mod thread_stage;
mod two_poisons;
mod unwinding;
mod window;
mod work;
