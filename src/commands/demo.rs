//! `closecall demo`: the whole pipeline against a simulated market in the same process, on a clock
//! fast enough that sessions close while one watches. No key, no broker, no network.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use clap::Args;
use closecall_calendar::Clock;
use closecall_market_server::{ServedMarket, Server, Simulated, SimulatedSettings};
use serde_json::json;

use super::flags::RunFlags;
use crate::console::{Console, Format, VERDICT};
use crate::exit::{Code, OrExit};
use crate::pipeline::{self, RunOptions, RunSummary};
use crate::settings::Settings;

/// Run the whole pipeline on a simulated market.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// End by itself after so many picks
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) picks: Option<u64>,
    /// Seed of the simulated market, the picks and the training
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) watch: RunFlags,
}

/// The folder within the data directory that is a demo's own.
pub(super) const DEMO_FOLDER: &str = "demo";

/// A Monday before the opening. Always the same, so that two demos with one seed tell the same.
const START: &str = "2025-01-06T12:00:00Z";

/// A slot of simulated time a second: four picks a day, one of them during the session.
const EVERY: Duration = Duration::from_secs(6 * 3600);

pub(super) fn run(mut settings: Settings, args: &DemoArgs) -> anyhow::Result<ExitCode> {
    let faults = args.watch.faults()?;
    settings.data_dir.push(DEMO_FOLDER);
    // Within this process, whatever is configured for other runs.
    settings.kafka.brokers.clear();
    start_empty(&settings.data_dir).or_exit(Code::CannotCreate)?;

    let start: DateTime<Utc> = START.parse()?;
    let clock = Clock::simulated(start, EVERY.as_secs_f64())?;
    let calendar = settings.calendar.calendar();
    let simulated = Simulated::new(SimulatedSettings::new(args.seed), calendar)?;
    let market = ServedMarket::simulated(simulated, clock.clone());
    let server = Server::bind(Server::loopback(0), market)
        .or_exit(Code::CannotCreate)?
        .spawn()?;

    settings.ask_only(&format!("http://{}", server.address()));
    settings.picker.seed = args.seed;
    settings.forecast.seed = args.seed;
    settings.picker.every = EVERY;
    settings.picker.expires_after = Duration::ZERO;
    let format = args.watch.format();
    if format == Format::Text {
        eprintln!("a simulated market, a pick a second; stop with Ctrl-C");
    }
    let options = RunOptions {
        clock,
        roles: Vec::new(),
        picks: args.picks,
        faults,
        format,
    };
    let (exit, summary) = pipeline::run(&settings, &options)?;
    server.stop()?;
    if let Some(summary) = summary {
        print_summary(&Console::new(format), &summary);
    }
    Ok(exit.code.into())
}

/// The demo's folder is its own, and a new demo knows nothing of the last.
fn start_empty(folder: &Path) -> anyhow::Result<()> {
    let context = || {
        let folder = folder.display();
        format!(
            "cannot start with an empty folder {folder}: set `data_dir` to one that can be written"
        )
    };
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(context);
        }
        _ => {}
    }
    std::fs::create_dir_all(folder).with_context(context)
}

fn print_summary(console: &Console, summary: &RunSummary) {
    if console.is_json() {
        console.line(&json!({"summary": summary}).to_string());
        return;
    }
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
    console.line(&format!(
        "\n{picks} picks: {forecasts} forecasts, {dead_letters} dead letters, \
         {duplicates} duplicates, {lost} lost; {restarts} restarts"
    ));
    let error = summary.relative_mae.map_or_else(
        || "not known yet".to_owned(),
        |ratio| format!("{ratio:.3} x persistence"),
    );
    console.line(&format!("{scored} scored: error {error}; {VERDICT}"));
}
