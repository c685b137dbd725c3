//! Which row an article belongs to, and the mean of each row.
//!
//! ```text
//!   opening of the row before          the row's opening          its close
//! ───────────┤════════ articles of this row ════════├──────────────────┤────▶
//! ```
//!
//! A row holds what was published after the opening of the row before it, up to its own opening.
//! News of the session's own hours mostly report the move that is to be forecast, so they count to
//! the next row, and a forecast made at ten in the morning sees its live row cut exactly as it was
//! trained. Nothing after the as-of time exists at all.
//!
//! The same headline on many sites is one headline: within a row, the mean takes a title once per
//! New York day. The count takes every article.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use closecall_calendar::Calendar;
use closecall_protocol::{
    Article, Bar, DatasetBuilt, DatasetRow, MarketScraped, SessionDate, SessionNews,
};

use crate::error::Error;
use crate::scorer::Scorer;

/// Builds datasets: scores articles with its scorer and assigns them to the calendar's sessions.
pub struct DatasetBuilder {
    calendar: Calendar,
    scorer: Box<dyn Scorer>,
}

impl fmt::Debug for DatasetBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatasetBuilder").finish_non_exhaustive()
    }
}

impl DatasetBuilder {
    /// A builder that scores with `scorer`.
    #[must_use]
    pub fn new(calendar: Calendar, scorer: impl Scorer + 'static) -> Self {
        Self {
            calendar,
            scorer: Box::new(scorer),
        }
    }

    /// Scores the articles of a scrape and joins them to its bars: one row a bar, ascending, plus
    /// the live news of the target session. A session without a single article has no mean, which
    /// is not a mean of zero. Linear in articles and bars.
    ///
    /// # Errors
    /// [`Error::NoBars`] when the scrape holds no bar.
    pub fn build(&self, scraped: &MarketScraped) -> Result<DatasetBuilt, Error> {
        let cuts = Cuts::new(scraped, &self.calendar)?;
        let mut means = vec![Mean::default(); scraped.bars.len() + 1];
        let mut seen = HashSet::with_capacity(scraped.articles.len());
        for article in scraped.articles.iter() {
            let Some(row) = cuts.row(article.published) else {
                continue;
            };
            means[row].articles = means[row].articles.saturating_add(1);
            if seen.insert((
                row,
                Calendar::date_at(article.published),
                normalised(article),
            )) {
                means[row].sum += self.scorer.score(&article.title).compound;
                means[row].titles += 1.0;
            }
        }

        // The last mean is the live row's; the others pair off with the bars.
        let rows = scraped
            .bars
            .iter()
            .zip(&means)
            .map(|(bar, mean)| Ok(DatasetRow::new(*bar, mean.news(bar.session())?)))
            .collect::<Result<Arc<[_]>, Error>>()?;
        let live = match means.last() {
            Some(mean) => mean.news(scraped.target)?,
            None => SessionNews::default(),
        };
        Ok(DatasetBuilt {
            pick: scraped.pick.clone(),
            target: scraped.target,
            session: scraped.session,
            sessions_ahead: scraped.sessions_ahead,
            quote: scraped.quote,
            provider: Some(scraped.provider),
            provisional: scraped.provisional,
            repairs: Arc::clone(&scraped.repairs),
            rows,
            live,
            fetched_at: Some(scraped.fetched_at),
        })
    }
}

/// The moments between rows, ascending: one before the first row, one at each row's end.
struct Cuts(Vec<DateTime<Utc>>);

impl Cuts {
    fn new(scraped: &MarketScraped, calendar: &Calendar) -> Result<Self, Error> {
        let ticker = || scraped.pick.ticker.clone();
        let first = scraped
            .bars
            .first()
            .ok_or_else(|| Error::NoBars { ticker: ticker() })?;
        let mut cut = calendar.previous(first.session().date()).open;
        let mut cuts = vec![cut];
        let opening = |date: SessionDate| calendar.session(date.date()).map(|s| s.open);
        for date in scraped.bars.iter().map(Bar::session) {
            // A bar on a day the calendar calls closed takes no news; the next row takes them.
            cut = opening(date).unwrap_or(cut);
            cuts.push(cut);
        }
        let as_of = scraped.pick.as_of();
        cuts.push(opening(scraped.target).unwrap_or(as_of));
        Ok(Self(cuts.into_iter().map(|cut| cut.min(as_of)).collect()))
    }

    /// The row of an article: an index into the bars, or their number for the live row. `None`
    /// before the first row and after the last cut.
    fn row(&self, published: DateTime<Utc>) -> Option<usize> {
        let passed = self.0.partition_point(|cut| *cut < published);
        (passed < self.0.len()).then_some(passed)?.checked_sub(1)
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Mean {
    sum: f64,
    titles: f64,
    articles: u32,
}

impl Mean {
    fn news(&self, session: SessionDate) -> Result<SessionNews, Error> {
        let mean = (self.articles > 0).then(|| self.sum / self.titles);
        Ok(SessionNews::new(session, mean, self.articles)?)
    }
}

/// A title as it is compared: letters and digits only, in lower case, so that punctuation and
/// spacing of another site make no other headline.
fn normalised(article: &Article) -> String {
    let folded: String = article
        .title
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    // A title of signs alone is compared as it is.
    if folded.is_empty() {
        article.title.clone()
    } else {
        folded
    }
}

#[cfg(test)]
mod tests;
