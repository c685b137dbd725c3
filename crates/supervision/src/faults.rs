//! Named fault points: one way to break a stage on purpose, for tests and for trying it out. Stages
//! call [`FaultPoints::hit`] at their points; what is configured there happens.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::Error;

mod parse;

/// The stages that have fault points, each with the names of those beyond its handler.
pub type KnownPoints<'a> = &'a [(&'a str, &'a [&'a str])];

/// Action at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    /// A panic.
    Panic,
    /// The process ends at once, without any clean-up, as after `kill -9`.
    Exit,
    /// The thread is held.
    Stall(Duration),
}

/// When it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Always,
    Once,
    Every(u64),
}

/// One configured fault: `STAGE[.POINT]:ACTION[:every=N|:once]`, with the actions `panic`, `exit`
/// and `stall=MILLISECONDS`. Read by [`InjectedFault::parse`], written by its `Display`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InjectedFault {
    stage: String,
    point: Option<String>,
    action: Action,
    when: When,
}

#[derive(Debug)]
struct Armed {
    fault: InjectedFault,
    hits: AtomicU64,
}

/// The faults of one process. Clones share the counts. The default has none and costs nothing.
#[derive(Debug, Clone, Default)]
pub struct FaultPoints(Option<Arc<[Armed]>>);

impl FaultPoints {
    /// Reads faults, of which each must name a place in `known`.
    ///
    /// # Errors
    /// The first fault that cannot be read or names an unknown place, with the nearest name.
    pub fn parse<S: AsRef<str>>(
        specs: impl IntoIterator<Item = S>,
        known: KnownPoints<'_>,
    ) -> Result<Self, Error> {
        let armed: Vec<Armed> = specs
            .into_iter()
            .map(|spec| {
                let fault = InjectedFault::parse(spec.as_ref(), known)?;
                let hits = AtomicU64::new(0);
                Ok(Armed { fault, hits })
            })
            .collect::<Result<_, Error>>()?;
        Ok(Self((!armed.is_empty()).then(|| armed.into())))
    }

    /// `stage` has come to `point` (`None`: its handler). Returns when nothing is to happen here
    /// this time, and after a stall.
    ///
    /// # Panics
    /// When that is the fault configured here.
    pub fn hit(&self, stage: &str, point: Option<&str>) {
        for armed in self.0.iter().flat_map(|armed| armed.iter()) {
            let fault = &armed.fault;
            if fault.stage == stage && fault.point.as_deref() == point && armed.is_due() {
                tracing::warn!(%fault, "fault strikes");
                fault.strike();
            }
        }
    }
}

impl Armed {
    /// Counts a hit and says whether the fault strikes on it.
    fn is_due(&self) -> bool {
        let nth = self.hits.fetch_add(1, Ordering::Relaxed) + 1;
        match self.fault.when {
            When::Always => true,
            When::Once => nth == 1,
            When::Every(n) => nth.is_multiple_of(n),
        }
    }
}

impl InjectedFault {
    #[expect(clippy::panic, reason = "to panic is what the fault is for")]
    fn strike(&self) {
        match self.action {
            Action::Panic => panic!("fault {self}"),
            Action::Exit => end_abruptly(),
            Action::Stall(span) => {
                let until = Instant::now() + span;
                while let Some(left) = until.checked_duration_since(Instant::now())
                    && !left.is_zero()
                {
                    thread::park_timeout(left);
                }
            }
        }
    }
}

/// Ends the process as `kill -9` does: nothing is flushed, no destructor or handler runs.
fn end_abruptly() -> ! {
    // An error would mean that a process may not signal itself; then abort is the next best.
    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).ok();
    std::process::abort()
}

impl fmt::Display for InjectedFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.stage)?;
        if let Some(point) = &self.point {
            write!(f, ".{point}")?;
        }
        match self.action {
            Action::Panic => f.write_str(":panic")?,
            Action::Exit => f.write_str(":exit")?,
            Action::Stall(span) => write!(f, ":stall={}", span.as_millis())?,
        }
        match self.when {
            When::Always => Ok(()),
            When::Once => f.write_str(":once"),
            When::Every(n) => write!(f, ":every={n}"),
        }
    }
}
