//! The commands, one module each: what they print and with which code they end.

mod bench;
mod completions;
mod config;
mod dead_letters;
mod demo;
mod doctor;
mod ledger;
mod market;
mod peek;
mod predict;
mod run;
mod topics;
pub(crate) mod version;

use std::process::ExitCode;

use crate::cli::{Bench, Cli, Command, Market};
use crate::exit::{Exit, OrExit};
use crate::settings::{Inputs, Resolved, Settings};
use crate::telemetry;

/// Carries out the command.
pub(crate) fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    // These need no configuration: they work where it is broken, and measure nothing of it.
    match &cli.command {
        Command::Completions { shell } => return completions::run(*shell),
        Command::Version { json } => return version::run(*json),
        Command::Bench(Bench::Train(args)) => return bench::train(args),
        _ => {}
    }
    let inputs = Inputs::of_process(cli.global.config.clone(), flags(&cli));
    let resolved = Settings::resolve(&inputs).or_exit(Exit::Configuration)?;
    start_log(&resolved);
    match cli.command {
        Command::Demo(args) => demo::run(resolved.settings, &args),
        Command::Run(args) => run::run(&resolved.settings, &args),
        Command::Predict(args) => predict::run(&resolved.settings, args),
        Command::Ledger(command) => ledger::run(&resolved.settings, &command),
        Command::Topics(command) => topics::run(&resolved.settings, &command),
        Command::Peek(args) => peek::run(&resolved.settings, &args),
        Command::DeadLetters(command) => dead_letters::run(&resolved.settings, &command),
        Command::Doctor { json } => doctor::run(&resolved.settings, json),
        Command::Market(Market::Serve(args)) => market::serve(&resolved.settings, &args),
        Command::Bench(Bench::Bridge(args)) => bench::bridge(&resolved.settings, &args),
        Command::Config(command) => config::run(&resolved, &command),
        Command::Completions { .. } | Command::Version { .. } | Command::Bench(Bench::Train(_)) => {
            Ok(ExitCode::SUCCESS)
        }
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
        }
        _ => {}
    }
    flags
}

fn start_log(resolved: &Resolved) {
    let log = &resolved.settings.log;
    telemetry::start(log.format, &log.filter, resolved.secrets.clone());
    closecall_supervision::log_panics();
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

/// Prints to standard output. A reader that has gone away (`| head`) is no failure of ours.
pub(crate) fn print(text: impl std::fmt::Display) -> anyhow::Result<()> {
    use std::io::Write as _;
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// A Kafka error with the code that the process ends with.
pub(crate) fn kafka_failure(error: closecall_kafka::Error) -> anyhow::Error {
    use closecall_kafka::Error;
    let exit = match &error {
        Error::Setting { .. } | Error::Library { .. } | Error::File { .. } => Exit::Configuration,
        Error::Refused { .. } | Error::Insecure { .. } => Exit::Refused,
        _ => Exit::Unavailable,
    };
    crate::exit::Failure::new(exit, error).into()
}
