//! NEWS_SENTIMENT's answers: articles, or a fault that says what it is.

use std::fmt;

use chrono::{DateTime, NaiveDateTime, Utc};
use closecall_protocol::{Article, Ticker};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::refusal::classify;
use crate::vendor::VendorFault;
use crate::vendor::bounded::AtMost;
use crate::vendor::http::HttpAnswer;
use crate::vendor::number::Cell;
use crate::vendor::symbol::vendor_symbol;

/// A page of articles.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Feed {
    pub(crate) items: Vec<NewsItem>,
    /// Articles that came, those included that are not among the items.
    pub(crate) received: usize,
    /// Articles without a readable title or time, or about other tickers only.
    pub(crate) refused: usize,
    /// The newest time received.
    pub(crate) newest: Option<DateTime<Utc>>,
    /// The oldest time received.
    pub(crate) oldest: Option<DateTime<Utc>>,
    /// Whether the times came in the order asked for, the newest first.
    pub(crate) descending: bool,
}

/// An article, and how the vendor itself relates it to the ticker. Its scores change scale over the
/// years; they are kept as they came and enter no forecast.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NewsItem {
    pub(crate) article: Article,
    pub(crate) relevance: Option<f64>,
    pub(crate) vendor_score: Option<f64>,
}

#[derive(Deserialize)]
struct Envelope {
    feed: Option<Entries>,
    #[serde(rename = "Information")]
    information: Option<Cell>,
    #[serde(rename = "Note")]
    note: Option<Cell>,
    #[serde(rename = "Error Message")]
    error: Option<Cell>,
}

/// Entries of a list, each read by itself: one odd entry does not cost the whole answer. A page has
/// at most a thousand.
type Entries = AtMost<Box<RawValue>, 2_000>;

#[derive(Deserialize)]
struct Item {
    title: String,
    time_published: String,
    url: Option<Cell>,
    summary: Option<Cell>,
    source: Option<Cell>,
    ticker_sentiment: Option<Entries>,
}

#[derive(Deserialize)]
struct Mention {
    ticker: String,
    relevance_score: Option<Cell>,
    ticker_sentiment_score: Option<Cell>,
}

/// Reads an answer about `ticker`, asked with `key`, which no fault repeats.
pub(crate) fn read(answer: &HttpAnswer, ticker: &Ticker, key: &str) -> Result<Feed, VendorFault> {
    if let Some(fault) = answer.refusal() {
        return Err(fault);
    }
    match answer.status {
        200 => {}
        401 | 403 => {
            return Err(VendorFault::Credential(format!(
                "HTTP status {}",
                answer.status
            )));
        }
        other => return Err(VendorFault::Status(other)),
    }
    let Envelope {
        feed,
        information,
        note,
        error,
    } = answer.json()?;
    let told: Vec<&str> = [&information, &note, &error]
        .into_iter()
        .flatten()
        .filter_map(Cell::text)
        .collect();
    match feed {
        Some(items) if told.is_empty() || !items.0.is_empty() => Ok(self::feed(items.0, ticker)),
        _ if !told.is_empty() => Err(classify(&told.join(" "), key)),
        _ => Err(VendorFault::Malformed(
            "it has neither articles nor a message".to_owned(),
        )),
    }
}

fn feed(entries: Vec<Box<RawValue>>, ticker: &Ticker) -> Feed {
    let mut feed = Feed {
        received: entries.len(),
        descending: true,
        ..Feed::default()
    };
    for entry in entries {
        let Ok(item) = serde_json::from_str::<Item>(entry.get()) else {
            feed.refused += 1;
            continue;
        };
        let published = time(&item.time_published);
        if let Some(at) = published {
            feed.descending &= feed.oldest.is_none_or(|oldest| at <= oldest);
            feed.newest = feed.newest.max(published);
            feed.oldest = Some(feed.oldest.map_or(at, |oldest| oldest.min(at)));
        }
        match published.and_then(|at| article(item, at, ticker)) {
            Some(item) => feed.items.push(item),
            None => feed.refused += 1,
        }
    }
    feed
}

fn article(item: Item, published: DateTime<Utc>, ticker: &Ticker) -> Option<NewsItem> {
    let text = |cell: &'_ Option<Cell>| cell.as_ref().and_then(Cell::text).map(str::to_owned);
    let (summary, url, source) = (text(&item.summary), text(&item.url), text(&item.source));
    let article = Article::new(
        published,
        &item.title,
        summary.as_deref(),
        url.as_deref(),
        source.as_deref(),
    );
    let mentions: Vec<Mention> = item
        .ticker_sentiment
        .iter()
        .flat_map(|mentions| &mentions.0)
        .filter_map(|mention| serde_json::from_str(mention.get()).ok())
        .collect();
    let symbol = vendor_symbol(ticker);
    let own = mentions.iter().find(|mention| mention.ticker == symbol);
    // Where the vendor says whom an article is about, it is about the ticker or not taken.
    if own.is_none() && !mentions.is_empty() {
        return None;
    }
    let score = |cell: fn(&Mention) -> &Option<Cell>| cell(own?).as_ref()?.lenient();
    Some(NewsItem {
        relevance: score(|mention| &mention.relevance_score),
        vendor_score: score(|mention| &mention.ticker_sentiment_score),
        article: article.ok()?,
    })
}

/// UTC, to the second or to the minute.
fn time(text: &str) -> Option<DateTime<Utc>> {
    let forms = ["%Y%m%dT%H%M%S", "%Y%m%dT%H%M"];
    forms
        .iter()
        .find_map(|form| Some(NaiveDateTime::parse_from_str(text, form).ok()?.and_utc()))
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The messages may repeat the key.
        f.debug_struct("Envelope").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
