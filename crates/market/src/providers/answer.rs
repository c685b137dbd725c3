//! Answers of providers: daily bars, and bars inside a session.
//!
//! Nothing here knows a clock: which bars are finished is asked of an answer afterwards.

use chrono::{DateTime, TimeDelta, Utc};
use closecall_calendar::Calendar;
use closecall_protocol::Bar;

use crate::split::Split;
use crate::vendor::VendorFault;
use crate::vendor::number::{Cell, number};

/// A session's bar holds its official close this long after it.
pub(crate) const SETTLED_AFTER: TimeDelta = TimeDelta::minutes(20);

/// Daily prices are asked for up to this long after the moment at which they were known.
pub(crate) const ASKED_AHEAD: TimeDelta = TimeDelta::days(1);

/// Daily bars as they came, the last of each date, ascending.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Chart {
    pub(crate) bars: Vec<Bar>,
    pub(crate) splits: Vec<Split>,
    /// Rows without a close: the vendor has not filled them yet.
    pub(crate) empty_rows: usize,
    /// Rows whose close or time cannot be read, and what the first of them lacks.
    pub(crate) refused: usize,
    pub(crate) first_refusal: Option<String>,
}

impl Chart {
    /// The bars of sessions whose official close was known at `t`. A bar of a session in progress
    /// is partial; one on a day without a session does not belong to this exchange.
    pub(crate) fn finished(&self, calendar: &Calendar, t: DateTime<Utc>) -> Vec<Bar> {
        let settled = |bar: &&Bar| {
            calendar
                .session(bar.session().date())
                .is_some_and(|session| session.close + SETTLED_AFTER <= t)
        };
        self.bars.iter().filter(settled).copied().collect()
    }

    pub(crate) fn refuse(&mut self, why: String) {
        self.refused += 1;
        self.first_refusal.get_or_insert(why);
    }
}

/// An answer about the inside of a session.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct IntradayAnswer {
    /// Length of a bar.
    pub(crate) step: TimeDelta,
    /// In the order in which they came.
    pub(crate) rows: Vec<IntradayRow>,
    /// Time and price of the last trade in regular hours that the vendor knows.
    pub(crate) last_trade: (Option<DateTime<Utc>>, Option<f64>),
    /// The close before the first row's session.
    pub(crate) previous_close: Option<f64>,
    pub(crate) splits: Vec<Split>,
}

impl IntradayAnswer {
    /// Bars of a minute, and nothing else.
    pub(crate) fn of_minutes(rows: Vec<IntradayRow>) -> Self {
        Self {
            step: TimeDelta::minutes(1),
            rows,
            last_trade: (None, None),
            previous_close: None,
            splits: Vec::new(),
        }
    }

    /// Whether a row is the live one: the vendor's last trade as a row of one price and no volume. The
    /// first row is none, for a replay shows the opening so.
    pub(crate) fn is_live(&self, row: &IntradayRow) -> bool {
        let is_first = self
            .rows
            .first()
            .is_none_or(|first| row.start <= first.start);
        !is_first && row.is_print() && self.last_trade.0 == Some(row.start)
    }

    /// Bars alone, as of a session that is past: what the vendor traded last is after it, or, on a
    /// server whose clock stands inside it, no bar.
    pub(crate) fn of_past(mut self) -> Self {
        let bars = self.rows.iter().filter(|row| !self.is_live(row)).copied();
        self.rows = bars.collect();
        self.last_trade = (None, None);
        self
    }
}

/// A row: a bar, or the live row. Each number may be missing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct IntradayRow {
    pub(crate) start: DateTime<Utc>,
    pub(crate) open: Option<f64>,
    pub(crate) high: Option<f64>,
    pub(crate) low: Option<f64>,
    pub(crate) close: Option<f64>,
    pub(crate) volume: Option<f64>,
}

/// A bar inside a session as a vendor writes it: its start, then open, high, low, close and volume.
pub(crate) type IntradayCells<'a> = (&'a Cell, [&'a Option<Cell>; 5]);

impl IntradayRow {
    pub(crate) fn is_flat(&self) -> bool {
        let others = [self.open, self.high, self.low];
        self.close.is_some() && others.iter().all(|price| *price == self.close)
    }

    /// Whether it is of one price and no volume.
    pub(crate) fn is_print(&self) -> bool {
        self.is_flat() && self.volume == Some(0.0)
    }

    /// Reads the row of this place. Only its start has to be known; a price that is none costs
    /// itself alone.
    pub(crate) fn of_cells(
        place: usize,
        (start, cells): IntradayCells<'_>,
    ) -> Result<Self, VendorFault> {
        let no_time = || VendorFault::Malformed(format!("row {place} has no time"));
        let [open, high, low, close, volume] = cells.map(number);
        let price = |value: Option<f64>| value.filter(|price| *price > 0.0);
        Ok(Self {
            start: start.time().ok_or_else(no_time)?,
            open: price(open),
            high: price(high),
            low: price(low),
            close: price(close),
            volume,
        })
    }
}
