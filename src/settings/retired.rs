//! Settings of earlier versions: by an old name they are read for this version, with a warning that
//! names the new one; those that lost their meaning are read, with a warning, and do nothing.

use std::fmt;

use config::{Value, ValueKind};

use super::error::Error;
use super::layer::{Layer, Origin};

/// Fate of a setting.
#[derive(Debug, Clone, Copy)]
enum Fate {
    /// Its number of milliseconds is now a span of time under this name.
    SpanAs(&'static str),
    /// It does nothing any more.
    Nothing,
}

/// Every retired key.
const RETIRED: [(&str, Fate); 7] = [
    ("yahoo.min_interval_ms", Fate::SpanAs("yahoo.min_interval")),
    (
        "alphavantage.min_interval_ms",
        Fate::SpanAs("alphavantage.min_interval"),
    ),
    ("market.retry_base_ms", Fate::SpanAs("market.retry_base")),
    ("forecast.gate.validation", Fate::Nothing),
    ("forecast.gate.folds", Fate::Nothing),
    ("forecast.gate.t", Fate::Nothing),
    ("forecast.interval.volatility_decay", Fate::Nothing),
];

/// A retired setting that was met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Retired {
    key: &'static str,
    origin: Origin,
    /// Its name now; none where it does nothing.
    now: Option<&'static str>,
}

impl fmt::Display for Retired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, origin, now } = self;
        match now {
            Some(now) => write!(
                f,
                "setting `{key}` (from {origin}) is called `{now}` now: rename it, the next version \
                 will refuse it"
            ),
            None => write!(
                f,
                "setting `{key}` (from {origin}) does nothing any more: remove it, the next version \
                 will refuse it"
            ),
        }
    }
}

/// Puts the values of retired settings under their names of today, within their layers.
///
/// # Errors
/// [`Error::BothNames`] where a setting is given by both names, in whatever layers: neither wins.
pub(super) fn translate(above: &mut [Layer]) -> Result<Vec<Retired>, Error> {
    let mut met = Vec::new();
    for (key, fate) in RETIRED {
        let now = match fate {
            Fate::SpanAs(now) => now,
            Fate::Nothing => {
                met.extend(above.iter_mut().filter_map(|layer| {
                    layer.values.remove(key).map(|_| Retired {
                        key,
                        origin: layer.origin.clone(),
                        now: None,
                    })
                }));
                continue;
            }
        };
        let by_new_name = above
            .iter()
            .find(|layer| layer.values.contains_key(now))
            .map(|layer| layer.origin.clone());
        for layer in above.iter_mut() {
            let Some(value) = layer.values.remove(key) else {
                continue;
            };
            let origin = layer.origin.clone();
            if let Some(other) = &by_new_name {
                let other = other.clone();
                return Err(Error::BothNames {
                    old: key,
                    origin,
                    new: now,
                    other,
                });
            }
            layer.values.insert(now.to_owned(), in_milliseconds(value));
            met.push(Retired {
                key,
                origin,
                now: Some(now),
            });
        }
    }
    Ok(met)
}

/// A number, or the text of one, as a span; anything else as it is.
fn in_milliseconds(value: Value) -> Value {
    let text = value.to_string();
    if text.parse::<f64>().is_ok() {
        return Value::new(None, ValueKind::String(format!("{text}ms")));
    }
    value
}
