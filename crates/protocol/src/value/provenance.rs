//! Where prices come from and what was mended in them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

use crate::Error;
use crate::value::{DatasetRow, SessionDate};

/// Provider of the prices.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Provider {
    /// Yahoo Finance, or a market server that answers in its form.
    Yahoo,
    /// Alpaca.
    Alpaca,
    /// Tiingo.
    Tiingo,
    /// Files beside the program.
    Files,
    /// One that this build does not know by name.
    #[serde(other)]
    Other,
}

impl Provider {
    /// By name; a newer build may name one that is not known here.
    #[must_use]
    pub fn named(name: &str) -> Self {
        name.parse().unwrap_or(Self::Other)
    }
}

/// A number of a session that was not taken as it came.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Repair {
    /// The session; of a repair of many, the newest.
    pub session: SessionDate,
    /// The field that was repaired.
    pub field: RepairField,
    /// By which rule.
    pub rule: RepairRule,
    /// The factor that the number was multiplied by; 0 where it was left out.
    pub factor: f64,
}

/// Field that a repair changed.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum RepairField {
    /// The opening.
    Open,
    /// High and low.
    Range,
    /// The close and with it every price of the session.
    Close,
    /// The close adjusted for dividends.
    AdjClose,
    /// The volume.
    Volume,
    /// The whole row.
    Row,
    /// One that this build does not know by name.
    #[serde(other)]
    Other,
}

/// The rule by which a number was repaired.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum RepairRule {
    /// A split that the vendor had not applied, or had applied twice.
    Split,
    /// A factor of 100 or 1/100 between units, as pence and pounds.
    Unit,
    /// A move that nothing confirms and that reverts.
    Spike,
    /// Rows on the other side of a gap or a jump that nothing explains.
    Level,
    /// A number that contradicts the others of its session.
    Contradiction,
    /// One that this build does not know by name.
    #[serde(other)]
    Other,
}

/// Identity of the rows of a dataset: equal rows have an equal one on every machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Vintage(u64);

impl Vintage {
    /// Of these rows, news included.
    #[must_use]
    pub fn of(rows: &[DatasetRow]) -> Self {
        let mut hasher = Sha256::new();
        for row in rows {
            let bar = row.bar();
            let (range, news) = (bar.range(), row.news());
            hasher.update(row.session().epoch_ms().to_le_bytes());
            hasher.update(news.articles.to_le_bytes());
            for number in [
                Some(bar.close()),
                bar.open(),
                range.map(|range| range.low),
                range.map(|range| range.high),
                bar.adj_close(),
                bar.volume(),
                news.sentiment,
            ] {
                // No number of a row is NaN, so it can stand for the unknown.
                hasher.update(number.unwrap_or(f64::NAN).to_le_bytes());
            }
        }
        let digest = hasher.finalize();
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        Self(u64::from_be_bytes(first))
    }
}

impl fmt::Display for Vintage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Vintage {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let digits = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        digits
            .then(|| u64::from_str_radix(text, 16).ok())
            .flatten()
            .map(Self)
            .ok_or_else(|| Error::Undecodable("a vintage has 16 hexadecimal digits".into()))
    }
}

impl TryFrom<String> for Vintage {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Vintage> for String {
    fn from(vintage: Vintage) -> Self {
        vintage.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Bar, SessionNews};

    #[test]
    fn names_of_a_newer_build_are_read_as_other() {
        assert_eq!(Provider::named("tiingo"), Provider::Tiingo);
        assert_eq!(Provider::named("somewhere-else"), Provider::Other);
        let text = r#"{"session":"2026-06-10","field":"bid","rule":"magic","factor":0.1}"#;
        let repair: Repair = serde_json::from_str(text).unwrap();
        assert_eq!(
            (repair.field, repair.rule),
            (RepairField::Other, RepairRule::Other)
        );
    }

    #[test]
    fn a_vintage_is_that_of_its_rows() {
        let row = |close| {
            let bar = Bar::of_close("2023-06-30".parse().unwrap(), close).unwrap();
            DatasetRow::new(bar, SessionNews::default())
        };
        let vintage = Vintage::of(&[row(1.0), row(2.0)]);
        assert_eq!(vintage, Vintage::of(&[row(1.0), row(2.0)]));
        assert_ne!(vintage, Vintage::of(&[row(1.0), row(2.0_f64.next_up())]));
        assert_eq!(vintage.to_string().parse::<Vintage>().unwrap(), vintage);
        assert!("+123456789abcdef".parse::<Vintage>().is_err());
    }
}
