//! `closecall run`: the pipeline, until it is asked to end.

use std::process::ExitCode;

use clap::Args;

use super::flags::{ClockFlags, RunFlags};
use crate::account::RunSummary;
use crate::pipeline;
use crate::role::Role;
use crate::run_options::RunOptions;
use crate::settings::Settings;

/// Run the pipeline.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Run only this role, of several that meet on Kafka; may be repeated
    #[arg(long, value_enum, value_name = "STAGE")]
    pub(crate) stage: Vec<Role>,
    /// Length of a slot, such as 30m (setting `picker.every`)
    #[arg(long, value_name = "SPAN")]
    pub(crate) every: Option<String>,
    /// Tickers to pick from, with commas (setting `picker.tickers`)
    #[arg(long, value_name = "LIST")]
    pub(crate) tickers: Option<String>,
    /// Pick every ticker once a slot, spread over it (setting `picker.mode`)
    #[arg(long)]
    pub(crate) sweep: bool,
    /// End by itself after this number of picks
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) picks: Option<u64>,
    #[command(flatten)]
    pub(crate) clock: ClockFlags,
    #[command(flatten)]
    pub(crate) watch: RunFlags,
}

pub(super) fn run(settings: &Settings, args: &RunArgs) -> anyhow::Result<ExitCode> {
    let clock = args
        .clock
        .clock()?
        .unwrap_or_else(closecall_calendar::Clock::system);
    let faults = args.watch.faults()?;
    let options = RunOptions {
        clock,
        roles: args.stage.clone(),
        picks: args.picks,
        timetable: None,
        faults,
        format: args.watch.format(),
        notice: None,
        greeting: None,
    };
    let (exit, summary) = pipeline::run(settings, &options)?;
    if let Some(summary) = summary {
        log_summary(&summary);
    }
    Ok(exit.code.into())
}

/// The account goes to the log: standard output is for forecasts.
fn log_summary(summary: &RunSummary) {
    let RunSummary {
        picks,
        forecasts,
        dead_letters,
        duplicates,
        lost,
        restarts,
        scored,
        ..
    } = summary;
    tracing::info!(
        picks,
        forecasts,
        dead_letters,
        duplicates,
        lost,
        restarts,
        scored,
        "every pick accounted for"
    );
}
