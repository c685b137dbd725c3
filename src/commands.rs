//! The commands, one module each: what they print and with which code they end.

mod completions;
mod config;
mod version;

use std::process::ExitCode;

use crate::cli::{Cli, Command, Market};
use crate::exit::{Exit, OrExit};
use crate::settings::{Inputs, Resolved, Settings};
use crate::telemetry;

/// Carries out the command.
pub(crate) fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    // These two need no configuration, and must work where it is broken.
    match cli.command {
        Command::Completions { shell } => return completions::run(shell),
        Command::Version { json } => return version::run(json),
        _ => {}
    }
    let inputs = Inputs::of_process(cli.global.config.clone(), flags(&cli));
    let resolved = Settings::resolve(&inputs).or_exit(Exit::Configuration)?;
    start_log(&resolved);
    match cli.command {
        Command::Predict(_) => Ok(ExitCode::FAILURE),
        Command::Market(Market::Serve(_)) => Ok(ExitCode::FAILURE),
        Command::Config(command) => config::run(&resolved, &command),
        Command::Completions { .. } | Command::Version { .. } => Ok(ExitCode::SUCCESS),
    }
}

/// Flags of the command that stand for settings, behind the global ones.
fn flags(cli: &Cli) -> Vec<(String, String)> {
    let mut flags = cli.global.settings();
    if let Command::Predict(predict) = &cli.command {
        flags.extend(predict.model.clone().map(|model| ("forecast.model".to_owned(), model)));
    }
    flags
}

fn start_log(resolved: &Resolved) {
    let log = &resolved.settings.log;
    telemetry::start(log.format, &log.filter, resolved.secrets.clone());
}

/// Prints to standard output. A reader that has gone away (`| head`) is no failure of ours.
pub(crate) fn print(text: impl std::fmt::Display) -> anyhow::Result<()> {
    use std::io::Write as _;
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}
