//! The pages and the API as visitors meet them: over a real ledger, through a real socket.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    unreachable_pub,
    reason = "tests may fail loudly"
)]

mod api;
mod events;
mod headers;
mod hostile;
mod openapi;
mod panels;
mod peers;
#[path = "../../../ledger/tests/support/mod.rs"]
mod record;
mod refused;
mod states;
mod support;
