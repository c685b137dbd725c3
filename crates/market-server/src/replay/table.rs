//! CSV files with a header, read by column name; what is wrong is reported with its file and line.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// A table with a header, read by column name.
pub(super) struct Table {
    path: PathBuf,
    reader: csv::Reader<fs::File>,
    columns: Vec<String>,
}

impl Table {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let file = fs::File::open(path).map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        let mut table = Self {
            path: path.to_owned(),
            reader: csv::Reader::from_reader(file),
            columns: Vec::new(),
        };
        match table.reader.headers() {
            Ok(header) => table.columns = header.iter().map(|name| name.trim().into()).collect(),
            Err(error) => return Err(table.refused(&error)),
        }
        Ok(table)
    }

    /// Where a column is.
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// Where a column is that must be there.
    pub(super) fn required(&self, name: &str) -> Result<usize, Error> {
        self.column(name)
            .ok_or_else(|| self.row(1, format!("the column {name} is missing")))
    }

    /// Calls `take` with each row; what it refuses is reported with its line.
    pub(super) fn for_each(
        mut self,
        mut take: impl FnMut(&csv::StringRecord) -> Result<(), String>,
    ) -> Result<(), Error> {
        let mut record = csv::StringRecord::new();
        loop {
            match self.reader.read_record(&mut record) {
                Ok(true) => {
                    let line = record.position().map_or(0, csv::Position::line);
                    take(&record).map_err(|problem| self.row(line, problem))?;
                }
                Ok(false) => return Ok(()),
                Err(error) => return Err(self.refused(&error)),
            }
        }
    }

    fn row(&self, line: u64, problem: String) -> Error {
        Error::Row {
            path: self.path.clone(),
            line,
            problem,
        }
    }

    fn refused(&self, error: &csv::Error) -> Error {
        let line = error.position().map_or(1, csv::Position::line);
        let problem = match error.kind() {
            csv::ErrorKind::UnequalLengths {
                expected_len, len, ..
            } => format!("{len} columns instead of {expected_len}"),
            csv::ErrorKind::Utf8 { .. } => "the text is not UTF-8".to_owned(),
            _ => error.to_string(),
        };
        self.row(line, problem)
    }
}
