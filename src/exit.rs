//! Exit codes: what a script can tell a failure by. The numbers are those of BSD's `sysexits`.

use std::fmt;
use std::process::ExitCode;

/// Why the process ends as it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// A mistake in the command line.
    Usage,
    /// The data that came cannot be used.
    Data,
    /// A vendor or the broker cannot be reached, after retries.
    Unavailable,
    /// A store cannot be made, or a port cannot be had.
    CannotCreate,
    /// A quota is spent: try again later.
    Temporary,
    /// A credential was refused.
    Refused,
    /// The configuration cannot be used.
    Configuration,
}

impl Exit {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Usage => 64,
            Self::Data => 65,
            Self::Unavailable => 69,
            Self::CannotCreate => 73,
            Self::Temporary => 75,
            Self::Refused => 77,
            Self::Configuration => 78,
        }
    }
}

/// A failure and the code the process ends with. One without a code ends with 1.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    error: anyhow::Error,
}

impl Failure {
    pub(crate) fn new(exit: Exit, error: impl Into<anyhow::Error>) -> Self {
        Self {
            exit,
            error: error.into(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The whole chain on one line.
        write!(f, "{:#}", self.error)
    }
}

impl std::error::Error for Failure {}

/// The code for an error that came up to `main`.
pub(crate) fn code_of(error: &anyhow::Error) -> ExitCode {
    error
        .downcast_ref::<Failure>()
        .map_or(ExitCode::FAILURE, |failure| failure.exit.code().into())
}

/// Gives an error the code it ends the process with.
pub(crate) trait OrExit<T> {
    fn or_exit(self, exit: Exit) -> Result<T, anyhow::Error>;
}

impl<T, E: Into<anyhow::Error>> OrExit<T> for Result<T, E> {
    fn or_exit(self, exit: Exit) -> Result<T, anyhow::Error> {
        self.map_err(|error| Failure::new(exit, error).into())
    }
}
