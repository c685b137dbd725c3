//! Removal of a whole ledger, for a folder whose record belongs to one run, such as a demo's.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::error::Error;
use crate::writer::{self, DATABASE, Ledger};

impl Ledger {
    /// Removes the ledger in `directory`, where there is one, and nothing else in it. The directory is
    /// made where it is missing.
    ///
    /// # Errors
    /// [`Error::InUse`] while a writer has it, [`Error::Unwritable`].
    pub fn remove(directory: &Path) -> Result<(), Error> {
        fs::create_dir_all(directory).map_err(|e| writer::unwritable(directory, e))?;
        let _lock = writer::lock(directory)?;
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
        Ok(())
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
        Ledger::remove(folder.path()).unwrap();
        assert!(matches!(
            crate::Reader::open(folder.path()),
            Err(Error::Absent(_))
        ));
        assert_eq!(fs::read_to_string(other).unwrap(), "mine");
        Ledger::open(folder.path(), Calendar::default()).unwrap();
    }

    #[test]
    fn a_ledger_that_is_written_stays() {
        let folder = tempfile::tempdir().unwrap();
        let writing = Ledger::open(folder.path(), Calendar::default()).unwrap();
        let refused = Ledger::remove(folder.path());
        assert!(matches!(refused, Err(Error::InUse(_))), "{refused:?}");
        assert!(folder.path().join(DATABASE).exists());
        drop(writing);
        Ledger::remove(folder.path()).unwrap();
        assert!(!folder.path().join(DATABASE).exists());
    }
}
