//! The command line. Each command is a module with its flags, what it prints, and the code it ends
//! with.

mod alerts;
mod backtest;
mod bench;
mod completions;
mod config;
mod data_folder;
mod dead_letters;
mod demo;
mod doctor;
mod evaluate;
mod flags;
mod leakcheck;
mod ledger;
mod ledger_export;
mod ledger_recompute;
mod ledger_score;
mod market;
mod market_record;
mod model;
mod page;
mod peek;
mod predict;
mod progress;
mod run;
mod store;
mod top;
mod topics;
mod train;
pub(crate) mod version;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use self::bench::BenchCommand;
use self::flags::Global;
use self::market::MarketCommand;
use crate::exit::{self, Code, OrExit};
use crate::settings::{Inputs, Resolved, Settings};
use crate::telemetry;

const EXAMPLES: &str = "\
Examples:
  closecall demo                                everything, on a simulated market; needs nothing
  closecall page                                pages and API over the ledger that is there
  closecall run                                 the pipeline on live sources, a pick every 3 minutes
  closecall predict AAPL                        one forecast from live sources
  closecall market serve --simulated            a simulated market on loopback
  closecall config show                         every setting and where it comes from

Exit codes: 0 ok, 1 unexpected, 64 usage, 65 bad data, 69 vendor or broker unavailable,
70 internal, 73 cannot create, 75 try later, 77 refused credential, 78 configuration,
130 and 143 ended by a signal with work left undone.
A forecast starts from the newest price; no skill beyond that price has been shown. Not investment
advice.";

/// Calls the close: forecasts today's closing price of a stock, says how sure it is, keeps score.
#[derive(Debug, Parser)]
#[command(name = "closecall", version, before_help = EXAMPLES, propagate_version = true)]
#[command(disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make one forecast, print it, and exit; writes no ledger
    Predict(predict::PredictArgs),
    /// Run the whole pipeline on a simulated market and a fast clock; needs nothing
    Demo(demo::DemoArgs),
    /// Run the pipeline on the configured sources until asked to end
    Run(run::RunArgs),
    /// Look at the track record
    #[command(subcommand)]
    Ledger(ledger::LedgerCommand),
    /// Show a running program in the terminal
    Top(top::TopArgs),
    /// Try out the receiver of the alerts
    #[command(subcommand)]
    Alerts(alerts::AlertsCommand),
    /// Look at the market store, or make it smaller
    #[command(subcommand)]
    Store(store::StoreCommand),
    /// Serve pages and API over an existing ledger, read only
    Page,
    /// Make or describe the topics
    #[command(subcommand)]
    Topics(topics::TopicsCommand),
    /// Read the records of a topic
    Peek(peek::PeekArgs),
    /// Look at refused records, or send them again
    #[command(subcommand)]
    DeadLetters(dead_letters::DeadLettersCommand),
    /// Check what a run needs: broker, topics, groups, keys, clock, disk
    Doctor {
        /// As one JSON object
        #[arg(long)]
        json: bool,
    },
    /// A market on loopback that answers as the vendors do
    #[command(subcommand)]
    Market(market::MarketCommand),
    /// Forecast recorded sessions, each from what was known then, and score them
    Backtest(backtest::BacktestArgs),
    /// Train one model over all tickers, for forecasts to start from
    Train(train::TrainArgs),
    /// Look at a model file
    #[command(subcommand)]
    Model(model::ModelCommand),
    /// Hold the forecasts against simulated markets of which the truth is known
    Evaluate(evaluate::EvaluateArgs),
    /// Prove that forecasts know nothing of what came after their cut
    Leakcheck(leakcheck::LeakcheckArgs),
    /// Measure this machine
    #[command(subcommand)]
    Bench(bench::BenchCommand),
    /// Show or check the configuration
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the version and what this build can do
    Version {
        /// As one JSON object
        #[arg(long)]
        json: bool,
    },
}

