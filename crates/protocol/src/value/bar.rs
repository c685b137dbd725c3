//! Daily prices, of which everything but the close may be unknown.

use crate::Error;
use crate::value::{SessionDate, price, within};

/// Single-precision prices printed as doubles may miss high or low by a rounding: this share of
/// the price is tolerated.
const ROUNDING: f64 = 1e-5;

/// The numbers of a whole daily bar, in the currency of the quote; `volume` in shares.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "the standard names of a bar's numbers")]
pub struct Ohlcv {
    pub open: f64,
    pub high: f64,
    pub low: f64,
    /// Adjusted for splits, not for dividends.
    pub close: f64,
    /// Adjusted for both.
    pub adj_close: f64,
    pub volume: f64,
}

/// A low and a high: finite positive prices, the low not above the high.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "the standard names of a range's ends")]
pub struct PriceRange {
    pub low: f64,
    pub high: f64,
}

impl PriceRange {
    /// Of two prices; `None` where one is no price or the low lies above the high.
    #[must_use]
    pub fn new(low: f64, high: f64) -> Option<Self> {
        (is_price(low) && is_price(high) && low <= high).then_some(Self { low, high })
    }

    /// The same range, widened where it takes that to hold `value`.
    #[must_use]
    pub fn with(self, value: f64) -> Self {
        Self {
            low: self.low.min(value),
            high: self.high.max(value),
        }
    }

    fn holds(self, value: f64) -> bool {
        self.low * (1.0 - ROUNDING) <= value && value <= self.high * (1.0 + ROUNDING)
    }
}

/// A finished session's daily bar. The close is a price; of the other numbers each is known and
/// sound, or unknown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    session: SessionDate,
    close: f64,
    open: Option<f64>,
    range: Option<PriceRange>,
    adj_close: Option<f64>,
    volume: Option<f64>,
}

impl Bar {
    /// A whole bar: finite positive prices, low ≤ open, close ≤ high.
    ///
    /// # Errors
    /// [`Error::Number`] naming the number that breaks a rule.
    pub fn new(session: SessionDate, numbers: Ohlcv) -> Result<Self, Error> {
        let Ohlcv {
            open,
            high,
            low,
            close,
            adj_close,
            volume,
        } = numbers;
        for (field, value) in [
            ("open", open),
            ("high", high),
            ("low", low),
            ("close", close),
            ("adj_close", adj_close),
        ] {
            price(field, value, session)?;
        }
        within(
            "volume",
            volume,
            session,
            0.0,
            1e15,
            "a volume is between 0 and 1e15",
        )?;
        let (floor, ceiling) = (low * (1.0 - ROUNDING), high * (1.0 + ROUNDING));
        for (field, value) in [("open", open), ("close", close)] {
            within(
                field,
                value,
                session,
                floor,
                ceiling,
                "it lies between the low and the high",
            )?;
        }
        Ok(Self {
            session,
            close,
            open: Some(open),
            range: Some(PriceRange { low, high }),
            adj_close: Some(adj_close),
            volume: Some(volume),
        })
    }

    /// A bar of which the close alone is known; the others are added by the `with_` methods.
    ///
    /// # Errors
    /// [`Error::Number`] when the close is not a price.
    pub fn of_close(session: SessionDate, close: f64) -> Result<Self, Error> {
        Ok(Self {
            session,
            close: price("close", close, session)?,
            open: None,
            range: None,
            adj_close: None,
            volume: None,
        })
    }

    /// Adds the opening; one that is no price, or that the range contradicts, stays unknown.
    #[must_use]
    pub fn with_open(mut self, open: Option<f64>) -> Self {
        self.open = open.filter(|open| is_price(*open));
        self
    }

    /// Adds low and high. Both stay unknown where one is missing or no price, where the low lies
    /// above the high, and where open or close lie outside: then it is not known which is wrong,
    /// and the close is the one that is read.
    #[must_use]
    pub fn with_range(mut self, low: Option<f64>, high: Option<f64>) -> Self {
        self.range = low
            .zip(high)
            .and_then(|(low, high)| PriceRange::new(low, high))
            .filter(|range| range.holds(self.close))
            .filter(|range| self.open.is_none_or(|open| range.holds(open)));
        self
    }

