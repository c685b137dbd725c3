//! Rows of the log by their pick.

/// Condition that a row of `log` is of the pick `?1`. Both ways in which formats index identities
/// stand in it.
pub(crate) const OF_PICK: &str = "substr(pick_id, 1, 8) = substr(?1, 1, 8) AND pick_id = ?1";
