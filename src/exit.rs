//! Code codes: what a script can tell a failure by. The numbers are those of BSD's `sysexits`.

use std::fmt;
use std::process::ExitCode;

use closecall_supervision::Signals;

/// Why the process ends as it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
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

impl Code {
    pub(crate) fn number(self) -> u8 {
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

/// An error and the code that the process ends with. One without a code ends with 1.
#[derive(Debug)]
pub(crate) struct CodedError {
    code: Code,
    error: anyhow::Error,
}

impl CodedError {
    pub(crate) fn new(code: Code, error: impl Into<anyhow::Error>) -> Self {
        Self {
            code,
            error: error.into(),
        }
    }
}

impl fmt::Display for CodedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The whole chain on one line.
        write!(f, "{:#}", self.error)
    }
}

impl std::error::Error for CodedError {}

/// The code for an error that came up to `main`.
pub(crate) fn code_of(error: &anyhow::Error) -> ExitCode {
    error
        .downcast_ref::<CodedError>()
        .map_or(ExitCode::FAILURE, |failed| failed.code.number().into())
}

/// A market error with the code that the process ends with.
pub(crate) fn market_error(error: closecall_market::Error) -> anyhow::Error {
    use closecall_market::MarketFailure;
    let code = match error.failure() {
        MarketFailure::Unavailable => Code::Unavailable,
        MarketFailure::BadData => Code::Data,
        MarketFailure::CannotCreate => Code::CannotCreate,
        MarketFailure::TryLater => Code::Temporary,
        MarketFailure::Credential => Code::Refused,
        MarketFailure::Configuration => Code::Configuration,
    };
    CodedError::new(code, error).into()
}

/// A ledger that cannot be read, with the code that the process ends with: one of a newer version is
/// not damaged.
pub(crate) fn ledger_error(error: closecall_ledger::Error) -> anyhow::Error {
    let code = match error {
        closecall_ledger::Error::Newer { .. } => Code::CannotCreate,
        _ => Code::Data,
    };
    CodedError::new(code, error).into()
}

/// A Kafka error with the code that the process ends with.
pub(crate) fn kafka_error(error: closecall_kafka::Error) -> anyhow::Error {
    use closecall_kafka::Error;
    let code = match &error {
        Error::Setting { .. } | Error::Library { .. } | Error::File { .. } => Code::Configuration,
        Error::Refused { .. } | Error::Insecure { .. } => Code::Refused,
        _ => Code::Unavailable,
    };
    CodedError::new(code, error).into()
}

/// Ends the process when it is asked to end, with the code that says so. For commands that leave
/// nothing half done; as the first process of a container they would not be ended otherwise.
pub(crate) fn end_on_a_signal() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    // Listening begins before the command does.
    let mut signals = runtime.block_on(async { Signals::listen() })?;
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            let signal = runtime.block_on(signals.next());
            std::process::exit(signal.exit_code().into());
        })?;
    Ok(())
}

/// Gives an error the code it ends the process with.
pub(crate) trait OrExit<T> {
    fn or_exit(self, code: Code) -> Result<T, anyhow::Error>;
}

impl<T, E: Into<anyhow::Error>> OrExit<T> for Result<T, E> {
    fn or_exit(self, code: Code) -> Result<T, anyhow::Error> {
        self.map_err(|error| CodedError::new(code, error).into())
    }
}
