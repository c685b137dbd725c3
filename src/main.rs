//! The `closecall` binary: reads the command line and the configuration, carries out one command,
//! and maps what went wrong to an exit code.
//!
//! This crate is the composition root, the only place that knows every part. [`topology`] wires
//! the pipeline; everything that forecasts, fetches, supervises or stores lives in the crates.

mod account;
mod alerting;
mod build_info;
mod commands;
mod console;
mod exit;
mod following;
mod model_file;
mod monitoring;
mod page;
mod pipeline;
mod role;
mod run_options;
mod settings;
mod stdout;
mod telemetry;
mod text;
mod topology;
mod web;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use crate::commands::Cli;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Failing to print help leaves nothing to tell it with.
            let printed = error.print();
            let asked_for = matches!(
                error.kind(),
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
            );
            return if asked_for && printed.is_ok() {
                ExitCode::SUCCESS
            } else {
                exit::Code::Usage.number().into()
            };
        }
    };
    match commands::run(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("closecall: {error:#}");
            exit::code_of(&error)
        }
    }
}
