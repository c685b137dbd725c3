//! The price that a forecast starts from, and the part of the day which that makes it.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

use crate::value::SessionTimes;

/// The newest price that a forecast knew: its baseline, and the best trivial forecast at that
/// moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reference {
    /// The price.
    pub price: f64,
    /// Kind of the price.
    pub kind: ReferenceKind,
    /// When it was true; not said of a last close.
    pub at: Option<DateTime<Utc>>,
}

/// Kind of the price that a forecast starts from.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum ReferenceKind {
    /// The last known close: nothing of the target session is known.
    LastClose,
    /// The target session's opening price.
    Opening,
    /// A price of the running session.
    Quote,
}

/// The part of the day that a forecast's reference belongs to. An end of an interval belongs to the
/// later phase.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Phase {
    /// Nothing of the session is known.
    Before,
    /// Less than 15 minutes after the opening.
    Open,
    /// Before 12:00 New York.
    Morning,
    /// From 12:00 New York on.
    Afternoon,
    /// 60 minutes or less to the session's own close.
    LastHour,
}

impl Phase {
    /// Of a reference that was true at `at`; `None` is a last close.
    #[must_use]
    pub fn of(at: Option<DateTime<Utc>>, session: &SessionTimes) -> Self {
        let Some(at) = at else {
            return Self::Before;
        };
        // A session opens at 9:30 New York, and the clocks never change while one runs.
        let noon = session.open() + TimeDelta::minutes(150);
        if at < session.open() + TimeDelta::minutes(15) {
            Self::Open
        } else if at >= session.close() - TimeDelta::minutes(60) {
            Self::LastHour
        } else if at < noon {
            Self::Morning
        } else {
            Self::Afternoon
        }
    }
}

/// Rule by which a forecast is scored. It belongs to the forecast, whichever program scores it, and
/// figures of two rules are never summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ScoringRule {
    /// Against the last close: forecasts recorded before references were.
    LastClose,
    /// Against the reference.
    Reference,
}

impl ScoringRule {
    /// Its number in records.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::LastClose => 1,
            Self::Reference => 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn an_end_belongs_to_the_later_phase() {
        let whole =
            SessionTimes::new(at("2023-06-30T13:30:00Z"), at("2023-06-30T20:00:00Z")).unwrap();
        for (time, phase) in [
            ("13:30:00", Phase::Open),
            ("13:44:59", Phase::Open),
            ("13:45:00", Phase::Morning),
            ("15:59:59", Phase::Morning),
            ("16:00:00", Phase::Afternoon),
            ("18:59:59", Phase::Afternoon),
            ("19:00:00", Phase::LastHour),
            ("19:59:59", Phase::LastHour),
        ] {
            let at = at(&format!("2023-06-30T{time}Z"));
            assert_eq!(Phase::of(Some(at), &whole), phase, "{time}");
        }
        assert_eq!(Phase::of(None, &whole), Phase::Before);
    }

    /// It closes at 13:00, so its last hour begins at noon.
    #[test]
    fn a_half_day_has_no_afternoon() {
        let half =
            SessionTimes::new(at("2021-11-26T14:30:00Z"), at("2021-11-26T18:00:00Z")).unwrap();
        let phase = |text| Phase::of(Some(at(text)), &half);
        assert_eq!(phase("2021-11-26T16:59:59Z"), Phase::Morning);
        assert_eq!(phase("2021-11-26T17:00:00Z"), Phase::LastHour);
    }
}
