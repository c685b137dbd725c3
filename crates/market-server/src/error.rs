//! Errors before the server serves: its address, its directory, its settings. Once it
//! serves, every request gets an answer in the vendor's form.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use closecall_price_files::FileError;

/// Errors that keep a market server from starting or going on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process listens there.
    #[error(
        "cannot listen on {address}: the port is in use; stop what listens there, or choose another port (0 takes any free one)"
    )]
    PortInUse {
        /// The address asked for.
        address: SocketAddr,
    },
    /// The address cannot be listened on for another reason.
    #[error("cannot listen on {address}: {source}; choose another address or port")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// The text of the system.
        source: io::Error,
    },
    /// The server stopped by itself.
    #[error("the market server stopped: {0}")]
    Serve(#[source] io::Error),
    /// The directory to replay is not one.
    #[error(
        "nothing to replay at {path}: a replay is a directory with prices/TICKER.csv and news/TICKER.csv"
    )]
    NoRecords {
        /// Where the files were looked for.
        path: PathBuf,
    },
    /// A recorded file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// The text of the system.
        source: io::Error,
    },
    /// A recorded file holds something else than it should.
    #[error("{path}, line {line}: {problem}; correct or remove it")]
    Row {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// The problem there.
        problem: String,
    },
    /// A simulated market cannot be predictable to that degree.
    #[error("predictability {0} is not usable: give a share of the variance, from 0 to below 1")]
    Predictability(f64),
    /// A pattern of tickers is no regular expression.
    #[error(
        "{pattern:?} is no pattern of tickers: {problem}; give a regular expression such as S[0-9]{{3}}"
    )]
    Pattern {
        /// The pattern.
        pattern: String,
        /// The problem.
        problem: String,
    },
    /// A fault's text says something that no fault is.
    #[error(
        "{spec:?} is no fault: {problem}; write WHERE:WHAT[:WHEN], such as news:status=503:first=2"
    )]
    FaultSpec {
        /// The text.
        spec: String,
        /// The problem.
        problem: String,
    },
    /// A file cannot be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// The text of the system.
        source: io::Error,
    },
    /// A recorded close is another than the one that was fetched.
    #[error(
        "{path} holds the close {old} for a session whose close is {new} now, as after a split; record into an empty directory"
    )]
    OtherBasis {
        /// The file.
        path: PathBuf,
        /// The close in the file.
        old: f64,
        /// The close that was fetched.
        new: f64,
    },
}

impl From<FileError> for Error {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Line {
                path,
                line,
                problem,
            } => Self::Row {
                path,
                line,
                problem,
            },
            FileError::Unreadable { path, problem, .. } => Self::Read {
                path,
                source: io::Error::other(problem),
            },
        }
    }
}
