//! `/api/v1/tickers` and `/api/v1/tickers/{ticker}`.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use closecall_protocol::{CloseForecast, PickId, SessionDate, Ticker};
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{of_ledger, record};
use super::entry::{ForecastEntry, IntervalEntry};
use super::score::{CoverageView, EstimateView, ScoreView};
use crate::guard::WebRequest;
use crate::problem::Problem;
use crate::query::{self, Query};
use crate::record::{Said, TrackRecord};
use crate::reply::WebReply;
use crate::site::Site;

/// The tickers that are picked from.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TickerList {
    /// In the order in which they are set.
    pub(crate) items: Vec<TickerEntry>,
}

/// One ticker in the list. While the ledger does not verify there is no score: 0, null and empty.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TickerEntry {
    /// The ticker.
    #[schema(value_type = String)]
    pub(crate) ticker: Ticker,
    /// The newest forecast in time; null before the first.
    pub(crate) newest: Option<ForecastEntry>,
    /// First forecasts of a session and phase whose close is known; 0 while the ledger does not verify.
    pub(crate) outcomes: usize,
    /// Error over that of the price the forecasts start from; null while the ledger does not verify.
    pub(crate) relative_mae: Option<EstimateView>,
    /// Share of closes inside each band; empty while the ledger does not verify.
    pub(crate) coverage: Vec<CoverageView>,
}

/// One ticker with its closes, news and earlier forecasts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TickerDetail {
    /// As in the list.
    #[serde(flatten)]
    pub(crate) entry: TickerEntry,
    /// The last closes as (session, close), ascending, at most 60.
    #[schema(value_type = Vec<(String, f64)>)]
    pub(crate) history: Vec<(SessionDate, f64)>,
    /// Mean headline score (null without articles) and number of articles by session, where the forecast carries them.
    #[schema(value_type = Option<Vec<(String, Option<f64>, u32)>>)]
    pub(crate) news: Option<Vec<(SessionDate, Option<f64>, u32)>>,
    /// Earlier forecasts of the sessions in `history`, the newest first, one a session.
    pub(crate) past: Vec<PastEntry>,
}

/// An earlier forecast of a session whose close came.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PastEntry {
    /// The pick.
    #[schema(value_type = String)]
    pub(crate) pick_id: PickId,
    /// The session.
    #[schema(value_type = String, format = Date)]
    pub(crate) session: SessionDate,
    /// The moment at which its data were cut.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) as_of: DateTime<Utc>,
    /// The forecast close, on the basis of `history`.
    pub(crate) prediction: f64,
    /// Its bands, on the basis of `history`.
    pub(crate) intervals: Vec<IntervalEntry>,
    /// The close that came, as in `history`.
    pub(crate) actual: f64,
}

pub(crate) fn list(site: &Site, asked: &WebRequest) -> Result<WebReply, Problem> {
    Query::parse(&asked.query, &[])?;
    let record = record(site)?;
    of_ledger(site, asked, &state(record), || {
        let items = site
            .tickers
            .iter()
            .map(|ticker| entry(record, ticker))
            .collect();
        Ok(TickerList { items })
    })
}

pub(crate) fn one(site: &Site, asked: &WebRequest, ticker: &str) -> Result<WebReply, Problem> {
    Query::parse(&asked.query, &[])?;
    let ticker = query::ticker(ticker)?;
    let record = record(site)?;
    of_ledger(site, asked, &state(record), || {
        detail(site, record, &ticker)
    })
}

/// Names the rows that are known and those that the scores are of, which follow a moment later.
fn state(record: &TrackRecord) -> String {
    let first = |head: &str| head.get(..8).unwrap_or("00000000").to_owned();
    first(&record.book().head) + &first(&record.score().head)
}

fn entry(record: &TrackRecord, ticker: &Ticker) -> TickerEntry {
    let score = match record.fault() {
        Some(_) => Arc::default(),
        None => record.score_of(ticker),
    };
    let score: &ScoreView = &score;
    TickerEntry {
        ticker: ticker.clone(),
        newest: record
            .book()
            .tickers
            .get(ticker)
            .and_then(|book| book.newest.clone()),
        outcomes: score.outcomes,
        relative_mae: score.relative_mae,
        coverage: score.coverage.clone(),
    }
}

fn detail(site: &Site, record: &TrackRecord, ticker: &Ticker) -> Result<TickerDetail, Problem> {
    let entry = entry(record, ticker);
    if entry.newest.is_none() && !site.tickers.contains(ticker) {
        return Err(Problem::not_found(
            "this ticker is not picked from, and never was",
        ));
    }
    let forecast = newest_forecast(record, entry.newest.as_ref())?;
    let history = forecast
        .as_ref()
        .map(|forecast| forecast.history.clone())
        .unwrap_or_default();
    let news = forecast
        .as_ref()
        .and_then(|forecast| forecast.news.as_ref());
    let news = news.map(|news| news.iter().map(|mean| (mean.0, mean.1, mean.2)).collect());
    let past = forecast
        .map(|forecast| past(record, &forecast))
        .unwrap_or_default();
    Ok(TickerDetail {
        entry,
        history,
        news,
        past,
    })
}

/// The newest forecast, whole.
pub(crate) fn newest_forecast(
    record: &TrackRecord,
    newest: Option<&ForecastEntry>,
) -> Result<Option<CloseForecast>, Problem> {
    let Some(newest) = newest else {
        return Ok(None);
    };
    Ok(record.read(|reader| reader.forecast(newest.pick_id))?)
}

/// Forecasts of the sessions in a forecast's history, the newest first. Where a session was
/// forecast several times it is the first of the same part of the day, so that like stands beside
/// like, else the first of all.
pub(crate) fn past(record: &TrackRecord, forecast: &CloseForecast) -> Vec<PastEntry> {
    let book = record.book();
    let Some(ticker) = book.tickers.get(&forecast.ticker) else {
        return Vec::new();
    };
    let entry = |(session, close): &(SessionDate, f64)| {
        let said: Vec<&Said> = ticker
            .said
            .get(session)?
            .iter()
            .filter(|said| said.actual.is_some())
            .collect();
        let alike = said
            .iter()
            .filter(|said| said.phase == forecast.phase)
            .min_by_key(|said| said.as_of);
        let said = alike.or_else(|| said.iter().min_by_key(|said| said.as_of))?;
        // Closes are restated after a split: what was said is brought to today's basis.
        let basis = close / said.actual?;
        let intervals = said.intervals.iter().map(|interval| IntervalEntry {
            level: interval.level,
            lower: interval.lower * basis,
            upper: interval.upper * basis,
        });
        Some(PastEntry {
            pick_id: said.pick_id,
            session: *session,
            as_of: said.as_of,
            prediction: said.prediction * basis,
            intervals: intervals.collect(),
            actual: *close,
        })
    };
    forecast.history.iter().rev().filter_map(entry).collect()
}
