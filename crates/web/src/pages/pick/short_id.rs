//! The first digits of a pick's id, by which people name it.

/// Digits of a short id.
pub(super) const DIGITS: usize = 8;

/// The short form of an id.
pub(super) fn short(id: &str) -> &str {
    id.get(..DIGITS).unwrap_or(id)
}
