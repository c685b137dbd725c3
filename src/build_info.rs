//! Facts of this build: version, commit, wire format.

use serde_json::{Value, json};

/// Major version of the records on the topics.
pub(crate) const WIRE_FORMAT: u32 = 1;

/// The commit it was built from, as `build.rs` found it; unknown outside a clone.
pub(crate) const COMMIT: &str = match option_env!("CLOSECALL_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};

/// The build as one object.
pub(crate) fn description() -> Value {
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "commit": COMMIT,
        "wire_format": WIRE_FORMAT,
        "kafka_tls": cfg!(feature = "kafka-ssl"),
    })
}
