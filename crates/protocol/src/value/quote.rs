//! The price of the moment, or why there is none.

use chrono::{DateTime, Utc};
use closecall_calendar::Calendar;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

use crate::value::{PriceRange, Provider, SessionTimes};

/// The price of the target session as it was known at the as-of time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(from = "QuoteFields", into = "QuoteFields")]
pub struct Quote {
    /// The price.
    pub price: f64,
    /// When that price was true, which is not when it was asked for.
    pub at: DateTime<Utc>,
    /// The session's opening price.
    pub open: f64,
    /// Low and high of the session up to `at`; they hold price and opening.
    pub range: Option<PriceRange>,
    /// Provider of the price.
    pub source: Provider,
}

/// A quote as JSON writes it.
#[derive(Serialize, Deserialize)]
struct QuoteFields {
    price: f64,
    at: DateTime<Utc>,
    open: f64,
    high: Option<f64>,
    low: Option<f64>,
    source: Provider,
}

impl From<Quote> for QuoteFields {
    fn from(quote: Quote) -> Self {
        Self {
            price: quote.price,
            at: quote.at,
            open: quote.open,
            high: quote.range.map(|range| range.high),
            low: quote.range.map(|range| range.low),
            source: quote.source,
        }
    }
}

impl From<QuoteFields> for Quote {
    fn from(fields: QuoteFields) -> Self {
        let range = fields
            .low
            .zip(fields.high)
            .and_then(|(low, high)| PriceRange::new(low, high));
        Self {
            price: fields.price,
            at: fields.at,
            open: fields.open,
            range,
            source: fields.source,
        }
    }
}

impl Quote {
    /// The quote as the protocol takes it: its time lies in the session and not after `as_of`, and
    /// price and opening are prices. The range is widened to hold both.
    ///
    /// # Errors
    /// [`QuoteAbsent::Implausible`] for any other.
    pub fn accepted(
        self,
        session: &SessionTimes,
        as_of: DateTime<Utc>,
    ) -> Result<Self, QuoteAbsent> {
        let in_time = session.open() <= self.at && self.at <= as_of && self.at < session.close();
        let priced = PriceRange::new(self.price, self.price).is_some()
            && PriceRange::new(self.open, self.open).is_some();
        if !(in_time && priced) {
            return Err(QuoteAbsent::Implausible);
        }
        Ok(Self {
            range: self.range.map(|r| r.with(self.price).with(self.open)),
            ..self
        })
    }
}

/// Reason that a forecast rests on the last close.
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
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum QuoteAbsent {
    /// The exchange is closed on the day, or has closed for it.
    Closed,
    /// The target session opens later on the day.
    NotYetOpen,
    /// No price of the running session was to be had.
    NoQuote,
    /// There was one, and it contradicts what else is known.
    Implausible,
}

impl QuoteAbsent {
    /// The reason that there is no quote at `as_of` of a session for which none came.
    #[must_use]
    pub fn at(as_of: DateTime<Utc>, session: &SessionTimes) -> Self {
        if session.open() <= as_of && as_of < session.close() {
            Self::NoQuote
        } else if as_of < session.open()
            && Calendar::date_at(as_of) == Calendar::date_at(session.open())
        {
            Self::NotYetOpen
        } else {
            Self::Closed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn session() -> SessionTimes {
        SessionTimes::new(at("2023-06-30T13:30:00Z"), at("2023-06-30T20:00:00Z")).unwrap()
    }

    fn quote() -> Quote {
        Quote {
            price: 191.0,
            at: at("2023-06-30T14:00:00Z"),
            open: 190.0,
            range: PriceRange::new(190.2, 190.8),
            source: Provider::Yahoo,
        }
    }

    #[test]
    fn a_quote_is_of_its_session_and_known_in_time() {
        let as_of = at("2023-06-30T14:00:30Z");
        let taken = quote().accepted(&session(), as_of).unwrap();
        assert_eq!(taken.range, PriceRange::new(190.0, 191.0));
        for (field, spoilt) in [
            (
                "late",
                Quote {
                    at: at("2023-06-30T14:00:31Z"),
                    ..quote()
                },
            ),
            (
                "early",
                Quote {
                    at: at("2023-06-30T13:29:59Z"),
                    ..quote()
                },
            ),
            (
                "price",
                Quote {
                    price: f64::NAN,
                    ..quote()
                },
            ),
            (
                "open",
                Quote {
                    open: 0.0,
                    ..quote()
                },
            ),
        ] {
            let refused = spoilt.accepted(&session(), as_of);
            assert_eq!(refused, Err(QuoteAbsent::Implausible), "{field}");
        }
        let at_close = Quote {
            at: session().close(),
            ..quote()
        };
        assert!(
            at_close
                .accepted(&session(), at("2023-07-01T00:00:00Z"))
                .is_err()
        );
    }

    #[test]
    fn json_keeps_a_quote_to_the_bit() {
        let text = serde_json::to_string(&quote()).unwrap();
        assert_eq!(
            text,
            r#"{"price":191.0,"at":"2023-06-30T14:00:00Z","open":190.0,"high":190.8,"low":190.2,"source":"yahoo"}"#
        );
        assert_eq!(serde_json::from_str::<Quote>(&text).unwrap(), quote());
    }

    #[test]
    fn the_reason_follows_from_the_hour() {
        let reason = |text| QuoteAbsent::at(at(text), &session());
        assert_eq!(reason("2023-06-29T21:00:00Z"), QuoteAbsent::Closed);
        assert_eq!(reason("2023-06-30T13:29:59Z"), QuoteAbsent::NotYetOpen);
        assert_eq!(reason("2023-06-30T13:30:00Z"), QuoteAbsent::NoQuote);
        assert_eq!(reason("2023-06-30T20:00:00Z"), QuoteAbsent::Closed);
    }
}
