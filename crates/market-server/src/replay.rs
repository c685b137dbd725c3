//! Recorded data: a directory with `prices/TICKER.csv` (or `TICKER.csv` alone), and as far as there
//! are any `intraday/TICKER-15m.csv`, `splits/TICKER.csv` and `news/TICKER.csv`, read once and held
//! in memory, sorted, so that a request is two binary searches.
//!
//! Of a session with intraday files of several widths the finest counts. Of one without any, only
//! the opening is known before its close.
//!
//! It decides nothing about visibility, and corrects nothing: a malformed row is refused with its
//! file and line.

mod intraday;
mod news;
mod prices;
mod splits;
mod table;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, Utc};

use closecall_calendar::Calendar;
use closecall_protocol::{Article, Bar, SessionDate, Ticker};

use crate::error::Error;
use crate::session_bar::SessionBar;
use crate::tape::Tape;
use intraday::IntradayFile;

pub(crate) use splits::RecordedSplit;

/// The newest price of a session that was known at a moment, and the session's numbers up to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PriceAt {
    /// The price.
    pub price: f64,
    /// When it was true.
    pub at: DateTime<Utc>,
    /// The session's opening.
    pub open: f64,
    /// The highest price so far.
    pub high: f64,
    /// The lowest price so far.
    pub low: f64,
}

/// A directory's recorded prices and headlines.
#[derive(Debug, Default)]
pub struct Replay {
    prices: BTreeMap<Ticker, Vec<SessionBar>>,
    /// The finest first.
    intraday: BTreeMap<Ticker, Vec<IntradayFile>>,
    splits: BTreeMap<Ticker, Vec<RecordedSplit>>,
    news: BTreeMap<Ticker, Vec<Article>>,
}

impl Replay {
    /// Reads `directory`: `prices/TICKER.csv`, or `TICKER.csv` where it has no such folder, with
    /// the columns `Date,Open,High,Low,Close,Adj Close,Volume` or in another form of
    /// `closecall-price-files`, and, where there are headlines, `news/TICKER.csv` with
    /// `time_published` (UTC, `YYYYMMDDTHHMMSS`) or `date`, `title`, and optionally `summary`,
    /// `url`, `source`. An article with only a date counts as published at the end of that New
    /// York day. `intraday/TICKER-{1,2,5,15,30,60}m.csv` has bars inside the sessions,
    /// `start,open,high,low,close,volume` with `start` in RFC 3339, and `splits/TICKER.csv` the
    /// splits of which all prices are on the basis after, `date,numerator,denominator`. Other files
    /// are left alone.
    ///
    /// # Errors
    /// [`Error::NoRecords`] when there is no price file, [`Error::Read`] for a file that cannot be
    /// read, [`Error::Row`] for one that holds something else than that.
    pub fn load(directory: &Path, calendar: &Calendar) -> Result<Self, Error> {
        let mut replay = Self::default();
        let prices = Some(directory.join("prices")).filter(|folder| folder.is_dir());
        for (stem, path) in files(prices.as_deref().unwrap_or(directory))? {
            if let Some(ticker) = ticker(&stem, &path) {
                let days = prices::read(&path, &ticker, calendar)?;
                replay.prices.insert(ticker, days);
            }
        }
        if replay.prices.is_empty() {
            return Err(Error::NoRecords {
                path: directory.to_owned(),
            });
        }
        for (stem, path) in files(&directory.join("news"))? {
            if let Some(ticker) = ticker(&stem, &path) {
                replay.news.insert(ticker, news::read(&path)?);
            }
        }
        for (stem, path) in files(&directory.join("splits"))? {
            if let Some(ticker) = ticker(&stem, &path) {
                replay.splits.insert(ticker, splits::read(&path)?);
            }
        }
        replay.load_intraday(&directory.join("intraday"), calendar)?;
        Ok(replay)
    }

