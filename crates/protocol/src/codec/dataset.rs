//! `stock-model-output`: a JSON array of rows, encoded twice as the original does.

use closecall_calendar::Calendar;
use serde::{Deserialize, Serialize};

use crate::codec::event::{self, About};
use crate::codec::pick::{from_headers, header, moment, undecodable, with_pick};
use crate::codec::{Arrival, Record};
use crate::message::pick_timestamp;
use crate::value::{Bar, DatasetRow, Quote, SessionNews};
use crate::{DatasetBuilt, Error, SessionDate, Ticker, Topic};

/// Header of the mean score of the target session's news; absent without news.
pub const LIVE_SENTIMENT: &str = "closecall-live-sentiment";
/// Header of how many there were.
pub const LIVE_ARTICLES: &str = "closecall-live-articles";
/// Header of when the prices were fetched.
pub const FETCHED_AT: &str = "closecall-fetched-at";

/// A row as the original names its columns, ours behind them.
#[derive(Serialize)]
struct RowOut<'a> {
    #[serde(rename = "Date")]
    date: i64,
    #[serde(rename = "Close")]
    close: f64,
    #[serde(rename = "Avg_sentiment_score")]
    sentiment: f64,
    #[serde(rename = "Stock")]
    stock: &'a Ticker,
    #[serde(rename = "Open", skip_serializing_if = "Option::is_none")]
    open: Option<f64>,
    #[serde(rename = "High", skip_serializing_if = "Option::is_none")]
    high: Option<f64>,
    #[serde(rename = "Low", skip_serializing_if = "Option::is_none")]
    low: Option<f64>,
    #[serde(rename = "Volume", skip_serializing_if = "Option::is_none")]
    volume: Option<f64>,
    #[serde(rename = "Adj_close", skip_serializing_if = "Option::is_none")]
    adj_close: Option<f64>,
    #[serde(rename = "Article_count")]
    articles: u32,
}

#[derive(Deserialize)]
struct RowIn {
    #[serde(rename = "Date")]
    date: SessionDate,
    #[serde(rename = "Close")]
    close: f64,
    #[serde(rename = "Avg_sentiment_score", default)]
    sentiment: Option<f64>,
    #[serde(rename = "Stock")]
    stock: String,
    #[serde(rename = "Open", default)]
    open: Option<f64>,
    #[serde(rename = "High", default)]
    high: Option<f64>,
    #[serde(rename = "Low", default)]
    low: Option<f64>,
    #[serde(rename = "Volume", default)]
    volume: Option<f64>,
    #[serde(rename = "Adj_close", default)]
    adj_close: Option<f64>,
    #[serde(rename = "Article_count", default)]
    articles: Option<u32>,
}

/// # Errors
/// [`Error::TooLarge`] past the size of a record; [`Error::Undecodable`] should it not serialise.
pub fn encode(message: &DatasetBuilt) -> Result<Record, Error> {
    let pick = &message.pick;
    let rows: Vec<RowOut<'_>> = message
        .rows
        .iter()
        .map(|row| row_out(row, &pick.ticker))
        .collect();
    let inner = serde_json::to_string(&rows).map_err(undecodable)?;
    let value = serde_json::to_string(&inner).map_err(undecodable)?;
    let mut record = event::record(
        Topic::StockModelOutput,
        value,
        &About::pick(pick, "scraper"),
    );
    record = with_pick(record, pick);
    if let Some(score) = message.live.sentiment {
        record = record.with_header(LIVE_SENTIMENT, score.to_string());
    }
    record = record.with_header(LIVE_ARTICLES, message.live.articles.to_string());
    if let Some(at) = message.fetched_at {
        record = record.with_header(FETCHED_AT, pick_timestamp(at));
    }
    record.check_size()?;
    Ok(record)
}

