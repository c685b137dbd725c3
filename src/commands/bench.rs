//! `closecall bench`: what training and the way through Kafka cost on this machine, measured beside
//! what its processor, or a bare loop, can do at best in the same run.

use std::process::ExitCode;

use closecall_actors::kafka_bridge::bench as bridge_bench;
use closecall_calendar::Clock;
use closecall_forecast::gru::bench::{BenchReport, BenchSettings, measure};
use closecall_kafka::bench::{BridgeReport, WayReport};

use super::kafka_failure;
use crate::cli::{BenchBridge, BenchTrain};
use crate::exit::{Exit, OrExit};
use crate::settings::Settings;

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

pub(super) fn bridge(settings: &Settings, args: &BenchBridge) -> anyhow::Result<ExitCode> {
    let (supervision, clock) = (settings.supervision, Clock::system());
    let measured = bridge_bench::measure(&settings.kafka, supervision, &clock, args.records);
    let report = actix::System::new()
        .block_on(measured)
        .map_err(kafka_failure)?;
    if args.json {
        super::print(serde_json::to_string(&report)?)?;
    } else {
        super::print(bridge_text(&report))?;
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
    let line = |name: &str, way: &WayReport| {
        format!(
            "{name:<10} {:>8.2} {:>8.2} {:>8.2} {:>8.2} {:>10.0}\n",
            way.p50_ms, way.p99_ms, way.p50_in_ms, way.p50_out_ms, way.records_per_second
        )
    };
    format!(
        "{records} records one at a time, in ms; then as many at once over {partitions} partitions\n\
         {:<10} {:>8} {:>8} {:>8} {:>8} {:>10}\n{}{}\
         the bridge's median is {p50_above_bare_ms:.2} ms above the bare loop's: {:.2} ms on the way \
         to the stage, {:.2} ms behind it",
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
