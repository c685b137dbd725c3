//! The journal of a walk: what is done is on disk, so that a walk that was stopped goes on.
//!
//! One JSON object a line. The first names the walk (a hash of everything that decides its result);
//! each further one holds the forecasts of one ticker and session. A line that was cut off in the
//! middle is left out and its work done again; a journal of another walk is begun again.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

use closecall_protocol::{SessionDate, Ticker};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::line::Line;

/// The lines of each ticker's session that is done.
pub(crate) type Finished = HashMap<(Ticker, SessionDate), Vec<Line>>;

/// A file that grows by one line whenever a ticker's session is done.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    done: Finished,
}

#[derive(Serialize, Deserialize)]
struct Heading {
    walk: String,
}

/// Outcome of one ticker's session; empty where nothing could be forecast.
#[derive(Serialize, Deserialize)]
struct Done {
    ticker: Ticker,
    session: SessionDate,
    lines: Vec<Line>,
}

impl Journal {
    /// Opens the journal of the walk that `walk` names, and reads what it holds.
    ///
    /// # Errors
    /// [`Error::Journal`] when the file cannot be read or written.
    pub fn open(path: &Path, walk: &str) -> Result<Self, Error> {
        let failed = |doing| {
            move |source| Error::Journal {
                path: path.to_owned(),
                doing,
                source,
            }
        };
        let done = match File::open(path) {
            Ok(file) => read(file, walk).map_err(failed("read"))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed("read")(error)),
        };
        let fresh = done.is_none();
        let mut journal = Self {
            path: path.to_owned(),
            file: OpenOptions::new()
                .create(true)
                .append(true)
                .open(path)
                .map_err(failed("written"))?,
            done: done.unwrap_or_default(),
        };
        if fresh {
            journal.file.set_len(0).map_err(failed("written"))?;
            journal.write(&Heading { walk: walk.into() })?;
        } else {
            // Ends a line that was cut off.
            journal.file.write_all(b"\n").map_err(failed("written"))?;
        }
        Ok(journal)
    }

    /// The finished part, which is no longer held here.
    pub(crate) fn take_done(&mut self) -> Finished {
        std::mem::take(&mut self.done)
    }

    /// Adds a ticker's session.
    pub(crate) fn add(
        &mut self,
        ticker: &Ticker,
        session: SessionDate,
        lines: &[Line],
    ) -> Result<(), Error> {
        self.write(&Done {
            ticker: ticker.clone(),
            session,
            lines: lines.to_vec(),
        })
    }

    /// Removes the file: the walk is finished and its result is elsewhere.
    ///
    /// # Errors
    /// [`Error::Journal`] when it cannot be removed.
    pub fn remove(self) -> Result<(), Error> {
        std::fs::remove_file(&self.path).map_err(|source| Error::Journal {
            path: self.path,
            doing: "removed",
            source,
        })
    }

    fn write(&mut self, item: &impl Serialize) -> Result<(), Error> {
        let mut write = || {
            let mut text = serde_json::to_vec(item)?;
            text.push(b'\n');
            // One call a line: a kill leaves whole lines and at most one that is cut off.
            self.file.write_all(&text)
        };
        write().map_err(|source| Error::Journal {
            path: self.path.clone(),
            doing: "written",
            source,
        })
    }
}

/// Content of a journal; `None` when it is another walk's.
fn read(file: File, walk: &str) -> std::io::Result<Option<Finished>> {
    let mut lines = BufReader::new(file).split(b'\n');
    let heading = lines.next().transpose()?.unwrap_or_default();
    let ours = serde_json::from_slice::<Heading>(&heading).is_ok_and(|found| found.walk == walk);
    if !ours {
        return Ok(None);
    }
    let mut done = HashMap::new();
    for line in lines {
        if let Ok(Done {
            ticker,
            session,
            lines,
        }) = serde_json::from_slice(&line?)
        {
            done.insert((ticker, session), lines);
        }
    }
    Ok(Some(done))
}
