//! Spans of time: a number of seconds (`20`, `0.5`) or text with a unit (`"250ms"`, `"20s"`, `"5m"`,
//! `"1h"`). Use as `#[serde(with = "closecall_settings::span")]`, and with `span::optional` where a
//! span may be left out.
//!
//! ```
//! use std::time::Duration;
//!
//! use closecall_settings::span;
//!
//! assert_eq!(span::parse("1.5m"), Ok(Duration::from_secs(90)));
//! assert_eq!(span::format(Duration::from_secs(90)), "90s");
//! assert!(span::parse("a while").is_err());
//! ```

use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

/// Reads a span.
///
/// # Errors
/// Says what was given and what is expected.
pub fn parse(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let millis = match text.strip_prefix(digits).unwrap_or_default() {
        "ms" => 1.0,
        "" | "s" => 1e3,
        "m" => 60e3,
        "h" => 3600e3,
        _ => f64::NAN,
    };
    digits
        .trim_end()
        .parse::<f64>()
        .ok()
        .and_then(|number| from_millis(number * millis))
        .ok_or_else(|| {
            format!("`{text}` is not a span of time: write seconds, or a number with ms, s, m or h")
        })
}

/// A span of whole milliseconds, so that what is written is what was read; none beyond what a float
/// counts exactly.
fn from_millis(millis: f64) -> Option<Duration> {
    let fits = millis.is_sign_positive() && millis <= 9e15;
    fits.then(|| Duration::from_millis(millis.round() as u64))
}

/// Writes a span in the largest unit that divides it.
#[must_use]
pub fn format(span: Duration) -> String {
    let millis = span.as_millis();
    match millis {
        0 => "0s".into(),
        _ if !millis.is_multiple_of(1000) => format!("{millis}ms"),
        _ if !millis.is_multiple_of(60_000) => format!("{}s", millis / 1000),
        _ if !millis.is_multiple_of(3_600_000) => format!("{}m", millis / 60_000),
        _ => format!("{}h", millis / 3_600_000),
    }
}

/// For serde's `with`.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(span: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format(*span))
}

/// For serde's `with`.
///
/// # Errors
/// When the value is neither a number of seconds nor text with a unit.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Span {
        Seconds(f64),
        Text(String),
    }
    match Span::deserialize(deserializer)? {
        Span::Seconds(seconds) => from_millis(seconds * 1e3)
            .ok_or_else(|| D::Error::custom(format!("{seconds} seconds is not a span of time"))),
        Span::Text(text) => parse(&text).map_err(D::Error::custom),
    }
}

/// Spans that may be left out: `#[serde(default, with = "closecall_settings::span::optional")]`.
pub mod optional {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// For serde's `with`.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(
        span: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        span.map(super::format).serialize(serializer)
    }

    /// For serde's `with`.
    ///
    /// # Errors
    /// When there is a value that is no span.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        #[derive(Deserialize)]
        struct Given(#[serde(with = "super")] Duration);

        let given = Option::<Given>::deserialize(deserializer)?;
        Ok(given.map(|given| given.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn units_are_understood_and_others_refused() {
        assert_eq!(parse("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(parse("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!(parse("5 m"), Ok(Duration::from_secs(300)));
        assert_eq!(parse("1h"), Ok(Duration::from_secs(3600)));
        for bad in ["", "s", "-1s", "1d", "NaN", "inf", "1e400", "1s2"] {
            assert!(parse(bad).is_err(), "{bad} was accepted");
        }
    }

    #[test]
    fn a_span_may_be_left_out() {
        #[derive(Debug, PartialEq, Deserialize, serde::Serialize)]
        struct Waits {
            #[serde(default, with = "optional")]
            least: Option<Duration>,
        }
        let read = |json: &str| serde_json::from_str::<Waits>(json).map(|waits| waits.least);
        assert_eq!(read("{}").unwrap(), None);
        assert_eq!(read(r#"{"least": null}"#).unwrap(), None);
        let second = Some(Duration::from_secs(1));
        assert_eq!(read(r#"{"least": "1s"}"#).unwrap(), second);
        assert!(read(r#"{"least": "soon"}"#).is_err());
        let written = serde_json::to_string(&Waits { least: second }).unwrap();
        assert_eq!(read(&written).unwrap(), second);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(millis in 0_u64..10_000_000_000) {
            let span = Duration::from_millis(millis);
            let back = parse(&format(span)).unwrap();
            prop_assert_eq!(back, span);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,12}") {
            drop(parse(&text));
        }
    }
}
