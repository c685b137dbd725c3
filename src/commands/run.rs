//! `closecall run`: the pipeline, until it is asked to end.

use std::process::ExitCode;

use closecall_actors::stage;
use closecall_supervision::FaultPoints;

use crate::cli::Run;
use crate::exit::{Exit, OrExit};
use crate::pipeline::{self, Summary};
use crate::settings::Settings;

pub(super) fn run(settings: &Settings, args: &Run) -> anyhow::Result<ExitCode> {
    let clock = args
        .clock
        .clock()?
        .unwrap_or_else(closecall_calendar::Clock::system);
    let faults = FaultPoints::parse(&args.watch.fault, stage::FAULT_POINTS).or_exit(Exit::Usage)?;
    let run = pipeline::Run {
        clock,
        stages: args.stage.clone(),
        picks: args.picks,
        faults,
        json: args.watch.json,
    };
    let (exit, summary) = pipeline::run(settings, &run)?;
    if let Some(summary) = summary {
        tell(&summary);
    }
    Ok(exit.code.into())
}

/// The account goes to the log: standard output is for forecasts.
fn tell(summary: &Summary) {
    let Summary {
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
