//! The refusal of a file.

use std::io;
use std::path::{Path, PathBuf};

/// Errors of reading a file of prices.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("cannot read {}: {problem}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's own words.
        problem: String,
        /// There is none.
        missing: bool,
    },
    /// It holds something else than daily prices in a form that is known.
    #[error("{}, line {line}: {problem}; correct or remove it", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// The mistake in that line.
        problem: String,
    },
}

impl FileError {
    pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Self {
        Self::Unreadable {
            path: path.to_owned(),
            problem: error.to_string(),
            missing: error.kind() == io::ErrorKind::NotFound,
        }
    }

    pub(crate) fn at(path: &Path, line: u64, problem: impl Into<String>) -> Self {
        Self::Line {
            path: path.to_owned(),
            line,
            problem: problem.into(),
        }
    }
}
