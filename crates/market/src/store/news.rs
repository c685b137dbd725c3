//! Articles in the store: kept as they came, read as they are meant.

use chrono::{DateTime, Utc};
use closecall_protocol::{Article, Ticker};
use html_escape::decode_html_entities;
use rusqlite::{Connection, Row, Transaction, params};

use super::connection::{Store, unreadable, writing};
use super::span::{Span, gaps, known, mark};
use crate::alphavantage::NewsItem;
use crate::error::Error;

/// Spans of time of which all articles are known.
const WINDOWS: &str = "news_windows";

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
                mark(&transaction, WINDOWS, &ticker, complete)?;
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
            Ok(gaps(&known(connection, WINDOWS, &ticker)?, window))
        };
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
        &as_meant(&title),
        summary.as_deref().map(as_meant).as_deref(),
        url.as_deref(),
        source.as_deref(),
    )
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
