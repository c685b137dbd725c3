//! Spans of time of which everything is known, kept in tables of the form (ticker, start, end).

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

/// The known spans, ascending and apart.
pub(super) fn known(
    connection: &Connection,
    table: &'static str,
    ticker: &Ticker,
) -> rusqlite::Result<Vec<Span>> {
    let query = format!("SELECT start, end FROM {table} WHERE ticker = ?1 ORDER BY start");
    let mut query = connection.prepare_cached(&query)?;
    let moment = |seconds| DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    let span = |row: &Row<'_>| {
        Ok(Span {
            start: moment(row.get(0)?),
            end: moment(row.get(1)?),
        })
    };
    query.query_map([ticker.as_str()], span)?.collect()
}

/// Marks a span as known, joined with those that it touches.
pub(super) fn mark(
    transaction: &Transaction<'_>,
    table: &'static str,
    ticker: &Ticker,
    span: Span,
) -> rusqlite::Result<()> {
    let mut whole = span;
    for other in known(transaction, table, ticker)? {
        if other.start <= whole.end && whole.start <= other.end {
            whole = Span {
                start: whole.start.min(other.start),
                end: whole.end.max(other.end),
            };
            let delete = format!("DELETE FROM {table} WHERE ticker = ?1 AND start = ?2");
            transaction.execute(&delete, params![ticker.as_str(), other.start.timestamp()])?;
        }
    }
    transaction.execute(
        &format!("INSERT INTO {table} VALUES (?1, ?2, ?3)"),
        params![
            ticker.as_str(),
            whole.start.timestamp(),
            whole.end.timestamp()
        ],
    )?;
    Ok(())
}

/// What the known spans, ascending and apart, leave of `window`.
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
