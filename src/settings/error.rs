//! Reasons for which a configuration is refused.

use std::path::PathBuf;

use super::layer::Origin;

/// Errors of the configuration. All end with exit code 78.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("there is no configuration file {}: check --config", .0.display())]
    NoFile(PathBuf),
    #[error("cannot read {}: {error}", path.display())]
    Unreadable { path: PathBuf, error: String },
    #[error("unknown setting `{key}` (from {origin}){}", did_you_mean(.nearest.as_deref()))]
    UnknownKey {
        key: String,
        origin: Origin,
        nearest: Option<String>,
    },
    #[error("the environment's {given} is no setting: set {meant}, with two underscores each time")]
    Underscores { given: String, meant: String },
    #[error(
        "`{new}` (from {other}) and its old name `{old}` (from {origin}) are both set: remove the old"
    )]
    BothNames {
        old: &'static str,
        origin: Origin,
        new: &'static str,
        other: Origin,
    },
    #[error("{0}")]
    Invalid(String),
}

fn did_you_mean(nearest: Option<&str>) -> String {
    match nearest {
        Some(name) => format!(": did you mean `{name}`?"),
        None => ": `closecall config show` lists those there are".to_owned(),
    }
}
