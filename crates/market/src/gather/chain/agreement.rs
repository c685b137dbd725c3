//! Whether two providers' histories of a ticker are of the same prices.
//!
//! Their last common closes have to agree, or to differ by one constant factor that a split has:
//! then one of them is adjusted for a split that the other does not know yet.

use closecall_protocol::Bar;

use crate::split::{RATIOS, Split};

/// Number of the newest common closes that are compared; with fewer nothing can be said.
pub(super) const COMMON: usize = 20;
/// Largest difference of ratios that agree, with each other and with a split's.
const WITHIN: f64 = 0.001;

/// Relation between the newest common closes of two histories.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Agreement {
    /// Too few to compare.
    TooFew { common: usize },
    /// Equal.
    Same,
    /// All times the ratio of a split.
    Split,
    /// The ratios lie between these.
    Differ { low: f64, high: f64 },
}

impl Agreement {
    /// Compares two histories that ascend, with the splits that either provider names.
    pub(super) fn of(known: &[Bar], other: &[Bar], splits: &[Split]) -> Self {
        let ratios: Vec<f64> = other
            .iter()
            .rev()
            .filter_map(|bar| {
                let at = known.binary_search_by_key(&bar.session(), Bar::session);
                Some(known[at.ok()?].close() / bar.close())
            })
            .take(COMMON)
            .collect();
        if ratios.len() < COMMON {
            return Self::TooFew {
                common: ratios.len(),
            };
        }
        let low = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let high = ratios.iter().copied().fold(0.0, f64::max);
        let all_are = |factor: f64| {
            (low / factor - 1.0).abs() <= WITHIN && (high / factor - 1.0).abs() <= WITHIN
        };
        if all_are(1.0) {
            return Self::Same;
        }
        let named = splits.iter().map(|split| split.ratio);
        let mut factors = named.chain(RATIOS).flat_map(|ratio| [ratio, 1.0 / ratio]);
        if factors.any(all_are) {
            return Self::Split;
        }
        Self::Differ { low, high }
    }

    /// # Errors
    /// Why the one history cannot stand in for the other.
    pub(super) fn accepted(&self) -> Result<(), String> {
        match self {
            Self::Same | Self::Split => Ok(()),
            Self::TooFew { common } => Err(format!(
                "the two have {common} closes in common, {COMMON} are needed"
            )),
            Self::Differ { low, high } => Err(format!(
                "the last {COMMON} common closes are {low:.4} to {high:.4} times as large"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use closecall_calendar::Calendar;
    use closecall_protocol::SessionDate;
    use proptest::prelude::*;

    use super::*;

    fn bars(factor: impl Fn(usize) -> f64, sessions: usize) -> Vec<Bar> {
        let days = Calendar::default();
        let days = days.sessions("2023-01-03".parse().unwrap(), "2023-12-29".parse().unwrap());
        days.take(sessions)
            .enumerate()
            .map(|(place, session)| {
                let close = (100.0 + place as f64) * factor(place);
                Bar::of_close(SessionDate::new(session.date).unwrap(), close).unwrap()
            })
            .collect()
    }

    #[test]
    fn twenty_common_closes_decide() {
        let known = bars(|_| 1.0, 60);
        assert_eq!(
            Agreement::of(&known, &bars(|_| 1.0, 60), &[]),
            Agreement::Same
        );
        assert_eq!(
            Agreement::of(&known, &bars(|_| 1.0, 19), &[]),
            Agreement::TooFew { common: 19 }
        );
        // What lies further back is not looked at.
        let older = bars(|place| if place < 40 { 3.7 } else { 1.0 }, 60);
        assert_eq!(Agreement::of(&known, &older, &[]), Agreement::Same);
        assert_eq!(
            Agreement::of(&known, &bars(|_| 0.1, 60), &[]),
            Agreement::Split
        );
        let odd = Split {
            date: "2023-03-01".parse().unwrap(),
            ratio: 1.07,
        };
        let once = bars(|_| 1.0 / 1.07, 60);
        assert!(matches!(
            Agreement::of(&known, &once, &[]),
            Agreement::Differ { .. }
        ));
        assert_eq!(Agreement::of(&known, &once, &[odd]), Agreement::Split);
        // Cents are no split.
        let cents = bars(|_| 100.0, 60);
        assert!(Agreement::of(&known, &cents, &[]).accepted().is_err());
    }

    proptest! {
        #[test]
        fn one_close_that_differs_is_enough_to_refuse(place in 40..60usize, by in 0.002..0.5f64) {
            let known = bars(|_| 1.0, 60);
            let other = bars(|at| if at == place { 1.0 + by } else { 1.0 }, 60);
            prop_assert!(Agreement::of(&known, &other, &[]).accepted().is_err());
        }

        #[test]
        fn roundings_are_no_difference(noise in -0.0004..0.0004f64, sign in 0..2usize) {
            let known = bars(|_| 1.0, 60);
            let other = bars(|at| if at % 2 == sign { 1.0 + noise } else { 1.0 }, 60);
            prop_assert!(Agreement::of(&known, &other, &[]).accepted().is_ok());
        }
    }
}
