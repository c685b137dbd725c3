//! Removal of a whole ledger, for a folder whose record belongs to one run, such as a demo's.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;

use crate::error::Error;
use crate::writer::{self, DATABASE, Ledger};

/// A folder without a ledger, which no writer enters before this is dropped.
#[derive(Debug)]
pub struct Removed(#[expect(dead_code, reason = "the lock")] File);

impl Ledger {
    /// Removes the ledger in `directory`, where there is one, and nothing else in it. The directory is
    /// made where it is missing.
    ///
    /// # Errors
    /// [`Error::InUse`] while a writer has it, [`Error::Unwritable`].
    pub fn remove(directory: &Path) -> Result<Removed, Error> {
        fs::create_dir_all(directory).map_err(|e| writer::unwritable(directory, e))?;
        let lock = writer::lock(directory)?;
        let database = directory.join(DATABASE);
        // The head first: a database without one is no damage, a head without a database is. What SQLite
        // keeps beside a database goes before it, or the next one would take it for its own.
        let head = database.with_extension("head");
        let beside = ["sqlite-wal", "sqlite-shm"].map(|ending| database.with_extension(ending));
        for file in [head].iter().chain(&beside).chain([&database]) {
            match fs::remove_file(file) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(writer::unwritable(file, error));
                }
                _ => {}
            }
        }
        Ok(Removed(lock))
    }
}

#[cfg(test)]
mod tests {
    use closecall_calendar::Calendar;

    use super::*;

    #[test]
    fn a_ledger_goes_and_what_else_is_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        drop(Ledger::open(folder.path(), Calendar::default()).unwrap());
        let other = folder.path().join("thesis.txt");
        fs::write(&other, "mine").unwrap();
        drop(Ledger::remove(folder.path()).unwrap());
        assert!(matches!(
            crate::Reader::open(folder.path()),
            Err(Error::Absent(_))
        ));
        assert_eq!(fs::read_to_string(other).unwrap(), "mine");
        Ledger::open(folder.path(), Calendar::default()).unwrap();
    }

    #[test]
    fn a_ledger_that_is_written_stays_and_one_that_is_removed_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Ledger::open(folder.path(), Calendar::default());
        let writing = open().unwrap();
        assert!(matches!(
            Ledger::remove(folder.path()),
            Err(Error::InUse(_))
        ));
        assert!(folder.path().join(DATABASE).exists());
        drop(writing);
        let removed = Ledger::remove(folder.path()).unwrap();
        assert!(matches!(open(), Err(Error::InUse(_))));
        drop(removed);
        open().unwrap();
    }
}
