//! Features of the regression, known of a session before its move: the moves and the range before it, its
//! news and the news before, and of its own opening the gap.

use closecall_protocol::SessionNews;

use crate::news::shrunken;
use crate::price_series::PriceSeries;
use crate::target::{TargetKind, Targets};

/// Names of the features in their order; the last is of moves from the opening alone.
pub const REGRESSION_FEATURES: [&str; 8] = [
    "move before",
    "move two before",
    "three older moves",
    "range before",
    "news",
    "news before",
    "no news",
    "gap",
];

/// Earlier moves that a row looks at, and with them the place of the first row.
pub(crate) const FIRST_ROW: usize = 5;

/// No range below this, as a logarithm of high over low: prices that stood still.
const LEAST_RANGE: f64 = 1e-6;

/// The mean of three moves has less variance than one; this brings it back, nearly.
const OLDER_MOVES: f64 = 1.7;

/// Rows of features of one kind of move.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RegressionFeatures<'a> {
    pub(crate) series: &'a PriceSeries,
    pub(crate) targets: &'a Targets,
    /// Neutral headlines beside those of a session.
    pub(crate) news_shrinkage: f64,
}

/// Knowledge of the target session itself.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Live {
    /// Its news up to the cut.
    pub(crate) news: SessionNews,
    /// Its opening's gap in units of the expected volatility; 0 where the kind has none.
    pub(crate) gap: f64,
}

impl RegressionFeatures<'_> {
    /// Values a row; constant ones count.
    pub(crate) fn count(kind: TargetKind) -> usize {
        match kind {
            TargetKind::WholeSession => 7,
            TargetKind::FromOpening => 8,
        }
    }

    /// Of row `index` of the targets, from [`FIRST_ROW`] on.
    pub(crate) fn past(&self, index: usize) -> Vec<f64> {
        let session = self.targets.sessions()[index];
        let gap = self.series.gap(session).unwrap_or(0.0) / self.targets.volatility(session);
        let news = self.series.news(session);
        self.row(index, Live { news, gap })
    }

    /// Of the target session.
    pub(crate) fn live(&self, live: Live) -> Vec<f64> {
        self.row(self.targets.sessions().len(), live)
    }

    fn row(&self, index: usize, own: Live) -> Vec<f64> {
        let moves = &self.targets.moves()[..index];
        let back = |n: usize| moves[index - n];
        let before = self.targets.sessions()[index - 1];
        // A range that is unknown counts as one of the expected size.
        let range = self.series.range(before).map_or(0.0, |range| {
            (range.max(LEAST_RANGE) / self.targets.volatility(before)).ln()
        });
        let sentiment = |news| shrunken(news, self.news_shrinkage);
        let mut row = vec![
            back(1),
            back(2),
            (back(3) + back(4) + back(5)) / OLDER_MOVES,
            range,
            sentiment(own.news).unwrap_or(0.0),
            sentiment(self.series.news(before)).unwrap_or(0.0),
            f64::from(u8::from(own.news.sentiment.is_none())),
        ];
        if self.targets.kind() == TargetKind::FromOpening {
            row.push(own.gap);
        }
        row
    }
}
