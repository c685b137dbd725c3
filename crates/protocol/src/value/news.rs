//! Scores of headlines and their sums, as whole numbers: a sum of them is exact in any order.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::Error;

/// The score of one headline: whole ten-thousandths, from −10,000 to 10,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TitleScore(i16);

impl TitleScore {
    /// The largest score.
    const MAX: i16 = 10_000;

    /// The score nearest to `compound`, which lies in [-1, 1].
    ///
    /// # Errors
    /// [`Error::Score`] when it does not.
    pub fn of_compound(compound: f64) -> Result<Self, Error> {
        let scaled = (compound * f64::from(Self::MAX)).round();
        if scaled.abs() <= f64::from(Self::MAX) {
            return Ok(Self(scaled as i16));
        }
        Err(Error::Score {
            value: compound.to_string(),
        })
    }

    /// A score that was stored as ten-thousandths; `None` outside of them.
    #[must_use]
    pub fn of_ten_thousandths(value: i64) -> Option<Self> {
        let value = i16::try_from(value).ok()?;
        (value.unsigned_abs() <= Self::MAX.unsigned_abs()).then_some(Self(value))
    }

    /// The score in ten-thousandths.
    #[must_use]
    pub fn ten_thousandths(self) -> i64 {
        self.0.into()
    }

    /// The score in [-1, 1].
    #[must_use]
    pub fn value(self) -> f64 {
        f64::from(self.0) / f64::from(Self::MAX)
    }
}

/// The news of one row of a dataset, added up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NewsSum {
    /// Articles, each of them.
    pub articles: u32,
    /// Titles, each once a New York day.
    pub titles: u32,
    /// Scores of those titles together, in ten-thousandths.
    pub score: i64,
}

impl NewsSum {
    /// Adds an article; with its score where its title counts.
    pub fn add(&mut self, score: Option<TitleScore>) {
        self.articles = self.articles.saturating_add(1);
        if let Some(score) = score {
            self.titles = self.titles.saturating_add(1);
            self.score += score.ten_thousandths();
        }
    }

    /// The mean score of the titles; `None` where there are none.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        let whole = f64::from(TitleScore::MAX) * f64::from(self.titles);
        // Exact: no sum comes near 2^53.
        (self.titles > 0).then(|| self.score as f64 / whole)
    }
}

/// The sum over the articles published after one moment and up to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewsSpanSum {
    /// Published after this moment.
    pub after: DateTime<Utc>,
    /// And up to this one.
    pub until: DateTime<Utc>,
    /// Their sum.
    pub sum: NewsSum,
}

/// Sums that stand for articles of a scrape, and between which moments a sum of its articles may be
/// kept. The default has no sums, and none is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewsSums {
    /// The scrape has every stored article from this moment on (or its sum).
    pub from: DateTime<Utc>,
    /// Up to this one.
    pub until: DateTime<Utc>,
    /// Counts the changes of the ticker's stored articles: a sum of a state that has changed since
    /// is not kept.
    pub revision: i64,
    /// Identities by which the store knows the scrape's articles, in their order.
    pub identities: Arc<ArticleIdentities>,
    /// The sums, ascending.
    pub spans: Arc<[NewsSpanSum]>,
}

/// Identities of articles in one text: a first scrape has a hundred thousand, and a text of its own for
/// each would weigh as much again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArticleIdentities {
    text: String,
    ends: Vec<usize>,
}

impl ArticleIdentities {
    /// Adds the identity of the next article.
    pub fn push(&mut self, identity: &str) {
        self.text.push_str(identity);
        self.ends.push(self.text.len());
    }

    /// The identity of the article at `place`, counted from 0.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<&str> {
        let start = match place.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.text.get(start..*self.ends.get(place)?)
    }

    /// Gives back what was taken to grow into.
    pub fn shrink_to_fit(&mut self) {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}

/// Results of scoring a scrape beside its dataset, to be kept with its articles.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewsScored {
    /// The scorer and its version.
    pub scorer: &'static str,
    /// Scores that were not known, each with its article's place in the scrape.
    pub scores: Vec<(usize, TitleScore)>,
    /// Sums that were not known.
    pub sums: Vec<NewsSpanSum>,
}

impl NewsScored {
    /// Whether there is nothing to keep.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.scores.is_empty() && self.sums.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_come_back_as_they_went_in() {
        let mut identities = ArticleIdentities::default();
        assert_eq!(identities.get(0), None);
        for identity in ["https://a.example/1", "", "é"] {
            identities.push(identity);
        }
        identities.shrink_to_fit();
        let read: Vec<_> = (0..4).map(|place| identities.get(place)).collect();
        assert_eq!(
            read,
            [Some("https://a.example/1"), Some(""), Some("é"), None]
        );
    }

    #[test]
    fn a_score_is_whole_ten_thousandths_within_one() {
        let of = |compound| TitleScore::of_compound(compound).map(TitleScore::ten_thousandths);
        assert_eq!(of(0.2924).unwrap(), 2_924);
        assert_eq!(of(-1.0).unwrap(), -10_000);
        for wild in [1.01, -1.2, f64::NAN, f64::INFINITY] {
            assert!(of(wild).is_err(), "{wild}");
        }
        assert_eq!(TitleScore::of_ten_thousandths(10_001), None);
        assert_eq!(TitleScore::of_ten_thousandths(i64::MIN), None);
    }

    #[test]
    fn a_sum_counts_articles_and_means_titles() {
        let mut sum = NewsSum::default();
        assert_eq!(sum.mean(), None);
        sum.add(TitleScore::of_ten_thousandths(5_000));
        sum.add(None);
        sum.add(TitleScore::of_ten_thousandths(-1_000));
        assert_eq!((sum.articles, sum.titles, sum.mean()), (3, 2, Some(0.2)));
    }
}
