//! The track record: what was forecast, what became of every pick, and how well it went.
//!
//! * [`Ledger`] writes it. One process at a time may; every call is one transaction.
//! * [`Reader`] lists it, sums it up and verifies it, also while a writer is at work.
//!
//! The record is a log of rows that nobody changes: a forecast, a prediction of the original's
//! trainer, a dead letter, or a score of an earlier forecast. What state a pick is in follows from
//! its rows: forecast, else dead letter, else it has none yet. Repeats are counted, not stored.
//!
//! Each row's hash covers the row before, so a changed row shows ([`Fault`]). That the *last* rows
//! are still there shows by two more records of how far the log goes, one inside the database and
//! one beside it. All this finds damage and tampering by hand; whoever rewrites every row and both
//! records can forge a ledger, which only a copy elsewhere would show.
//!
//! Everything here is synchronous and may wait for the disk. Files in the directory it is given:
//! `ledger.sqlite` (with SQLite's `-wal` and `-shm`), `ledger.head`, `ledger.lock`.

mod chain;
mod entry;
mod error;
mod fault;
mod reader;
mod row;
mod schema;
mod score;
mod verify;
mod witness;
mod writer;

pub use entry::{Entry, State, Summary};
pub use error::Error;
pub use fault::Fault;
pub use reader::Reader;
pub use row::DeadLetterRow;
pub use score::Score;
pub use verify::Verified;
pub use writer::{Ledger, Recorded};
