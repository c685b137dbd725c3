//! Articles in the store: kept as they came, read as they are meant.

use chrono::{DateTime, TimeDelta, Utc};
use closecall_protocol::{Article, ArticleIdentities, NewsSpanSum, NewsSums, Ticker, TitleScore};
use html_escape::decode_html_entities;
use rusqlite::{Connection, Row, Transaction, params};

use super::connection::{Store, unreadable, writing};
use super::scores::{self, RowSpan};
use super::span::{Covered, Span, gaps, known, mark};
use crate::alphavantage::NewsItem;
use crate::error::Error;

/// The scorer whose scores and sums of articles are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptScorer {
    /// Its name with its version.
    pub name: &'static str,
    /// Whether it reads the articles' summaries beside their titles.
    pub reads_summaries: bool,
}

/// The coverage of a ticker's articles; they come from one vendor alone.
fn covered(ticker: &Ticker) -> Covered<'_> {
    Covered {
        provider: "alphavantage",
        kind: "news",
        ticker,
    }
}

impl Store {
    /// Keeps the articles that are new, and marks `complete` as completely known.
    pub(crate) async fn put_news(
        &self,
        ticker: &Ticker,
        items: Vec<NewsItem>,
        complete: Span,
        seen_at: DateTime<Utc>,
    ) -> Result<(), Error> {
        let ticker = ticker.clone();
        let work = move |connection: &mut Connection| {
            let transaction = writing(connection)?;
            insert(&transaction, &ticker, &items, seen_at)?;
            if !complete.is_empty() {
                mark(&transaction, covered(&ticker), complete)?;
            }
            transaction.commit()
        };
        self.run("write", work).await
    }

    /// The parts of `window` of which not all articles are known, ascending.
    pub(crate) async fn news_gaps(
        &self,
        ticker: &Ticker,
        window: Span,
    ) -> Result<Vec<Span>, Error> {
        let ticker = ticker.clone();
        let work = move |connection: &mut Connection| {
            Ok(gaps(&known(connection, covered(&ticker))?, window))
        };
        self.run("read", work).await
    }

    /// The articles of a window, ascending, each once: an article that came under several times
    /// counts from the first of them. Of those `rows` for which `scorer`'s sum is kept, the sum
    /// stands in place of the articles; the others come with the texts that it reads.
    pub(crate) async fn news(
        &self,
        ticker: &Ticker,
        window: Span,
        rows: Vec<RowSpan>,
        scorer: Option<KeptScorer>,
    ) -> Result<(Vec<Article>, NewsSums), Error> {
        let ticker = ticker.clone();
        self.run("read", move |connection| {
            // One state of the file: sums and articles belong together.
            let reading = connection.transaction()?;
            let mut found = FoundArticles::default();
            let Some(scorer) = scorer else {
                found.read(&reading, &ticker, window, window, Wanted::WHOLE)?;
                return Ok((found.articles, NewsSums::default()));
            };
            let spans = scores::kept(&reading, &ticker, window, &rows, scorer.name)?;
            // Only headlines of the last row are shown, with their publishers.
            let shown_from = rows.last().map_or(window.start, |(after, _)| *after);
            for part in without(window, &spans) {
                let wanted = Wanted::by(scorer, shown_from);
                found.read(&reading, &ticker, window, part, wanted)?;
            }
            // Of a first pick these are all articles of a year: what grew with them is given back.
            found.articles.shrink_to_fit();
            found.identities.shrink_to_fit();
            let sums = NewsSums {
                from: window.start,
                until: window.end - TimeDelta::seconds(1),
                revision: scores::revision(&reading, &ticker)?,
                identities: found.identities.into(),
                spans: spans.into(),
            };
            Ok((found.articles, sums))
        })
        .await
    }
}

impl Store {
    /// The articles of a window that had been seen by a moment, without their scores.
    pub(crate) async fn articles_seen_by(
        &self,
        ticker: &Ticker,
        window: Span,
        by: DateTime<Utc>,
    ) -> Result<Vec<Article>, Error> {
        let ticker = ticker.clone();
        self.run("read", move |connection| {
            let wanted = Wanted {
                seen_by: by.timestamp(),
                ..Wanted::WHOLE
            };
            let mut found = FoundArticles::default();
            found.read(connection, &ticker, window, window, wanted)?;
            Ok(found.articles)
        })
        .await
    }
}

/// Parts of the window outside of `spans`, which ascend and lie apart.
fn without(window: Span, spans: &[NewsSpanSum]) -> Vec<Span> {
    let second = TimeDelta::seconds(1);
    let summed: Vec<Span> = spans
        .iter()
        .map(|sum| Span {
            start: sum.after + second,
            end: sum.until + second,
        })
        .collect();
    gaps(&summed, window)
}

/// Articles that are asked for, and the parts of them that are read.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    /// The scorer whose scores come with them.
    scorer: Option<&'static str>,
    /// Those that had been seen by then, in seconds since the epoch.
    seen_by: i64,
    summaries: bool,
    addresses: bool,
    /// Publishers of those published from then on, in seconds since the epoch.
    publishers_from: i64,
}

