//! Articles in the store, and the spans of time of which all articles are known.

use chrono::{DateTime, Utc};
use closecall_protocol::{Article, Ticker};
use rusqlite::{Connection, Row, Transaction, params};

use super::connection::{Store, writing};
use crate::alphavantage::NewsItem;
use crate::error::Error;

/// A span of time, from `start` to just before `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: DateTime<Utc>,
    pub(crate) end: DateTime<Utc>,
}

impl Span {
    pub(crate) fn is_empty(&self) -> bool {
        self.start >= self.end
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
                mark(&transaction, &ticker, complete)?;
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
        let work =
            move |connection: &mut Connection| Ok(gaps(&known(connection, &ticker)?, window));
        self.run("read", work).await
    }

    /// The articles published in the span, ascending, each once: an article that came under several
    /// times counts from the first of them.
    pub(crate) async fn articles(
        &self,
        ticker: &Ticker,
        span: Span,
    ) -> Result<Vec<Article>, Error> {
        let ticker = ticker.clone();
        self.run("read", move |connection| {
            let mut query = connection.prepare_cached(
                "SELECT min(published), title, summary, url, publisher FROM articles
                 WHERE ticker = ?1 AND published >= ?2 AND published < ?3
                 GROUP BY identity ORDER BY min(published), identity",
            )?;
            let (start, end) = (span.start.timestamp(), span.end.timestamp());
            query
                .query_map(params![ticker.as_str(), start, end], article)?
                .collect()
        })
        .await
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
        "INSERT OR IGNORE INTO articles VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
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
    Article::new(
        published,
        &title,
        summary.as_deref(),
        url.as_deref(),
        source.as_deref(),
    )
    .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// The known spans, ascending and apart.
fn known(connection: &Connection, ticker: &Ticker) -> rusqlite::Result<Vec<Span>> {
    let mut query = connection
        .prepare_cached("SELECT start, end FROM news_windows WHERE ticker = ?1 ORDER BY start")?;
    let moment = |seconds| DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    let span = |row: &Row<'_>| {
        Ok(Span {
            start: moment(row.get(0)?),
            end: moment(row.get(1)?),
        })
    };
    query.query_map([ticker.as_str()], span)?.collect()
}

/// Marks a span as known, joined with those that it touches.
fn mark(transaction: &Transaction<'_>, ticker: &Ticker, span: Span) -> rusqlite::Result<()> {
    let mut whole = span;
    for other in known(transaction, ticker)? {
        if other.start <= whole.end && whole.start <= other.end {
            whole = Span {
                start: whole.start.min(other.start),
                end: whole.end.max(other.end),
            };
            let delete = "DELETE FROM news_windows WHERE ticker = ?1 AND start = ?2";
            transaction.execute(delete, params![ticker.as_str(), other.start.timestamp()])?;
        }
    }
    transaction.execute(
        "INSERT INTO news_windows VALUES (?1, ?2, ?3)",
        params![
            ticker.as_str(),
            whole.start.timestamp(),
            whole.end.timestamp()
        ],
    )?;
    Ok(())
}

/// What the known spans, ascending and apart, leave of `window`.
fn gaps(known: &[Span], window: Span) -> Vec<Span> {
    let mut gaps = Vec::new();
    let mut start = window.start;
    for span in known {
        if span.start > start {
            gaps.push(Span {
                start,
                end: span.start.min(window.end),
            });
        }
        start = start.max(span.end);
    }
    gaps.push(Span {
        start,
        end: window.end,
    });
    gaps.retain(|gap| !gap.is_empty());
    gaps
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
    }

    fn span(start: i64, end: i64) -> Span {
        Span {
            start: at(start),
            end: at(end),
        }
    }

    #[test]
    fn what_is_known_is_not_asked_again() {
        let known = [span(10, 20), span(30, 40)];
        assert_eq!(
            gaps(&known, span(0, 50)),
            [span(0, 10), span(20, 30), span(40, 50)]
        );
        assert_eq!(gaps(&known, span(12, 18)), []);
        assert_eq!(gaps(&known, span(15, 35)), [span(20, 30)]);
        assert_eq!(gaps(&known, span(50, 60)), [span(50, 60)]);
        assert_eq!(gaps(&known, span(0, 5)), [span(0, 5)]);
        assert_eq!(gaps(&[], span(0, 5)), [span(0, 5)]);
    }
}
