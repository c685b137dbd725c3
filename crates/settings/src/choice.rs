//! Settings that are one of several names. Read by way of their text, so that a wrong one is answered
//! with the names there are, whatever the settings come from.

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
    let text: StringDeserializer<TextError> =
        String::deserialize(deserializer)?.into_deserializer();
    T::deserialize(text).map_err(D::Error::custom)
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

    #[test]
    fn a_wrong_name_is_answered_with_those_there_are() {
        let read = |text: &str| toml::from_str::<Settings>(&format!("mode = {text:?}"));
        assert_eq!(read("one-by-one").unwrap().mode, Mode::OneByOne);
        let error = read("randm").unwrap_err().to_string();
        for word in ["`randm`", "`random`", "`one-by-one`"] {
            assert!(error.contains(word), "{error}");
        }
    }
}
