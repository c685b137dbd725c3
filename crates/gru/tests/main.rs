//! The promises of the GRU engine.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may fail loudly"
)]

mod gru_band;
mod gru_file;
mod gru_fit;
