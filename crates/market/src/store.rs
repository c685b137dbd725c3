//! The local market store: everything that was fetched, and what the pipeline reads.
//!
//! * `connection`: the SQLite file and its schema.
//! * `prices`: bars and when they were fetched.
//! * `news`: articles, once each, and the windows of time that are completely known.

mod connection;
mod news;
mod prices;

pub(crate) use connection::Store;
pub(crate) use news::Span;
pub(crate) use prices::{Basis, StoredBars};

#[cfg(test)]
mod tests;
