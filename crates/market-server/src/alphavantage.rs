//! AlphaVantage's `NEWS_SENTIMENT`: which articles a request asks for, and the form of the answer.
//!
//! The vendor's scores are no part of the data here: every item says neutral. Relevance is 1 for
//! an article whose title has the ticker's symbol as a word, and a half for the others.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use closecall_protocol::{Article, Ticker};

use crate::answer::Parameters;
use crate::market::ServedMarket;

const DEFAULT_LIMIT: usize = 50;
const LARGEST_LIMIT: usize = 1_000;

/// Articles of a window that are looked at, so that a request without bounds to a market
/// without end has an end. The densest recorded archive is smaller.
const MOST_EXAMINED: usize = 50_000;

/// The vendor's order of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Latest,
    Earliest,
    Relevance,
}

/// Answers a request; the vendor's status is 200 whatever the body says.
pub(crate) fn answer(market: &ServedMarket, parameters: &Parameters) -> Value {
    let parameter = |name: &str| parameters.get(name).map_or("", String::as_str);
    if parameter("apikey").is_empty() {
        return json!({ "Error Message": "the parameter apikey is invalid or missing. Please claim your free API key on (https://www.alphavantage.co/support/#api-key). It should take less than 20 seconds." });
    }
    if parameter("function") != "NEWS_SENTIMENT" {
        return json!({ "Error Message": "This API function does not exist here: only NEWS_SENTIMENT does." });
    }
    match Request::parse(parameters) {
        Some(request) if request.tickers.iter().all(|ticker| market.knows(ticker)) => {
            feed(&request.articles(market), &request.tickers)
        }
        _ => {
            json!({ "Information": "Invalid inputs. Please refer to the API documentation https://www.alphavantage.co/documentation#newsapi and try again." })
        }
    }
}

struct Request {
    /// Articles must name all of them.
    tickers: Vec<Ticker>,
    from: DateTime<Utc>,
    /// Included.
    to: DateTime<Utc>,
    sort: Sort,
    limit: usize,
}

impl Request {
    fn parse(parameters: &Parameters) -> Option<Self> {
        let tickers = parameters.get("tickers")?;
        let tickers: Option<Vec<Ticker>> =
            tickers.split(',').map(|t| Ticker::new(t).ok()).collect();
        let from = match parameters.get("time_from") {
            Some(text) => minute(text)?,
            None => DateTime::UNIX_EPOCH,
        };
        // Times are to the minute, so the last one is meant whole.
        let to = match parameters.get("time_to") {
            Some(text) => minute(text)? + TimeDelta::milliseconds(59_999),
            None => NaiveDate::MAX.and_time(chrono::NaiveTime::MIN).and_utc(),
        };
        let sort = match parameters.get("sort").map(String::as_str) {
            None | Some("LATEST") => Sort::Latest,
            Some("EARLIEST") => Sort::Earliest,
            Some("RELEVANCE") => Sort::Relevance,
            Some(_) => return None,
        };
        let limit = match parameters.get("limit") {
            Some(text) => text.parse::<usize>().ok().filter(|limit| *limit > 0)?,
            None => DEFAULT_LIMIT,
        };
        Some(Self {
            tickers: tickers?,
            from,
            to,
            sort,
            limit: limit.min(LARGEST_LIMIT),
        })
        .filter(|request| request.from <= request.to)
    }

    fn articles(&self, market: &ServedMarket) -> Vec<Article> {
        let Some((first, others)) = self.tickers.split_first() else {
            return Vec::new();
        };
        let newest_first = self.sort != Sort::Earliest;
        let named: Vec<HashSet<(DateTime<Utc>, String)>> = others
            .iter()
            .map(|ticker| {
                market
                    .articles(ticker, self.from, self.to, newest_first)
                    .take(MOST_EXAMINED)
                    .map(|article| (article.published, article.title))
                    .collect()
            })
            .collect();
        let by_all = market
            .articles(first, self.from, self.to, newest_first)
            .take(MOST_EXAMINED)
            .filter(|article| {
                named.is_empty() || {
                    let identity = (article.published, article.title.clone());
                    named.iter().all(|articles| articles.contains(&identity))
                }
            });
        if self.sort != Sort::Relevance {
            return by_all.take(self.limit).collect();
        }
        let mut articles: Vec<Article> = by_all.collect();
        articles.sort_by_cached_key(|article| !names(&article.title, first)); // stable: newest first
        articles.truncate(self.limit);
        articles
    }
}

/// `YYYYMMDDTHHMM`, UTC.
fn minute(text: &str) -> Option<DateTime<Utc>> {
    // The length keeps years of five digits and more out.
    let time = NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M").ok()?;
    (text.len() == 13).then(|| time.and_utc())
}

/// Whether a title has the symbol as a word.
fn names(title: &str, ticker: &Ticker) -> bool {
    title
        .split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-')))
        .any(|word| word == ticker.as_str())
}

fn feed(articles: &[Article], tickers: &[Ticker]) -> Value {
    let items: Vec<Value> = articles.iter().map(|a| item(a, tickers)).collect();
    json!({
        "items": items.len().to_string(),
        "sentiment_score_definition": "x <= -0.35: Bearish; -0.35 < x <= -0.15: Somewhat-Bearish; -0.15 < x < 0.15: Neutral; 0.15 <= x < 0.35: Somewhat_Bullish; x >= 0.35: Bullish",
        "relevance_score_definition": "0 < x <= 1, with a higher score indicating higher relevance.",
        "feed": items,
    })
}

fn item(article: &Article, tickers: &[Ticker]) -> Value {
    let tickers: Vec<Value> = tickers
        .iter()
        .map(|ticker| {
            json!({
                "ticker": ticker.as_str(),
                "relevance_score": if names(&article.title, ticker) { "1.000000" } else { "0.500000" },
                "ticker_sentiment_score": "0.000000",
                "ticker_sentiment_label": "Neutral",
            })
        })
        .collect();
    json!({
        "title": article.title,
        "url": article.url,
        "time_published": article.published.format("%Y%m%dT%H%M%S").to_string(),
        "authors": [],
        "summary": article.summary.as_deref().unwrap_or_default(),
        "banner_image": null,
        "source": article.source.as_deref().unwrap_or_default(),
        "category_within_source": "n/a",
        "source_domain": article.source.as_deref().unwrap_or_default(),
        "topics": [],
        "overall_sentiment_score": 0.0,
        "overall_sentiment_label": "Neutral",
        "ticker_sentiment": tickers,
    })
}
