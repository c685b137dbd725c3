//! Recorded data of one ticker, as plain values, and the headlines' scores.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use closecall_protocol::{Article, Bar, Quote, QuoteAbsent, SessionDate, SessionTimes, Ticker};
use closecall_sentiment::{Scorer, Scores};

/// Everything recorded of one ticker.
#[derive(Debug, Clone)]
pub struct History {
    /// The ticker.
    pub ticker: Ticker,
    /// Daily bars, ascending.
    pub bars: Vec<Bar>,
    /// Articles, ascending by time.
    pub articles: Vec<Article>,
    /// Later versions of bars, ascending by the time they were first seen. A recorded file has
    /// none: its bars are one vintage.
    pub revisions: Vec<BarRevision>,
}

/// A bar as it was seen again, with other numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BarRevision {
    /// When it was first seen so. Before that the version before it holds.
    pub seen: DateTime<Utc>,
    /// The bar.
    pub bar: Bar,
}

impl History {
    /// The close of a session, where there is one.
    #[must_use]
    pub fn close_of(&self, session: SessionDate) -> Option<f64> {
        let found = self.bars.binary_search_by_key(&session, Bar::session);
        found.ok().map(|at| self.bars[at].close())
    }

    /// The bars of the sessions from `first` to `last`, both included, as they had been seen by
    /// `as_of`.
    pub(crate) fn bars_between(
        &self,
        first: SessionDate,
        last: SessionDate,
        as_of: DateTime<Utc>,
    ) -> Vec<Bar> {
        let start = self.bars.partition_point(|bar| bar.session() < first);
        let end = self.bars.partition_point(|bar| bar.session() <= last);
        let mut bars = self.bars.get(start..end).unwrap_or_default().to_vec();
        for revision in self.revisions.iter().filter(|r| r.seen <= as_of) {
            let place = bars.binary_search_by_key(&revision.bar.session(), Bar::session);
            if let Ok(at) = place {
                bars[at] = revision.bar;
            }
        }
        bars
    }

    /// The articles published in `[from, to]`.
    pub(crate) fn articles_between(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> &[Article] {
        let start = self.articles.partition_point(|a| a.published < from);
        let end = self.articles.partition_point(|a| a.published <= to);
        self.articles.get(start..end).unwrap_or_default()
    }
}

/// Prices of a session at a moment. The rules by which a quote is accepted are the
/// pipeline's; an implementation applies them to the recorded bars.
pub trait Quotes: Sync {
    /// The quote of `ticker` at `as_of`, or why there is none.
    fn quote(
        &self,
        ticker: &Ticker,
        session: &SessionTimes,
        as_of: DateTime<Utc>,
        last_close: f64,
    ) -> Result<Quote, QuoteAbsent>;

    /// Whether prices inside the session are recorded. Where they are not, only its opening is
    /// known, and later times of the day would ask the same again.
    fn inside(&self, ticker: &Ticker, session: &SessionTimes) -> bool;
}

/// A scorer that scores each headline once: a walk meets the same one hundreds of times.
pub struct ScoredHeadlines<S> {
    scorer: S,
    scores: RwLock<HashMap<Arc<str>, Scores>>,
}

impl<S: Scorer> ScoredHeadlines<S> {
    /// Remembers what `scorer` says.
    pub fn new(scorer: S) -> Self {
        Self {
            scorer,
            scores: RwLock::default(),
        }
    }
}

impl<S: Scorer> Scorer for ScoredHeadlines<S> {
    fn name(&self) -> &'static str {
        self.scorer.name()
    }

    fn text_of<'a>(&self, article: &'a Article) -> Cow<'a, str> {
        self.scorer.text_of(article)
    }

    fn counts(&self, ticker: &Ticker, article: &Article) -> bool {
        self.scorer.counts(ticker, article)
    }

    fn score(&self, headline: &str) -> Scores {
        // A panic elsewhere cannot leave the map half changed: an entry is put in whole.
        let known = self.scores.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(scores) = known.get(headline) {
            return *scores;
        }
        drop(known);
        let scores = self.scorer.score(headline);
        let mut known = self.scores.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(headline.into(), scores);
        scores
    }
}

impl<S> fmt::Debug for ScoredHeadlines<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScoredHeadlines").finish_non_exhaustive()
    }
}
