//! Errors of the alerts' settings, and of a receiver.

use std::path::PathBuf;

/// Alerts that cannot be set up, or one that was not taken. The address is a secret: it is in no text.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is none.
    #[error("`alerts.url` is not an address: give https://HOST/PATH")]
    Address,
    /// It would carry its secret in the open.
    #[error(
        "`alerts.url` is not https: beyond this machine its path, which is a secret, would be sent in the open"
    )]
    Open,
    /// TLS or the client cannot be set up.
    #[error("the client of the alerts cannot be made: {0}")]
    Client(String),
    /// The receiver answered otherwise than with 2xx.
    #[error("the receiver of the alerts answered {0}")]
    Status(u16),
    /// It did not answer.
    #[error("the receiver of the alerts cannot be reached or did not answer within 5 s")]
    Unreachable,
    /// The file of what stands cannot be read or written.
    #[error("{} cannot be {doing}: alerts would be lost or sent twice", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// The operation.
        doing: &'static str,
        /// The reason that it failed.
        source: std::io::Error,
    },
}
