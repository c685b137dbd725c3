//! Long-lived threads for the work of the stages. A thread that is done takes the next piece; one
//! more is started only when none is idle. A thread for every piece would leave what it freed in
//! another heap of the C library's each time, and memory would grow with the number of heaps.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak, mpsc};
use std::thread;

/// A piece of work; its panic is caught inside.
type Job = Box<dyn FnOnce() + Send>;

/// Idle threads that are kept; one more ends instead of waiting for work.
const KEPT: usize = 4;

/// The threads of one process. Clones share them; idle ones end with the last clone.
#[derive(Clone, Default)]
pub(crate) struct WorkThreads(Arc<Pool>);

#[derive(Default)]
struct Pool {
    /// Channels by which idle threads are given work. The last to become idle is the first to be
    /// taken: its caches and its heap are warm.
    idle: Mutex<Vec<mpsc::Sender<Job>>>,
    started: AtomicUsize,
}

impl fmt::Debug for WorkThreads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkThreads")
            .field("started", &self.0.started)
            .finish_non_exhaustive()
    }
}

impl WorkThreads {
    /// Runs `job` on an idle thread, or on a new one.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn run(&self, job: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let mut job: Job = Box::new(job);
        loop {
            let Some(thread) = self.0.idle().pop() else {
                break;
            };
            match thread.send(job) {
                Ok(()) => return Ok(()),
                // That thread is gone; the job comes back.
                Err(mpsc::SendError(back)) => job = back,
            }
        }
        let number = self.0.started.fetch_add(1, Ordering::Relaxed) + 1;
        let pool = Arc::downgrade(&self.0);
        thread::Builder::new()
            .name(format!("work-{number}"))
            .spawn(move || serve(&pool, job))
            .map(drop)
    }
}

impl Pool {
    fn idle(&self) -> MutexGuard<'_, Vec<mpsc::Sender<Job>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lists the calling thread as idle; gives where its next job comes in, none when there are
    /// idle threads enough.
    fn offer(&self) -> Option<mpsc::Receiver<Job>> {
        let mut idle = self.idle();
        if idle.len() >= KEPT {
            return None;
        }
        let (sender, next) = mpsc::channel();
        idle.push(sender);
        Some(next)
    }
}

/// Does one piece of work after another, until enough other threads are idle or the pool is gone.
fn serve(pool: &Weak<Pool>, first: Job) {
    let mut job = first;
    loop {
        job();
        // Waiting must not keep the pool alive: its end is what wakes an idle thread for good.
        let next = match pool.upgrade() {
            Some(pool) => pool.offer(),
            None => return,
        };
        match next.and_then(|next| next.recv().ok()) {
            Some(next) => job = next,
            None => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs one job and waits for it.
    fn name_of_thread(threads: &WorkThreads) -> String {
        let (name, named) = mpsc::channel();
        let job = move || {
            let current = thread::current();
            name.send(current.name().unwrap_or_default().to_owned())
                .ok();
        };
        threads.run(job).unwrap();
        named.recv().unwrap()
    }

    #[test]
    fn an_idle_thread_takes_the_next_piece() {
        let threads = WorkThreads::default();
        let first = name_of_thread(&threads);
        while threads.0.idle().is_empty() {
            thread::yield_now();
        }
        assert_eq!(name_of_thread(&threads), first);
        assert_eq!(threads.0.started.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn idle_threads_are_few_and_end_with_the_pool() {
        let threads = WorkThreads::default();
        let (gates, jobs): (Vec<_>, Vec<_>) = (0..2 * KEPT).map(|_| mpsc::channel::<()>()).unzip();
        for job in jobs {
            let wait = move || {
                job.recv().ok();
            };
            threads.run(wait).unwrap();
        }
        assert_eq!(threads.0.started.load(Ordering::Relaxed), 2 * KEPT);
        drop(gates);
        while threads.0.idle().len() < KEPT {
            thread::yield_now();
        }
        let pool = Arc::downgrade(&threads.0);
        drop(threads);
        // A thread on its way from a job may hold the pool for a moment.
        while pool.strong_count() > 0 {
            thread::yield_now();
        }
    }
}
