//! Memory that a piece of work takes at most, measured by the system: the resident set's peak, in a
//! process in which nothing else runs.

use std::process::Command;

/// Set in the process of a single test.
const ALONE: &str = "CLOSECALL_TEST_ALONE";

/// Whether the caller is alone in its process. Where it is not, its test is run again in one of its
/// own, which has to pass.
///
/// # Panics
/// Where the test failed there, or its process could not be made.
#[must_use]
pub fn alone(test: &str) -> bool {
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let program = std::env::current_exe().unwrap_or_else(|error| panic!("{error}"));
    let done = Command::new(program)
        .args(["--exact", test, "--test-threads=1", "--nocapture"])
        .env(ALONE, "1")
        .output()
        .unwrap_or_else(|error| panic!("{error}"));
    let said = String::from_utf8_lossy(&done.stdout);
    let complained = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}{complained}");
    assert!(said.contains("1 passed"), "there is no test {test}: {said}");
    print!("{said}");
    false
}

/// Bytes by which the resident set grew at most during `work`, with what the work gave; `None` where
/// the system does not say.
pub fn growth<T>(work: impl FnOnce() -> T) -> Option<(T, u64)> {
    // Sets the peak to what is resident now.
    std::fs::write("/proc/self/clear_refs", "5").ok()?;
    let before = status("VmRSS:")?;
    let done = work();
    let peak = status("VmHWM:")?;
    Some((done, peak.saturating_sub(before)))
}

fn status(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(1024 * kilobytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_for_a_moment_is_seen() {
        if !alone("memory::tests::what_is_taken_for_a_moment_is_seen") {
            return;
        }
        let sum = || -> u64 { vec![1_u8; 32 << 20].iter().map(|n| u64::from(*n)).sum() };
        let Some((sum, grown)) = growth(sum) else {
            return;
        };
        assert_eq!(sum, 32 << 20);
        assert!((28 << 20..40 << 20).contains(&grown), "{grown}");
    }
}
