//! Resources that a process takes: CPU time, and the memory it held at its peak. The peak is
//! known where there is a `/proc`, which is on Linux.

use std::path::PathBuf;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// CPU time of this process so far, of all its threads.
pub(super) fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// Runs `work` and says what it took: its result, CPU time, and the peak of this process's memory
/// within it, in MiB.
pub(super) async fn measured<T>(work: impl Future<Output = T>) -> (T, Duration, Option<f64>) {
    forget_peak();
    let before = cpu();
    let done = work.await;
    let took = cpu().saturating_sub(before);
    (done, took, Process::own().peak_mib())
}

/// Lets the kernel count this process's peak from here on. Where it cannot, the peak is the highest
/// so far.
fn forget_peak() {
    std::fs::write("/proc/self/clear_refs", "5").ok();
}

/// A process as `/proc` shows it.
pub(super) struct Process(PathBuf);

impl Process {
    pub(super) fn own() -> Self {
        Self(PathBuf::from("/proc/self"))
    }

    pub(super) fn of(id: u32) -> Self {
        Self(PathBuf::from(format!("/proc/{id}")))
    }

    /// The most memory that it held at a time, in MiB.
    pub(super) fn peak_mib(&self) -> Option<f64> {
        let status = std::fs::read_to_string(self.0.join("status")).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kib / 1024.0)
    }

    /// CPU time of all its threads so far, in steps of the kernel's clock tick.
    pub(super) fn cpu(&self) -> Option<Duration> {
        let stat = std::fs::read_to_string(self.0.join("stat")).ok()?;
        // The name in parentheses may hold blanks; what follows it does not.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
        let second = rustix::param::clock_ticks_per_second();
        Some(Duration::from_secs_f64(ticks as f64 / second as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_costs_time_and_both_ways_to_read_it_agree() {
        let before = cpu();
        let mut sum = 0_u64;
        while cpu() - before < Duration::from_millis(50) {
            sum = std::hint::black_box(sum.wrapping_mul(31).wrapping_add(7));
        }
        let Some(seen) = Process::own().cpu() else {
            eprintln!("skipped: no /proc");
            return;
        };
        assert!(seen + Duration::from_millis(20) >= Duration::from_millis(50));
        assert!(seen <= cpu() + Duration::from_millis(20));
        assert!(Process::own().peak_mib().unwrap() > 1.0);
    }
}
