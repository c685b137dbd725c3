//! `[model]`: the start of forecasts.

use std::path::PathBuf;

use serde::Deserialize;

/// Start of forecasts.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ModelSettings {
    /// A file of `closecall train`; unset, forecasts start from nothing.
    pub(crate) file: Option<PathBuf>,
}