fn row_out<'a>(row: &DatasetRow, stock: &'a Ticker) -> RowOut<'a> {
    let quote = row.bar().map(Bar::quote);
    RowOut {
        date: row.session().epoch_ms(),
        close: row.close(),
        // The original fills gaps with 0, and its reader may not survive a null.
        sentiment: row.news().sentiment.unwrap_or(0.0),
        stock,
        open: quote.map(|q| q.open),
        high: quote.map(|q| q.high),
        low: quote.map(|q| q.low),
        volume: quote.map(|q| q.volume),
        adj_close: quote.map(|q| q.adj_close),
        articles: row.news().articles,
    }
}

/// Reads a dataset. Rows may come in any order; those of a session that had not closed at the
/// as-of time do not exist, as anywhere else; a date that stands twice, or no row at all, refuses
/// the record.
///
/// # Errors
/// [`Error`] with the reason for its dead letter.
pub fn decode(
    record: &Record,
    arrival: &Arrival,
    calendar: &Calendar,
) -> Result<DatasetBuilt, Error> {
    let rows = rows_of(record.text()?)?;
    let Some(first) = rows.first() else {
        return Err(Error::Undecodable(
            "a dataset without rows names no ticker".into(),
        ));
    };
    let ticker = Ticker::new(&first.stock)?;
    if let Some(other) = rows.iter().find(|row| row.stock != first.stock) {
        Ticker::new(&other.stock)?;
        return Err(Error::Undecodable("rows of more than one ticker".into()));
    }
    let pick = from_headers(record, arrival, ticker)?;
    let target_session = calendar.target(pick.as_of());
    let target = SessionDate::new(target_session.date)?;

    let last_known = calendar.last_closed(pick.as_of()).date;
    let mut rows = rows.iter().map(row_in).collect::<Result<Vec<_>, _>>()?;
    rows.sort_by_key(DatasetRow::session);
    if let Some(pair) = rows
        .windows(2)
        .find(|pair| pair[0].session() == pair[1].session())
    {
        return Err(Error::Undecodable(format!(
            "{} stands twice",
            pair[0].session()
        )));
    }
    rows.retain(|row| row.session().date() <= last_known);

    Ok(DatasetBuilt {
        live: live_news(record, target)?,
        fetched_at: moment(record, FETCHED_AT)?,
        pick,
        target,
        rows: rows.into(),
    })
}

/// The rows of a value that is encoded once or twice.
fn rows_of(text: &str) -> Result<Vec<RowIn>, Error> {
    if text.trim_start().starts_with('"') {
        let inner: String = serde_json::from_str(text).map_err(undecodable)?;
        return serde_json::from_str(&inner).map_err(undecodable);
    }
    serde_json::from_str(text).map_err(undecodable)
}

fn row_in(row: &RowIn) -> Result<DatasetRow, Error> {
    // Without a count, the original's 0 stands for "no news" and any other score for one article.
    let scored = row
        .sentiment
        .filter(|score| *score != 0.0 || row.articles.is_some());
    let articles = row.articles.unwrap_or_else(|| u32::from(scored.is_some()));
    let news = SessionNews::new(row.date, scored, articles)?;
    let whole = (row.open, row.high, row.low, row.volume, row.adj_close);
    if let (Some(open), Some(high), Some(low), Some(volume), Some(adj_close)) = whole {
        let quote = Quote {
            open,
            high,
            low,
            close: row.close,
            adj_close,
            volume,
        };
        return Ok(DatasetRow::with_bar(Bar::new(row.date, quote)?, news));
    }
    DatasetRow::with_close(row.date, row.close, news)
}

fn live_news(record: &Record, target: SessionDate) -> Result<SessionNews, Error> {
    let sentiment = number(record, LIVE_SENTIMENT)?;
    let articles = number(record, LIVE_ARTICLES)?.unwrap_or_else(|| u32::from(sentiment.is_some()));
    SessionNews::new(target, sentiment, articles)
}

fn number<T: std::str::FromStr>(record: &Record, name: &str) -> Result<Option<T>, Error> {
    header(record, name)?
        .map(|text| {
            text.parse()
                .map_err(|_| Error::Undecodable(format!("header `{name}` is not a number")))
        })
        .transpose()
}
