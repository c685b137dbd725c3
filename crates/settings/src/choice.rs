//! Settings that are one of several names, or a list of them. Read by way of their text, so that a
//! wrong one is answered with the names there are, whatever the settings come from.

use serde::de::value::{Error as TextError, StringDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error as _, IntoDeserializer as _};
use serde::{Deserialize as _, Serialize, Serializer};

/// Reads a name.
///
/// # Errors
/// When it is none of those there are: the text lists them.
pub fn deserialize<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    named(String::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// Reads a list of names.
///
/// # Errors
/// When one is none of those there are: the text lists them.
pub fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let names = Vec::<String>::deserialize(deserializer)?;
    let read = names.into_iter().map(named);
    read.collect::<Result<_, _>>().map_err(D::Error::custom)
}

fn named<T: DeserializeOwned>(name: String) -> Result<T, TextError> {
    let text: StringDeserializer<TextError> = name.into_deserializer();
    T::deserialize(text)
}

/// Writes it as it writes itself.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer, T: Serialize>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    value.serialize(serializer)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Mode {
        Random,
        OneByOne,
    }

    #[derive(Debug, Deserialize)]
    struct Settings {
        #[serde(with = "super")]
        mode: Mode,
    }

    #[derive(Debug, Deserialize)]
    struct Lists {
        #[serde(deserialize_with = "super::list")]
        modes: Vec<Mode>,
    }

    #[test]
    fn a_wrong_name_is_answered_with_those_there_are() {
        let read = |text: &str| toml::from_str::<Settings>(&format!("mode = {text:?}"));
        assert_eq!(read("one-by-one").unwrap().mode, Mode::OneByOne);
        let error = read("randm").unwrap_err().to_string();
        for word in ["`randm`", "`random`", "`one-by-one`"] {
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn a_wrong_name_in_a_list_is_answered_likewise() {
        let read = |text: &str| toml::from_str::<Lists>(&format!("modes = {text}"));
        let modes = read(r#"["one-by-one", "random"]"#).unwrap().modes;
        assert_eq!(modes, [Mode::OneByOne, Mode::Random]);
        assert!(read("[]").unwrap().modes.is_empty());
        let error = read(r#"["random", "foo"]"#).unwrap_err().to_string();
        for word in ["`foo`", "`random`", "`one-by-one`"] {
            assert!(error.contains(word), "{error}");
        }
    }
}
