//! What the server can tell about a ticker, and how much of that the clock lets be seen.
//!
//! This is the one place where the future is cut off; the wire formats only write down what they
//! get from here.

use chrono::{DateTime, TimeDelta, Utc};

use closecall_calendar::{Calendar, Clock, Session};
use closecall_protocol::{Article, Ohlcv, Ticker};

use crate::replay::Replay;
use crate::session_bar::SessionBar;
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
    /// Only the opening price in all four places while the session is in progress.
    pub(crate) quote: Ohlcv,
    /// When the last trade in it was: the opening for a session of the past, as the vendor stamps
    /// those.
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

    /// The sessions whose opening lies in `[from, to)`, ascending, as seen at `as_of`.
    pub(crate) fn seen(
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
    pub(crate) fn newest_seen(&self, ticker: &Ticker, as_of: DateTime<Utc>) -> Option<Seen> {
        self.newest(ticker, as_of).map(|day| see(day, true, as_of))
    }

    /// The newest session that opened before this moment, whole.
    pub(crate) fn before(&self, ticker: &Ticker, moment: DateTime<Utc>) -> Option<SessionBar> {
        self.newest(ticker, moment - TimeDelta::seconds(1))
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
}

/// The vendor's time of a session's last trade: the closing auction's, a second after the close.
fn last_trade(session: &Session) -> DateTime<Utc> {
    session.close + TimeDelta::seconds(1)
}

fn see(day: SessionBar, is_newest: bool, as_of: DateTime<Utc>) -> Seen {
    let SessionBar { session, quote } = day;
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
