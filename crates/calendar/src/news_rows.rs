//! The rows that news belong to: one a session, cut at its opening.
//!
//! ```text
//!   opening of the row before          the row's opening          its close
//! ───────────┤════════ articles of this row ════════├──────────────────┤────▶
//! ```
//!
//! A row holds what was published after the opening of the row before it, up to its own opening.
//! News of the session's own hours mostly report the move that is to be forecast, so they count to
//! the next row, and a forecast made at ten in the morning sees its live row cut exactly as it was
//! trained. Nothing after the as-of time exists at all.

use chrono::{DateTime, NaiveDate, Utc};

use crate::Calendar;

/// The rows of a window of sessions and, last, the live row of the target session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewsRows {
    /// The moments between rows, ascending: one before the first row, one at each row's end.
    cuts: Vec<DateTime<Utc>>,
}

impl NewsRows {
    /// The rows of `sessions`, ascending, then that of `target`; `None` without a session.
    #[must_use]
    pub fn new(
        calendar: &Calendar,
        sessions: impl IntoIterator<Item = NaiveDate>,
        target: NaiveDate,
        as_of: DateTime<Utc>,
    ) -> Option<Self> {
        let mut sessions = sessions.into_iter().peekable();
        let opening = |date| calendar.session(date).map(|session| session.open);
        let mut cut = calendar.previous(*sessions.peek()?).open;
        let mut cuts = vec![cut];
        for date in sessions {
            // A bar on a day the calendar calls closed takes no news; the next row takes them.
            cut = opening(date).unwrap_or(cut);
            cuts.push(cut);
        }
        cuts.push(opening(target).unwrap_or(as_of));
        for cut in &mut cuts {
            *cut = (*cut).min(as_of);
        }
        Some(Self { cuts })
    }

    /// The row of an article published then: an index into the sessions, or their number for the
    /// live row. `None` before the first row and after the last cut.
    #[must_use]
    pub fn row_of(&self, published: DateTime<Utc>) -> Option<usize> {
        let passed = self.cuts.partition_point(|cut| *cut < published);
        (passed < self.cuts.len()).then_some(passed)?.checked_sub(1)
    }

    /// Each row's span of time, the live row's last: articles published after the first moment and
    /// up to the second.
    pub fn spans(&self) -> impl ExactSizeIterator<Item = (DateTime<Utc>, DateTime<Utc>)> + '_ {
        self.cuts.windows(2).map(|pair| (pair[0], pair[1]))
    }
}
