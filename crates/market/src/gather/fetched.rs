//! Outcome of asking for the daily chart.

use crate::vendor::VendorFault;

/// Outcome of asking for the daily chart.
#[derive(Debug)]
pub(super) enum Fetched {
    /// An answer, with the number of rows that could not be used.
    Answered { unusable: usize },
    /// Nothing can have changed since the last answer.
    NotAsked,
    /// The store has to do.
    Failed(VendorFault),
}
