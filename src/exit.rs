//! Exit codes, by which a script knows one failure from another. The numbers are those of BSD's
//! `sysexits`; this is the one place that gives an error its code, by its class alone.

use std::fmt;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use closecall_protocol::ErrorClass;
use closecall_supervision::{Signal, Signals};

/// Reason of the process's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    /// A mistake in the command line.
    Usage,
    /// The data that came cannot be used.
    Data,
    /// A vendor or the broker cannot be reached, after retries.
    Unavailable,
    /// The program did not keep a promise of its own.
    Internal,
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
            Self::Internal => 70,
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

impl From<ErrorClass> for Code {
    fn from(class: ErrorClass) -> Self {
        match class {
            ErrorClass::Unavailable | ErrorClass::NoConnection => Self::Unavailable,
            ErrorClass::TryLater => Self::Temporary,
            ErrorClass::Garbled | ErrorClass::BadData | ErrorClass::Damaged => Self::Data,
            ErrorClass::CannotCreate => Self::CannotCreate,
            ErrorClass::Refused => Self::Refused,
            ErrorClass::Configuration => Self::Configuration,
        }
    }
}

/// The code for an error that came up to `main`: that of the outermost error in the chain that has
/// one, else 1.
pub(crate) fn code_of(error: &anyhow::Error) -> ExitCode {
    error
        .chain()
        .find_map(|cause| {
            let coded = cause.downcast_ref::<CodedError>().map(|coded| coded.code);
            coded.or_else(|| class_of(cause).map(Code::from))
        })
        .map_or(ExitCode::FAILURE, |code| code.number().into())
}

fn class_of(error: &(dyn std::error::Error + 'static)) -> Option<ErrorClass> {
    let market = || error.downcast_ref().map(closecall_market::Error::class);
    let ledger = || error.downcast_ref().map(closecall_ledger::Error::class);
    let kafka = || error.downcast_ref().map(closecall_kafka::Error::class);
    market().or_else(ledger).or_else(kafka)
}

/// Ends the process when it is asked to end, with the code that says so. For commands that leave
/// nothing half done; as the first process of a container they would not be ended otherwise.
pub(crate) fn end_on_a_signal() -> anyhow::Result<()> {
    on_signals(end_now)
}

/// Set by the first request to end, for commands that keep what they have; the second ends the
/// process at once.
pub(crate) fn ask_to_stop() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::<AtomicBool>::default();
    let asked = Arc::clone(&stop);
    on_signals(move |signal| {
        if asked.swap(true, Ordering::Relaxed) {
            end_now(signal);
        }
    })?;
    Ok(stop)
}

/// Has each request to end answered on a thread of its own, from now on.
fn on_signals(answer: impl Fn(Signal) + Send + 'static) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut signals = runtime.block_on(async { Signals::listen() })?;
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            loop {
                answer(runtime.block_on(signals.next()));
            }
        })?;
    Ok(())
}

fn end_now(signal: Signal) {
    std::process::exit(signal.exit_code().into());
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

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    fn absent() -> anyhow::Error {
        closecall_ledger::Error::Absent("there".into()).into()
    }

    #[test]
    fn the_outermost_error_with_a_class_or_code_decides() {
        let wrapped = Err::<(), _>(absent()).context("reading the ledger");
        assert_eq!(code_of(&wrapped.unwrap_err()), 65.into());
        let coded = Err::<(), _>(absent()).or_exit(Code::Usage);
        assert_eq!(code_of(&coded.unwrap_err()), 64.into());
        assert_eq!(code_of(&anyhow::anyhow!("anything")), 1.into());
    }
}
