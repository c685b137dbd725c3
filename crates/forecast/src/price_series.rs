//! A dataset's finished sessions as plain numbers: closes, openings, ranges, news.
//!
//! Sessions are counted from 0; the target session is number `len()`. The first session only
//! serves as the close before the second.

use closecall_protocol::{DatasetRow, SessionNews};

/// Finished sessions of a dataset.
#[derive(Debug, Default)]
pub(crate) struct PriceSeries {
    closes: Vec<f64>,
    opens: Vec<Option<f64>>,
    ranges: Vec<Option<f64>>,
    news: Vec<SessionNews>,
}

impl PriceSeries {
    pub(crate) fn of(rows: &[DatasetRow]) -> Self {
        let mut series = Self::default();
        for row in rows {
            let bar = row.bar();
            let range = bar.range().map(|range| (range.high / range.low).ln());
            series.push(row.close(), bar.open(), range, row.news());
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

    /// Log return of session `k`, from 1 on, on the close before.
    pub(crate) fn log_return(&self, k: usize) -> f64 {
        (self.closes[k] / self.closes[k - 1]).ln()
    }

    /// Log return of the opening of session `k`, from 1 on, on the close before.
    pub(crate) fn gap(&self, k: usize) -> Option<f64> {
        self.opens[k].map(|open| (open / self.closes[k - 1]).ln())
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
