//! The first sentence of the page: whether to believe the forecasts, and whether to believe the
//! bands.

use closecall_protocol::Phase;
use closecall_scoring::{Alarm, Label, MIN_OUTCOMES, Summary};
use serde::Serialize;
use strum::{IntoStaticStr, VariantArray};
use utoipa::ToSchema;

use super::score::views::{CoverageView, PhaseView};
use crate::record::fault::LedgerFault;
use crate::text::{clean, count, counted, error, ratio, sentence, whole_share};

/// Judgement of the record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Verdict)]
pub struct ScoreVerdict {
    /// `empty`, `early`, `none`, `skill`, `worse`, `suspect` or `broken`.
    #[schema(value_type = String)]
    pub kind: VerdictKind,
    /// The first sentence.
    pub heading: String,
    /// The second, of the bands; empty where nothing can be said of them.
    pub bands: String,
    /// The figures that it rests on.
    pub text: String,
}

/// The kinds of verdicts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, IntoStaticStr, VariantArray)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum VerdictKind {
    /// No forecast.
    #[default]
    Empty,
    /// Too few outcomes.
    Early,
    /// No skill beyond the price.
    None,
    /// Skill beyond the price, by a rule that may be looked at daily.
    Skill,
    /// Worse than the price.
    Worse,
    /// Too good to be believed.
    Suspect,
    /// The ledger does not verify.
    Broken,
}

/// Ingredients of a verdict.
pub(crate) struct VerdictInputs<'a> {
    pub(crate) forecasts: u64,
    pub(crate) label: Label,
    pub(crate) alarm: Option<Alarm>,
    pub(crate) summary: &'a Summary,
    pub(crate) phases: &'a [PhaseView],
    pub(crate) coverage: &'a [CoverageView],
    /// The phase of the newest outcome among those that have enough.
    pub(crate) newest: Option<Phase>,
}

/// "in the afternoon".
pub(crate) fn when(phase: Phase) -> &'static str {
    match phase {
        Phase::Before => "before the opening",
        Phase::Open => "at the opening",
        Phase::Morning => "in the morning",
        Phase::Afternoon => "in the afternoon",
        Phase::LastHour => "in the last hour",
    }
}

/// The verdict over a ledger that is not believed.
pub(crate) fn broken(fault: &LedgerFault) -> ScoreVerdict {
    ScoreVerdict {
        kind: VerdictKind::Broken,
        heading: fault.heading().to_owned(),
        bands: String::new(),
        text: format!(
            "{}. They are shown again once `closecall ledger verify` passes.",
            sentence(&clean(fault.message()))
        ),
    }
}

pub(crate) fn of(found: &VerdictInputs<'_>) -> ScoreVerdict {
    let verdict = |kind, heading: String, text: String| ScoreVerdict {
        kind,
        heading,
        bands: String::new(),
        text,
    };
    if found.forecasts == 0 {
        let text = "A forecast takes about a second; its score comes after the close.";
        return verdict(
            VerdictKind::Empty,
            "Nothing forecast yet.".to_owned(),
            text.to_owned(),
        );
    }
    let mut phases = found.phases.iter();
    let Some(shown) = phases.find(|phase| Some(phase.phase) == found.newest) else {
        let fullest = found.phases.iter().max_by_key(|phase| phase.outcomes);
        return verdict(VerdictKind::Early, early(fullest), early_text(found));
    };
    let relative = found.summary.relative_mae;
    let (kind, heading, text) = match (found.alarm, found.label) {
        (Some(alarm), _) => {
            let text = format!(
                "Over {}: {}. Gains like this come from data of the future far more often than from skill.",
                counted(found.summary.outcomes as u64, "outcome"),
                alarm_name(alarm)
            );
            (
                VerdictKind::Suspect,
                "Too good to be believed.".to_owned(),
                text,
            )
        }
        (None, Label::Skill) => {
            let gain = skilled_gain(found);
            let heading = format!(
                "A little skill: errs {} less than the price it starts from.",
                error(gain)
            );
            (VerdictKind::Skill, heading, rests_on(found))
        }
        (None, Label::Worse) => {
            let loss = relative.map_or(0.0, |relative| relative.value - 1.0);
            let heading = format!(
                "Worse than the price it starts from: errs {} more.",
                error(loss)
            );
            (VerdictKind::Worse, heading, rests_on(found))
        }
        (None, Label::None | Label::Early) => {
            (VerdictKind::None, calls(shown), none_text(found, shown))
        }
    };
    ScoreVerdict {
        bands: bands(found.coverage),
        ..verdict(kind, heading, text)
    }
}

