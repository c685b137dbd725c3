//! The promises of the forecast.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may fail loudly"
)]

mod behind;
mod contract;
mod extremes;
mod markets;
mod model_file;
mod price_of_the_moment;
mod skill;
