//! The five layers that configuration comes from, each on its own, so that the origin of every
//! value can be told: defaults < file < `.env` < environment < flags.
//!
//! Values of the environment stay text until a setting's type asks for something else: the tickers
//! `ON`, `TRUE` and `NAN` are tickers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use closecall_settings::DEFAULTS;
use config::{Config, Environment, File, FileFormat, Map, Source, Value, ValueKind};

use super::dot_env;
use super::error::Error;
use super::layer::{Layer, Origin};
use super::retired::{self, Retired};

/// Beginning of the environment's names; sections and keys are set apart by `__` too.
const PREFIX: &str = "CLOSECALL";

/// Tables whose keys are not ours to know.
const OPEN_TABLES: [&str; 1] = ["kafka.librdkafka."];

/// Sources of the layers. Tests give their own; the binary gives the process's.
#[derive(Debug, Default)]
pub(crate) struct Inputs {
    /// A configuration file that was asked for; it must exist.
    pub(crate) file: Option<PathBuf>,
    /// The folder in which `closecall.toml` and `.env` are looked for.
    pub(crate) folder: PathBuf,
    /// The environment.
    pub(crate) environment: Map<String, String>,
    /// Flags as dotted keys and values, in order.
    pub(crate) flags: Vec<(String, String)>,
}

impl Inputs {
    /// Those of this process.
    pub(crate) fn of_process(file: Option<PathBuf>, flags: Vec<(String, String)>) -> Self {
        // A name or value that is not UTF-8 cannot be one of ours.
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self {
            file,
            folder: PathBuf::from("."),
            environment,
            flags,
        }
    }

    /// All layers, lowest first, and the retired settings met in them.
    pub(crate) fn layers(&self) -> Result<(Vec<Layer>, Vec<Retired>), Error> {
        let mut layers = vec![Layer {
            origin: Origin::Default,
            values: flatten(&File::from_str(DEFAULTS, FileFormat::Toml))?,
        }];
        if let Some(path) = self.config_file()? {
            let values = read_file(&path)?;
            layers.push(Layer {
                origin: Origin::File(path),
                values,
            });
        }
        let dot_env = self.folder.join(".env");
        if dot_env.exists() {
            let values = variables(read_dot_env(&dot_env)?)?;
            layers.push(Layer {
                origin: Origin::DotEnv(dot_env),
                values,
            });
        }
        layers.push(Layer {
            origin: Origin::Environment,
            values: variables(self.environment.clone())?,
        });
        layers.push(Layer {
            origin: Origin::Flag,
            values: self.flag_values(),
        });
        let retired = retired::translate(&mut layers[1..])?;
        check_underscores(self.environment.keys(), &layers[0])?;
        check_keys(&layers)?;
        Ok((layers, retired))
    }

    fn config_file(&self) -> Result<Option<PathBuf>, Error> {
        match &self.file {
            Some(path) if path.is_file() => Ok(Some(path.clone())),
            Some(path) => Err(Error::NoFile(path.clone())),
            None => Ok(Some(self.folder.join("closecall.toml")).filter(|path| path.exists())),
        }
    }

    fn flag_values(&self) -> BTreeMap<String, Value> {
        let value = |text: &String| Value::new(None, ValueKind::String(text.clone()));
        self.flags
            .iter()
            .map(|(key, text)| (key.clone(), value(text)))
            .collect()
    }
}

fn read_file(path: &Path) -> Result<BTreeMap<String, Value>, Error> {
    let text = std::fs::read_to_string(path).map_err(|error| Error::Unreadable {
        path: path.into(),
        error: error.to_string(),
    })?;
    flatten(&File::from_str(&text, FileFormat::Toml)).map_err(|error| Error::Unreadable {
        path: path.into(),
        error: error.to_string(),
    })
}

fn read_dot_env(path: &Path) -> Result<Map<String, String>, Error> {
    let unreadable = |error: String| Error::Unreadable {
        path: path.into(),
        error,
    };
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
    dot_env::parse(&text).map_err(|error| unreadable(error.to_string()))
}

fn variables(variables: Map<String, String>) -> Result<BTreeMap<String, Value>, Error> {
    let environment = Environment::with_prefix(PREFIX)
        .prefix_separator("__")
        .separator("__")
        .source(Some(variables));
    flatten(&environment)
}

/// A source's values by dotted key; lists are values.
fn flatten<S: Source + Clone + Send + Sync + 'static>(
    source: &S,
) -> Result<BTreeMap<String, Value>, Error> {
    let tree = Config::builder()
        .add_source(source.clone())
        .build()
        .map_err(|error| Error::Invalid(error.to_string()))?;
    let mut values = BTreeMap::new();
    descend("", tree.cache, &mut values);
    Ok(values)
}

fn descend(key: &str, value: Value, into: &mut BTreeMap<String, Value>) {
    match value.kind {
        ValueKind::Table(table) => {
            for (name, value) in table {
                let key = if key.is_empty() {
                    name
                } else {
                    format!("{key}.{name}")
                };
                descend(&key, value, into);
            }
        }
        _ => {
            into.insert(key.to_owned(), value);
        }
    }
}

/// Puts a value under its dotted key; in an open table everything behind the table's name is one
/// key, dots included.
pub(crate) fn insert(root: &mut Map<String, Value>, key: &str, value: Value) {
    let open = OPEN_TABLES
        .iter()
        .find_map(|table| Some((table.trim_end_matches('.'), key.strip_prefix(table)?)));
    let (path, name) = open.or_else(|| key.rsplit_once('.')).unwrap_or(("", key));
    let mut table = root;
    for part in path.split('.').filter(|part| !part.is_empty()) {
        let entry = table
            .entry(part.to_owned())
            .or_insert_with(|| Value::new(None, ValueKind::Table(Map::new())));
        let ValueKind::Table(inner) = &mut entry.kind else {
            return;
        };
        table = inner;
    }
    table.insert(name.to_owned(), value);
}

/// Refuses a key that the defaults do not document, with the nearest that they do.
fn check_keys(layers: &[Layer]) -> Result<(), Error> {
    let Some((defaults, above)) = layers.split_first() else {
        return Ok(());
    };
    for layer in above {
        for key in layer.values.keys() {
            let open = OPEN_TABLES.iter().any(|table| key.starts_with(table));
            if open || defaults.values.contains_key(key) {
                continue;
            }
            let nearest = nearest(key, defaults.values.keys().map(String::as_str));
            return Err(Error::UnknownKey {
                key: key.clone(),
                origin: layer.origin.clone(),
                nearest: nearest.map(str::to_owned),
            });
        }
    }
    Ok(())
}

/// Refuses a variable that would be a setting's if it were set apart by two underscores: unlike other
/// unknown names, which any program may have, it is no one else's.
fn check_underscores<'a>(
    variables: impl Iterator<Item = &'a String>,
    defaults: &Layer,
) -> Result<(), Error> {
    let of_key = |key: &String| format!("{PREFIX}__{}", key.replace('.', "__").to_uppercase());
    let meant: BTreeMap<_, _> = defaults
        .values
        .keys()
        .map(of_key)
        .map(|name| (name.replace("__", "_"), name))
        .collect();
    for given in variables {
        match meant.get(&given.replace("__", "_")) {
            Some(meant) if meant != given => {
                let (given, meant) = (given.clone(), meant.clone());
                return Err(Error::Underscores { given, meant });
            }
            _ => {}
        }
    }
    Ok(())
}

/// The known name that is most like this one, if any is.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
