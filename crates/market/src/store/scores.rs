//! Scores and sums of articles, kept beside them.
//!
//! A sum stands for the articles of one span of time, as long as these do not change: a trigger of
//! the schema removes the sums that a new article touches and counts the change. So a sum that was
//! made of an earlier state is not kept, and whatever is kept equals a full recount.
//!
//! An article that came again under a later time counts from its first copy in the window that is
//! looked at. That depends on where the window begins, so no sum is kept of a span with such a copy.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use closecall_protocol::{MarketScraped, NewsScored, NewsSpanSum, NewsSum, Ticker};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::connection::{Store, writing};
use super::span::Span;
use crate::error::Error;

/// A span of time: after the first moment, up to the second.
pub(crate) type RowSpan = (DateTime<Utc>, DateTime<Utc>);

/// Changes of a ticker's articles so far.
pub(super) fn revision(connection: &Connection, ticker: &Ticker) -> rusqlite::Result<i64> {
    let query = "SELECT revision FROM news_revisions WHERE ticker = ?1";
    let mut query = connection.prepare_cached(query)?;
    let revision = query.query_row([ticker.as_str()], |row| row.get(0));
    Ok(revision.optional()?.unwrap_or(0))
}

/// The sums of `scorer` that are kept for spans of `rows` inside the window, ascending.
pub(super) fn kept(
    connection: &Connection,
    ticker: &Ticker,
    window: Span,
    rows: &[RowSpan],
    scorer: &str,
) -> rusqlite::Result<Vec<NewsSpanSum>> {
    let mut query = connection.prepare_cached(
        "SELECT after, until, articles, titles, score FROM news_sums
         WHERE ticker = ?1 AND after >= ?2 AND until < ?3 AND scorer = ?4 ORDER BY after, until",
    )?;
    let (start, end) = (window.start.timestamp(), window.end.timestamp());
    let of_ticker = query.query_map(params![ticker.as_str(), start, end, scorer], span_sum)?;
    let mut kept = Vec::with_capacity(rows.len());
    for sum in of_ticker {
        let sum = sum?;
        if rows.binary_search(&(sum.after, sum.until)).is_ok() {
            kept.push(sum);
        }
    }
    Ok(kept)
}

fn span_sum(row: &Row<'_>) -> rusqlite::Result<NewsSpanSum> {
    let moment = |seconds| DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    Ok(NewsSpanSum {
        after: moment(row.get(0)?),
        until: moment(row.get(1)?),
        sum: NewsSum {
            articles: row.get(2)?,
            titles: row.get(3)?,
            score: row.get(4)?,
        },
    })
}

impl Store {
    /// Keeps the scores of a scrape's articles, and the sums if nothing has changed since it was read.
    pub(crate) async fn put_scores(
        &self,
        scraped: &MarketScraped,
        scored: NewsScored,
    ) -> Result<(), Error> {
        let ticker = scraped.pick.ticker.clone();
        let (articles, news) = (Arc::clone(&scraped.articles), scraped.news_sums.clone());
        let work = move |connection: &mut Connection| {
            let transaction = writing(connection)?;
            let mut keep = transaction.prepare_cached(
                "UPDATE articles SET score = ?4, scorer = ?5
                 WHERE ticker = ?1 AND published = ?2 AND identity = ?3",
            )?;
            for (place, score) in &scored.scores {
                let known = articles.get(*place).zip(news.identities.get(*place));
                let Some((article, identity)) = known else {
                    continue;
                };
                let (published, score) = (article.published.timestamp(), score.ten_thousandths());
                let key = params![ticker.as_str(), published, identity, score, scored.scorer];
                keep.execute(key)?;
            }
            drop(keep);
            if revision(&transaction, &ticker)? == news.revision {
                put_sums(&transaction, &ticker, &scored)?;
            }
            transaction.commit()
        };
        self.run("write", work).await
    }
}

fn put_sums(
    transaction: &Transaction<'_>,
    ticker: &Ticker,
    scored: &NewsScored,
) -> rusqlite::Result<()> {
    let mut keep = transaction.prepare_cached(
        "INSERT OR REPLACE INTO news_sums (ticker, until, after, scorer, articles, titles, score)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE NOT EXISTS (
             SELECT 1 FROM articles a JOIN articles b
             ON b.ticker = a.ticker AND b.identity = a.identity AND b.published < a.published
             WHERE a.ticker = ?1 AND a.published > ?3 AND a.published <= ?2)",
    )?;
    for NewsSpanSum { after, until, sum } in &scored.sums {
        keep.execute(params![
            ticker.as_str(),
            until.timestamp(),
            after.timestamp(),
            scored.scorer,
            sum.articles,
            sum.titles,
            sum.score
        ])?;
    }
    Ok(())
}
