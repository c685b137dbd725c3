//! A simulated market with known truth: prices and headlines as a function of (seed, date), from
//! 1990 to 2199, so that one can watch forecasts being made and scored on any day, without keys,
//! network or recorded data, and measure them against what could be known.
//!
//! * `draws`: the random numbers of a day, each from its own stream, so that none depends on what
//!   was asked before.
//! * `path`, `history`: the returns, and what of them was computed.
//! * `inside`: the trades of a session, and the bar they give.
//! * `headlines`: articles whose words carry the planted mood.
//! * [`Truth`]: what a perfect forecaster would have known.
//!
//! It decides nothing about visibility: it would tell the future if asked.

mod companies;
mod draws;
mod headlines;
mod history;
mod inside;
mod path;
mod settings;
mod truth;

use std::iter::successors;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

use closecall_calendar::{Calendar, Session};
use closecall_protocol::{Article, Ticker};

use crate::error::Error;
use crate::session_bar::SessionBar;
use crate::tape::Tape;
use history::ReturnHistory;
use path::Recipe;

pub use settings::{SignalPart, SimulatedSettings, TradedTickers};
pub use truth::Truth;

/// A simulated market.
#[derive(Debug)]
pub struct Simulated {
    settings: SimulatedSettings,
    calendar: Calendar,
    /// Returns build on those before them; what was computed once is kept.
    history: Mutex<ReturnHistory>,
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
        let recipe = Recipe {
            seed: settings.seed,
            predictability: settings.predictability,
            signal: settings.signal,
        };
        Ok(Self {
            history: Mutex::new(ReturnHistory::new(recipe, calendar.clone())),
            settings,
            calendar,
        })
    }

    /// The truth about a ticker's sessions from `first` to `last`, both included, as far as they
    /// lie in the years 1990 to 2199; empty for a ticker that is not traded.
    #[must_use]
    pub fn truth(&self, ticker: &Ticker, first: NaiveDate, last: NaiveDate) -> Vec<Truth> {
        let midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN).and_utc();
        let last = last.min(bounds().1.date_naive());
        let (from, to) = within(midnight(first), midnight(last) + TimeDelta::days(1));
        let days = self.look(ticker, |history| history.days(ticker, from, to));
        days.into_iter().flatten().map(|day| day.truth).collect()
    }

    /// The first opening of all.
    pub(crate) fn first_opening(&self) -> Option<DateTime<Utc>> {
        let (first, last) = (bounds().0.date_naive(), bounds().1.date_naive());
        Some(self.calendar.sessions(first, last).next()?.open)
    }

    /// The name of the company behind a ticker, as its headlines have it.
    pub(crate) fn name(ticker: &Ticker) -> String {
        companies::company(ticker).name
    }

    pub(crate) fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    pub(crate) fn trades(&self, ticker: &Ticker) -> bool {
        self.settings.tickers.includes(ticker)
    }

    /// The sessions that open in `[from, to)`.
    pub(crate) fn opened(
        &self,
        ticker: &Ticker,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Vec<SessionBar> {
        let (from, to) = within(from, to);
        self.look(ticker, |history| history.bars(ticker, from, to))
            .unwrap_or_default()
    }

    /// The newest session that has opened by `at`.
    pub(crate) fn newest(&self, ticker: &Ticker, at: DateTime<Utc>) -> Option<SessionBar> {
        let at = at.min(bounds().1);
        let bars = self.look(ticker, |history| {
            let open = history.newest_opening(at)?;
            Some(history.bars(ticker, open, open + TimeDelta::seconds(1)))
        });
        let newest = bars??.pop()?;
        (newest.session.open >= bounds().0).then_some(newest)
    }

    /// The trades of a session.
    pub(crate) fn tape(&self, ticker: &Ticker, session: &Session) -> Option<Tape> {
        let next = session.open + TimeDelta::seconds(1);
        let day = self
            .look(ticker, |history| history.days(ticker, session.open, next))?
            .pop()?;
        let company = companies::company(ticker);
        Some(inside::tape(self.settings.seed, ticker, &company, &day))
    }

    /// The articles published in `[from, to]`.
    pub(crate) fn articles<'a>(
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
        headlines::of_session(
            self.settings.seed,
            self.settings.articles.clone(),
            ticker,
            before.close,
            session,
        )
    }

    /// Looks at the history; not for a ticker that is not traded.
    fn look<T>(&self, ticker: &Ticker, look: impl FnOnce(&mut ReturnHistory) -> T) -> Option<T> {
        if !self.trades(ticker) {
            return None;
        }
        // A panic elsewhere leaves whole days behind, never half of one.
        let mut history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        Some(look(&mut history))
    }
}

/// A window, cut to the years of which there is something.
fn within(from: DateTime<Utc>, to: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
    let (first, last) = bounds();
    (from.max(first), to.min(last))
}

/// The first and the last moment of which there are prices and news.
fn bounds() -> (DateTime<Utc>, DateTime<Utc>) {
    let new_year = |year| NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default();
    let midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN).and_utc();
    let end = midnight(new_year(2200)) - TimeDelta::seconds(1);
    (midnight(new_year(1990)), end)
}

#[cfg(test)]
mod tests;
