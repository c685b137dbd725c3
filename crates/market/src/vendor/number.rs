//! A number as vendors write it: as a number, as text, as null, or as something else.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// One entry. Reading it never fails, so that one odd entry does not cost the whole answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Number(f64),
    Text(String),
    Null,
    Other,
}

impl Cell {
    /// The number, when it is written as one.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The number, also when it is written as text.
    pub(crate) fn lenient(&self) -> Option<f64> {
        match self {
            Self::Text(text) => text
                .trim()
                .parse()
                .ok()
                .filter(|number: &f64| number.is_finite()),
            _ => self.number(),
        }
    }

    /// The moment, when it is a text of RFC 3339.
    pub(crate) fn time(&self) -> Option<DateTime<Utc>> {
        let at = DateTime::parse_from_rfc3339(self.text()?).ok()?;
        Some(at.to_utc())
    }

    /// The text, when it is one.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// The number of an entry that may be missing.
pub(crate) fn number(cell: &Option<Cell>) -> Option<f64> {
    cell.as_ref()?.number()
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Cell;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Cell, E> {
        Ok(Cell::Number(number))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Cell, E> {
        Ok(Cell::Number(number as f64))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Cell, E> {
        Ok(Cell::Number(number as f64))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Cell, E> {
        Ok(Cell::Text(text.to_owned()))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Cell, E> {
        Ok(Cell::Null)
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Cell, E> {
        Ok(Cell::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Cell, A::Error> {
        while entries.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Cell::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Cell, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Cell::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_only_numbers_are_numbers() {
        let cells: Vec<Cell> =
            serde_json::from_str(r#"[1, -2.5, "3.5", null, true, [1], {"a":1}, "x", "NaN"]"#)
                .unwrap();
        let strict: Vec<_> = cells.iter().map(Cell::number).collect();
        assert_eq!(strict[..2], [Some(1.0), Some(-2.5)]);
        assert!(strict[2..].iter().all(Option::is_none));
        let lenient: Vec<_> = cells.iter().filter_map(Cell::lenient).collect();
        assert_eq!(lenient, [1.0, -2.5, 3.5]);
    }
}
