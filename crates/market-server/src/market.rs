//! Data of a ticker that the server has, and the part of them that the clock lets be seen.
//!
//! This is the one place where the future is cut off; the wire formats only write down what they
//! get from here. Prices are on the basis of the moment: those before a split that has not happened
//! yet are shown as they were quoted then.

use chrono::{DateTime, TimeDelta, Utc};

use closecall_calendar::{Calendar, Clock, Session};
use closecall_protocol::{Article, Ohlcv, Ticker};

use crate::replay::{RecordedSplit, Replay};
use crate::session_bar::SessionBar;
use crate::simulated::Simulated;
use crate::tape::Tape;

/// Part of the data that can be seen.
#[derive(Debug, Clone)]
pub enum Visibility {
    /// All of it: the client cuts.
    Everything,
    /// All that had happened when this clock's time is: a session's close from its close on, a bar
    /// inside it from the bar's end on, an article from its time on.
    Until(Clock),
}

/// A source of market data behind a visibility.
#[derive(Debug)]
pub struct ServedMarket {
    source: Backend,
    visibility: Visibility,
    calendar: Calendar,
}

#[derive(Debug)]
enum Backend {
    Replay(Replay),
    Simulated(Simulated),
}

/// A session as it is seen at some moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) session: Session,
    /// Its numbers so far while it is in progress.
    pub(crate) quote: Ohlcv,
    /// When its price was true: the opening for a session of the past, as the vendor stamps those.
    pub(crate) stamp: DateTime<Utc>,
}

impl ServedMarket {
    /// Recorded data.
    #[must_use]
    pub fn replay(replay: Replay, visibility: Visibility, calendar: Calendar) -> Self {
        Self {
            source: Backend::Replay(replay),
            visibility,
            calendar,
        }
    }

    /// A simulated market. It has no end, so it always goes by a clock.
    #[must_use]
    pub fn simulated(simulated: Simulated, clock: Clock) -> Self {
        Self {
            calendar: simulated.calendar().clone(),
            source: Backend::Simulated(simulated),
            visibility: Visibility::Until(clock),
        }
    }

    pub(crate) fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// Whether there are prices of this ticker.
    pub(crate) fn has_prices(&self, ticker: &Ticker) -> bool {
        match &self.source {
            Backend::Replay(replay) => replay.has_prices(ticker),
            Backend::Simulated(simulated) => simulated.trades(ticker),
        }
    }

    /// Whether there are prices or news of this ticker.
    pub(crate) fn knows(&self, ticker: &Ticker) -> bool {
        match &self.source {
            Backend::Replay(replay) => replay.has_prices(ticker) || replay.has_news(ticker),
            Backend::Simulated(simulated) => simulated.trades(ticker),
        }
    }

    /// The name of the company: its symbol where none was recorded.
    pub(crate) fn name(&self, ticker: &Ticker) -> String {
        match &self.source {
            Backend::Replay(_) => ticker.to_string(),
            Backend::Simulated(_) => Simulated::name(ticker),
        }
    }

    /// The clock that what can be seen goes by, if there is one.
    pub(crate) fn clock(&self) -> Option<Clock> {
        match &self.visibility {
            Visibility::Everything => None,
            Visibility::Until(clock) => Some(clock.clone()),
        }
    }

    /// Whether what can be seen ends at a clock's time.
    pub(crate) fn goes_by_a_clock(&self) -> bool {
        matches!(self.visibility, Visibility::Until(_))
    }

    /// The moment up to which this ticker's past can be seen: the clock's time, or the end of all
    /// that was recorded. `None` when it has no records.
    pub(crate) fn as_of(&self, ticker: &Ticker) -> Option<DateTime<Utc>> {
        match &self.visibility {
            Visibility::Until(clock) => Some(clock.now()),
            Visibility::Everything => {
                let newest = self.newest(ticker, DateTime::<Utc>::MAX_UTC)?;
                Some(last_trade(&newest.session))
            }
        }
    }

    /// The first opening of which there is a price.
    pub(crate) fn first_opening(&self, ticker: &Ticker) -> Option<DateTime<Utc>> {
        match &self.source {
            Backend::Replay(replay) => replay.first_opening(ticker),
            Backend::Simulated(simulated) => simulated.first_opening(),
        }
    }

    /// The sessions whose opening lies in `[from, to)`, ascending, as seen at `as_of`.
    pub(crate) fn seen(
        &self,
        ticker: &Ticker,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        as_of: DateTime<Utc>,
    ) -> Vec<Seen> {
        let days = self.opened(ticker, from, to.min(after(as_of)));
        let newest = self.newest(ticker, as_of).map(|day| day.session.date);
        days.into_iter()
            .map(|day| self.see(ticker, day, newest == Some(day.session.date), as_of))
            .collect()
    }

    /// The newest session that had opened by `as_of`, as seen then.
    pub(crate) fn newest_seen(&self, ticker: &Ticker, as_of: DateTime<Utc>) -> Option<Seen> {
        let newest = self.newest(ticker, as_of)?;
        Some(self.see(ticker, newest, true, as_of))
    }

    /// The close of the newest session that opened before `moment` and had closed by `as_of`.
    pub(crate) fn close_before(
        &self,
        ticker: &Ticker,
        moment: DateTime<Utc>,
        as_of: DateTime<Utc>,
    ) -> Option<f64> {
        let second = TimeDelta::seconds(1);
        let mut day = self.newest(ticker, (moment - second).min(as_of))?;
        if day.session.close > as_of {
            day = self.newest(ticker, day.session.open - second)?;
        }
        Some(day.quote.close * self.basis(ticker, as_of))
    }

