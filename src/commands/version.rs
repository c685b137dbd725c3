//! `closecall version`: version, commit and wire format of this build.

use std::process::ExitCode;

use crate::build_info::{COMMIT, WIRE_FORMAT, description};

pub(super) fn run(as_json: bool) -> anyhow::Result<ExitCode> {
    if as_json {
        crate::stdout::print(description())?;
    } else {
        let version = env!("CARGO_PKG_VERSION");
        crate::stdout::print(format_args!(
            "closecall {version} (commit {COMMIT}, wire format {WIRE_FORMAT})"
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}