    fn load_intraday(&mut self, directory: &Path, calendar: &Calendar) -> Result<(), Error> {
        for (stem, path) in files(directory)? {
            let Some((symbol, minutes)) = intraday::parse_stem(&stem) else {
                let path = path.display();
                tracing::warn!(%path, "file left alone: its name is not TICKER-15m or the like");
                continue;
            };
            // Sessions come from the daily prices: without them there is nothing to show.
            if let Some(ticker) = ticker(symbol, &path).filter(|ticker| self.has_prices(ticker)) {
                let file = IntradayFile::read(&path, minutes, calendar)?;
                self.intraday.entry(ticker).or_default().push(file);
            }
        }
        for files in self.intraday.values_mut() {
            files.sort_by_key(|file| file.minutes);
        }
        Ok(())
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

    /// The session on a date, and what its price was at `at`: `None` before its opening, and on a
    /// day without prices.
    #[must_use]
    pub fn price_at(&self, ticker: &Ticker, date: NaiveDate, at: DateTime<Utc>) -> Option<PriceAt> {
        let print = self.tape(ticker, self.day(ticker, date)?).so_far(at)?;
        Some(PriceAt {
            price: print.close,
            at: print.known,
            open: print.open,
            high: print.high,
            low: print.low,
        })
    }

    /// Whether bars inside the session on this date are recorded.
    #[must_use]
    pub fn has_inside(&self, ticker: &Ticker, date: NaiveDate) -> bool {
        let files = self.intraday.get(ticker).map_or(&[][..], Vec::as_slice);
        self.day(ticker, date)
            .is_some_and(|day| files.iter().any(|file| file.tape(day).is_some()))
    }

    fn day(&self, ticker: &Ticker, date: NaiveDate) -> Option<&SessionBar> {
        let days = self.prices.get(ticker)?;
        let found = days.binary_search_by_key(&date, |day| day.session.date);
        days.get(found.ok()?)
    }

    pub(crate) fn has_prices(&self, ticker: &Ticker) -> bool {
        self.prices.contains_key(ticker)
    }

    pub(crate) fn has_news(&self, ticker: &Ticker) -> bool {
        self.news.contains_key(ticker)
    }

    /// The first opening of which there is a price.
    pub(crate) fn first_opening(&self, ticker: &Ticker) -> Option<DateTime<Utc>> {
        Some(self.prices.get(ticker)?.first()?.session.open)
    }

    pub(crate) fn splits(&self, ticker: &Ticker) -> &[RecordedSplit] {
        self.splits.get(ticker).map_or(&[][..], Vec::as_slice)
    }

    /// The inside of a session: of the finest file that has it, else its opening alone.
    pub(crate) fn tape(&self, ticker: &Ticker, day: &SessionBar) -> Tape {
        let files = self.intraday.get(ticker).map_or(&[][..], Vec::as_slice);
        let recorded = files.iter().find_map(|file| file.tape(day));
        recorded.unwrap_or_else(|| Tape::new(day.session, day.quote.open, [], day.quote.close))
    }

    /// The sessions that opened in `[from, to)`.
    pub(crate) fn opened(
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
    pub(crate) fn newest(&self, ticker: &Ticker, at: DateTime<Utc>) -> Option<SessionBar> {
        let days = self.prices.get(ticker)?;
        let opened = days.partition_point(|day| day.session.open <= at);
        days.get(opened.checked_sub(1)?).copied()
    }

    /// The articles published in `[from, to]`.
    pub(crate) fn articles<'a>(
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

/// The `.csv` files of a directory by their names without the ending, ascending; none when it does
/// not exist.
fn files(directory: &Path) -> Result<BTreeMap<String, PathBuf>, Error> {
    let read = |source| Error::Read {
        path: directory.to_owned(),
        source,
    };
    if !directory.is_dir() {
        return Ok(BTreeMap::new());
    }
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(directory).map_err(read)? {
        let path = entry.map_err(read)?.path();
        if path.extension().is_some_and(|extension| extension == "csv") {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            found.insert(stem.into_owned(), path);
        }
    }
    Ok(found)
}

fn ticker(symbol: &str, path: &Path) -> Option<Ticker> {
    Ticker::new(symbol)
        .inspect_err(|error| tracing::warn!(path = %path.display(), %error, "file left alone"))
        .ok()
}
