//! The head once more, in a small file beside the database.
//!
//! The database alone cannot tell that its newest transactions are gone: cut its write-ahead log
//! and it is simply a shorter ledger. The file is written after each commit, so it never promises
//! a row that is not there; a process killed in between leaves it a commit behind, which is fine.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::chain::Head;

/// Where the file lies.
#[derive(Debug)]
pub(crate) struct HeadFile {
    path: PathBuf,
    /// Whether writing waits for the disk.
    syncs: bool,
}

impl HeadFile {
    pub(crate) fn beside(database: &Path) -> Self {
        Self {
            path: database.with_extension("head"),
            syncs: true,
        }
    }

    pub(crate) fn without_syncs(self) -> Self {
        Self {
            syncs: false,
            ..self
        }
    }

    /// Content of the file; `None` where there is none.
    pub(crate) fn read(&self) -> io::Result<Option<Head>> {
        let text = match fs::read_to_string(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text?,
        };
        let head = text.trim_end().split_once(' ').and_then(|(rows, hash)| {
            let rows = rows.parse().ok().filter(|rows| *rows >= 0)?;
            Some(Head {
                rows,
                hash: hash.to_owned(),
            })
        });
        let unreadable = || io::Error::new(io::ErrorKind::InvalidData, "not a number and a hash");
        head.map(Some).ok_or_else(unreadable)
    }

    /// Replaces the file as a whole, so that it is never seen half written.
    pub(crate) fn write(&self, head: &Head) -> io::Result<()> {
        let fresh = self.path.with_extension("head.new");
        let mut file = File::create(&fresh)?;
        writeln!(file, "{} {}", head.rows, head.hash)?;
        if self.syncs {
            file.sync_data()?;
        }
        fs::rename(&fresh, &self.path)
    }
}
