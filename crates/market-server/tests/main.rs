//! The promises of the market server.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may fail loudly"
)]

mod faults;
mod http;
mod intraday;
mod providers;
mod recorded_bodies;
mod replay;
mod simulated;
mod support;
mod visibility;
