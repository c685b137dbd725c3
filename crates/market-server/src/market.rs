//! What the server can tell about a ticker, and how much of that the clock lets be seen.
//!
//! This is the one place where the future is cut off; the wire formats only write down what they
//! get from here.

use chrono::{DateTime, TimeDelta, Utc};

use closecall_calendar::{Calendar, Clock, Session};
use closecall_protocol::{Article, Ohlcv, Ticker};

use crate::replay::Replay;
use crate::simulated::Simulated;

/// What of the data can be seen.
#[derive(Debug, Clone)]
pub enum Visibility {
    /// All of it: whoever asks cuts by himself.
    Everything,
    /// What had happened when this clock's time is: a session's bar from its close on, its opening
    /// price while it is in progress, an article from its time on.
    Until(Clock),
}

/// A session with its numbers, as a source holds them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Daily {
    /// The session, with its opening and its close.
    pub session: Session,
    /// Its numbers.
    pub quote: Ohlcv,
}

/// A source of market data behind a visibility.
#[derive(Debug)]
pub struct Market {
    source: Source,
    visibility: Visibility,
    calendar: Calendar,
}

#[derive(Debug)]
enum Source {
    Replay(Replay),
    Simulated(Simulated),
}

/// A session as it is seen at some moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) session: Session,
    /// Only the opening price in all four places while the session is in progress.
    pub(super) quote: Ohlcv,
    /// When the last trade in it was: the opening for a session of the past, as the vendor stamps
    /// those.
    pub(super) stamp: DateTime<Utc>,
}

impl Market {
    /// Recorded data.
    #[must_use]
    pub fn replay(replay: Replay, visibility: Visibility, calendar: Calendar) -> Self {
        Self {
            source: Source::Replay(replay),
            visibility,
            calendar,
        }
    }

    /// A simulated market. It has no end, so it always goes by a clock.
    #[must_use]
    pub fn simulated(simulated: Simulated, clock: Clock) -> Self {
        Self {
            calendar: simulated.calendar().clone(),
            source: Source::Simulated(simulated),
            visibility: Visibility::Until(clock),
        }
    }

    pub(super) fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// Whether there are prices of this ticker.
    pub(super) fn has_prices(&self, ticker: &Ticker) -> bool {
        match &self.source {
            Source::Replay(replay) => replay.has_prices(ticker),
            Source::Simulated(simulated) => simulated.trades(ticker),
        }
    }

    /// Whether there are prices or news of this ticker.
    pub(super) fn knows(&self, ticker: &Ticker) -> bool {
        match &self.source {
            Source::Replay(replay) => replay.has_prices(ticker) || replay.has_news(ticker),
            Source::Simulated(simulated) => simulated.trades(ticker),
        }
    }

    /// The moment up to which this ticker's past can be seen: the clock's time, or the end of all
    /// that was recorded. `None` when it has no records.
    pub(super) fn as_of(&self, ticker: &Ticker) -> Option<DateTime<Utc>> {
        match &self.visibility {
            Visibility::Until(clock) => Some(clock.now()),
            Visibility::Everything => {
                let newest = self.newest(ticker, DateTime::<Utc>::MAX_UTC)?;
                Some(last_trade(&newest.session))
            }
        }
    }

    /// The sessions whose opening lies in `[from, to)`, ascending, as seen at `as_of`.
    pub(super) fn seen(
        &self,
        ticker: &Ticker,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        as_of: DateTime<Utc>,
    ) -> Vec<Seen> {
        // A session that opens at this very moment has an opening price.
        let days = self.opened(ticker, from, to.min(as_of + TimeDelta::nanoseconds(1)));
        let newest = self.newest(ticker, as_of).map(|day| day.session.date);
        days.into_iter()
            .map(|day| see(day, newest == Some(day.session.date), as_of))
            .collect()
    }

    /// The newest session that had opened by `as_of`, as seen then.
    pub(super) fn newest_seen(&self, ticker: &Ticker, as_of: DateTime<Utc>) -> Option<Seen> {
        self.newest(ticker, as_of).map(|day| see(day, true, as_of))
    }

    /// The newest session that opened before this moment, whole.
    pub(super) fn before(&self, ticker: &Ticker, moment: DateTime<Utc>) -> Option<Daily> {
        self.newest(ticker, moment - TimeDelta::seconds(1))
    }

    /// The articles published in `[from, to]` that can be seen now, oldest or newest first. They
    /// are made while one iterates, so that taking a few costs little.
    pub(super) fn articles<'a>(
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
            Source::Replay(replay) => replay.articles(ticker, from, to, newest_first),
            Source::Simulated(simulated) => simulated.articles(ticker, from, to, newest_first),
        }
    }

    fn opened(&self, ticker: &Ticker, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<Daily> {
        match &self.source {
            Source::Replay(replay) => replay.opened(ticker, from, to).to_vec(),
            Source::Simulated(simulated) => simulated.opened(ticker, from, to),
        }
    }

    fn newest(&self, ticker: &Ticker, at: DateTime<Utc>) -> Option<Daily> {
        match &self.source {
            Source::Replay(replay) => replay.newest(ticker, at),
            Source::Simulated(simulated) => simulated.newest(ticker, at),
        }
    }
}

/// The vendor's time of a session's last trade: the closing auction's, a second after the close.
fn last_trade(session: &Session) -> DateTime<Utc> {
    session.close + TimeDelta::seconds(1)
}

fn see(day: Daily, is_newest: bool, as_of: DateTime<Utc>) -> Seen {
    let Daily { session, quote } = day;
    if as_of < session.close {
        let open = quote.open;
        let partial = Ohlcv {
            open,
            high: open,
            low: open,
            close: open,
            adj_close: open,
            volume: 0.0,
        };
        return Seen {
            session,
            quote: partial,
            stamp: as_of,
        };
    }
    let stamp = if is_newest {
        last_trade(&session).min(as_of)
    } else {
        session.open
    };
    Seen {
        session,
        quote,
        stamp,
    }
}
