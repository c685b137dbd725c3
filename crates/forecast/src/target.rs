//! The move that is learned, of two kinds: the whole session's from the close before, and the
//! session's own from its opening.
//!
//! Without a price of the moment the whole is forecast. With one, what is left of the session
//! is, and rows of the second kind have the same news to learn from as the target: the opening,
//! and with it the gap.

use crate::price_series::PriceSeries;
use crate::volatility;

/// Kind of the move that is learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum TargetKind {
    /// Close on the close before.
    WholeSession,
    /// Close on the opening.
    FromOpening,
}

/// Share of a day's variance that falls into the session, where its range is unknown.
const SESSION_SHARE: f64 = 0.6;

/// Past moves of one kind, each in units of the volatility that was expected of it.
#[derive(Debug)]
pub(crate) struct Targets {
    kind: TargetKind,
    /// Expected of session `k + 1`; the last of the target session.
    volatility: Vec<f64>,
    /// Sessions that have a move, ascending.
    sessions: Vec<usize>,
    /// Their moves.
    moves: Vec<f64>,
}

impl Targets {
    /// Sessions without an opening are left out of the second kind.
    pub(crate) fn of(series: &PriceSeries, kind: TargetKind) -> Self {
        let past = 1..series.len().max(1);
        let variances: Vec<f64> = past.clone().map(|k| variance(series, k, kind)).collect();
        let volatility = volatility::expected(&variances);
        let moved = past.filter_map(|k| {
            let log_move = match kind {
                TargetKind::WholeSession => Some(series.log_return(k)),
                TargetKind::FromOpening => series.session_return(k),
            };
            log_move.map(|log_move| (k, log_move / volatility[k - 1]))
        });
        let (sessions, moves) = moved.unzip();
        Self {
            kind,
            volatility,
            sessions,
            moves,
        }
    }

    pub(crate) fn kind(&self) -> TargetKind {
        self.kind
    }

    /// Expected of session `k`, from 1 on; `k` may be the target session.
    pub(crate) fn volatility(&self, k: usize) -> f64 {
        self.volatility[k - 1]
    }

    /// Expected of the target session.
    pub(crate) fn live_volatility(&self) -> f64 {
        self.volatility[self.volatility.len() - 1]
    }

    /// The sessions that have a move: a row each.
    pub(crate) fn sessions(&self) -> &[usize] {
        &self.sessions
    }

    /// Their moves.
    pub(crate) fn moves(&self) -> &[f64] {
        &self.moves
    }
}

/// Variance of session `k` as its prices show it: the gap's square and Parkinson's estimate from
/// the range, or the return's square where they are unknown.
fn variance(series: &PriceSeries, k: usize, kind: TargetKind) -> f64 {
    let parkinson = series
        .range(k)
        .map(|range| range * range / (4.0 * std::f64::consts::LN_2));
    let square = series.log_return(k).powi(2);
    match kind {
        TargetKind::WholeSession => series
            .gap(k)
            .zip(parkinson)
            .map_or(square, |(gap, inside)| gap * gap + inside),
        TargetKind::FromOpening => parkinson.unwrap_or(SESSION_SHARE * square),
    }
}

#[cfg(test)]
mod tests {
    use closecall_protocol::SessionNews;

    use super::*;

    fn series(sessions: &[(f64, Option<f64>, Option<f64>)]) -> PriceSeries {
        let mut series = PriceSeries::default();
        for &(close, open, range) in sessions {
            series.push(close, open, range, SessionNews::default());
        }
        series
    }

    #[test]
    fn a_session_without_opening_is_a_row_of_the_whole_only() {
        let series = series(&[
            (100.0, Some(99.0), Some(0.02)),
            (101.0, Some(100.5), Some(0.02)),
            (102.0, None, None),
            (101.0, Some(101.5), Some(0.02)),
        ]);
        let whole = Targets::of(&series, TargetKind::WholeSession);
        let inside = Targets::of(&series, TargetKind::FromOpening);
        assert_eq!(whole.sessions(), [1, 2, 3]);
        assert_eq!(inside.sessions(), [1, 3]);
        assert_eq!(whole.moves()[0], (101.0_f64 / 100.0).ln() / 0.02);
        assert_eq!(inside.moves()[0], (101.0_f64 / 100.5).ln() / 0.02);
    }

    #[test]
    fn variances_are_gap_and_range_or_the_return() {
        let series = series(&[
            (100.0, None, None),
            (110.0, Some(105.0), Some(0.08)),
            (110.0, None, Some(0.08)),
            (121.0, Some(110.0), None),
        ]);
        let parkinson = 0.0064 / (4.0 * 2.0_f64.ln());
        let of = |k, kind| variance(&series, k, kind);
        let gap = (105.0_f64 / 100.0).ln().powi(2);
        let square = (121.0_f64 / 110.0).ln().powi(2);
        assert!((of(1, TargetKind::WholeSession) - gap - parkinson).abs() < 1e-15);
        assert!((of(1, TargetKind::FromOpening) - parkinson).abs() < 1e-15);
        assert_eq!(of(2, TargetKind::WholeSession), 0.0);
        assert!((of(3, TargetKind::WholeSession) - square).abs() < 1e-15);
        assert!((of(3, TargetKind::FromOpening) - 0.6 * square).abs() < 1e-15);
    }

    #[test]
    fn one_session_or_none_has_no_move() {
        for sessions in [&[][..], &[(100.0, Some(100.0), Some(0.01))][..]] {
            let targets = Targets::of(&series(sessions), TargetKind::WholeSession);
            assert!(targets.sessions().is_empty());
            assert_eq!(targets.live_volatility(), 0.02);
        }
    }
}
