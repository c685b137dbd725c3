//! The promises of the market client, over HTTP: what faults lead to, how news are gathered, and
//! what a forecast may know.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

mod cut;
mod faults;
mod news;
mod outage;
mod replay;
mod secrecy;
mod support;
