//! `stock-model-output`: a JSON array of rows, encoded twice as the original does.

use std::borrow::Cow;

use closecall_calendar::Calendar;
use serde::{Deserialize, Serialize};

use crate::codec::event::{self, About};
use crate::codec::headers::{float, number, time};
use crate::codec::pick::{from_headers, undecodable, with_pick};
use crate::codec::{Arrival, Record, annotations, moment};
use crate::message::pick_timestamp;
use crate::value::{Bar, DatasetRow, SessionNews};
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
    #[serde(rename = "Close", default)]
    close: Option<f64>,
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
    let record = moment::write(record, message)?;
    let record = annotations::write(record, &message.annotations);
    record.check_size()?;
    Ok(record)
}

fn row_out<'a>(row: &DatasetRow, stock: &'a Ticker) -> RowOut<'a> {
    let (bar, news) = (row.bar(), row.news());
    RowOut {
        date: row.session().epoch_ms(),
        close: row.close(),
        // The original fills gaps with 0, and its reader may not survive a null.
        sentiment: news.sentiment.unwrap_or(0.0),
        stock,
        open: bar.open(),
        high: bar.range().map(|range| range.high),
        low: bar.range().map(|range| range.low),
        volume: bar.volume(),
        adj_close: bar.adj_close(),
        articles: news.articles,
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
    let moment = moment::read(record, &pick, calendar)?;
    let target = moment.session.date()?;

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
    rows.retain(|row| row.session().date() <= last_known && row.session() < target);
    let sessions_ahead = moment
        .sessions_ahead
        .unwrap_or_else(|| sessions_ahead(&rows, target, calendar));

    Ok(DatasetBuilt {
        live: live_news(record, target)?,
        fetched_at: time(record, FETCHED_AT)?,
        annotations: annotations::read(record),
        pick,
        target,
        session: moment.session,
        sessions_ahead,
        quote: moment.quote,
        provider: moment.provider,
        provider_switched: moment.provider_switched,
        provisional: moment.provisional,
        repairs: moment.repairs.into(),
        rows: rows.into(),
    })
}

/// Sessions between the last row and the target.
fn sessions_ahead(rows: &[DatasetRow], target: SessionDate, calendar: &Calendar) -> u32 {
    let between = rows.last().map_or(1, |row| {
        calendar.sessions_between(row.session().date(), target.date())
    });
    u32::try_from(between.saturating_sub(1)).unwrap_or(u32::MAX)
}

/// The rows of a value that is encoded once or twice.
fn rows_of(text: &str) -> Result<Vec<RowIn>, Error> {
    if text.trim_start().starts_with('"') {
        let inner: String = serde_json::from_str(text).map_err(undecodable)?;
        return serde_json::from_str(&without_nan(&inner)).map_err(undecodable);
    }
    serde_json::from_str(&without_nan(text)).map_err(undecodable)
}

/// `null` in place of each NaN outside of texts. JSON has no NaN; Python's writer has, and means
/// that there is no number.
fn without_nan(text: &str) -> Cow<'_, str> {
    if !text.contains("NaN") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let (mut quoted, mut escaped) = (false, false);
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        if !quoted && let Some(after) = rest.strip_prefix("NaN") {
            out.push_str("null");
            rest = after;
            continue;
        }
        match next {
            '"' if !escaped => quoted = !quoted,
            _ => {}
        }
        escaped = quoted && next == '\\' && !escaped;
        out.push(next);
        rest = &rest[next.len_utf8()..];
    }
    Cow::Owned(out)
}

fn row_in(row: &RowIn) -> Result<DatasetRow, Error> {
    // Without a count, the original's 0 stands for "no news" and any other score for one article.
    let scored = row
        .sentiment
        .filter(|score| *score != 0.0 || row.articles.is_some());
    let articles = row.articles.unwrap_or_else(|| u32::from(scored.is_some()));
    let news = SessionNews::new(row.date, scored, articles)?;
    let close = row.close.ok_or_else(|| {
        let date = row.date;
        Error::Undecodable(format!("the Close of {date} is missing, null or NaN"))
    })?;
    let bar = Bar::of_close(row.date, close)?
        .with_open(row.open)
        .with_range(row.low, row.high)
        .with_adj_close(row.adj_close)
        .with_volume(row.volume);
    Ok(DatasetRow::new(bar, news))
}

fn live_news(record: &Record, target: SessionDate) -> Result<SessionNews, Error> {
    let sentiment = float(record, LIVE_SENTIMENT)?;
    let articles = number(record, LIVE_ARTICLES)?.unwrap_or_else(|| u32::from(sentiment.is_some()));
    SessionNews::new(target, sentiment, articles)
}
