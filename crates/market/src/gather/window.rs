//! Sessions and moments that belong to a pick.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use closecall_calendar::{Calendar, Session};
use closecall_protocol::Pick;

use crate::providers::{ASKED_AHEAD, SETTLED_AFTER};
use crate::store::Span;

/// Days asked for before the window, so that its edge does not hang on the vendor's reading of it.
const MARGIN_DAYS: u64 = 10;

/// The part of the past that a pick may know.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PickWindow {
    /// The session whose close is forecast.
    pub(crate) target: Session,
    /// First session of the window.
    pub(crate) first: Session,
    /// Newest session whose official close can be had.
    pub(crate) last: Session,
    /// Nothing later than this exists: the as-of time, or the clock's where that is earlier.
    pub(crate) cut: DateTime<Utc>,
    /// Publication times: from the close before the first session up to the cut, which is included.
    pub(crate) news: Span,
}

impl PickWindow {
    pub(crate) fn of(pick: &Pick, calendar: &Calendar, now: DateTime<Utc>, days: u32) -> Self {
        let as_of = pick.as_of();
        let cut = as_of.min(now);
        let from = Calendar::date_at(as_of) - Days::new(u64::from(days));
        let first = calendar
            .session(from)
            .unwrap_or_else(|| calendar.next(from));
        let start = calendar.previous(first.date).close;
        Self {
            target: calendar.target(as_of),
            first,
            last: calendar.last_closed(cut - SETTLED_AFTER),
            cut,
            news: Span {
                start,
                end: cut + TimeDelta::seconds(1),
            },
        }
    }

    /// The window to ask prices for: a vendor's end is exclusive, so it lies a day ahead.
    pub(super) fn asked(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        let from = self.first.date - Days::new(MARGIN_DAYS);
        (
            from.and_time(NaiveTime::MIN).and_utc(),
            self.cut + ASKED_AHEAD,
        )
    }
}

#[cfg(test)]
mod tests {
    use closecall_protocol::{PickId, PickReason, Ticker};

    use super::*;

    fn window(as_of: &str, now: &str) -> PickWindow {
        let (slot, ticker) = (as_of.parse().unwrap(), Ticker::new("AAPL").unwrap());
        let pick_id = PickId::of_slot(7, slot, &ticker);
        let pick = Pick {
            ticker,
            pick_id,
            slot,
            expires_at: None,
            reason: PickReason::Request,
        };
        PickWindow::of(&pick, &Calendar::default(), now.parse().unwrap(), 300)
    }

    #[test]
    fn the_window_of_a_trading_day() {
        let window = window("2023-06-30T14:00:00Z", "2026-01-01T00:00:00Z");
        assert_eq!(window.target.date.to_string(), "2023-06-30");
        assert_eq!(window.last.date.to_string(), "2023-06-29");
        // 2022-09-03 is a Saturday before Labor Day.
        assert_eq!(window.first.date.to_string(), "2022-09-06");
        assert_eq!(window.news.start.to_rfc3339(), "2022-09-02T20:00:00+00:00");
        assert_eq!(window.news.end.to_rfc3339(), "2023-06-30T14:00:01+00:00");
    }

    #[test]
    fn nothing_is_known_ahead_of_the_clock() {
        let window = window("2023-06-30T21:00:00Z", "2023-06-30T19:00:00Z");
        assert_eq!(window.last.date.to_string(), "2023-06-29");
        assert_eq!(window.target.date.to_string(), "2023-07-03");
    }
}
