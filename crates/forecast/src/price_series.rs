//! A dataset's finished sessions as plain numbers: closes, openings, ranges, news.
//!
//! Sessions are counted from 0; the target session is number `len()`. The first session only
//! serves as the close before the second. Of sessions that are missing between two rows each is taken
//! to have made its share of the move: a walk over n sessions goes √n times as far as over one.

use chrono::{Datelike, NaiveDate, Weekday};
use closecall_calendar::Calendar;
use closecall_protocol::{DatasetRow, SessionNews};

/// Finished sessions of a dataset.
#[derive(Debug, Default)]
pub(crate) struct PriceSeries {
    closes: Vec<f64>,
    opens: Vec<Option<f64>>,
    ranges: Vec<Option<f64>>,
    news: Vec<SessionNews>,
    /// Root of the sessions from the row before to each.
    spans: Vec<f64>,
}

impl PriceSeries {
    pub(crate) fn of(rows: &[DatasetRow]) -> Self {
        let mut series = Self::default();
        for row in rows {
            let bar = row.bar();
            let range = bar.range().map(|range| (range.high / range.low).ln());
            series.push(row.close(), bar.open(), range, row.news());
        }
        // By the exchange's rules: closures that a configuration adds are few.
        let calendar = Calendar::default();
        for (k, pair) in rows.windows(2).enumerate() {
            let [from, to] = [&pair[0], &pair[1]].map(|row| row.bar().session().date());
            if !follows(from, to) {
                let sessions = calendar.sessions_between(from, to).max(1);
                series.spans[k + 1] = (sessions as f64).sqrt();
            }
        }
        series
    }

    /// Adds a session; `range` is the logarithm of high over low.
    pub(crate) fn push(
        &mut self,
        close: f64,
        open: Option<f64>,
        range: Option<f64>,
        news: SessionNews,
    ) {
        self.closes.push(close);
        self.opens.push(open);
        self.ranges.push(range);
        self.news.push(news);
        self.spans.push(1.0);
    }

    /// Finished sessions, which is also the number of the target session.
    pub(crate) fn len(&self) -> usize {
        self.closes.len()
    }

    pub(crate) fn closes(&self) -> &[f64] {
        &self.closes
    }

    /// The last known close; 1 of no session at all.
    pub(crate) fn last_close(&self) -> f64 {
        self.closes.last().copied().unwrap_or(1.0)
    }

    /// Log return of session `k`, from 1 on, on the close before; one session's share of it where
    /// others are missing between them.
    pub(crate) fn log_return(&self, k: usize) -> f64 {
        (self.closes[k] / self.closes[k - 1]).ln() / self.spans[k]
    }

    /// Log return of the opening of session `k`, from 1 on, on the close before; its share likewise.
    pub(crate) fn gap(&self, k: usize) -> Option<f64> {
        self.opens[k].map(|open| (open / self.closes[k - 1]).ln() / self.spans[k])
    }

    /// Log return of the close of session `k` on its opening.
    pub(crate) fn session_return(&self, k: usize) -> Option<f64> {
        self.opens[k].map(|open| (self.closes[k] / open).ln())
    }

    /// Logarithm of high over low of session `k`.
    pub(crate) fn range(&self, k: usize) -> Option<f64> {
        self.ranges[k]
    }

    /// News of session `k` up to its opening.
    pub(crate) fn news(&self, k: usize) -> SessionNews {
        self.news[k]
    }
}

/// Whether nothing but a weekend lies between two days: the calendar is slower to ask.
fn follows(from: NaiveDate, to: NaiveDate) -> bool {
    let days = (to - from).num_days();
    days == 1 || days == 3 && from.weekday() == Weekday::Fri
}

#[cfg(test)]
mod tests {
    use closecall_protocol::Bar;

    use super::*;

    #[test]
    fn a_move_over_missing_sessions_counts_as_one_of_them() {
        let row = |day: &str, close: f64| {
            let bar = Bar::of_close(day.parse().unwrap(), close).unwrap();
            DatasetRow::new(bar.with_open(Some(close)), SessionNews::default())
        };
        // A weekend with a holiday behind it, then three sessions that are missing.
        let days = ["2023-05-25", "2023-05-26", "2023-05-30", "2023-06-05"];
        let rows: Vec<DatasetRow> = days
            .iter()
            .zip([100.0, 101.0, 102.0, 110.0])
            .map(|(day, close)| row(day, close))
            .collect();
        let series = PriceSeries::of(&rows);
        let whole = |from: f64, to: f64| (to / from).ln();
        assert_eq!(series.log_return(1), whole(100.0, 101.0));
        assert_eq!(series.log_return(2), whole(101.0, 102.0));
        assert_eq!(series.log_return(3), whole(102.0, 110.0) / 2.0);
        assert_eq!(series.gap(3), Some(whole(102.0, 110.0) / 2.0));
    }
}