    /// Adds the close adjusted for dividends; one that is no price stays unknown.
    #[must_use]
    pub fn with_adj_close(mut self, adj_close: Option<f64>) -> Self {
        self.adj_close = adj_close.filter(|price| is_price(*price));
        self
    }

    /// Adds the volume in shares; one outside 0 to 1e15 stays unknown.
    #[must_use]
    pub fn with_volume(mut self, volume: Option<f64>) -> Self {
        self.volume = volume.filter(|shares| (0.0..=1e15).contains(shares));
        self
    }

    /// The session it belongs to.
    #[must_use]
    pub fn session(&self) -> SessionDate {
        self.session
    }

    /// The close, adjusted for splits, not for dividends.
    #[must_use]
    pub fn close(&self) -> f64 {
        self.close
    }

    /// The opening.
    #[must_use]
    pub fn open(&self) -> Option<f64> {
        self.open
    }

    /// Low and high.
    #[must_use]
    pub fn range(&self) -> Option<PriceRange> {
        self.range
    }

    /// The close, adjusted for splits and dividends.
    #[must_use]
    pub fn adj_close(&self) -> Option<f64> {
        self.adj_close
    }

    /// Shares traded.
    #[must_use]
    pub fn volume(&self) -> Option<f64> {
        self.volume
    }
}

/// Whether a price can be so: finite, above 0, at most 1e9.
fn is_price(value: f64) -> bool {
    (f64::MIN_POSITIVE..=1e9).contains(&value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Ohlcv = Ohlcv {
        open: 10.0,
        high: 11.0,
        low: 9.0,
        close: 10.5,
        adj_close: 10.1,
        volume: 1e6,
    };

    fn day() -> SessionDate {
        "2023-06-30".parse().unwrap()
    }

    #[test]
    fn impossible_bars_are_refused_by_name() {
        assert!(Bar::new(day(), GOOD).is_ok());
        let refused = [
            (
                Ohlcv {
                    close: f64::NAN,
                    ..GOOD
                },
                "close",
            ),
            (
                Ohlcv {
                    open: f64::INFINITY,
                    ..GOOD
                },
                "open",
            ),
            (Ohlcv { low: 0.0, ..GOOD }, "low"),
            (Ohlcv { high: -1.0, ..GOOD }, "high"),
            (
                Ohlcv {
                    adj_close: 1e308,
                    ..GOOD
                },
                "adj_close",
            ),
            (
                Ohlcv {
                    volume: -1.0,
                    ..GOOD
                },
                "volume",
            ),
            (
                Ohlcv {
                    close: 12.0,
                    ..GOOD
                },
                "close",
            ),
            (Ohlcv { open: 8.0, ..GOOD }, "open"),
        ];
        for (quote, name) in refused {
            match Bar::new(day(), quote) {
                Err(Error::Number { field, .. }) => assert_eq!(field, name),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn a_field_that_is_wrong_costs_itself_and_never_the_close() {
        let bar = Bar::of_close(day(), 10.5).unwrap();
        assert_eq!(bar.with_open(Some(-1.0)).open(), None);
        assert_eq!(bar.with_volume(Some(f64::NAN)).volume(), None);
        assert_eq!(bar.with_adj_close(Some(-3.0)).adj_close(), None);
        let opened = bar.with_open(Some(10.0));
        assert_eq!(opened.with_range(Some(10.2), Some(11.0)).range(), None);
        assert_eq!(opened.with_range(Some(9.0), Some(10.4)).range(), None);
        assert_eq!(opened.with_range(Some(9.0), None).range(), None);
        let whole = opened
            .with_range(Some(9.0), Some(11.0))
            .with_adj_close(Some(10.1))
            .with_volume(Some(1e6));
        assert_eq!(whole, Bar::new(day(), GOOD).unwrap());
        assert!(Bar::of_close(day(), f64::NAN).is_err());
    }
}
