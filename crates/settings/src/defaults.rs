//! Defaults of all settings: `config/default.toml`, which documents each key, is the one place where
//! they stand. Code that needs the defaults of a part reads its section.

use std::sync::LazyLock;

use serde::de::DeserializeOwned;
use toml::{Table, Value};

/// The file of the defaults.
pub const DEFAULTS: &str = include_str!("../../../config/default.toml");

/// The file as read; empty where it cannot be, which the tests of this crate rule out.
static TABLE: LazyLock<Table> = LazyLock::new(|| DEFAULTS.parse().unwrap_or_default());

/// The settings of a section such as `supervision.restart` as the defaults have them.
///
/// # Panics
/// When the section and the type do not fit: a mistake in the program, which every start meets.
#[must_use]
pub fn section<T: DeserializeOwned>(path: &str) -> T {
    match changed(path, "") {
        Ok(settings) => settings,
        #[expect(clippy::panic, reason = "the program contradicts itself")]
        Err(error) => panic!("config/default.toml: [{path}]: {error}"),
    }
}

/// The settings of a section with changes, written as TOML, over the defaults.
///
/// # Errors
/// When the changes are no TOML, or name what the section does not have or cannot be.
pub fn changed<T: DeserializeOwned>(path: &str, changes: &str) -> Result<T, toml::de::Error> {
    let mut below = Some(&*TABLE);
    for name in path.split('.') {
        below = below.and_then(|table| table.get(name)?.as_table());
    }
    let mut table = below.cloned().unwrap_or_default();
    merge(&mut table, toml::from_str(changes)?);
    without_unset(&mut table);
    table.try_into()
}

fn merge(table: &mut Table, changes: Table) {
    for (name, change) in changes {
        match (table.get_mut(&name), change) {
            (Some(Value::Table(below)), Value::Table(change)) => merge(below, change),
            (_, change) => {
                table.insert(name, change);
            }
        }
    }
}

/// An empty text means "not set", so that every key can be documented.
fn without_unset(table: &mut Table) {
    table.retain(|_, value| !matches!(value, Value::String(text) if text.is_empty()));
    for value in table.iter_mut().map(|(_, value)| value) {
        if let Value::Table(below) = value {
            without_unset(below);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Log {
        format: String,
        filter: Option<String>,
    }

    #[test]
    fn the_file_is_toml() {
        assert!(DEFAULTS.parse::<Table>().is_ok());
    }

    #[test]
    fn a_section_is_read_and_changed() {
        let log: Log = section("log");
        assert_eq!(log.format, "auto");
        let log: Log = changed("log", "format = \"json\"\nfilter = \"\"").unwrap();
        assert_eq!((log.format.as_str(), log.filter), ("json", None));
        assert!(changed::<Log>("log", "fromat = \"json\"").is_err());
        assert!(changed::<Log>("no.such", "").is_err());
    }
}