impl Wanted {
    const WHOLE: Self = Self {
        scorer: None,
        seen_by: i64::MAX,
        summaries: true,
        addresses: true,
        publishers_from: i64::MIN,
    };

    /// The texts that a scorer reads, and the publishers of what is shown. Their identities stand for
    /// the addresses.
    fn by(scorer: KeptScorer, shown_from: DateTime<Utc>) -> Self {
        Self {
            scorer: Some(scorer.name),
            seen_by: i64::MAX,
            summaries: scorer.reads_summaries,
            addresses: false,
            publishers_from: shown_from.timestamp(),
        }
    }
}

/// Articles, ascending, each with its identity.
#[derive(Debug, Default)]
struct FoundArticles {
    articles: Vec<Article>,
    identities: ArticleIdentities,
}

impl FoundArticles {
    /// Adds the articles of a part of the window.
    fn read(
        &mut self,
        connection: &Connection,
        ticker: &Ticker,
        window: Span,
        part: Span,
        wanted: Wanted,
    ) -> rusqlite::Result<()> {
        // Named, since otherwise the planner walks through all articles of the ticker for each of them.
        let mut query = connection.prepare_cached(
            "SELECT published, title, CASE WHEN ?7 THEN summary END, CASE WHEN ?8 THEN url END,
                 CASE WHEN published >= ?9 THEN publisher END, CASE WHEN scorer = ?5 THEN score END, identity FROM articles this
             WHERE ticker = ?1 AND published >= ?2 AND published < ?3 AND first_seen <= ?6
                 AND NOT EXISTS (
                     SELECT 1 FROM articles before INDEXED BY articles_by_identity
                     WHERE before.ticker = ?1 AND before.identity = this.identity
                         AND before.published >= ?4 AND before.published < this.published
                         AND before.first_seen <= ?6)
             ORDER BY published, identity",
        )?;
        let moments = [part.start, part.end, window.start].map(|at| at.timestamp());
        let [start, end, first] = moments;
        let Wanted {
            scorer, seen_by, ..
        } = wanted;
        let (summaries, addresses) = (wanted.summaries, wanted.addresses);
        let mut rows = query.query(params![
            ticker.as_str(),
            start,
            end,
            first,
            scorer,
            seen_by,
            summaries,
            addresses,
            wanted.publishers_from
        ])?;
        while let Some(row) = rows.next()? {
            self.articles.push(article(row)?);
            let identity = row.get_ref(6)?.as_str();
            self.identities.push(identity?);
        }
        Ok(())
    }
}

fn insert(
    transaction: &Transaction<'_>,
    ticker: &Ticker,
    items: &[NewsItem],
    seen_at: DateTime<Utc>,
) -> rusqlite::Result<()> {
    // What was seen first stays: titles are edited after the fact.
    let mut insert = transaction.prepare_cached(
        "INSERT OR IGNORE INTO articles (ticker, published, identity, title, summary, url,
             publisher, relevance, vendor_score, first_seen)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    for NewsItem {
        article,
        relevance,
        vendor_score,
    } in items
    {
        let published = article.published.timestamp();
        let identity = article
            .url
            .clone()
            .unwrap_or_else(|| format!("{published} {}", article.title));
        insert.execute(params![
            ticker.as_str(),
            published,
            identity,
            article.title,
            article.summary,
            article.url,
            article.source,
            relevance,
            vendor_score,
            seen_at.timestamp()
        ])?;
    }
    Ok(())
}

fn article(row: &Row<'_>) -> rusqlite::Result<Article> {
    let published = DateTime::from_timestamp(row.get(0)?, 0).unwrap_or_default();
    let (title, summary): (String, Option<String>) = (row.get(1)?, row.get(2)?);
    let (url, source): (Option<String>, Option<String>) = (row.get(3)?, row.get(4)?);
    let score = row.get(5)?;
    Article::new(
        published,
        &as_meant(&title),
        summary.as_deref().map(as_meant).as_deref(),
        url.as_deref(),
        source.as_deref(),
    )
    .map(|article| {
        let stored: Option<i64> = score;
        article.with_score(stored.and_then(TitleScore::of_ten_thousandths))
    })
    .map_err(unreadable)
}

/// A text with the entities of HTML read. Feeds write them, some of them twice.
fn as_meant(text: &str) -> String {
    let once = decode_html_entities(text);
    decode_html_entities(&once).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_read_as_what_they_stand_for() {
        for (written, meant) in [
            (
                "AT&amp;T isn&#39;t losing customers",
                "AT&T isn't losing customers",
            ),
            ("S&amp;amp;P &#x2014; &quot;up&quot;", "S&P \u{2014} \"up\""),
            ("R&D and Q&A stay", "R&D and Q&A stay"),
            ("&#0; &#xFFFFFFFF; &nosuch;", "&#0; &#xFFFFFFFF; &nosuch;"),
        ] {
            assert_eq!(as_meant(written), meant);
        }
    }
}
