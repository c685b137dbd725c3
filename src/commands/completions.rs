//! `closecall completions`: a completion script for a shell.

use std::process::ExitCode;

use clap::CommandFactory;

use crate::commands::Cli;

pub(super) fn run(shell: clap_complete::Shell) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "closecall", &mut script);
    crate::stdout::print(String::from_utf8_lossy(&script).trim_end())?;
    Ok(ExitCode::SUCCESS)
}
