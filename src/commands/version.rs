//! `closecall version`: what this build is.

use std::process::ExitCode;

use serde_json::json;

/// Major version of the records on the topics.
const WIRE_FORMAT: u32 = 1;

/// The commit it was built from; given by the image's build, unknown otherwise.
pub(crate) const COMMIT: &str = match option_env!("CLOSECALL_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};

pub(super) fn run(as_json: bool) -> anyhow::Result<ExitCode> {
    let version = env!("CARGO_PKG_VERSION");
    if as_json {
        super::print(json!({
            "version": version,
            "commit": COMMIT,
            "wire_format": WIRE_FORMAT,
        }))?;
    } else {
        super::print(format_args!("closecall {version} (commit {COMMIT}, wire format {WIRE_FORMAT})"))?;
    }
    Ok(ExitCode::SUCCESS)
}
