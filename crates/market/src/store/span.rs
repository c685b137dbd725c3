//! Coverage: the spans of time of which a provider's bars or articles of a ticker are all known.

use chrono::{DateTime, Utc};
use closecall_protocol::Ticker;
use rusqlite::{Connection, Row, Transaction, params};

/// A span of time, from `start` to just before `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: DateTime<Utc>,
    pub(crate) end: DateTime<Utc>,
}

impl Span {
    pub(crate) fn is_empty(&self) -> bool {
        self.start >= self.end
    }
}

/// Subject of a mark of coverage.
#[derive(Debug, Clone, Copy)]
pub(super) struct Covered<'a> {
    pub(super) provider: &'static str,
    /// `bars` or `news`.
    pub(super) kind: &'static str,
    pub(super) ticker: &'a Ticker,
}

/// The known spans, ascending and apart.
pub(super) fn known(connection: &Connection, of: Covered<'_>) -> rusqlite::Result<Vec<Span>> {
    let mut query = connection.prepare_cached(
        "SELECT start, end FROM coverage
         WHERE provider = ?1 AND kind = ?2 AND ticker = ?3 ORDER BY start",
    )?;
    let moment = |seconds| DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    let span = |row: &Row<'_>| {
        Ok(Span {
            start: moment(row.get(0)?),
            end: moment(row.get(1)?),
        })
    };
    query
        .query_map(params![of.provider, of.kind, of.ticker.as_str()], span)?
        .collect()
}

/// Marks a span as known, joined with those that it touches.
pub(super) fn mark(
    transaction: &Transaction<'_>,
    of: Covered<'_>,
    span: Span,
) -> rusqlite::Result<()> {
    let mut whole = span;
    for other in known(transaction, of)? {
        if other.start <= whole.end && whole.start <= other.end {
            whole = Span {
                start: whole.start.min(other.start),
                end: whole.end.max(other.end),
            };
            let start = other.start.timestamp();
            transaction.execute(
                "DELETE FROM coverage
                 WHERE provider = ?1 AND kind = ?2 AND ticker = ?3 AND start = ?4",
                params![of.provider, of.kind, of.ticker.as_str(), start],
            )?;
        }
    }
    transaction.execute(
        "INSERT INTO coverage VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            of.provider,
            of.kind,
            of.ticker.as_str(),
            whole.start.timestamp(),
            whole.end.timestamp()
        ],
    )?;
    Ok(())
}

/// Parts of `window` outside of the known spans, which ascend and lie apart.
pub(super) fn gaps(known: &[Span], window: Span) -> Vec<Span> {
    let mut gaps = Vec::new();
    let mut start = window.start;
    for span in known {
        if span.start > start {
            gaps.push(Span {
                start,
                end: span.start.min(window.end),
            });
        }
        start = start.max(span.end);
    }
    gaps.push(Span {
        start,
        end: window.end,
    });
    gaps.retain(|gap| !gap.is_empty());
    gaps
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
    }

    fn span(start: i64, end: i64) -> Span {
        Span {
            start: at(start),
            end: at(end),
        }
    }

    #[test]
    fn what_is_known_is_not_asked_again() {
        let known = [span(10, 20), span(30, 40)];
        assert_eq!(
            gaps(&known, span(0, 50)),
            [span(0, 10), span(20, 30), span(40, 50)]
        );
        assert_eq!(gaps(&known, span(12, 18)), []);
        assert_eq!(gaps(&known, span(15, 35)), [span(20, 30)]);
        assert_eq!(gaps(&known, span(50, 60)), [span(50, 60)]);
        assert_eq!(gaps(&known, span(0, 5)), [span(0, 5)]);
        assert_eq!(gaps(&[], span(0, 5)), [span(0, 5)]);
    }
}
