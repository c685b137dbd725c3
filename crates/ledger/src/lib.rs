//! The track record: what was forecast, what became of every pick, and how well it went.
//!
//! * [`Ledger`] writes it. One process at a time may; every call is one transaction.
//! * [`SharedLedger`] lets several threads write it: those that wait share a transaction.
//! * [`Reader`] lists it, sums it up and verifies it, also while a writer is at work.
//! * [`Follower`] hands on what is recorded, from where its reader had come to.
//!
//! The record is a log of rows that are never changed: a forecast, a prediction of the original's
//! trainer, a dead letter, or a score of an earlier forecast. What state a pick is in follows from
//! its rows: forecast, else dead letter, else it has none yet. Repeats are counted, not stored.
//!
//! Each row's hash covers the row before, so a changed row shows ([`Damage`]). That the *last* rows
//! are still there shows by two more records of how far the log goes, one inside the database and
//! one beside it. All this finds damage and tampering by hand; one who rewrites every row and both
//! records can forge a ledger, which only a copy elsewhere would show.
//!
//! Everything here is synchronous and may wait for the disk. Files in the directory it is given:
//! `ledger.sqlite` (with SQLite's `-wal` and `-shm`), `ledger.head`, `ledger.lock`.

mod chain;
mod contents;
mod damage;
mod derived;
mod due;
mod entry;
mod error;
mod event;
mod figures;
mod follower;
mod format_version;
mod head_file;
mod lookup;
mod pick_rows;
mod reader;
mod removal;
mod replay;
mod row;
mod schema;
mod score;
mod shared;
mod summary;
mod verify;
mod writer;

pub use damage::Damage;
pub use due::WaitingForecasts;
pub use entry::{Entry, State};
pub use error::Error;
pub use event::{Happening, LedgerEvent};
pub use follower::Follower;
pub use lookup::{LedgerHead, RowPlace, ScoreRow};
pub use reader::Reader;
pub use row::DeadLetterRow;
pub use score::Score;
pub use shared::SharedLedger;
pub use summary::{LedgerSummary, PhaseSummary};
pub use verify::Verified;
pub use writer::{Ledger, LedgerInput, Recorded};
