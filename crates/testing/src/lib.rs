//! Support for the tests of every package: where recorded data lie, spoilt input, a receiver of alerts,
//! addresses at which no one listens, and an account of the tests that were skipped. Used in tests only.

#![allow(
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests may fail loudly"
)]

mod memory;
mod mutated;
mod receiver;
mod skipped;
mod unused;

use std::path::PathBuf;

pub use memory::{alone, growth};
pub use mutated::{Dice, noise, spoilt};
pub use receiver::{Receiver, Way};
pub use skipped::{skip, take};
pub use unused::unused_address;

/// The recorded data, which lie beside the checkout. Where there are none the test is noted as
/// skipped; with `CLOSECALL_REQUIRE_DATA` it fails.
///
/// # Panics
/// Where they are required and missing.
#[must_use]
pub fn recorded_data() -> Option<PathBuf> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
    if folder.is_dir() {
        return Some(folder);
    }
    let required = is_required("CLOSECALL_REQUIRE_DATA");
    assert!(!required, "no recorded data at {}", folder.display());
    skip("no recorded data");
    None
}

/// Whether a variable such as `CLOSECALL_REQUIRE_KAFKA` says that nothing may be skipped.
#[must_use]
pub fn is_required(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty() && value != "0")
}

/// Random and mutated inputs that a parser is tried with: 20,000, or `CLOSECALL_MUTATIONS`.
#[must_use]
pub fn mutations() -> usize {
    let count = std::env::var("CLOSECALL_MUTATIONS").ok();
    count.and_then(|count| count.parse().ok()).unwrap_or(20_000)
}
