//! One session from the inside: its prints in the order in which they became known.
//!
//! Both sources describe a running session by it, and everything that the wire forms say of one
//! (bars of any width, the live row, the price so far) is read from it as of a moment.

use chrono::{DateTime, TimeDelta, Utc};

use closecall_calendar::Session;
use closecall_protocol::Ohlcv;

/// A trade, or the trades of a span of which only a bar was kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Print {
    /// The moment that decides which bar of a grid it belongs to.
    pub(crate) slot: DateTime<Utc>,
    /// The moment from which it can be seen; its close was true then.
    pub(crate) known: DateTime<Utc>,
    pub(crate) open: f64,
    pub(crate) high: f64,
    pub(crate) low: f64,
    pub(crate) close: f64,
    pub(crate) volume: f64,
}

impl Print {
    /// A trade at one price.
    pub(crate) fn trade(at: DateTime<Utc>, price: f64, volume: f64) -> Self {
        Self {
            slot: at,
            known: at,
            open: price,
            high: price,
            low: price,
            close: price,
            volume,
        }
    }

    /// Its numbers.
    pub(crate) fn quote(&self) -> Ohlcv {
        Ohlcv {
            open: self.open,
            high: self.high,
            low: self.low,
            close: self.close,
            adj_close: self.close,
            volume: self.volume,
        }
    }

    /// Takes a later print in.
    pub(crate) fn extend(&mut self, later: &Self) {
        self.known = later.known;
        self.high = self.high.max(later.high);
        self.low = self.low.min(later.low);
        self.close = later.close;
        self.volume += later.volume;
    }
}

/// A session's prints, in the order in which they became known, and its official close.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tape {
    pub(crate) session: Session,
    /// Never empty: the opening is always among them.
    prints: Vec<Print>,
    /// The closing auction's price, known from the close on.
    official_close: f64,
}

impl Tape {
    /// A session that opened at `opening` and officially closed at `official_close`, with what was
    /// printed between them, in order.
    pub(crate) fn new(
        session: Session,
        opening: f64,
        between: impl IntoIterator<Item = Print>,
        official_close: f64,
    ) -> Self {
        let opening = Print::trade(session.open, opening, 0.0);
        let prints = std::iter::once(opening).chain(between).collect();
        Self {
            session,
            prints,
            official_close,
        }
    }

    /// Prints known at `t`.
    pub(crate) fn until(&self, t: DateTime<Utc>) -> &[Print] {
        let known = self.prints.partition_point(|print| print.known <= t);
        self.prints.get(..known).unwrap_or_default()
    }

    /// The bars of a grid of this width from the opening, as far as they had begun at `t`; the last
    /// may still grow. A bar in which nothing was printed is not there.
    pub(crate) fn grid(&self, width: TimeDelta, t: DateTime<Utc>) -> Vec<(DateTime<Utc>, Print)> {
        let minutes = width.num_minutes().max(1);
        let mut bars: Vec<(DateTime<Utc>, Print)> = Vec::new();
        for print in self.until(t) {
            let place = (print.slot - self.session.open).num_minutes() / minutes;
            let start = self.session.open + width * place as i32;
            match bars.last_mut() {
                Some((open, bar)) if *open == start => bar.extend(print),
                _ => bars.push((start, *print)),
            }
        }
        bars
    }

    /// Whether more is known of its inside than the opening.
    pub(crate) fn is_traded(&self) -> bool {
        self.prints.len() > 1
    }

    /// The official close, if the session had closed by `t`.
    pub(crate) fn official_close(&self, t: DateTime<Utc>) -> Option<f64> {
        (self.session.close <= t).then_some(self.official_close)
    }

    /// The session's numbers up to `t` as one print: `None` before its opening. The official close
    /// is no part of it.
    pub(crate) fn so_far(&self, t: DateTime<Utc>) -> Option<Print> {
        let (first, later) = self.until(t).split_first()?;
        let mut all = *first;
        later.iter().for_each(|print| all.extend(print));
        Some(all)
    }

    /// The whole session's numbers, official close included.
    pub(crate) fn whole(&self, volume: f64) -> Ohlcv {
        let close = self.official_close;
        let mut open = close;
        let (mut high, mut low) = (close, close);
        if let Some(first) = self.prints.first() {
            open = first.open;
        }
        for print in &self.prints {
            high = high.max(print.high);
            low = low.min(print.low);
        }
        Ohlcv {
            open,
            high,
            low,
            close,
            adj_close: close,
            volume,
        }
    }

    /// The same session with every price multiplied by `factor` and every volume divided by it: as
    /// it was quoted before a split.
    pub(crate) fn rebased(mut self, factor: f64) -> Self {
        for print in &mut self.prints {
            print.open *= factor;
            print.high *= factor;
            print.low *= factor;
            print.close *= factor;
            print.volume /= factor;
        }
        self.official_close *= factor;
        self
    }
}
