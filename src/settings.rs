//! Configuration: composes the settings that each part owns, from layers that tell the origin of
//! every value. `config/default.toml` documents every key and is the lowest layer.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::NaiveDate;
use closecall_calendar::Calendar;
use config::{Value, ValueKind};
use serde::Deserialize;

mod layers;
mod list;
#[cfg(test)]
mod tests;

pub(crate) use layers::{Inputs, Origin};

use crate::telemetry::LogFormat;

/// Keys whose values are never shown.
const SECRETS: [&str; 2] = ["alphavantage.api_key", "kafka.sasl_password"];

/// Why the configuration cannot be used. All end with exit code 78.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("there is no configuration file {}: check --config", .0.display())]
    NoFile(PathBuf),
    #[error("cannot read {}: {error}", path.display())]
    Unreadable { path: PathBuf, error: String },
    #[error("unknown setting `{key}` (from {origin}){}", did_you_mean(.nearest.as_deref()))]
    UnknownKey { key: String, origin: Origin, nearest: Option<String> },
    #[error("{0}")]
    Invalid(String),
}

fn did_you_mean(nearest: Option<&str>) -> String {
    match nearest {
        Some(name) => format!(": did you mean `{name}`?"),
        None => ": `closecall config show` lists those there are".to_owned(),
    }
}

/// Everything that can be set, by section.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) data_dir: PathBuf,
    pub(crate) log: LogSettings,
    pub(crate) calendar: CalendarSettings,
}

/// How logs are written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogSettings {
    pub(crate) format: LogFormat,
    pub(crate) filter: String,
}

/// What the exchange's rules do not say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CalendarSettings {
    #[serde(deserialize_with = "list::deserialize")]
    extra_closures: Vec<NaiveDate>,
}

impl CalendarSettings {
    pub(crate) fn calendar(&self) -> Calendar {
        Calendar::with_closures(self.extra_closures.iter().copied())
    }
}

/// The resolved configuration: typed, and as values with their origins.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub(crate) settings: Settings,
    pub(crate) shown: BTreeMap<String, Shown>,
    /// Every secret that is set, for the log's second net.
    pub(crate) secrets: Vec<String>,
}

/// One value as it may be shown.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) value: serde_json::Value,
    pub(crate) origin: Origin,
}

impl Settings {
    /// Reads all layers and checks the result.
    pub(crate) fn resolve(inputs: &Inputs) -> Result<Resolved, Error> {
        let mut merged: BTreeMap<String, (Value, Origin)> = BTreeMap::new();
        for layer in inputs.layers()? {
            for (key, value) in layer.values {
                merged.insert(key, (value, layer.origin.clone()));
            }
        }
        let secrets = SECRETS
            .iter()
            .filter_map(|key| merged.get(*key)?.0.clone().into_string().ok())
            .filter(|secret| !secret.is_empty())
            .collect();
        let settings = typed(&merged)?;
        settings.validate()?;
        let shown = merged
            .into_iter()
            .map(|(key, (value, origin))| {
                let value = if SECRETS.contains(&key.as_str()) { mask(value) } else { json(value) };
                (key, Shown { value, origin })
            })
            .collect();
        Ok(Resolved { settings, shown, secrets })
    }

    /// What the parts' own types cannot check.
    fn validate(&self) -> Result<(), Error> {
        if self.data_dir.as_os_str().is_empty() {
            return Err(Error::Invalid("`data_dir` is empty: name a folder".to_owned()));
        }
        Ok(())
    }
}

fn typed(merged: &BTreeMap<String, (Value, Origin)>) -> Result<Settings, Error> {
    let mut root = config::Map::new();
    for (key, (value, _)) in merged {
        layers::insert(&mut root, key, value.clone());
    }
    Settings::deserialize(Value::new(None, ValueKind::Table(root))).map_err(|error| {
        let text = error.to_string();
        // The first key that the message names tells whose fault it is.
        let origin = merged.iter().find(|(key, _)| text.contains(&format!("`{key}`")));
        match origin {
            Some((_, (_, origin))) => Error::Invalid(format!("{text} (from {origin})")),
            None => Error::Invalid(text),
        }
    })
}

fn mask(value: Value) -> serde_json::Value {
    let set = value.into_string().is_ok_and(|text| !text.is_empty());
    if set { "***".into() } else { "".into() }
}

fn json(value: Value) -> serde_json::Value {
    value.try_deserialize().unwrap_or(serde_json::Value::Null)
}
