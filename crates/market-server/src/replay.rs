//! Recorded data: a directory with `prices/TICKER.csv` and `news/TICKER.csv`, read once and held
//! in memory, sorted, so that a request is two binary searches.
//!
//! It decides nothing about visibility, and corrects nothing: a malformed row is refused with its
//! file and line.

mod news;
mod prices;
mod table;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use closecall_calendar::Calendar;
use closecall_protocol::{Article, Bar, SessionDate, Ticker};

use crate::error::Error;
use crate::session_bar::SessionBar;

/// A directory's recorded prices and headlines.
#[derive(Debug, Default)]
pub struct Replay {
    prices: BTreeMap<Ticker, Vec<SessionBar>>,
    news: BTreeMap<Ticker, Vec<Article>>,
}

impl Replay {
    /// Reads `directory`: `prices/TICKER.csv` with the columns
    /// `Date,Open,High,Low,Close,Adj Close,Volume`, and, where there are headlines,
    /// `news/TICKER.csv` with `time_published` (UTC, `YYYYMMDDTHHMMSS`) or `date`, `title`, and
    /// optionally `summary`, `url`, `source`. An article with only a date counts as published at
    /// the end of that New York day. Other files are left alone.
    ///
    /// # Errors
    /// [`Error::NoRecords`] when there is no price file, [`Error::Read`] for a file that cannot be
    /// read, [`Error::Row`] for one that holds something else than that.
    pub fn load(directory: &Path, calendar: &Calendar) -> Result<Self, Error> {
        let mut replay = Self::default();
        for (ticker, path) in files(&directory.join("prices"))? {
            replay.prices.insert(ticker, prices::read(&path, calendar)?);
        }
        if replay.prices.is_empty() {
            return Err(Error::NoRecords {
                path: directory.to_owned(),
            });
        }
        for (ticker, path) in files(&directory.join("news"))? {
            replay.news.insert(ticker, news::read(&path)?);
        }
        Ok(replay)
    }

    /// The tickers that have prices, ascending.
    pub fn tickers(&self) -> impl Iterator<Item = &Ticker> {
        self.prices.keys()
    }

    /// The daily bars of a ticker, ascending; none of one without prices.
    #[must_use]
    pub fn bars(&self, ticker: &Ticker) -> Vec<Bar> {
        let days = self.prices.get(ticker).map_or(&[][..], Vec::as_slice);
        let bar =
            |day: &SessionBar| Bar::new(SessionDate::new(day.session.date).ok()?, day.quote).ok();
        days.iter().filter_map(bar).collect()
    }

    /// The articles of a ticker, ascending by time.
    #[must_use]
    pub fn news(&self, ticker: &Ticker) -> &[Article] {
        self.news.get(ticker).map_or(&[][..], Vec::as_slice)
    }

    pub(super) fn has_prices(&self, ticker: &Ticker) -> bool {
        self.prices.contains_key(ticker)
    }

    pub(super) fn has_news(&self, ticker: &Ticker) -> bool {
        self.news.contains_key(ticker)
    }

    /// The sessions that opened in `[from, to)`.
    pub(super) fn opened(
        &self,
        ticker: &Ticker,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> &[SessionBar] {
        let days = self.prices.get(ticker).map_or(&[][..], Vec::as_slice);
        let first = days.partition_point(|day| day.session.open < from);
        let end = days.partition_point(|day| day.session.open < to);
        days.get(first..end).unwrap_or_default()
    }

    /// The newest session that had opened by `at`.
    pub(super) fn newest(&self, ticker: &Ticker, at: DateTime<Utc>) -> Option<SessionBar> {
        let days = self.prices.get(ticker)?;
        let opened = days.partition_point(|day| day.session.open <= at);
        days.get(opened.checked_sub(1)?).copied()
    }

    /// The articles published in `[from, to]`.
    pub(super) fn articles<'a>(
        &'a self,
        ticker: &'a Ticker,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        newest_first: bool,
    ) -> Box<dyn Iterator<Item = Article> + 'a> {
        let articles = self.news.get(ticker).map_or(&[][..], Vec::as_slice);
        let first = articles.partition_point(|article| article.published < from);
        let end = articles.partition_point(|article| article.published <= to);
        let window = articles.get(first..end).unwrap_or_default().iter();
        if newest_first {
            return Box::new(window.rev().map(news::with_url));
        }
        Box::new(window.map(news::with_url))
    }
}

/// The `TICKER.csv` files of a directory; none when it does not exist.
fn files(directory: &Path) -> Result<Vec<(Ticker, PathBuf)>, Error> {
    let read = |source| Error::Read {
        path: directory.to_owned(),
        source,
    };
    if !directory.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(read)? {
        let path = entry.map_err(read)?.path();
        if path.extension().is_none_or(|extension| extension != "csv") {
            continue;
        }
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        match Ticker::new(&stem) {
            Ok(ticker) => found.push((ticker, path)),
            Err(error) => tracing::warn!(path = %path.display(), %error, "file left alone"),
        }
    }
    Ok(found)
}