    /// The highest and the lowest price of the year that ends with `newest`.
    pub(crate) fn year_range(
        &self,
        ticker: &Ticker,
        newest: &Seen,
        as_of: DateTime<Utc>,
    ) -> Option<(f64, f64)> {
        let from = as_of - TimeDelta::days(365);
        let whole = self.seen(ticker, from, newest.session.open, as_of);
        let quotes = || whole.iter().chain([newest]).map(|seen| &seen.quote);
        let high = quotes().map(|quote| quote.high).reduce(f64::max)?;
        let low = quotes().map(|quote| quote.low).reduce(f64::min)?;
        Some((high, low))
    }

    /// The insides of the sessions whose opening lies in `[from, to)` and had come by `as_of`.
    pub(crate) fn tapes(
        &self,
        ticker: &Ticker,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        as_of: DateTime<Utc>,
    ) -> impl Iterator<Item = Tape> {
        let days = self.opened(ticker, from, to.min(after(as_of)));
        days.into_iter()
            .filter_map(move |day| self.tape(ticker, &day, as_of))
    }

    /// The splits that had happened by `as_of`, each with the opening from which it holds.
    pub(crate) fn splits(
        &self,
        ticker: &Ticker,
        as_of: DateTime<Utc>,
    ) -> impl Iterator<Item = (DateTime<Utc>, RecordedSplit)> {
        let today = Calendar::date_at(as_of);
        self.recorded_splits(ticker)
            .iter()
            .filter(move |split| split.date <= today)
            .filter_map(|split| Some((self.calendar.session(split.date)?.open, *split)))
    }

    /// The articles published in `[from, to]` that can be seen now, oldest or newest first. They
    /// are made while one iterates, so that taking a few costs little.
    pub(crate) fn articles<'a>(
        &'a self,
        ticker: &'a Ticker,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        newest_first: bool,
    ) -> Box<dyn Iterator<Item = Article> + 'a> {
        let to = match &self.visibility {
            Visibility::Everything => to,
            Visibility::Until(clock) => to.min(clock.now()),
        };
        match &self.source {
            Backend::Replay(replay) => replay.articles(ticker, from, to, newest_first),
            Backend::Simulated(simulated) => simulated.articles(ticker, from, to, newest_first),
        }
    }

    fn opened(&self, ticker: &Ticker, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<SessionBar> {
        match &self.source {
            Backend::Replay(replay) => replay.opened(ticker, from, to).to_vec(),
            Backend::Simulated(simulated) => simulated.opened(ticker, from, to),
        }
    }

    fn newest(&self, ticker: &Ticker, at: DateTime<Utc>) -> Option<SessionBar> {
        match &self.source {
            Backend::Replay(replay) => replay.newest(ticker, at),
            Backend::Simulated(simulated) => simulated.newest(ticker, at),
        }
    }

    fn tape(&self, ticker: &Ticker, day: &SessionBar, as_of: DateTime<Utc>) -> Option<Tape> {
        let tape = match &self.source {
            Backend::Replay(replay) => replay.tape(ticker, day),
            Backend::Simulated(simulated) => simulated.tape(ticker, &day.session)?,
        };
        let basis = self.basis(ticker, as_of);
        Some(if basis == 1.0 {
            tape
        } else {
            tape.rebased(basis)
        })
    }

    fn recorded_splits(&self, ticker: &Ticker) -> &[RecordedSplit] {
        match &self.source {
            Backend::Replay(replay) => replay.splits(ticker),
            Backend::Simulated(_) => &[],
        }
    }

    /// The factor from recorded prices, which are on the basis after all splits, to those of a
    /// moment.
    fn basis(&self, ticker: &Ticker, as_of: DateTime<Utc>) -> f64 {
        if !self.goes_by_a_clock() {
            return 1.0;
        }
        let today = Calendar::date_at(as_of);
        let later = self.recorded_splits(ticker).iter();
        later
            .filter(|split| split.date > today)
            .map(RecordedSplit::ratio)
            .product()
    }

    fn see(&self, ticker: &Ticker, day: SessionBar, is_newest: bool, as_of: DateTime<Utc>) -> Seen {
        let session = day.session;
        let so_far = if as_of < session.close {
            self.tape(ticker, &day, as_of)
                .and_then(|tape| tape.so_far(as_of))
        } else {
            None
        };
        if let Some(so_far) = so_far {
            let quote = Ohlcv {
                open: so_far.open,
                high: so_far.high,
                low: so_far.low,
                close: so_far.close,
                adj_close: so_far.close,
                volume: so_far.volume,
            };
            return Seen {
                session,
                quote,
                stamp: so_far.known,
            };
        }
        let stamp = if is_newest {
            last_trade(&session).min(as_of)
        } else {
            session.open
        };
        Seen {
            session,
            quote: rebased(day.quote, self.basis(ticker, as_of)),
            stamp,
        }
    }
}

/// The vendor's time of a session's last trade: the closing auction's, a second after the close.
pub(crate) fn last_trade(session: &Session) -> DateTime<Utc> {
    session.close + TimeDelta::seconds(1)
}

/// The end of what a window that excludes its end may hold at `as_of`: a session that opens at this
/// very moment has an opening price.
fn after(as_of: DateTime<Utc>) -> DateTime<Utc> {
    as_of + TimeDelta::nanoseconds(1)
}

fn rebased(mut quote: Ohlcv, factor: f64) -> Ohlcv {
    if factor != 1.0 {
        for price in [
            &mut quote.open,
            &mut quote.high,
            &mut quote.low,
            &mut quote.close,
            &mut quote.adj_close,
        ] {
            *price *= factor;
        }
        quote.volume /= factor;
    }
    quote
}
