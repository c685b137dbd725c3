//! The chain of rows: the bytes that a row's hash covers. Not where hashes are kept.

use sha2::{Digest, Sha256};

/// The hash that the first row names as the one before it.
pub(crate) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// SHA-256, in 64 hexadecimal digits, over the hash before, the row's number and its content. The
/// first two have fixed lengths, so no two rows feed it the same bytes.
pub(crate) fn hash(previous: &str, seq: i64, content: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(previous.as_bytes());
    hasher.update(seq.to_be_bytes());
    hasher.update(content.as_bytes());
    let digest = hasher.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Head of a log: its number of rows, and the hash of the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) rows: i64,
    pub(crate) hash: String,
}

impl Head {
    /// Of a log without rows.
    pub(crate) fn empty() -> Self {
        Self {
            rows: 0,
            hash: GENESIS.to_owned(),
        }
    }

    /// The head once `content` has been appended.
    pub(crate) fn after(&self, content: &str) -> Self {
        let rows = self.rows + 1;
        Self {
            rows,
            hash: hash(&self.hash, rows, content),
        }
    }
}
