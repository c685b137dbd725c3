//! `news/TICKER.csv`: headlines with their times.

use std::path::Path;

use chrono::{DateTime, NaiveDateTime, Utc};
use sha2::{Digest, Sha256};

use closecall_calendar::Calendar;
use closecall_protocol::{Article, SessionDate};

use super::table::Table;
use crate::error::Error;

/// The articles of a file, oldest first; those of one second in the order of the file.
pub(super) fn read(path: &Path) -> Result<Vec<Article>, Error> {
    let table = Table::open(path)?;
    let time = match table.column("time_published") {
        Some(column) => column,
        None => table.column("date").map_or_else(
            || table.required("time_published"), // for its message
            Ok,
        )?,
    };
    let title = table.required("title")?;
    let [summary, url, source] = ["summary", "url", "source"].map(|name| table.column(name));
    let mut articles = Vec::new();
    table.for_each(|row| {
        let text = row.get(time).unwrap_or_default().trim();
        let published = published(text).ok_or_else(|| {
            format!("{text:?} is neither a time as YYYYMMDDTHHMMSS nor a date as YYYY-MM-DD")
        })?;
        let optional = |column: Option<usize>| column.and_then(|column| row.get(column));
        let article = Article::new(
            published,
            row.get(title).unwrap_or_default(),
            optional(summary),
            optional(url),
            optional(source),
        );
        articles.push(article.map_err(|error| error.to_string())?);
        Ok(())
    })?;
    articles.sort_by_key(|article| article.published);
    Ok(articles)
}

/// When a row was published. A bare date could be any hour of that day: its end is the only one at
/// which nothing is shown too early.
fn published(text: &str) -> Option<DateTime<Utc>> {
    let time = NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S");
    let date = time
        .map(|time| time.date())
        .or_else(|_| text.parse())
        .ok()?;
    let date = SessionDate::new(date).ok()?.date(); // bounds the year
    Some(time.map_or_else(|_| Calendar::end_of_day(date), |time| time.and_utc()))
}

/// The article, with an address made of its content where it was recorded without one: the same
/// article always gets the same, and two different ones never share one.
pub(super) fn with_url(article: &Article) -> Article {
    let mut article = article.clone();
    if article.url.is_none() {
        let mut hasher = Sha256::new();
        hasher.update(article.published.timestamp().to_be_bytes());
        hasher.update(article.title.as_bytes());
        hasher.update([0]); // no text holds it, so the two cannot run into each other
        hasher.update(article.summary.as_deref().unwrap_or_default().as_bytes());
        let digest = hasher.finalize();
        let name: String = digest.iter().take(12).map(|b| format!("{b:02x}")).collect();
        article.url = Some(format!("https://replay.invalid/{name}"));
    }
    article
}
