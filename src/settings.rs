//! Configuration: composes the settings that each part owns, from layers that tell the origin of
//! every value. `config/default.toml` documents every key and is the lowest layer.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use closecall_actors::PickerSettings;
use closecall_alerts::AlertSettings;
use closecall_calendar::Calendar;
use closecall_forecast::ForecastSettings;
use closecall_kafka::KafkaSettings;
use closecall_market::{
    AlpacaSettings, AlphavantageSettings, ConnectionSettings, DataSource, FilesSettings,
    PricesSettings, TiingoSettings, WindowSettings, YahooSettings,
};
use closecall_sentiment::NewsSettings;
use closecall_supervision::SupervisionSettings;
use closecall_web::HttpSettings;
use config::{Value, ValueKind};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tracing_subscriber::EnvFilter;

mod dot_env;
mod error;
mod layer;
mod layers;
mod market;
mod model;
mod retired;
#[cfg(test)]
mod tests;

pub(crate) use error::Error;
pub(crate) use layer::Origin;
pub(crate) use layers::Inputs;
use retired::Retired;

use crate::telemetry::LogFormat;

/// Keys whose values are never shown.
const SECRETS: [&str; 7] = [
    "alerts.url",
    "alphavantage.api_key",
    "alpaca.key_id",
    "alpaca.secret_key",
    "tiingo.api_key",
    "kafka.sasl_password",
    "kafka.tls_key_password",
];

/// Everything that can be set, by section.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) data_dir: PathBuf,
    pub(crate) log: LogSettings,
    pub(crate) calendar: CalendarSettings,
    pub(crate) picker: PickerSettings,
    pub(crate) prices: PricesSettings,
    pub(crate) yahoo: YahooSettings,
    pub(crate) alpaca: AlpacaSettings,
    pub(crate) tiingo: TiingoSettings,
    /// Its only key may be unset, which leaves no table.
    #[serde(default)]
    pub(crate) files: FilesSettings,
    pub(crate) alphavantage: AlphavantageSettings,
    /// Its only key may be unset, which leaves no table.
    #[serde(default)]
    pub(crate) network: ConnectionSettings,
    pub(crate) market: WindowSettings,
    pub(crate) news: NewsSettings,
    pub(crate) forecast: ForecastSettings,
    /// Its only key may be unset, which leaves no table.
    #[serde(default)]
    pub(crate) model: model::ModelSettings,
    pub(crate) supervision: SupervisionSettings,
    /// Its only key may be unset, which leaves no table.
    #[serde(default)]
    pub(crate) http: HttpSettings,
    pub(crate) kafka: KafkaSettings,
    pub(crate) alerts: AlertSettings,
    /// Its only key may be unset, which leaves no table.
    #[serde(default)]
    pub(crate) reporter: ReporterSettings,
}

/// Settings that forecasts are recorded with.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReporterSettings {
    keep_headlines: Option<bool>,
}

/// Form of the logs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogSettings {
    #[serde(deserialize_with = "closecall_settings::choice::deserialize")]
    pub(crate) format: LogFormat,
    pub(crate) filter: String,
}

/// Closures that the exchange's rules do not hold.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CalendarSettings {
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
    /// Settings of earlier versions, each to be warned of.
    pub(crate) retired: Vec<Retired>,
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
        let (layers, retired) = inputs.layers()?;
        for layer in layers {
            for (key, value) in layer.values {
                let is_list = merged.get(&key).is_some_and(|(below, _)| is_list(below));
                let value = if is_list { split(value) } else { value };
                merged.insert(key, (value, layer.origin.clone()));
            }
        }
        let mut settings: Settings = typed(&merged)?;
        settings.read_secret_files()?;
        settings.trim_keys();
        // No one asked for this very port.
        let port = merged.get("http.listen");
        settings.http.any_port = port.is_some_and(|(_, origin)| *origin == Origin::Default);
        settings
            .picker
            .read_tickers_file()
            .map_err(Error::Invalid)?;
        settings.validate()?;
        let shown = merged
            .into_iter()
            .map(|(key, (value, origin))| {
                let value = if SECRETS.contains(&key.as_str()) {
                    mask(value)
                } else {
                    json(value)
                };
                (key, Shown { value, origin })
            })
            .collect();
        let secrets = settings.secrets();
        Ok(Resolved {
            settings,
            shown,
            secrets,
            retired,
        })
    }

    /// Mounted secrets: a file is read where the key itself is not given.
    fn read_secret_files(&mut self) -> Result<(), Error> {
        let news = &mut self.alphavantage;
        let (alpaca, tiingo) = (&mut self.alpaca, &mut self.tiingo);
        for (key, file, name) in [
            (
                &mut news.api_key,
                &news.api_key_file,
                "alphavantage.api_key_file",
            ),
            (
                &mut alpaca.key_id,
                &alpaca.key_id_file,
                "alpaca.key_id_file",
            ),
            (
                &mut alpaca.secret_key,
                &alpaca.secret_key_file,
                "alpaca.secret_key_file",
            ),
            (
                &mut tiingo.api_key,
                &tiingo.api_key_file,
                "tiingo.api_key_file",
            ),
            (
                &mut self.alerts.url,
                &self.alerts.url_file,
                "alerts.url_file",
            ),
        ] {
            read_secret(key, file.as_deref(), name)?;
        }
        Ok(())
    }

    /// A vendor's key holds no blanks; a copied one often comes with a line's end.
    fn trim_keys(&mut self) {
        for key in [
            &mut self.alphavantage.api_key,
            &mut self.alpaca.key_id,
            &mut self.alpaca.secret_key,
            &mut self.tiingo.api_key,
        ] {
            let trimmed = key.take().map(|key| key.expose_secret().trim().to_owned());
            *key = trimmed.filter(|key| !key.is_empty()).map(Into::into);
        }
    }

    fn secrets(&self) -> Vec<String> {
        let kafka = [&self.kafka.sasl_password, &self.kafka.tls_key_password];
        let others = [
            &self.alphavantage.api_key,
            &self.alpaca.key_id,
            &self.alpaca.secret_key,
            &self.tiingo.api_key,
            &self.alerts.url,
        ];
        let all = others.into_iter().flatten().chain(kafka);
        all.map(|secret| secret.expose_secret().trim().to_owned())
            .filter(|secret| !secret.is_empty())
            .collect()
    }

    /// All vendors at one address, and no other.
    pub(crate) fn ask_only(&mut self, address: &str) {
        self.yahoo.base_url = address.to_owned();
        self.yahoo.fallback_url = None;
        self.alpaca.base_url = address.to_owned();
        self.tiingo.base_url = address.to_owned();
        self.alphavantage.base_url = address.to_owned();
    }

    /// Whether forecasts carry some headlines. Unless that is set, not those of the vendors
    /// themselves, whose terms may not allow it.
    pub(crate) fn keeps_headlines(&self) -> bool {
        let is_live = || {
            matches!(
                DataSource::of(&self.market_settings()),
                Ok(DataSource::Live)
            )
        };
        self.reporter.keep_headlines.unwrap_or_else(|| !is_live())
    }

    /// Checks each part by its own rules.
    fn validate(&self) -> Result<(), Error> {
        self.market_settings()
            .validate()
            .map_err(|e| Error::Invalid(e.to_string()))?;
        self.picker.validate().map_err(Error::Invalid)?;
        self.forecast
            .validate()
            .map_err(|e| Error::Invalid(format!("[forecast] {e}")))?;
        self.supervision
            .validate()
            .map_err(|e| Error::Invalid(format!("[supervision] {e}")))?;
        if let Some(url) = &self.alerts.url {
            closecall_alerts::Client::new(url, self.alerts.format, "")
                .map_err(|e| Error::Invalid(format!("[alerts] {e}")))?;
        }
        EnvFilter::try_new(&self.log.filter).map_err(|e| {
            let meant = "a level such as info, or a list such as info,closecall=debug";
            Error::Invalid(format!("`log.filter` is not usable: {e}: expected {meant}"))
        })?;
        self.http.validate().map_err(Error::Invalid)?;
        self.kafka
            .validate()
            .map_err(|e| Error::Invalid(e.to_string()))
    }
}

