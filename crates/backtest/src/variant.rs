//! A model to be asked, with the news or without.

use std::fmt;
use std::str::FromStr;

use closecall_forecast::ModelKind;
use serde::{Deserialize, Serialize};

const WITHOUT_NEWS: &str = "-without-news";

/// A model and whether it sees the news.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Variant {
    /// The model.
    pub model: ModelKind,
    /// Whether its dataset holds the news.
    pub news: bool,
}

impl Default for Variant {
    /// The product's own model.
    fn default() -> Self {
        Self {
            model: ModelKind::Closecall,
            news: true,
        }
    }
}

impl Variant {
    /// The reference itself: the price that every model starts from, with its own distribution.
    pub const REFERENCE: Self = Self {
        model: ModelKind::Persistence,
        news: true,
    };
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let suffix = if self.news { "" } else { WITHOUT_NEWS };
        f.pad(&format!("{}{suffix}", self.model))
    }
}

/// A name that is no model.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is no model: use closecall, original, ridge or persistence, each also with `-without-news` behind it"
)]
pub struct UnknownVariant(String);

impl FromStr for Variant {
    type Err = UnknownVariant;

    fn from_str(text: &str) -> Result<Self, UnknownVariant> {
        let (name, news) = match text.strip_suffix(WITHOUT_NEWS) {
            Some(name) => (name, false),
            None => (text, true),
        };
        let model = name.parse().map_err(|_| UnknownVariant(text.to_owned()))?;
        Ok(Self { model, news })
    }
}

impl TryFrom<String> for Variant {
    type Error = UnknownVariant;

    fn try_from(text: String) -> Result<Self, UnknownVariant> {
        text.parse()
    }
}

impl From<Variant> for String {
    fn from(variant: Variant) -> Self {
        variant.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for &model in ModelKind::ALL {
            for news in [true, false] {
                let variant = Variant { model, news };
                assert_eq!(variant.to_string().parse::<Variant>().unwrap(), variant);
            }
        }
        let error = "gru-without-news".parse::<Variant>().unwrap_err();
        assert!(error.to_string().contains("`gru-without-news`"));
    }
}