/// The finding that raised an alarm.
fn alarm_name(alarm: Alarm) -> &'static str {
    match alarm {
        Alarm::Hits => "calls are right more often than the price alone by more than 3 points",
        Alarm::Error => "the error is more than 2 % below that of the price it starts from",
    }
}

/// By how much the skilled member errs less.
fn skilled_gain(found: &VerdictInputs<'_>) -> f64 {
    let skilled = found
        .phases
        .iter()
        .find(|phase| phase.label == Label::Skill.name());
    let of_phase = skilled
        .and_then(|phase| phase.relative_mae)
        .map(|relative| relative.value);
    let of_all = found.summary.relative_mae.map(|relative| relative.value);
    1.0 - of_phase.or(of_all).unwrap_or(1.0)
}

fn early(fullest: Option<&PhaseView>) -> String {
    match fullest {
        None => format!("Too early to tell: none of {MIN_OUTCOMES} outcomes yet."),
        Some(phase) => format!(
            "Too early to tell: {} of {MIN_OUTCOMES} outcomes {}.",
            phase.outcomes,
            when(phase.phase)
        ),
    }
}

fn early_text(found: &VerdictInputs<'_>) -> String {
    let until = "Until then neither skill nor coverage is judged.";
    match found.coverage.last() {
        None => format!(
            "{until} {} recorded; no close has come yet.",
            counted(found.forecasts, "forecast")
        ),
        Some(band) => format!(
            "{until} So far {} of {} closes fell inside the {} band.",
            band.inside,
            band.outcomes,
            whole_share(band.level)
        ),
    }
}

/// Calls right beside what the price alone called right, the only form in which that is said.
fn calls(phase: &PhaseView) -> String {
    let direction = &phase.direction;
    let Some(right) = direction.value else {
        return format!("No calls {} yet.", when(phase.phase));
    };
    let right = whole_share(right);
    let beside = if phase.phase == Phase::Before {
        direction.base_rate.map_or_else(String::new, |rate| {
            format!(", where {} of closes rose", whole_share(rate))
        })
    } else {
        match direction.baseline_value.map(whole_share) {
            Some(alone) if alone == right => ", as the price alone".to_owned(),
            Some(alone) => format!(" (the price alone: {alone})"),
            None => String::new(),
        }
    };
    format!("Calls right {}: {right}{beside}.", when(phase.phase))
}

fn none_text(found: &VerdictInputs<'_>, shown: &PhaseView) -> String {
    let skill = match found.summary.relative_mae {
        Some(relative) => format!(
            "No skill beyond the price it starts from: its error is {} that price's (95 %: {:.3} to {:.3}).",
            ratio(relative.value),
            relative.lower,
            relative.upper
        ),
        None => {
            "The price it starts from has not erred yet, so nothing can be compared.".to_owned()
        }
    };
    let known = shown
        .against_last_close
        .filter(|_| shown.phase != Phase::Before);
    let known = known.map_or_else(String::new, |known| {
        format!(
            " Forecasts {} err {} as much as yesterday's close: the rest of the day was known already.",
            when(shown.phase),
            whole_share(known.value)
        )
    });
    format!("{skill}{known} {}", held(found))
}

/// "243 of 269 closes fell inside the 90 % band, over 71 sessions."
fn held(found: &VerdictInputs<'_>) -> String {
    let Some(band) = found.coverage.last() else {
        return String::new();
    };
    format!(
        "{} of {} closes fell inside the {} band, over {}.",
        count(band.inside as u64),
        count(band.outcomes as u64),
        whole_share(band.level),
        counted(found.summary.days as u64, "session")
    )
}

fn rests_on(found: &VerdictInputs<'_>) -> String {
    let interval = found
        .summary
        .relative_mae
        .map_or_else(String::new, |relative| {
            format!(
                "Relative error {} (95 %: {:.3} to {:.3}) from {} over {}. ",
                ratio(relative.value),
                relative.lower,
                relative.upper,
                counted(found.summary.outcomes as u64, "outcome"),
                counted(found.summary.days as u64, "session")
            )
        });
    format!("{interval}{}", held(found))
}

/// Whether the bands keep what they promise.
fn bands(coverage: &[CoverageView]) -> String {
    if coverage.is_empty() {
        return String::new();
    }
    if coverage.iter().all(CoverageView::holds) {
        return "The bands hold.".to_owned();
    }
    let worst = coverage.iter().filter(|band| !band.holds()).max_by(|a, b| {
        (a.value - a.level)
            .abs()
            .total_cmp(&(b.value - b.level).abs())
    });
    match worst {
        Some(worst) if worst.value < worst.level => "The bands are too narrow.".to_owned(),
        Some(_) => "The bands are too wide.".to_owned(),
        None => String::new(),
    }
}