/// Carries out the command.
pub(crate) fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    // Those that run on end in order; the others end at once.
    if !matches!(
        cli.command,
        Command::Demo(_) | Command::Run(_) | Command::Market(_) | Command::Page | Command::Train(_)
    ) {
        exit::end_on_a_signal()?;
    }
    let inputs = Inputs::of_process(cli.global.config.clone(), flags(&cli));
    let resolve = || {
        let resolved = Settings::resolve(&inputs).or_exit(Code::Configuration)?;
        start_log(&resolved);
        anyhow::Ok(resolved)
    };
    match cli.command {
        // These need no configuration: they work where it is broken, and measure nothing of it.
        Command::Completions { shell } => completions::run(shell, Cli::command()),
        Command::Top(args) => top::top(&args),
        Command::Version { json } => version::run(json),
        Command::Model(command) => model::run(&command),
        Command::Bench(BenchCommand::Train(args)) => bench::train(&args),
        Command::Demo(args) => demo::run(resolve()?.settings, &args),
        Command::Run(args) => run::run(&resolve()?.settings, &args),
        Command::Predict(args) => predict::run(&resolve()?.settings, args),
        Command::Ledger(command) => ledger::run(&resolve()?.settings, &command),
        Command::Alerts(command) => alerts::run(&resolve()?.settings, &command),
        Command::Store(command) => store::run(&resolve()?.settings, &command),
        Command::Page => page::run(&resolve()?.settings),
        Command::Topics(command) => topics::run(&resolve()?.settings, &command),
        Command::Peek(args) => peek::run(&resolve()?.settings, &args),
        Command::DeadLetters(command) => dead_letters::run(&resolve()?.settings, &command),
        Command::Doctor { json } => doctor::run(&resolve()?.settings, json),
        Command::Market(MarketCommand::Serve(args)) => market::serve(&resolve()?.settings, &args),
        Command::Market(MarketCommand::Record(args)) => {
            market_record::run(&resolve()?.settings, &args)
        }
        Command::Backtest(args) => backtest::run(&resolve()?.settings, &args),
        Command::Train(args) => train::run(&resolve()?.settings, &args),
        Command::Evaluate(args) => evaluate::run(&resolve()?.settings, &args),
        Command::Leakcheck(args) => leakcheck::run(&resolve()?.settings, &args),
        Command::Bench(BenchCommand::Bridge(args)) => bench::bridge(&resolve()?.settings, &args),
        Command::Bench(BenchCommand::Pipeline(args)) => bench::pipeline(resolve()?.settings, &args),
        Command::Config(command) => config::run(&resolve()?, &command),
    }
}

/// Flags of the command that stand for settings, behind the global ones.
fn flags(cli: &Cli) -> Vec<(String, String)> {
    let mut flags = cli.global.settings();
    let mut put = |key: &str, value: &Option<String>| {
        flags.extend(value.clone().map(|value| (key.to_owned(), value)));
    };
    match &cli.command {
        Command::Predict(predict) => put("forecast.model", &predict.model),
        Command::Run(run) => {
            put("picker.every", &run.every);
            put("picker.tickers", &run.tickers);
            put("picker.mode", &run.sweep.then(|| "sweep".to_owned()));
        }
        _ => {}
    }
    flags
}

fn start_log(resolved: &Resolved) {
    let log = &resolved.settings.log;
    telemetry::start(log.format, &log.filter, resolved.secrets.clone());
    closecall_supervision::log_panics();
    for retired in &resolved.retired {
        tracing::warn!("{retired}");
    }
    if !resolved.secrets.is_empty() {
        warn_of_open_secrets(std::path::Path::new(".env"));
    }
}

/// A file with keys that others on this machine can read.
fn warn_of_open_secrets(file: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let Ok(metadata) = file.metadata() else {
        return;
    };
    if metadata.permissions().mode() & 0o077 != 0 {
        tracing::warn!(file = %file.display(), "others can read this file: chmod 600 it");
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_agrees_with_itself() {
        Cli::command().debug_assert();
    }
}