fn read_secret(
    secret: &mut Option<SecretString>,
    file: Option<&Path>,
    name: &str,
) -> Result<(), Error> {
    let (None, Some(file)) = (&secret, file) else {
        return Ok(());
    };
    let text = std::fs::read_to_string(file).map_err(|error| {
        Error::Invalid(format!("`{name}`: cannot read {}: {error}", file.display()))
    })?;
    *secret = Some(text.trim().to_owned())
        .filter(|text| !text.is_empty())
        .map(Into::into);
    Ok(())
}

/// A key that the defaults document as a list may be written as one text with commas, which is all
/// that an environment variable or a flag can hold, with or without a file's brackets and quotes. Its
/// elements stay text.
fn split(value: Value) -> Value {
    let ValueKind::String(text) = &value.kind else {
        return value;
    };
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let elements = bare
        .unwrap_or(text)
        .split(',')
        .map(|element| element.trim().trim_matches(['"', '\'']))
        .filter(|element| !element.is_empty())
        .map(|element| Value::new(None, ValueKind::String(element.to_owned())))
        .collect();
    Value::new(None, ValueKind::Array(elements))
}

fn is_list(value: &Value) -> bool {
    matches!(value.kind, ValueKind::Array(_))
}

/// An empty text means "not set", so that every key can be documented.
fn is_set(value: &Value) -> bool {
    !matches!(&value.kind, ValueKind::String(text) if text.is_empty())
}

fn typed(merged: &BTreeMap<String, (Value, Origin)>) -> Result<Settings, Error> {
    let mut root = config::Map::new();
    for (key, (value, _)) in merged.iter().filter(|(_, (value, _))| is_set(value)) {
        layers::insert(&mut root, key, value.clone());
    }
    Settings::deserialize(Value::new(None, ValueKind::Table(root))).map_err(|error| {
        let text = error.to_string();
        // The first key that the message names shows which layer is at fault; in a list, an element's.
        let named = |key: &str| [format!("`{key}`"), format!("`{key}[")];
        let at_fault = merged
            .iter()
            .find(|(key, _)| named(key).iter().any(|name| text.contains(name)));
        match at_fault {
            Some((key, (value, origin))) => {
                let value = shown_in_error(key, value, &text);
                Error::Invalid(format!("{text} (from {origin}{value})"))
            }
            None => Error::Invalid(text),
        }
    })
}

/// The value that was given, where the message does not say it and it is no secret.
fn shown_in_error(key: &str, value: &Value, text: &str) -> String {
    if text.contains("expected an integer") && value.clone().into_int().is_ok_and(|it| it < 0) {
        return "; the least is 0".to_owned();
    }
    let given = json(value.clone()).to_string();
    if SECRETS.contains(&key) || text.contains(given.trim_matches(['[', ']', '"'])) {
        return String::new();
    }
    format!(", given as {given}")
}

fn mask(value: Value) -> serde_json::Value {
    let set = value.into_string().is_ok_and(|text| !text.is_empty());
    if set { "***".into() } else { "".into() }
}

fn json(value: Value) -> serde_json::Value {
    value.try_deserialize().unwrap_or(serde_json::Value::Null)
}
