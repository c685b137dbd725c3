//! `/api/v1/dead-letters`: the picks that were given up, without what they carried.

use chrono::{DateTime, Utc};
use closecall_ledger::DeadLetterRow;
use closecall_protocol::codec::dead_letter;
use closecall_protocol::{PickId, Reason, Ticker};
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{of_ledger, record};
use crate::guard::WebRequest;
use crate::problem::Problem;
use crate::query::Query;
use crate::record::TrackRecord;
use crate::reply::WebReply;
use crate::site::Site;
use crate::text::clean;

/// A page of picks that were given up, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeadLetterPage {
    /// The picks.
    pub(crate) items: Vec<DeadLetterEntry>,
    /// Counts by stage and reason, the most frequent first.
    pub(crate) counts: Vec<DeadLetterCount>,
    /// Where the next page is; null on the last.
    pub(crate) next: Option<String>,
}

/// A pick that was given up.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct DeadLetterEntry {
    /// The pick.
    #[schema(value_type = String)]
    pub(crate) pick_id: PickId,
    /// The stage that refused it.
    pub(crate) stage: String,
    /// The reason, as a code.
    #[schema(value_type = String)]
    pub(crate) reason: Reason,
    /// The reason, in words.
    pub(crate) message: String,
    /// Its ticker, where that could be read.
    #[schema(value_type = Option<String>)]
    pub(crate) ticker: Option<Ticker>,
    /// Number of tries.
    pub(crate) attempts: u32,
    /// When it was given up.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) at: DateTime<Utc>,
    /// The topic that its message came from, where it came through one.
    pub(crate) topic: Option<String>,
    /// Its partition.
    pub(crate) partition: Option<i32>,
    /// Its offset.
    pub(crate) offset: Option<i64>,
    /// Number of its row.
    pub(crate) seq: i64,
}

/// Number of picks that a stage gave up for a reason.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct DeadLetterCount {
    /// The stage.
    pub(crate) stage: String,
    /// The reason's code.
    #[schema(value_type = String)]
    pub(crate) reason: Reason,
    /// Their number.
    pub(crate) count: u64,
}

impl DeadLetterEntry {
    pub(crate) fn of(seq: i64, row: &DeadLetterRow) -> Self {
        Self {
            pick_id: row.pick_id,
            stage: row.stage.clone(),
            reason: row.reason,
            message: clean(&row.message),
            ticker: row.ticker.clone(),
            attempts: row.attempts,
            at: row.at,
            topic: row.topic.clone(),
            partition: row.partition,
            offset: row.offset,
            seq,
        }
    }
}

/// Filter of a page.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) stage: Option<String>,
    pub(crate) reason: Option<Reason>,
    pub(crate) before: Option<i64>,
    pub(crate) limit: usize,
}

pub(crate) fn list(site: &Site, asked: &WebRequest) -> Result<WebReply, Problem> {
    let query = Query::parse(&asked.query, &["stage", "reason", "limit", "before"])?;
    let reason = query.text("reason").map(|text| {
        dead_letter::reason_of(text)
            .ok_or_else(|| Problem::parameter("reason", "the code of a dead-letter reason", text))
    });
    let stage = query.text("stage").map(|text| {
        let plain = (1..=40).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        if plain {
            Ok(text.to_owned())
        } else {
            Err(Problem::parameter("stage", "the name of a stage", text))
        }
    });
    let wanted = Wanted {
        stage: stage.transpose()?,
        reason: reason.transpose()?,
        before: query.number("before", 1..=i64::MAX)?,
        limit: usize::try_from(query.number("limit", 1..=200)?.unwrap_or(50)).unwrap_or(50),
    };
    let record = record(site)?;
    let head = record.book().head.clone();
    of_ledger(site, asked, &head, || page(record, &wanted))
}

/// A page of dead letters.
pub(crate) fn page(record: &TrackRecord, wanted: &Wanted) -> Result<DeadLetterPage, Problem> {
    let (found, counts) = {
        let book = record.book();
        let before = wanted.before.unwrap_or(i64::MAX);
        let found: Vec<i64> = book
            .dead
            .range(..before)
            .rev()
            .filter(|(_, letter)| {
                wanted
                    .stage
                    .as_ref()
                    .is_none_or(|stage| *stage == letter.stage)
            })
            .filter(|(_, letter)| wanted.reason.is_none_or(|reason| reason == letter.reason))
            .map(|(seq, _)| *seq)
            .take(wanted.limit + 1)
            .collect();
        (found, book.dead_letter_counts())
    };
    let shown = &found[..found.len().min(wanted.limit)];
    let items = record.read(|reader| {
        let mut items = Vec::with_capacity(shown.len());
        for seq in shown {
            items.extend(
                reader
                    .dead_letter_at(*seq)?
                    .map(|row| DeadLetterEntry::of(*seq, &row)),
            );
        }
        Ok(items)
    })?;
    let next = (found.len() > wanted.limit).then(|| {
        let before = shown.last().copied().unwrap_or_default();
        let mut path = format!(
            "/api/v1/dead-letters?limit={}&before={before}",
            wanted.limit
        );
        if let Some(stage) = &wanted.stage {
            path += &format!("&stage={stage}");
        }
        if let Some(reason) = wanted.reason {
            path += &format!("&reason={reason}");
        }
        path
    });
    let counts = counts
        .into_iter()
        .map(|(stage, reason, count)| DeadLetterCount {
            stage,
            reason,
            count,
        });
    Ok(DeadLetterPage {
        items,
        counts: counts.collect(),
        next,
    })
}
