//! Lists in settings: a TOML array of strings, or one text with commas, which is all that an
//! environment variable or a flag can hold. Elements are never anything but text.

use std::fmt::Display;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, de};

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Texts(Vec<String>),
}

pub(super) fn deserialize<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
    T::Err: Display,
{
    let texts = match Written::deserialize(deserializer)? {
        Written::Text(text) => text.split(',').map(|part| part.trim().to_owned()).collect(),
        Written::Texts(texts) => texts,
    };
    texts
        .iter()
        .filter(|text| !text.is_empty())
        .map(|text| text.parse().map_err(de::Error::custom))
        .collect()
}
