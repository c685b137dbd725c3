//! Parameters of a request: each known, each once, each with a value that it can have.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use closecall_protocol::{PickId, Ticker};

use crate::problem::{Kind, Problem};
use crate::text::short;

/// The parameters that a path has, as they were given.
#[derive(Debug, Default)]
pub(crate) struct Query(BTreeMap<&'static str, String>);

impl Query {
    /// Reads a query string; only the names in `known` may come.
    pub(crate) fn parse(text: &str, known: &[&'static str]) -> Result<Self, Problem> {
        let mut given = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            let refused = |title: String| {
                let mut problem = Problem::new(Kind::UnknownParameter, title);
                problem.parameter = Some(short(&name, 64).into());
                problem
            };
            let Some(known) = known.iter().find(|known| **known == name) else {
                let list = known.join(", ");
                let rule = if list.is_empty() {
                    "this path has no parameters".to_owned()
                } else {
                    format!("this path has only: {list}")
                };
                return Err(refused(rule));
            };
            if given.insert(*known, value.into_owned()).is_some() {
                return Err(refused(format!("{known} is given more than once")));
            }
        }
        Ok(Self(given))
    }

    /// A whole number in a range.
    pub(crate) fn number(
        &self,
        name: &'static str,
        range: std::ops::RangeInclusive<i64>,
    ) -> Result<Option<i64>, Problem> {
        let Some(text) = self.0.get(name) else {
            return Ok(None);
        };
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|number| range.contains(number));
        match number.filter(|_| digits) {
            Some(number) => Ok(Some(number)),
            None => {
                let rule = format!("a number from {} to {}", range.start(), range.end());
                Err(Problem::parameter(name, &rule, text))
            }
        }
    }

    pub(crate) fn ticker(&self) -> Result<Option<Ticker>, Problem> {
        self.0.get("ticker").map(|text| ticker(text)).transpose()
    }

    /// A date; one beyond all sessions is no mistake, it has none.
    pub(crate) fn session(&self) -> Result<Option<NaiveDate>, Problem> {
        let Some(text) = self.0.get("session") else {
            return Ok(None);
        };
        let date = text.parse::<NaiveDate>().ok();
        match date.filter(|date| date.to_string() == *text) {
            Some(date) => Ok(Some(date)),
            None => Err(Problem::parameter("session", "a date as YYYY-MM-DD", text)),
        }
    }

    pub(crate) fn text(&self, name: &'static str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// A ticker by its pattern.
pub(crate) fn ticker(text: &str) -> Result<Ticker, Problem> {
    Ticker::new(text)
        .map_err(|_| Problem::parameter("ticker", "1 to 10 of A-Z, 0-9, '.' and '-'", text))
}

/// A whole pick id.
pub(crate) fn pick_id(text: &str) -> Result<PickId, Problem> {
    text.parse()
        .map_err(|_| Problem::parameter("pick_id", "32 hexadecimal digits", text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_path_does_not_have_or_has_twice_is_refused() {
        let known = ["limit", "ticker"];
        for (text, kind) in [
            ("limit=5&x=1", Kind::UnknownParameter),
            ("limit=5&limit=5", Kind::UnknownParameter),
            ("limit=ten", Kind::BadParameter),
            ("limit=0", Kind::BadParameter),
            ("limit=201", Kind::BadParameter),
            ("limit=%2B5", Kind::BadParameter),
            ("limit=99999999999999999999", Kind::BadParameter),
            ("ticker=aapl", Kind::BadParameter),
            ("ticker=%00", Kind::BadParameter),
        ] {
            let found = Query::parse(text, &known)
                .and_then(|query| query.number("limit", 1..=200).and(query.ticker()));
            assert_eq!(found.unwrap_err().kind, kind, "{text}");
        }
        let query = Query::parse("limit=5&ticker=BRK-B", &known).unwrap();
        assert_eq!(query.number("limit", 1..=200).unwrap(), Some(5));
        assert_eq!(query.ticker().unwrap().unwrap().as_str(), "BRK-B");
    }
}
