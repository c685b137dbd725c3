//! `closecall completions`: a completion script for a shell.

use std::process::ExitCode;

/// The script for `shell` that completes `command`.
pub(super) fn run(
    shell: clap_complete::Shell,
    mut command: clap::Command,
) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "closecall", &mut script);
    crate::stdout::print(String::from_utf8_lossy(&script).trim_end())?;
    Ok(ExitCode::SUCCESS)
}
