//! From a scrape to a dataset: the mean of each row's news joined to its bar.
//!
//! A row's news are one sum ([`NewsSum`]) of whole numbers, so the order of the articles does not
//! matter, and a sum that was kept stands for its articles exactly. A scrape brings the sums that
//! its store has, and articles only where there is none: those of rows with something new, and of
//! the two rows at the window's ends. [`DatasetBuilder::fold`] gives back what it scored and added
//! up, for the store to keep:
//!
//! ```text
//! store ──▶ sums of unchanged rows ────────────────┐
//!   ▲  └──▶ articles of the other rows ──▶ score ──▶ add ──▶ mean of each row
//!   └────────────── scores, sums ◀────────────┴──────┘
//! ```
//!
//! The assignment of articles to rows is in [`NewsRows`]. The same headline on many sites is one
//! headline: within a row, the mean takes a title once per New York day. The count takes every
//! article.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use chrono::NaiveDate;
use closecall_calendar::{Calendar, NewsRows};
use closecall_protocol::{
    Article, Bar, DatasetBuilt, DatasetRow, Headline, MarketScraped, NewsScored, NewsSpanSum,
    NewsSum, SessionDate, SessionNews, TitleScore,
};

use crate::error::Error;
use crate::scorer::Scorer;

/// Scores that were not known before, each with its article's place in the scrape.
type NewScores = Vec<(usize, TitleScore)>;

/// Sums over the articles of a scrape.
struct Sums {
    /// Of each row, the live row's last.
    sums: Vec<NewsSum>,
    scores: NewScores,
    /// Of the live row, where they are kept.
    headlines: Vec<Headline>,
}

/// An article's row, its New York day and its place in the scrape.
struct Placed {
    row: usize,
    day: NaiveDate,
    place: usize,
}

/// Builds datasets: scores articles with its scorer and assigns them to the calendar's sessions.
pub struct DatasetBuilder {
    calendar: Calendar,
    scorer: Box<dyn Scorer>,
    keeps_headlines: bool,
}

impl fmt::Debug for DatasetBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatasetBuilder")
            .field("scorer", &self.scorer.name())
            .finish_non_exhaustive()
    }
}

impl DatasetBuilder {
    /// A builder that scores with `scorer`.
    #[must_use]
    pub fn new(calendar: Calendar, scorer: impl Scorer + 'static) -> Self {
        Self {
            calendar,
            scorer: Box::new(scorer),
            keeps_headlines: false,
        }
    }

