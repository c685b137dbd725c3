//! Work on several threads that start together.

use std::io;
use std::sync::{PoisonError, RwLock};
use std::thread;
use std::time::Instant;

use crate::Error;

/// Runs `work` on `jobs` threads that start together; their results, and the wall-clock time
/// from the common start to the last end.
pub(super) fn together<T: Send>(
    jobs: usize,
    work: impl Fn() -> Result<T, Error> + Sync,
) -> Result<(Vec<T>, f64), Error> {
    // Held for writing until all threads are there; `false` sends them home.
    let gate = RwLock::new(false);
    let timed = || -> Result<_, Error> {
        if !*gate.read().unwrap_or_else(PoisonError::into_inner) {
            return Ok(None);
        }
        let begin = Instant::now();
        work().map(|result| Some((result, begin, Instant::now())))
    };
    let failed = |source| Error::Threads { jobs, source };
    let done = thread::scope(|scope| {
        let mut closed = gate.write().unwrap_or_else(PoisonError::into_inner);
        let threads: Vec<_> = (1..jobs)
            .map(|_| thread::Builder::new().spawn_scoped(scope, timed))
            .collect::<Result<_, _>>()
            .map_err(failed)?;
        *closed = true;
        drop(closed);
        // The calling thread is one of them.
        let mut done = vec![timed()?];
        for thread in threads {
            let panicked = |_| failed(io::Error::other("a benchmark thread panicked"));
            done.push(thread.join().map_err(panicked)??);
        }
        Ok::<_, Error>(done)
    })?;
    let mut results = Vec::with_capacity(jobs);
    let (mut begin, mut end) = (None::<Instant>, None::<Instant>);
    for (result, from, to) in done.into_iter().flatten() {
        results.push(result);
        begin = Some(begin.map_or(from, |begin| begin.min(from)));
        end = Some(end.map_or(to, |end| end.max(to)));
    }
    let elapsed = begin.zip(end).map(|(begin, end)| end - begin);
    Ok((results, elapsed.unwrap_or_default().as_secs_f64()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_threads_work_at_the_same_time() {
        let here = std::sync::Barrier::new(3);
        // Would wait for ever if the threads ran one after another.
        let (results, seconds) = together(3, || Ok(here.wait().is_leader())).unwrap();
        assert_eq!(results.iter().filter(|leader| **leader).count(), 1);
        assert!(seconds >= 0.0);
    }

    #[test]
    fn an_error_of_a_thread_is_the_answer() {
        let failing = || Err::<(), _>(Error::setting("jobs", 0, "at least 1"));
        assert!(together(2, failing).is_err());
    }
}
