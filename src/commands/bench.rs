//! `closecall bench`: what training costs on this machine, measured beside what its processor can
//! do at best in the same run.

use std::process::ExitCode;

use closecall_forecast::gru::bench::{BenchReport, BenchSettings, measure};

use crate::cli::BenchTrain;
use crate::exit::{Exit, OrExit};

pub(super) fn train(args: &BenchTrain) -> anyhow::Result<ExitCode> {
    // Many fits are there to be shared by all cores; one alone is measured on one.
    let jobs = match (args.tickers, args.jobs) {
        (Some(_), 1) => std::thread::available_parallelism()?.get(),
        (_, jobs) => jobs,
    };
    let settings = BenchSettings {
        path: args.path,
        jobs,
        rounds: args.rounds,
        tickers: args.tickers,
    };
    let report = measure(&settings).or_exit(Exit::Usage)?;
    if args.json {
        super::print(serde_json::to_string(&report)?)?;
    } else {
        super::print(text(&report))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn text(report: &BenchReport) -> String {
    let BenchReport {
        path,
        jobs,
        fits,
        seconds,
        gflop,
        gflops,
        peak_gflops,
        ratio_to_limit,
    } = report;
    format!(
        "{fits} fits by {jobs} jobs on {path}: {seconds:.3} s\n\
         {gflop:.1} GFLOP at {gflops:.1} GFLOP/s, where {peak_gflops:.1} is this processor's peak\n\
         {ratio_to_limit:.2} x the shortest possible time"
    )
}
