//! The folder that a command looks into: the data directory, or that of a demo in it.

use std::path::{Path, PathBuf};

use closecall_ledger::{Error, Reader};

use crate::exit::{Code, OrExit as _};

/// Folder of a demo in the data directory.
pub(super) const DEMO_FOLDER: &str = "demo";

/// The first of both folders in which `open` finds something.
///
/// # Errors
/// Those of `open`.
pub(super) fn first<T, E>(
    data_dir: &Path,
    open: impl Fn(&Path) -> Result<Option<T>, E>,
) -> Result<Option<(T, PathBuf)>, E> {
    for folder in [data_dir.to_owned(), data_dir.join(DEMO_FOLDER)] {
        if let Some(found) = open(&folder)? {
            return Ok(Some((found, folder)));
        }
    }
    Ok(None)
}

/// The ledger, and the folder that it lies in.
///
/// # Errors
/// When there is none, or it cannot be read.
pub(super) fn ledger(data_dir: &Path) -> anyhow::Result<(Reader, PathBuf)> {
    let found = first(data_dir, |folder| match Reader::open(folder) {
        Err(Error::Absent(_)) => Ok(None),
        opened => opened.map(Some),
    })?;
    match found {
        Some(found) => Ok(found),
        None => Err(Error::Absent(data_dir.to_owned())).or_exit(Code::Data),
    }
}
