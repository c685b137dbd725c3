//! `/api/v1/forecasts` and `/api/v1/forecasts/{pick_id}`.

use chrono::{DateTime, Utc};
use closecall_ledger::Entry;
use closecall_protocol::{CloseForecast, PickId, SessionDate};
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{of_ledger, record};
use super::entry::ForecastEntry;
use crate::guard::WebRequest;
use crate::problem::Problem;
use crate::query::{self, Query};
use crate::record::TrackRecord;
use crate::reply::WebReply;
use crate::site::Site;

/// Entries of a page where nothing else is asked for, and at most.
const LIMIT: i64 = 50;
const MOST: i64 = 200;

/// Entries that are looked at for a page of one session, which is not what rows are found by.
const LOOKED_AT: u32 = 2_000;

/// A page of picks, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ForecastPage {
    /// The picks.
    pub(crate) items: Vec<ForecastEntry>,
    /// Where the next page is; null on the last.
    pub(crate) next: Option<String>,
}

/// One pick with everything that is known of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ForecastDetail {
    /// The entry, as in a list.
    pub(crate) entry: ForecastEntry,
    /// The whole forecast, as `predict --json` prints it; null of a dead letter.
    #[schema(value_type = Option<Object>)]
    pub(crate) forecast: Option<CloseForecast>,
    /// Source of the close, and when it came.
    pub(crate) scored_by: Option<ScoredBy>,
    /// Words of the refusing stage; null of a forecast.
    pub(crate) dead_letter: Option<super::dead_letters::DeadLetterEntry>,
    /// Where its row lies in the chain.
    pub(crate) ledger: LedgerPlace,
}

/// Source of a forecast's score.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScoredBy {
    /// The pick whose history gave the close; null where `closecall ledger score` fetched it.
    #[schema(value_type = Option<String>)]
    pub(crate) pick_id: Option<PickId>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) at: DateTime<Utc>,
    /// Number of the row.
    pub(crate) seq: i64,
}

/// Place of a row in the chain.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LedgerPlace {
    /// Its number.
    pub(crate) seq: i64,
    /// SHA-256 over the hash before, the number and the content, in 64 hexadecimal digits.
    pub(crate) hash: String,
    /// The hash of the row before.
    pub(crate) previous: String,
}

pub(crate) fn list(site: &Site, asked: &WebRequest) -> Result<WebReply, Problem> {
    let query = Query::parse(&asked.query, &["ticker", "session", "limit", "before"])?;
    let limit = query.number("limit", 1..=MOST)?.unwrap_or(LIMIT);
    let before = query.number("before", 1..=i64::MAX)?;
    let (ticker, session) = (query.ticker()?, query.session()?);
    let record = record(site)?;
    let (rows, head) = {
        let book = record.book();
        (book.rows, book.head.clone())
    };
    let page = || {
        // What was recorded meanwhile belongs to a later state than the tag names.
        let before = before.unwrap_or(i64::MAX).min(rows + 1);
        let wanted = u32::try_from(limit).unwrap_or(1);
        let read = if session.is_some() { LOOKED_AT } else { wanted };
        let found: Vec<Entry> = record.read(|reader| match &ticker {
            Some(ticker) => reader.newest_of(ticker, Some(before), read),
            None => reader.newest(Some(before), read),
        })?;
        let more = found.len() == read as usize;
        let last_read = found.last().map(|entry| entry.seq);
        let mut items: Vec<ForecastEntry> = found
            .iter()
            .filter(|entry| session.is_none() || entry.session.map(SessionDate::date) == session)
            .map(ForecastEntry::of)
            .collect();
        let cut = items.len() > wanted as usize;
        items.truncate(wanted as usize);
        let last = if cut {
            items.last().map(|entry| entry.seq)
        } else {
            last_read
        };
        let next = last.filter(|last| (more || cut) && *last > 1).map(|last| {
            let mut path = format!("/api/v1/forecasts?limit={limit}&before={last}");
            if let Some(ticker) = &ticker {
                path += &format!("&ticker={ticker}");
            }
            if let Some(session) = &session {
                path += &format!("&session={session}");
            }
            path
        });
        Ok::<_, Problem>(ForecastPage { items, next })
    };
    let mut next = None;
    let mut reply = of_ledger(site, asked, &head, || {
        let page = page()?;
        next.clone_from(&page.next);
        Ok(page)
    })?;
    if let Some(next) = next {
        reply.header("link", &format!("<{next}>; rel=\"next\""));
    }
    Ok(reply)
}

pub(crate) fn one(site: &Site, asked: &WebRequest, id: &str) -> Result<WebReply, Problem> {
    Query::parse(&asked.query, &[])?;
    let pick_id = query::pick_id(id)?;
    let record = record(site)?;
    let head = record.book().head.clone();
    of_ledger(site, asked, &head, || detail(record, pick_id))
}

/// Everything that is known of a pick.
pub(crate) fn detail(record: &TrackRecord, pick_id: PickId) -> Result<ForecastDetail, Problem> {
    let found = record.read(|reader| {
        let Some(entry) = reader.entry(pick_id)? else {
            return Ok(None);
        };
        let forecast = reader.forecast(pick_id)?;
        let scored = reader.score_row(pick_id)?;
        let place = reader.place(entry.seq)?;
        let letter = reader.dead_letter_at(entry.seq)?;
        Ok(Some((entry, forecast, scored, place, letter)))
    })?;
    let Some((entry, forecast, scored, place, letter)) = found else {
        return Err(Problem::not_found("there is no pick with this id"));
    };
    let place = place.ok_or_else(Problem::unreadable)?;
    Ok(ForecastDetail {
        dead_letter: letter
            .map(|letter| super::dead_letters::DeadLetterEntry::of(entry.seq, &letter)),
        entry: ForecastEntry::of(&entry),
        forecast,
        scored_by: scored.map(|row| ScoredBy {
            pick_id: row.by,
            at: row.recorded_at,
            seq: row.seq,
        }),
        ledger: LedgerPlace {
            seq: place.seq,
            hash: place.hash,
            previous: place.previous,
        },
    })
}
