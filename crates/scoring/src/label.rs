//! The rule by which a record may be called skilled.
//!
//! One family over all phases of the day and their total, at 5 % together: "skill" is said of a
//! member only when its confidence sequence of the daily mean of (|error| − |reference error|) /
//! scale, at level 0.05 / (phases + 1), lies below 0 **and** the corrected Diebold-Mariano test of
//! the same daily means has p < 0.05. The sequence holds at every look, so the rule may be read
//! daily; a p-value alone may not (it crosses any threshold sooner or later).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::diebold_mariano::corrected;
use crate::outcome::Outcome;
use crate::sequence::ConfidenceSequence;

/// Probability that any member of a family is ever called skilled, or worse, without being so.
pub const FAMILY_ERROR: f64 = 0.05;

/// Outcomes below which nothing is said.
pub const MIN_OUTCOMES: usize = 60;

/// Judgement of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Label {
    /// Too few outcomes to say anything.
    Early,
    /// No demonstrated skill.
    None,
    /// It errs less than the price it starts from.
    Skill,
    /// It errs more than the price it starts from.
    Worse,
}

impl Label {
    /// Its name, as records and metrics carry it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Early => "early",
            Self::None => "none",
            Self::Skill => "skill",
            Self::Worse => "worse",
        }
    }
}

/// Outcomes of one day taken together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DayDifference {
    /// The day.
    pub day: i32,
    /// Mean of (|error| − |reference error|) / scale.
    pub difference: f64,
    /// Mean of |prediction − reference| / scale, which bounds it and is known before the close.
    pub bound: f64,
    /// Number of outcomes.
    pub outcomes: usize,
}

/// Outcomes by day, ascending.
#[must_use]
pub fn daily_differences<'a>(
    outcomes: impl IntoIterator<Item = &'a Outcome>,
) -> Vec<DayDifference> {
    let mut days = BTreeMap::<i32, (f64, f64, usize)>::new();
    for outcome in outcomes {
        let sums = days.entry(outcome.day).or_default();
        sums.0 += (outcome.error - outcome.reference_error) / outcome.scale;
        sums.1 += outcome.moved / outcome.scale;
        sums.2 += 1;
    }
    let mean = |(day, (difference, bound, outcomes)): (i32, (f64, f64, usize))| DayDifference {
        day,
        difference: difference / outcomes as f64,
        bound: bound / outcomes as f64,
        outcomes,
    };
    days.into_iter().map(mean).collect()
}

/// The running labels of all phases and of their total.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelFamily {
    members: Vec<Member>,
}

/// One phase, or the total. A day costs the same however many came before.
#[derive(Debug, Clone, PartialEq)]
struct Member {
    sequence: ConfidenceSequence,
    outcomes: usize,
    days: usize,
    mean: f64,
    /// Sum of squared distances from the mean (Welford 1962).
    squares: f64,
}

impl LabelFamily {
    /// A family of this number of phases, and their total.
    #[must_use]
    pub fn new(phases: usize) -> Self {
        let member = Member {
            sequence: ConfidenceSequence::new(FAMILY_ERROR / (phases + 1) as f64),
            outcomes: 0,
            days: 0,
            mean: 0.0,
            squares: 0.0,
        };
        Self {
            members: vec![member; phases + 1],
        }
    }

    /// Adds a finished day to a phase, or with `phases` as the number to the total. Days come in
    /// the order of time, each once; a number that is no member's is left out.
    pub fn push(&mut self, member: usize, day: &DayDifference) {
        if let Some(member) = self.members.get_mut(member) {
            member.push(day);
        }
    }

    /// Label of a member's record by now; `Early` for one that is not there.
    #[must_use]
    pub fn label(&self, member: usize) -> Label {
        self.members.get(member).map_or(Label::Early, Member::label)
    }

    /// The label of the total.
    #[must_use]
    pub fn total(&self) -> Label {
        self.members.last().map_or(Label::Early, Member::label)
    }

    /// Bounds of a member's mean daily difference, in units of the scale: (lower, upper).
    #[must_use]
    pub fn bounds(&self, member: usize) -> Option<(f64, f64)> {
        let sequence = &self.members.get(member)?.sequence;
        let (lower, upper) = (sequence.lower(), sequence.upper());
        (lower.is_finite() && upper.is_finite()).then_some((lower, upper))
    }
}

impl Member {
    fn push(&mut self, day: &DayDifference) {
        self.sequence.push(day.difference, day.bound);
        self.outcomes += day.outcomes;
        self.days += 1;
        let before = day.difference - self.mean;
        self.mean += before / self.days as f64;
        self.squares += before * (day.difference - self.mean);
    }

    fn label(&self) -> Label {
        if self.outcomes < MIN_OUTCOMES {
            return Label::Early;
        }
        let variance = self.squares / self.days as f64;
        let p = corrected(self.mean, variance, self.days, 1).map_or(1.0, |test| test.p);
        if p >= 0.05 {
            Label::None
        } else if self.sequence.is_below_zero() {
            Label::Skill
        } else if self.sequence.is_above_zero() {
            Label::Worse
        } else {
            Label::None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diebold_mariano;

    fn days(value: impl Fn(i32) -> f64) -> Vec<DayDifference> {
        (0..400)
            .map(|day| DayDifference {
                day,
                difference: value(day),
                bound: 0.3,
                outcomes: 1,
            })
            .collect()
    }

    fn after(days: &[DayDifference]) -> LabelFamily {
        let mut family = LabelFamily::new(5);
        for day in days {
            family.push(0, day);
        }
        family
    }

    #[test]
    fn a_steady_gain_is_skill_and_a_steady_loss_is_worse() {
        let gain = days(|day| if day % 3 == 0 { 0.1 } else { -0.15 });
        assert_eq!(after(&gain).label(0), Label::Skill);
        let loss = days(|day| if day % 3 == 0 { -0.1 } else { 0.15 });
        assert_eq!(after(&loss).label(0), Label::Worse);
        let even = days(|day| if day % 2 == 0 { 0.1 } else { -0.1 });
        assert_eq!(after(&even).label(0), Label::None);
    }

    #[test]
    fn few_outcomes_say_nothing_and_neither_does_a_member_that_is_not_there() {
        let few: Vec<_> = days(|_| -0.1).into_iter().take(59).collect();
        assert_eq!(after(&few).label(0), Label::Early);
        assert_eq!(after(&few).label(99), Label::Early);
        assert_eq!(after(&few).total(), Label::Early);
        assert_eq!(after(&few).bounds(99), None);
    }

    #[test]
    fn the_running_test_is_the_test_of_the_whole_series() {
        let days = days(|day| f64::from(day * 37 % 100) / 400.0 - 0.14);
        let family = after(&days);
        let series: Vec<f64> = days.iter().map(|d| d.difference).collect();
        let whole = diebold_mariano(&series, 1).unwrap();
        let member = &family.members[0];
        let running = corrected(member.mean, member.squares / 400.0, 400, 1).unwrap();
        assert!((running.statistic - whole.statistic).abs() < 1e-9);
        let (lower, upper) = family.bounds(0).unwrap();
        assert!(lower < member.mean && member.mean < upper);
    }
}
