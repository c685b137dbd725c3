//! Runs until something ends the process, ends it in order, and says with what exit code.

use std::future::Future;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::{DrainReport, Signal, Signals, StageFailure, Supervisor};

/// The exit code when a stage failed for good, or the end by itself was not orderly.
const FAILED: u8 = 70;

/// Cause of the end of the process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// Its work is done.
    Finished,
    /// It was asked to.
    Signal(Signal),
    /// A stage failed more often than it may.
    StageFailed(StageFailure),
}

/// End of the process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessExit {
    /// For the operating system: 0 drained, 70 a stage failed, 143 or 130 not drained on a signal,
    /// or a second one.
    pub code: u8,
    /// The reason.
    pub cause: Cause,
    /// Course of the orderly end; none when a second signal cut it short.
    pub report: Option<DrainReport>,
}

impl Supervisor {
    /// To be called when all stages have been started, which makes the process ready.
    ///
    /// Runs until a signal comes, a stage has failed for good, or `finished` is ready; then drains,
    /// records what is left, and stops and joins the stages. A second signal ends that at once.
    /// Returns with nothing left to do but to exit. Should it itself get stuck, the process is
    /// ended by force after `drain.force`.
    pub async fn run(
        &self,
        signals: &mut Signals,
        finished: impl Future<Output = ()>,
    ) -> ProcessExit {
        self.board().wired();
        let cause = tokio::select! {
            biased;
            failure = self.failure() => Cause::StageFailed(failure),
            signal = signals.next() => Cause::Signal(signal),
            () = finished => Cause::Finished,
        };
        tracing::info!(?cause, "ending");
        let unfinished = match &cause {
            Cause::Signal(signal) => signal.exit_code(),
            Cause::Finished | Cause::StageFailed(_) => FAILED,
        };
        let _armed = Force::arm(self.shared().settings.drain.force, unfinished);
        let orderly = async {
            let missed = self.drain().await;
            let abandoned = self.abandon().await;
            let unjoined = self.stop().await;
            DrainReport {
                missed,
                abandoned,
                unjoined,
            }
        };
        let report = tokio::select! {
            report = orderly => report,
            second = signals.next() => {
                tracing::warn!(?second, "asked again, ending at once");
                let code = second.exit_code();
                return ProcessExit { code, cause, report: None };
            }
        };
        let failed = self.shared().escalation.borrow().is_some();
        let code = match (failed, report.drained()) {
            (true, _) => FAILED,
            (false, true) => 0,
            (false, false) => unfinished,
        };
        if report.drained() {
            tracing::info!(code, "ended");
        } else {
            tracing::warn!(code, ?report, "ended with work left over");
        }
        ProcessExit {
            code,
            cause,
            report: Some(report),
        }
    }
}

/// Ends the process by force unless it is dropped in time: the last resort, on a thread that waits
/// for nothing else.
struct Force {
    _disarm: mpsc::Sender<()>,
}

impl Force {
    fn arm(after: Duration, code: u8) -> Option<Self> {
        let (disarm, disarmed) = mpsc::channel();
        thread::Builder::new()
            .name("force".into())
            .spawn(move || {
                if disarmed.recv_timeout(after) == Err(mpsc::RecvTimeoutError::Timeout) {
                    tracing::error!(code, "the end took too long, ending by force");
                    std::process::exit(code.into());
                }
            })
            .inspect_err(|error| tracing::error!(%error, "no thread to end by force"))
            .ok()?;
        Some(Self { _disarm: disarm })
    }
}
