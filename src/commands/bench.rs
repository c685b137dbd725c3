//! `closecall bench`: what training and the way through Kafka cost on this machine, measured beside
//! what its processor, or a bare loop, can do at best in the same run.

mod children;
mod pipeline;
mod pipeline_report;
mod resources;
mod stage_cost;
mod tickers;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use closecall_actors::kafka_bridge::bench as bridge_bench;
use closecall_calendar::Clock;
use closecall_forecast::ForecastSettings;
use closecall_gru::bench::{BenchReport, BenchSettings, Workload, measure};
use closecall_kafka::bench::{BridgeReport, RouteReport};
use serde::Serialize;

use self::pipeline::PipelineArgs;
pub(super) use self::pipeline::pipeline;
use crate::exit::{Code, OrExit};
use crate::settings::Settings;

#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// Train the reference network and the product's: seconds, GFLOP/s, and how far from this processor's peak
    Train(BenchTrainArgs),
    /// Send records through Kafka and one stage: milliseconds, records a second, beside a bare loop
    Bridge(BridgeArgs),
    /// Make picks against a simulated market: CPU time and memory by stage, cold and warm
    Pipeline(PipelineArgs),
}

/// Train the reference network and the product's.
#[derive(Debug, Args)]
pub(crate) struct BenchTrainArgs {
    /// Fits at the same time, each on a thread of its own
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = at_least_one)]
    pub(crate) jobs: usize,
    /// Times that the work is repeated; the best counts
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = at_least_one)]
    pub(crate) rounds: usize,
    /// Fit this number of networks once, shared by the jobs (by default as many as there are cores)
    #[arg(long, value_name = "N", value_parser = at_least_one, conflicts_with = "rounds")]
    pub(crate) tickers: Option<usize>,
    /// Instruction set: avx512, avx2 or plain; the fastest where not given
    #[arg(long, value_name = "NAME")]
    pub(crate) path: Option<closecall_gru::InstructionSet>,
    /// As one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Send records through Kafka and one stage.
#[derive(Debug, Args)]
pub(crate) struct BridgeArgs {
    /// Records sent through, one at a time and then all at once
    #[arg(long, default_value_t = 1000, value_name = "N", value_parser = at_least_one)]
    pub(crate) records: usize,
    /// As one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    let number: usize = text.parse().map_err(|_| "give a whole number".to_owned())?;
    if (1..=100_000).contains(&number) {
        Ok(number)
    } else {
        Err("give 1 to 100000".to_owned())
    }
}

pub(super) fn train(args: &BenchTrainArgs) -> anyhow::Result<ExitCode> {
    // Many fits are there to be shared by all cores; one alone is measured on one.
    let jobs = match (args.tickers, args.jobs) {
        (Some(_), 1) => std::thread::available_parallelism()?.get(),
        (_, jobs) => jobs,
    };
    let measured = |workload| {
        let settings = BenchSettings {
            workload,
            path: args.path,
            jobs,
            rounds: args.rounds,
            tickers: args.tickers,
        };
        measure(&settings).or_exit(Code::Usage)
    };
    let report = TrainReport {
        reference: measured(Workload::reference())?,
        product: measured(ForecastSettings::default().workload())?,
    };
    if args.json {
        crate::stdout::print(serde_json::to_string(&report)?)?;
    } else {
        let TrainReport { reference, product } = &report;
        crate::stdout::print(format!(
            "reference network\n{}\nthe product's own network\n{}",
            text(reference),
            text(product)
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Both networks' measurements; the reference's at the top level of the JSON.
#[derive(Debug, Serialize)]
struct TrainReport {
    #[serde(flatten)]
    reference: BenchReport,
    product: BenchReport,
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
        "  {fits} fits by {jobs} jobs on {path}: {seconds:.3} s\n  \
         {gflop:.1} GFLOP at {gflops:.1} GFLOP/s, where {peak_gflops:.1} is this processor's peak\n  \
         {ratio_to_limit:.2} x the shortest possible time"
    )
}

pub(super) fn bridge(settings: &Settings, args: &BridgeArgs) -> anyhow::Result<ExitCode> {
    let (supervision, clock) = (settings.supervision, Clock::system());
    let measured = bridge_bench::measure(&settings.kafka, supervision, &clock, args.records);
    let report = actix::System::new().block_on(measured)?;
    if args.json {
        crate::stdout::print(serde_json::to_string(&report)?)?;
    } else {
        crate::stdout::print(bridge_text(&report))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn bridge_text(report: &BridgeReport) -> String {
    let BridgeReport {
        records,
        partitions,
        bridge,
        bare,
        p50_above_bare_ms,
    } = report;
    let line = |name: &str, way: &RouteReport| {
        format!(
            "{name:<10} {:>8.2} {:>8.2} {:>8.2} {:>8.2} {:>10.0}\n",
            way.p50_ms, way.p99_ms, way.p50_in_ms, way.p50_out_ms, way.records_per_second
        )
    };
    format!(
        "{records} records one at a time, in ms; then as many at once over {partitions} partitions\n\
         {:<10} {:>8} {:>8} {:>8} {:>8} {:>10}\n{}{}\
         the bridge's median against the bare loop's: {p50_above_bare_ms:+.2} ms, of which {:+.2} ms on the \
         way to the stage and {:+.2} ms behind it",
        "",
        "p50",
        "p99",
        "p50 in",
        "p50 out",
        "records/s",
        line("bridge", bridge),
        line("bare loop", bare),
        bridge.p50_in_ms - bare.p50_in_ms,
        bridge.p50_out_ms - bare.p50_out_ms,
    )
}
