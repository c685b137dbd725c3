//! The score of outcomes, computed. Pure.

use closecall_protocol::Phase;
use closecall_scoring::{
    Bootstrap, Label, LabelFamily, MIN_OUTCOMES, Summary, alarm, daily_differences,
};
use serde::Serialize;
use strum::VariantArray as _;
use utoipa::ToSchema;

use super::measures::{design_effect, series, thirds, zones};
use super::views::{
    CoverageView, DirectionView, EstimateView, PhaseView, SeriesPoint, ThirdView, is_level,
};
use crate::api::verdict::{self, ScoreVerdict};
use crate::record::OutcomeRecord;

/// The score of all outcomes, or of one ticker's.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct ScoreView {
    /// The judgement of it.
    pub(crate) verdict: ScoreVerdict,
    /// Rows of the ledger that it is of.
    pub(crate) rows: i64,
    /// Hash of the last of them.
    pub(crate) head: String,
    /// Forecasts recorded, scored or not.
    pub(crate) forecasts: u64,
    /// First forecasts of a ticker, session and phase whose close is known.
    pub(crate) outcomes: usize,
    /// Sessions that they lie on.
    pub(crate) sessions: usize,
    /// Error over that of the price each forecast starts from; below 1 is better.
    pub(crate) relative_mae: Option<EstimateView>,
    /// Error over that of yesterday's close: how much of the day was known already.
    pub(crate) against_last_close: Option<EstimateView>,
    /// p-value of the Diebold-Mariano test as corrected by Harvey, Leybourne and Newbold.
    pub(crate) p_hln: Option<f64>,
    /// Share of closes inside each band, by rising level.
    pub(crate) coverage: Vec<CoverageView>,
    /// Calls of rise and fall.
    pub(crate) direction: DirectionView,
    /// Mean width of the 90 % band, as a share of the last close.
    pub(crate) width_90: Option<f64>,
    /// Mean Winkler score of the 90 % band, as a share of the last close.
    pub(crate) winkler_90: Option<f64>,
    /// By the part of the day.
    pub(crate) phases: Vec<PhaseView>,
    /// By how wide the 90 % band was: the narrow, the middle and the wide third.
    pub(crate) thirds: Vec<ThirdView>,
    /// Closes inside the bands as outcomes add up, thinned above 600 points.
    pub(crate) series: Vec<SeriesPoint>,
    /// Where the closes fell: below the 90 % band, in its lower edge, in the lower and the upper
    /// half of the 80 % band, in the upper edge, above.
    pub(crate) zones: Vec<usize>,
    /// By how much the outcomes of one day moving together widens the intervals of coverage.
    pub(crate) design_effect: f64,
}

impl ScoreView {
    /// Of outcomes in the order of their sessions; `head` seeds what is drawn.
    pub(crate) fn of(records: &[&OutcomeRecord], forecasts: u64, head: &str, rows: i64) -> Self {
        let seed = head
            .get(..16)
            .and_then(|digits| u64::from_str_radix(digits, 16).ok());
        let bootstrap = Bootstrap {
            seed: seed.unwrap_or(1),
            ..Bootstrap::default()
        };
        let all: Vec<_> = records
            .iter()
            .map(|record| record.outcome.clone())
            .collect();
        let summary = Summary::of(&all, bootstrap);
        let labels = labels(records);
        let phases: Vec<PhaseView> = Phase::VARIANTS
            .iter()
            .enumerate()
            .filter_map(|(member, phase)| {
                phase_view(records, *phase, labels.label(member), bootstrap)
            })
            .collect();
        let enough = |record: &&&OutcomeRecord| {
            let of_phase = phases.iter().find(|view| view.phase == record.phase);
            of_phase.is_some_and(|view| view.outcomes >= MIN_OUTCOMES)
        };
        let newest = records
            .iter()
            .filter(enough)
            .max_by_key(|record| record.as_of)
            .map(|record| record.phase);
        let coverage: Vec<CoverageView> = summary.bands.iter().map(CoverageView::of).collect();
        let found = verdict::VerdictInputs {
            forecasts,
            label: overall(&labels, &phases),
            alarm: alarm(&summary),
            summary: &summary,
            phases: &phases,
            coverage: &coverage,
            newest,
        };
        let band_90 = summary.bands.iter().find(|band| is_level(band.level, 0.9));
        Self {
            verdict: verdict::of(&found),
            rows,
            head: head.to_owned(),
            forecasts,
            outcomes: summary.outcomes,
            sessions: summary.days,
            relative_mae: summary.relative_mae.map(Into::into),
            against_last_close: summary.against_last_close.map(Into::into),
            p_hln: summary.p_hln,
            design_effect: design_effect(band_90),
            width_90: band_90.map(|band| band.width),
            winkler_90: band_90.map(|band| band.winkler),
            coverage,
            direction: DirectionView::of(&summary.calls),
            phases,
            thirds: thirds(records),
            series: series(records),
            zones: zones(records).to_vec(),
        }
    }

    /// Coverage of the bands of a level.
    pub(crate) fn level(&self, level: f64) -> Option<&CoverageView> {
        self.coverage
            .iter()
            .find(|coverage| is_level(coverage.level, level))
    }
}

/// The label of the whole: a phase may be called skilled on its own, being one of the family.
fn overall(labels: &LabelFamily, phases: &[PhaseView]) -> Label {
    let total = labels.total();
    let skilled = phases
        .iter()
        .any(|phase| phase.label == Label::Skill.name());
    if total == Label::None && skilled {
        Label::Skill
    } else {
        total
    }
}

fn labels(records: &[&OutcomeRecord]) -> LabelFamily {
    let mut family = LabelFamily::new(Phase::VARIANTS.len());
    for (member, phase) in Phase::VARIANTS.iter().enumerate() {
        let of_phase = records.iter().filter(|record| record.phase == *phase);
        for day in daily_differences(of_phase.map(|record| &record.outcome)) {
            family.push(member, &day);
        }
    }
    for day in daily_differences(records.iter().map(|record| &record.outcome)) {
        family.push(Phase::VARIANTS.len(), &day);
    }
    family
}

fn phase_view(
    records: &[&OutcomeRecord],
    phase: Phase,
    label: Label,
    bootstrap: Bootstrap,
) -> Option<PhaseView> {
    let of_phase = records.iter().filter(|record| record.phase == phase);
    let outcomes: Vec<_> = of_phase.map(|record| record.outcome.clone()).collect();
    if outcomes.is_empty() {
        return None;
    }
    let summary = Summary::of(&outcomes, bootstrap);
    Some(PhaseView {
        phase,
        label: label.name().to_owned(),
        outcomes: summary.outcomes,
        relative_mae: summary.relative_mae.map(Into::into),
        against_last_close: summary.against_last_close.map(Into::into),
        error: summary.error,
        baseline_error: summary.baseline_error,
        last_close_error: summary.last_close_error,
        p_hln: summary.p_hln,
        direction: DirectionView::of(&summary.calls),
        coverage: summary.bands.iter().map(CoverageView::of).collect(),
        brier: summary.brier,
    })
}
