//! The promises of the market client, over HTTP: what faults lead to, how news are gathered, and
//! what a forecast may know.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

mod backfill;
mod certificates;
mod cut;
mod day;
mod every_fault;
mod faults;
mod field_data;
mod first_version;
mod hearsay;
mod limits;
mod look_ahead;
mod news;
mod outage;
mod price_now;
mod providers;
mod replay;
mod requests;
mod secrecy;
mod support;
mod wrong_data;
