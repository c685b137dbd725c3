//! Damage that verification can find, named with its row where there is one.

use std::fmt;

/// One thing wrong with a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Damage {
    /// The row is not what it was when it was written.
    Altered {
        /// Its number.
        row: i64,
    },
    /// Rows that were written are gone.
    Removed {
        /// The first of them.
        first: i64,
        /// The last of them.
        last: i64,
    },
    /// The row is whole, but another one was once in its place.
    Replaced {
        /// Its number.
        row: i64,
        /// The one that knew the other.
        witness: String,
    },
    /// Rows that the ledger did not write.
    Unrecorded {
        /// The first of them.
        first: i64,
        /// The last of them.
        last: i64,
    },
    /// The database breaks off.
    Unreadable {
        /// The row that should have come.
        row: i64,
        /// The text of SQLite.
        message: String,
    },
    /// A record of how far the log goes is missing or unreadable.
    Head {
        /// The record.
        witness: &'static str,
        /// The problem.
        message: String,
    },
    /// A table, index or trigger is not as the ledger made it.
    Schema {
        /// Its name.
        object: String,
        /// The problem.
        what: &'static str,
    },
    /// A score is not what the forecast and the close that came make of it.
    Score {
        /// Its row.
        row: i64,
    },
    /// A list that rows name by its hash is missing, or is not what it was.
    Content {
        /// Its hash.
        hash: String,
        /// The problem.
        what: &'static str,
    },
    /// A table that follows from the log does not agree with it.
    Derived {
        /// The table.
        table: &'static str,
        /// Where it disagrees.
        message: String,
    },
    /// Every row is whole, but the database around them is not.
    Storage {
        /// The text of SQLite.
        message: String,
    },
}

impl Damage {
    /// The row that is wrong or missing, the first where there are several.
    #[must_use]
    pub fn row(&self) -> Option<i64> {
        match self {
            Self::Altered { row }
            | Self::Replaced { row, .. }
            | Self::Score { row }
            | Self::Unreadable { row, .. } => Some(*row),
            Self::Removed { first, .. } | Self::Unrecorded { first, .. } => Some(*first),
            Self::Head { .. }
            | Self::Schema { .. }
            | Self::Content { .. }
            | Self::Derived { .. }
            | Self::Storage { .. } => None,
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Altered { row } => write!(f, "row {row} was changed: it does not match its hash"),
            Self::Removed { first, last } => {
                rows(f, *first, *last, "is missing", "are missing")?;
                f.write_str(": removed after being recorded")
            }
            Self::Replaced { row, witness } => {
                write!(
                    f,
                    "row {row} was replaced: it is not the row that {witness} knows"
                )
            }
            Self::Unrecorded { first, last } => {
                rows(f, *first, *last, "was added", "were added")?;
                f.write_str(" by something else: the head does not know of it")
            }
            Self::Unreadable { row, message } => {
                write!(f, "the log cannot be read from row {row} on: {message}")
            }
            Self::Head { witness, message } => write!(f, "{witness} cannot be read: {message}"),
            Self::Schema { object, what } => write!(f, "`{object}` of the database {what}"),
            Self::Score { row } => write!(
                f,
                "row {row} is a score that its forecast and the close that came do not give"
            ),
            Self::Content { hash, what } => write!(f, "the list {hash} {what}"),
            Self::Derived { table, message } => {
                write!(f, "`{table}` does not follow from the log: {message}")
            }
            Self::Storage { message } => write!(f, "the database is inconsistent: {message}"),
        }
    }
}

fn rows(f: &mut fmt::Formatter<'_>, first: i64, last: i64, one: &str, more: &str) -> fmt::Result {
    if first == last {
        write!(f, "row {first} {one}")
    } else {
        write!(f, "rows {first} to {last} {more}")
    }
}
