//! Recording: what a client has fetched, written in the layout that a replay reads.
//!
//! A file that is there already is added to: its rows stay, unless a newer one says otherwise. Files
//! are replaced as a whole, so that a reader sees the old one or the new one.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};
use closecall_protocol::{Article, Bar, Ticker};

use crate::error::Error;

/// Closes of one session that differ by more than this share are not on one basis.
const SAME_BASIS: f64 = 0.005;

const PRICES: [&str; 7] = [
    "Date",
    "Open",
    "High",
    "Low",
    "Close",
    "Adj Close",
    "Volume",
];
const NEWS: [&str; 5] = ["time_published", "title", "summary", "url", "source"];
const INTRADAY: [&str; 6] = ["start", "open", "high", "low", "close", "volume"];

/// A directory that is recorded into.
#[derive(Debug)]
pub struct ReplayWriter {
    directory: PathBuf,
}

/// A file's rows by what identifies each, in the order in which they are written.
type Rows = BTreeMap<Vec<String>, Vec<String>>;

impl ReplayWriter {
    /// Records into `directory`, which is made when something is written.
    #[must_use]
    pub fn new(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
        }
    }

    /// Adds daily bars, and returns how many were whole: a replay has no use for a bar of which
    /// something is unknown.
    ///
    /// # Errors
    /// [`Error::OtherBasis`] when the file's closes are not those of `bars`; [`Error::Read`],
    /// [`Error::Row`] and [`Error::Write`] for what is wrong with the file.
    pub fn prices(&self, ticker: &Ticker, bars: &[Bar]) -> Result<usize, Error> {
        let path = self.path("prices", ticker.as_str());
        let mut rows = read(&path, &PRICES, 1)?;
        let whole: Rows = bars
            .iter()
            .filter_map(|bar| {
                let range = bar.range()?;
                let numbers = [
                    bar.open()?,
                    range.high,
                    range.low,
                    bar.close(),
                    bar.adj_close()?,
                    bar.volume()?,
                ];
                let date = bar.session().to_string();
                Some((vec![date.clone()], row(date, &numbers)))
            })
            .collect();
        let close = |row: &Vec<String>| row.get(4).and_then(|close| close.parse::<f64>().ok());
        for (date, new) in &whole {
            let old = rows.get(date).and_then(close);
            if let (Some(old), Some(new)) = (old, close(new))
                && (new / old - 1.0).abs() > SAME_BASIS
            {
                return Err(Error::OtherBasis { path, old, new });
            }
        }
        let written = whole.len();
        rows.extend(whole);
        write(&path, &PRICES, &rows)?;
        Ok(written)
    }

    /// Adds articles.
    ///
    /// # Errors
    /// [`Error::Read`], [`Error::Row`] and [`Error::Write`] for what is wrong with the file.
    pub fn news(&self, ticker: &Ticker, articles: &[Article]) -> Result<(), Error> {
        let path = self.path("news", ticker.as_str());
        let mut rows = read(&path, &NEWS, 2)?;
        for article in articles {
            let time = article.published.format("%Y%m%dT%H%M%S").to_string();
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            let row = vec![
                time.clone(),
                article.title.clone(),
                text(&article.summary),
                text(&article.url),
                text(&article.source),
            ];
            rows.insert(vec![time, article.title.clone()], row);
        }
        write(&path, &NEWS, &rows)
    }

    /// Adds bars inside a session, each with its start and its open, high, low, close and volume;
    /// `minutes` is their width.
    ///
    /// # Errors
    /// [`Error::Read`], [`Error::Row`] and [`Error::Write`] for what is wrong with the file.
    pub fn intraday(
        &self,
        ticker: &Ticker,
        minutes: i64,
        bars: impl IntoIterator<Item = (DateTime<Utc>, [f64; 5])>,
    ) -> Result<(), Error> {
        let path = self.path("intraday", &format!("{ticker}-{minutes}m"));
        let mut rows = read(&path, &INTRADAY, 1)?;
        for (start, numbers) in bars {
            let start = start.to_rfc3339_opts(SecondsFormat::Secs, true);
            rows.insert(vec![start.clone()], row(start, &numbers));
        }
        write(&path, &INTRADAY, &rows)
    }

    fn path(&self, folder: &str, stem: &str) -> PathBuf {
        self.directory.join(folder).join(format!("{stem}.csv"))
    }
}

fn row(key: String, numbers: &[f64]) -> Vec<String> {
    let numbers = numbers.iter().map(f64::to_string);
    std::iter::once(key).chain(numbers).collect()
}

/// The rows of a file by their first `key` columns; none when there is no file.
fn read(path: &Path, header: &[&str], key: usize) -> Result<Rows, Error> {
    if !path.exists() {
        return Ok(Rows::new());
    }
    let refused = |line: u64, problem: String| Error::Row {
        path: path.to_owned(),
        line,
        problem,
    };
    let file = fs::File::open(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })?;
    let mut reader = csv::Reader::from_reader(file);
    let found = reader.headers().map_err(|e| refused(1, e.to_string()))?;
    if found.iter().ne(header.iter().copied()) {
        let header = header.join(",");
        return Err(refused(1, format!("the header is not {header}")));
    }
    let mut rows = Rows::new();
    for record in reader.records() {
        let record = record.map_err(|error| {
            let line = error.position().map_or(1, csv::Position::line);
            refused(line, error.to_string())
        })?;
        let cells: Vec<String> = record.iter().map(str::to_owned).collect();
        rows.insert(cells.iter().take(key).cloned().collect(), cells);
    }
    Ok(rows)
}

/// Replaces a file. Without rows there is none.
fn write(path: &Path, header: &[&str], rows: &Rows) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let failed = |source: io::Error| Error::Write {
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let beside = path.with_extension("csv.part");
    let written = || -> Result<(), csv::Error> {
        let mut writer = csv::Writer::from_path(&beside)?;
        writer.write_record(header)?;
        for row in rows.values() {
            writer.write_record(row)?;
        }
        writer.flush()?;
        Ok(())
    };
    written().map_err(|error| failed(io::Error::other(error)))?;
    fs::rename(&beside, path).map_err(failed)
}
