//! A simulated market with known truth: prices and headlines as a function of (seed, date), from
//! 1990 to 2199, so that one can watch forecasts being made and scored on any day, without keys,
//! network or recorded data, and measure them against what could be known.
//!
//! * `draws`: the random numbers of a day, each from its own stream, so that none depends on what
//!   was asked before.
//! * `path`: the returns and the bars they give.
//! * `headlines`: articles whose words carry the planted mood.
//! * [`Truth`]: what a perfect forecaster would have known.
//!
//! It decides nothing about visibility: it would tell the future if asked.

mod companies;
mod draws;
mod headlines;
mod path;

use std::iter::successors;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use closecall_calendar::{Calendar, Session};
use closecall_protocol::{Article, Ticker};

use crate::error::Error;
use crate::session_bar::SessionBar;
use path::Paths;

/// What a simulated market is made from. The same settings and calendar give the same market.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulatedSettings {
    /// Another seed is another market.
    pub seed: u64,
    /// The tickers that are traded.
    pub tickers: Vec<Ticker>,
    /// How much of the variance of the next log return is predictable, in [0, 1): half of it from
    /// the return before, half from the mood of the news of the session before.
    pub predictability: f64,
}

impl SimulatedSettings {
    /// The ten largest companies and nothing to predict.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            tickers: companies::top_ten(),
            predictability: 0.0,
        }
    }
}

/// What is true of one session, known to nobody in the market.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Truth {
    /// The session.
    pub session: NaiveDate,
    /// The log return from the close before to this close.
    pub log_return: f64,
    /// Its expectation, given everything up to the close before.
    pub expected: f64,
    /// The standard deviation of `log_return` around it.
    pub volatility: f64,
    /// The mood of this session's news, in [-1, 1].
    pub mood: f64,
}

/// A simulated market.
#[derive(Debug)]
pub struct Simulated {
    settings: SimulatedSettings,
    calendar: Calendar,
    /// Returns build on those before them; what was computed once is kept.
    paths: Mutex<Paths>,
}

impl Simulated {
    /// A market that trades on this calendar's sessions.
    ///
    /// # Errors
    /// [`Error::Predictability`] outside [0, 1).
    pub fn new(settings: SimulatedSettings, calendar: Calendar) -> Result<Self, Error> {
        if !(0.0..1.0).contains(&settings.predictability) {
            return Err(Error::Predictability(settings.predictability));
        }
        Ok(Self {
            paths: Mutex::new(Paths::new(settings.seed, settings.predictability)),
            settings,
            calendar,
        })
    }

    /// The truth about a ticker's sessions from `first` to `last`, both included, as far as they
    /// lie in the years 1990 to 2199; empty for a ticker that is not traded.
    #[must_use]
    pub fn truth(&self, ticker: &Ticker, first: NaiveDate, last: NaiveDate) -> Vec<Truth> {
        let first = first.max(bounds().0.date_naive());
        self.with_path(ticker, last, |days| {
            let from = days.partition_point(|day| day.truth.session < first);
            let end = days.partition_point(|day| day.truth.session <= last);
            let window = days.get(from..end).unwrap_or_default();
            window.iter().map(|day| day.truth).collect()
        })
    }

    pub(super) fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    pub(super) fn trades(&self, ticker: &Ticker) -> bool {
        self.settings.tickers.contains(ticker)
    }

    /// The sessions that open in `[from, to)`.
    pub(super) fn opened(
        &self,
        ticker: &Ticker,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Vec<SessionBar> {
        let from = from.max(bounds().0);
        self.with_path(ticker, Calendar::date_at(to), |days| {
            let first = days.partition_point(|day| day.daily.session.open < from);
            let end = days.partition_point(|day| day.daily.session.open < to);
            let window = days.get(first..end).unwrap_or_default();
            window.iter().map(|day| day.daily).collect()
        })
    }

    /// The newest session that has opened by `at`.
    pub(super) fn newest(&self, ticker: &Ticker, at: DateTime<Utc>) -> Option<SessionBar> {
        self.with_path(ticker, Calendar::date_at(at), |days| {
            let opened = days.partition_point(|day| day.daily.session.open <= at);
            let newest = days.get(opened.checked_sub(1)?)?.daily;
            (newest.session.open >= bounds().0).then_some(newest)
        })
    }

    /// The articles published in `[from, to]`.
    pub(super) fn articles<'a>(
        &'a self,
        ticker: &'a Ticker,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        newest_first: bool,
    ) -> Box<dyn Iterator<Item = Article> + 'a> {
        let (from, to) = (from.max(bounds().0), to.min(bounds().1));
        if from > to || !self.trades(ticker) {
            return Box::new(std::iter::empty());
        }
        let (first, last) = (
            self.calendar.news_session(from),
            self.calendar.news_session(to),
        );
        let published = move |article: &Article| (from..=to).contains(&article.published);
        if newest_first {
            let sessions = successors(Some(last), |s| Some(self.calendar.previous(s.date)))
                .take_while(move |session| session.date >= first.date);
            let articles = sessions.flat_map(|s| self.articles_of(ticker, &s).into_iter().rev());
            return Box::new(articles.filter(published));
        }
        let sessions = successors(Some(first), |s| Some(self.calendar.next(s.date)))
            .take_while(move |session| session.date <= last.date);
        let articles = sessions.flat_map(|s| self.articles_of(ticker, &s));
        Box::new(articles.filter(published))
    }

    /// The articles that count to a session, oldest first.
    fn articles_of(&self, ticker: &Ticker, session: &Session) -> Vec<Article> {
        let before = self.calendar.previous(session.date);
        headlines::of_session(self.settings.seed, ticker, before.close, session)
    }

    /// Looks at a ticker's days, computed at least up to `until`; none of one not traded.
    fn with_path<T>(
        &self,
        ticker: &Ticker,
        until: NaiveDate,
        look: impl FnOnce(&[path::Day]) -> T,
    ) -> T {
        if !self.trades(ticker) {
            return look(&[]);
        }
        let until = until.min(bounds().1.date_naive());
        // A panic elsewhere leaves whole days behind, never half of one.
        let mut paths = self.paths.lock().unwrap_or_else(PoisonError::into_inner);
        look(paths.up_to(ticker, until, &self.calendar))
    }
}

/// The first and the last moment of which there are prices and news.
fn bounds() -> (DateTime<Utc>, DateTime<Utc>) {
    let new_year = |year| NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default();
    let midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN).and_utc();
    let end = midnight(new_year(2200)) - chrono::TimeDelta::seconds(1);
    (midnight(new_year(1990)), end)
}

#[cfg(test)]
mod tests;
