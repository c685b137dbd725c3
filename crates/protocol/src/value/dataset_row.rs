//! The rows of a dataset: a session's bar and what its news amount to.

use crate::Error;
use crate::value::{Bar, SessionDate, within};

/// News of one session in numbers. "No news" is `sentiment: None`, which is not the same
/// as a mean of zero.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SessionNews {
    /// Mean score of the headlines, in [-1, 1].
    pub sentiment: Option<f64>,
    /// Number of them.
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

/// One session of a dataset: its bar, of which a record of the original has the close alone, and
/// its news.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DatasetRow {
    bar: Bar,
    news: SessionNews,
}

impl DatasetRow {
    /// A row of a bar and its session's news.
    #[must_use]
    pub fn new(bar: Bar, news: SessionNews) -> Self {
        Self { bar, news }
    }

    /// A row of which only the close is known.
    ///
    /// # Errors
    /// [`Error::Number`] when the close is not a price.
    pub fn with_close(session: SessionDate, close: f64, news: SessionNews) -> Result<Self, Error> {
        Ok(Self::new(Bar::of_close(session, close)?, news))
    }

    /// Its session.
    #[must_use]
    pub fn session(&self) -> SessionDate {
        self.bar.session()
    }

    /// The close, adjusted for splits.
    #[must_use]
    pub fn close(&self) -> f64 {
        self.bar.close()
    }

    /// The bar.
    #[must_use]
    pub fn bar(&self) -> &Bar {
        &self.bar
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

    #[test]
    fn a_count_of_zero_is_no_news_whatever_the_score() {
        let day: SessionDate = "2023-06-30".parse().unwrap();
        let news = SessionNews::new(day, Some(0.5), 0).unwrap();
        assert_eq!(news, SessionNews::default());
        let zero = SessionNews::new(day, Some(0.0), 3).unwrap();
        assert_eq!(zero.sentiment, Some(0.0));
        assert!(SessionNews::new(day, Some(1.5), 3).is_err());
    }
}
