//! The promises of the program, kept by running it: each module is one of them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may fail loudly"
)]

mod alerts;
mod backtest_files;
mod bad_field_data;
mod bad_place;
mod bad_vendor;
mod bench_bridge;
mod bench_pipeline;
mod close_corrected;
mod command_line;
mod common;
mod configuration;
mod demo;
mod demo_faults;
mod demo_killed;
mod demo_signals;
mod demo_twice;
mod dependencies;
mod first_process;
mod full_disk;
mod kafka_flow;
mod kafka_roles;
mod kafka_support;
mod kubernetes_names;
mod kubernetes_policy;
mod kubernetes_support;
mod ledger_again;
mod ledger_replaced;
mod ledger_score;
mod market_record;
mod model_file;
mod page_pipeline;
mod predict_recorded;
mod predict_simulated;
mod price_now;
mod providers_killed;
mod run_replay;
mod scripted_day;
mod starved_host;
mod test_files;
mod top;
