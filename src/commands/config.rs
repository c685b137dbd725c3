//! `closecall config`: every setting with its origin, or only whether it can be used.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Map, Value, json};

use crate::settings::Resolved;

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print every setting with its value and origin; secrets are masked
    Show {
        /// As one JSON object: key to {value, origin}
        #[arg(long)]
        json: bool,
    },
    /// Check the configuration and exit: 0 when this build can use it, 78 when not
    Check,
}

pub(super) fn run(resolved: &Resolved, command: &ConfigCommand) -> anyhow::Result<ExitCode> {
    match command {
        ConfigCommand::Check => crate::stdout::print("the configuration can be used")?,
        ConfigCommand::Show { json: true } => {
            let shown: Map<String, Value> = resolved
                .shown
                .iter()
                .map(|(key, shown)| {
                    let origin = shown.origin.to_string();
                    (key.clone(), json!({"value": shown.value, "origin": origin}))
                })
                .collect();
            crate::stdout::print(Value::Object(shown))?;
        }
        ConfigCommand::Show { json: false } => {
            let width = resolved.shown.keys().map(String::len).max().unwrap_or(0);
            for (key, shown) in &resolved.shown {
                crate::stdout::print(format_args!(
                    "{key:width$} = {}  # {}",
                    shown.value, shown.origin
                ))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
