//! Settings of the alerts: `[alerts]`.

use std::path::PathBuf;
use std::time::Duration;

use closecall_settings::span;
use secrecy::SecretString;
use serde::Deserialize;

use crate::kind::AlertKind;

/// Where alerts go, and which.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertSettings {
    /// The receiver's address, a secret: many carry a token in it. No alert is sent without one.
    #[serde(default)]
    pub url: Option<SecretString>,
    /// A file that holds the address, read where the address itself is not given.
    #[serde(default)]
    pub url_file: Option<PathBuf>,
    /// Form that the receiver wants.
    #[serde(deserialize_with = "closecall_settings::choice::deserialize")]
    pub format: AlertFormat,
    /// The alerts to send.
    #[serde(deserialize_with = "closecall_settings::choice::list")]
    pub on: Vec<AlertKind>,
    /// Least time between two messages of one alert that stands.
    #[serde(with = "span")]
    pub quiet: Duration,
    /// Address of the page that an alert links to; the process's own where none is set.
    #[serde(default)]
    pub page: Option<String>,
}

/// Form of a receiver's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertFormat {
    /// All fields as one JSON object.
    Json,
    /// An incoming webhook of Slack, or of what understands its form.
    Slack,
    /// A webhook of Discord.
    Discord,
    /// A topic of ntfy.
    Ntfy,
}
