//! The goals that a walk on recorded prices is held against.
//!
//! | | what |
//! |---|---|
//! | N1 | how often "same" is said |
//! | N2 | error against yesterday's close, by time asked |
//! | N3 | error against the reference, by time and by phase |
//! | N4 | coverage of the bands, by time |
//! | N5 | Brier score of the call, by phase, beside the reference's own |
//! | H2 | error of the original program's network against yesterday's close, before the opening |

use std::collections::BTreeMap;

use closecall_scoring::BandScore;
use serde::Serialize;

use crate::asked::AskedTime;
use crate::group::{Group, ModelReport};
use crate::variant::Variant;

/// Greatest error against yesterday's close, over all tickers.
const AGAINST_LAST_CLOSE: [(&str, f64); 6] = [
    ("before", 1.002),
    ("09:31", 0.90),
    ("10:00", 0.80),
    ("12:00", 0.58),
    ("14:00", 0.45),
    ("15:30", 0.32),
];

/// Greatest error against the reference, and greatest upper end of its interval.
const AGAINST_REFERENCE: (f64, f64) = (1.002, 1.005);

/// Distance of coverage from its promise, before and at the opening, and inside the session.
const COVERAGE: (f64, f64) = (0.02, 0.03);

/// Sessions from which on coverage is held to that; on fewer, the promise may also lie inside the
/// interval of whole days resampled.
const MANY_SESSIONS: usize = 450;

/// By how much the Brier score may exceed the reference's own.
const BRIER: f64 = 0.0025;

/// Greatest share of "same" before the opening.
const SAME: f64 = 0.01;

/// By how much the share of "same" may exceed that of quotes equal to the last close.
const SAME_WITH_QUOTE: f64 = 0.003;

/// Least error of the original program's network against yesterday's close: what is measured is
/// that network, with its faults, and no kinder one.
const ORIGINAL: f64 = 1.6;

/// A goal, and what was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Goal {
    /// Its name, N1 to N5 or H2.
    pub name: &'static str,
    /// Of which group: a time, or a phase.
    pub group: String,
    /// The measure.
    pub what: String,
    /// The measured value.
    pub measured: f64,
    /// The value that it has to reach.
    pub must: String,
    /// Whether it is.
    pub reached: bool,
}

/// The goals of the product's own model, as far as the walk asked for what they need.
#[must_use]
pub fn goals(models: &BTreeMap<String, ModelReport>) -> Vec<Goal> {
    let Some(model) = models.get(&Variant::default().to_string()) else {
        return Vec::new();
    };
    let mut goals = Vec::new();
    for (time, group) in &model.times {
        goals.extend(same(*time, group));
    }
    for (time, group) in &model.times {
        goals.extend(against_last_close(*time, group));
    }
    for (time, group) in &model.times {
        goals.extend(against_reference(&time.to_string(), group));
    }
    for (phase, group) in &model.phases {
        goals.extend(against_reference(&format!("phase {phase}"), group));
    }
    for (time, group) in &model.times {
        goals.extend(
            group
                .summary
                .bands
                .iter()
                .map(|band| coverage(*time, group, band)),
        );
    }
    for (phase, group) in &model.phases {
        goals.extend(brier(&format!("phase {phase}"), group));
    }
    goals.extend(models.get("original").and_then(original));
    goals
}

fn original(model: &ModelReport) -> Option<Goal> {
    let group = model.times.get(&AskedTime::Before)?;
    let measured = group.summary.against_last_close?.value;
    Some(Goal {
        name: "H2",
        group: AskedTime::Before.to_string(),
        what: "error of `original` against yesterday's close".into(),
        measured,
        must: format!("at least {ORIGINAL}"),
        reached: measured >= ORIGINAL,
    })
}

fn same(time: AskedTime, group: &Group) -> Option<Goal> {
    let measured = group.same_share?;
    let most = group
        .quote_same_share
        .map_or(SAME, |quotes| quotes + SAME_WITH_QUOTE);
    Some(Goal {
        name: "N1",
        group: time.to_string(),
        what: "share of \"same\"".into(),
        measured,
        must: format!("at most {:.2} %", 100.0 * most),
        reached: measured <= most,
    })
}

fn against_last_close(time: AskedTime, group: &Group) -> Option<Goal> {
    let name = time.to_string();
    let (_, most) = AGAINST_LAST_CLOSE.iter().find(|(time, _)| *time == name)?;
    let measured = group.summary.against_last_close?.value;
    Some(Goal {
        name: "N2",
        group: name,
        what: "error against yesterday's close".into(),
        measured,
        must: format!("at most {most}"),
        reached: measured <= *most,
    })
}

fn against_reference(name: &str, group: &Group) -> Vec<Goal> {
    let Some(relative) = group.summary.relative_mae else {
        return Vec::new();
    };
    let (most, most_upper) = AGAINST_REFERENCE;
    let goal = |what: &str, measured: f64, most: f64| Goal {
        name: "N3",
        group: name.to_owned(),
        what: what.to_owned(),
        measured,
        must: format!("at most {most}"),
        reached: measured <= most,
    };
    vec![
        goal(
            "error against the price it starts from",
            relative.value,
            most,
        ),
        goal("upper end of its interval", relative.upper, most_upper),
    ]
}

fn coverage(time: AskedTime, group: &Group, band: &BandScore) -> Goal {
    let opening = matches!(time.to_string().as_str(), "before" | "09:30" | "09:31");
    let many = group.summary.days >= MANY_SESSIONS;
    let within = if opening && many {
        COVERAGE.0
    } else {
        COVERAGE.1
    };
    let (level, share) = (band.level, band.coverage);
    let points = 100.0 * within;
    let near = (share.value - level).abs() <= within;
    let inside = share.lower <= level && level <= share.upper;
    Goal {
        name: "N4",
        group: time.to_string(),
        what: format!("coverage of the {:.0} % band", 100.0 * level),
        measured: share.value,
        must: if many {
            format!("within {points:.0} points")
        } else {
            format!("within {points:.0} points, or promise inside the interval")
        },
        reached: near || (!many && inside),
    }
}

fn brier(name: &str, group: &Group) -> Option<Goal> {
    let (measured, own) = (group.summary.brier?, group.baseline_brier?);
    Some(Goal {
        name: "N5",
        group: name.to_owned(),
        what: "Brier score of the call".into(),
        measured,
        must: format!("at most {:.4} (the price's own {own:.4})", own + BRIER),
        reached: measured <= own + BRIER,
    })
}
