//! Daily prices and the rows that are made of them.

use crate::Error;
use crate::value::{SessionDate, price, within};

/// Single-precision prices printed as doubles may miss high or low by a rounding: this share of
/// the price is tolerated.
const ROUNDING: f64 = 1e-5;

/// The numbers of a daily bar, in the currency of the quote; `volume` in shares.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "the standard names of a bar's numbers")]
pub struct Quote {
    pub open: f64,
    pub high: f64,
    pub low: f64,
    /// Adjusted for splits, not for dividends.
    pub close: f64,
    /// Adjusted for both.
    pub adj_close: f64,
    pub volume: f64,
}

/// A finished session's daily bar, validated: finite positive prices, low ≤ open, close ≤ high.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    session: SessionDate,
    quote: Quote,
}

impl Bar {
    /// # Errors
    /// [`Error::Number`] naming the number that breaks a rule.
    pub fn new(session: SessionDate, quote: Quote) -> Result<Self, Error> {
        let Quote {
            open,
            high,
            low,
            close,
            adj_close,
            volume,
        } = quote;
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
        Ok(Self { session, quote })
    }

    /// The session it belongs to.
    #[must_use]
    pub fn session(&self) -> SessionDate {
        self.session
    }

    /// Its numbers.
    #[must_use]
    pub fn quote(&self) -> &Quote {
        &self.quote
    }
}

/// What the news of one session amount to. "No news" is `sentiment: None`, which is not the same
/// as a mean of zero.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SessionNews {
    /// Mean score of the headlines, in [-1, 1].
    pub sentiment: Option<f64>,
    /// How many there were.
    pub articles: u32,
}

impl SessionNews {
    /// # Errors
    /// [`Error::Number`] for a score outside [-1, 1].
    pub fn new(session: SessionDate, sentiment: Option<f64>, articles: u32) -> Result<Self, Error> {
        let Some(score) = sentiment.filter(|_| articles > 0) else {
            return Ok(Self::default());
        };
        within(
            "sentiment",
            score,
            session,
            -1.0,
            1.0,
            "a sentiment lies between -1 and 1",
        )?;
        Ok(Self {
            sentiment: Some(score),
            articles,
        })
    }
}

/// One session of a dataset: its close, its news, and the rest of the bar where it is known (a
/// record of the original has closes and sentiment only).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DatasetRow {
    session: SessionDate,
    close: f64,
    bar: Option<Bar>,
    news: SessionNews,
}

impl DatasetRow {
    /// A row with a whole bar.
    #[must_use]
    pub fn with_bar(bar: Bar, news: SessionNews) -> Self {
        Self {
            session: bar.session,
            close: bar.quote.close,
            bar: Some(bar),
            news,
        }
    }

    /// A row of which only the close is known.
    ///
    /// # Errors
    /// [`Error::Number`] when the close is not a price.
    pub fn with_close(session: SessionDate, close: f64, news: SessionNews) -> Result<Self, Error> {
        Ok(Self {
            session,
            close: price("close", close, session)?,
            bar: None,
            news,
        })
    }

    /// Its session.
    #[must_use]
    pub fn session(&self) -> SessionDate {
        self.session
    }

    /// The close, adjusted for splits.
    #[must_use]
    pub fn close(&self) -> f64 {
        self.close
    }

    /// The whole bar, where known.
    #[must_use]
    pub fn bar(&self) -> Option<&Bar> {
        self.bar.as_ref()
    }

    /// The session's news.
    #[must_use]
    pub fn news(&self) -> SessionNews {
        self.news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Quote = Quote {
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
                Quote {
                    close: f64::NAN,
                    ..GOOD
                },
                "close",
            ),
            (
                Quote {
                    open: f64::INFINITY,
                    ..GOOD
                },
                "open",
            ),
            (Quote { low: 0.0, ..GOOD }, "low"),
            (Quote { high: -1.0, ..GOOD }, "high"),
            (
                Quote {
                    adj_close: 1e308,
                    ..GOOD
                },
                "adj_close",
            ),
            (
                Quote {
                    volume: -1.0,
                    ..GOOD
                },
                "volume",
            ),
            (
                Quote {
                    close: 12.0,
                    ..GOOD
                },
                "close",
            ),
            (Quote { open: 8.0, ..GOOD }, "open"),
        ];
        for (quote, name) in refused {
            match Bar::new(day(), quote) {
                Err(Error::Number { field, .. }) => assert_eq!(field, name),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn a_count_of_zero_is_no_news_whatever_the_score() {
        let news = SessionNews::new(day(), Some(0.5), 0).unwrap();
        assert_eq!(news, SessionNews::default());
        let zero = SessionNews::new(day(), Some(0.0), 3).unwrap();
        assert_eq!(zero.sentiment, Some(0.0));
        assert!(SessionNews::new(day(), Some(1.5), 3).is_err());
    }
}