    /// Name and version of its scorer.
    #[must_use]
    pub fn scorer(&self) -> &'static str {
        self.scorer.name()
    }

    /// Has the datasets carry some headlines of the target session, for those who look.
    #[must_use]
    pub fn keeping_headlines(mut self, keep: bool) -> Self {
        self.keeps_headlines = keep;
        self
    }

    /// Scores the articles of a scrape and joins them to its bars: one row a bar, ascending, plus
    /// the live news of the target session. A session without a single article has no mean, which
    /// is not a mean of zero. Linear in articles and bars.
    ///
    /// # Errors
    /// [`Error::NoBars`] when the scrape holds no bar; [`Error::Score`] for a score out of range.
    pub fn build(&self, scraped: &MarketScraped) -> Result<DatasetBuilt, Error> {
        self.fold(scraped).map(|(dataset, _)| dataset)
    }

    /// As [`DatasetBuilder::build`], with what was scored and added up on the way.
    ///
    /// # Errors
    /// As [`DatasetBuilder::build`].
    pub fn fold(&self, scraped: &MarketScraped) -> Result<(DatasetBuilt, NewsScored), Error> {
        let as_of = scraped.pick.as_of();
        let sessions = scraped.bars.iter().map(|bar| bar.session().date());
        let rows = NewsRows::new(&self.calendar, sessions, scraped.target.date(), as_of)
            .ok_or_else(|| Error::NoBars {
                ticker: scraped.pick.ticker.clone(),
            })?;
        let kept = kept_sums(scraped, &rows);
        let Sums {
            sums,
            scores,
            headlines,
        } = self.sums(scraped, &rows, &kept)?;
        let bounds = &scraped.news_sums;
        // The target session's articles are to come with the next pick too, where headlines are kept.
        let settled = sums.len().saturating_sub(usize::from(self.keeps_headlines));
        let fresh = rows.spans().zip(&kept).zip(&sums).take(settled);
        // What ends at the as-of time is another span for the next pick: not worth keeping.
        let fresh = fresh.filter(|(((after, until), kept), _)| {
            kept.is_none()
                && after < until
                && *after >= bounds.from
                && *until <= bounds.until
                && *until < as_of
        });
        let scored = NewsScored {
            scorer: self.scorer.name(),
            scores,
            sums: fresh
                .map(|(((after, until), _), sum)| NewsSpanSum {
                    after,
                    until,
                    sum: *sum,
                })
                .collect(),
        };
        let mut dataset = dataset(scraped, &sums)?;
        dataset.annotations.headlines = Headline::extremes(headlines);
        Ok((dataset, scored))
    }

    /// Adds up the articles of each row that has no kept sum.
    fn sums(
        &self,
        scraped: &MarketScraped,
        rows: &NewsRows,
        kept: &[Option<NewsSum>],
    ) -> Result<Sums, Error> {
        let mut sums: Vec<NewsSum> = kept.iter().map(|sum| sum.unwrap_or_default()).collect();
        let (mut scores, mut headlines) = (NewScores::new(), Vec::new());
        let live = sums.len().saturating_sub(1);
        let mut placed = self.placed(scraped, rows, kept);
        // Of a first scrape there are a hundred thousand titles: they are compared day by day.
        placed.sort_by_key(|article| (article.row, article.day));
        for of_a_day in placed.chunk_by(|a, b| (a.row, a.day) == (b.row, b.day)) {
            let mut seen: HashSet<String> = HashSet::new();
            for &Placed { row, place, .. } in of_a_day {
                let article = &scraped.articles[place];
                let mut score = None;
                if seen.insert(normalised(article)) {
                    let known = match article.score {
                        Some(known) => known,
                        None => {
                            let fresh = self.score(article)?;
                            scores.push((place, fresh));
                            fresh
                        }
                    };
                    if self.keeps_headlines && row == live {
                        headlines.extend(headline(article, known));
                    }
                    score = Some(known);
                }
                sums[row].add(score);
            }
        }
        Ok(Sums {
            sums,
            scores,
            headlines,
        })
    }

    /// The articles that count towards a row without a kept sum.
    fn placed(
        &self,
        scraped: &MarketScraped,
        rows: &NewsRows,
        kept: &[Option<NewsSum>],
    ) -> Vec<Placed> {
        let articles = scraped.articles.iter().enumerate();
        let placed = articles.filter_map(|(place, article)| {
            let row = rows.row_of(article.published)?;
            let counts = kept[row].is_none() && self.scorer.counts(&scraped.pick.ticker, article);
            let day = Calendar::date_at(article.published);
            counts.then_some(Placed { row, day, place })
        });
        placed.collect()
    }

    fn score(&self, article: &Article) -> Result<TitleScore, Error> {
        let compound = self.scorer.score(&self.scorer.text_of(article)).compound;
        Ok(TitleScore::of_compound(compound)?)
    }
}

fn headline(article: &Article, score: TitleScore) -> Option<Headline> {
    let headline = Headline {
        title: article.title.clone(),
        publisher: article.source.clone(),
        published_at: article.published,
        score: score.value(),
    };
    headline.cleaned()
}

/// The sum that the scrape brings for each row, where it brings one.
fn kept_sums(scraped: &MarketScraped, rows: &NewsRows) -> Vec<Option<NewsSum>> {
    let kept = &scraped.news_sums.spans;
    let of_span = |(after, until)| {
        let at = kept.binary_search_by_key(&(after, until), |span| (span.after, span.until));
        at.ok().map(|at| kept[at].sum)
    };
    rows.spans().map(of_span).collect()
}

/// The dataset of these sums: the last is the live row's, the others pair off with the bars.
fn dataset(scraped: &MarketScraped, sums: &[NewsSum]) -> Result<DatasetBuilt, Error> {
    let row = |(bar, sum): (&Bar, &NewsSum)| Ok(DatasetRow::new(*bar, news(bar.session(), sum)?));
    let rows = scraped.bars.iter().zip(sums).map(row);
    let live = match sums.last() {
        Some(sum) => news(scraped.target, sum)?,
        None => SessionNews::default(),
    };
    Ok(DatasetBuilt {
        pick: scraped.pick.clone(),
        target: scraped.target,
        session: scraped.session,
        sessions_ahead: scraped.sessions_ahead,
        quote: scraped.quote,
        provider: Some(scraped.provider),
        provider_switched: Some(scraped.provider_switched),
        provisional: scraped.provisional,
        repairs: Arc::clone(&scraped.repairs),
        rows: rows.collect::<Result<Arc<[_]>, Error>>()?,
        live,
        fetched_at: Some(scraped.fetched_at),
        annotations: scraped.annotations.clone(),
    })
}

fn news(session: SessionDate, sum: &NewsSum) -> Result<SessionNews, Error> {
    Ok(SessionNews::new(session, sum.mean(), sum.articles)?)
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
