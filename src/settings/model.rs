//! `[model]`: what forecasts start from.

use std::path::PathBuf;

use serde::Deserialize;

/// What forecasts start from.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ModelSettings {
    /// A file of `closecall train`; unset, forecasts start from nothing.
    pub(crate) file: Option<PathBuf>,
}
