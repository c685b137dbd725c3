//! `/api/v1/score`: how good the forecasts are, against the price that each starts from, by the part
//! of the day. Counted are outcomes: the first forecast of each ticker, session and phase.

use closecall_protocol::Phase;
use closecall_scoring::{
    Alarm, BandScore, Bootstrap, Calls, Estimate, Label, LabelFamily, Summary, alarm,
    daily_differences,
};
use serde::Serialize;
use strum::VariantArray as _;
use utoipa::ToSchema;

use super::verdict::{self, Verdict};
use super::{of_ledger, record};
use crate::guard::Asked;
use crate::problem::{Kind, Problem};
use crate::query::Query;
use crate::record::OutcomeRecord;
use crate::reply::Reply;
use crate::site::Site;

/// Points of a series above which it is thinned.
const POINTS: usize = 600;

/// The score of all outcomes, or of one ticker's.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct ScoreView {
    /// What may be said of it.
    pub(crate) verdict: Verdict,
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

/// A value with its 95 % interval, whole sessions resampled.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub(crate) struct EstimateView {
    /// The value.
    pub(crate) value: f64,
    /// Lower end.
    pub(crate) lower: f64,
    /// Upper end.
    pub(crate) upper: f64,
}

/// Share of closes inside the bands of one level.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub(crate) struct CoverageView {
    /// What was promised, such as 0.8.
    pub(crate) level: f64,
    /// The share.
    pub(crate) value: f64,
    /// Lower end of its 95 % interval.
    pub(crate) lower: f64,
    /// Upper end.
    pub(crate) upper: f64,
    /// Closes inside.
    pub(crate) inside: usize,
    /// Closes.
    pub(crate) outcomes: usize,
}

/// Calls of rise and fall, beside what the price alone would have called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, ToSchema)]
pub(crate) struct DirectionView {
    /// Calls whose close moved.
    pub(crate) calls: usize,
    /// Those that were right.
    pub(crate) hits: usize,
    /// Their share; null without calls.
    pub(crate) value: Option<f64>,
    /// Lower end of its 95 % Wilson interval.
    pub(crate) lower: Option<f64>,
    /// Upper end.
    pub(crate) upper: Option<f64>,
    /// Outcomes on which the price stood on one side of yesterday's close.
    pub(crate) baseline_calls: usize,
    /// Those on which that was the side of the close.
    pub(crate) baseline_hits: usize,
    /// Their share.
    pub(crate) baseline_value: Option<f64>,
    /// Share of closes above the last one: what always calling a rise gets.
    pub(crate) base_rate: Option<f64>,
    /// Forecasts that called nothing.
    pub(crate) same: usize,
    /// Closes equal to the last one.
    pub(crate) unmoved: usize,
}

/// One part of the day.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct PhaseView {
    /// `before`, `open`, `morning`, `afternoon` or `last-hour`.
    #[schema(value_type = String)]
    pub(crate) phase: Phase,
    /// `early`, `none`, `skill` or `worse`.
    pub(crate) label: String,
    /// Outcomes.
    pub(crate) outcomes: usize,
    /// Error over that of the price.
    pub(crate) relative_mae: Option<EstimateView>,
    /// Error over that of yesterday's close.
    pub(crate) against_last_close: Option<EstimateView>,
    /// Mean error, as a share of the last close.
    pub(crate) error: f64,
    /// Mean error of the price.
    pub(crate) baseline_error: f64,
    /// Mean error of yesterday's close.
    pub(crate) last_close_error: f64,
    /// p-value, as of the whole.
    pub(crate) p_hln: Option<f64>,
    /// Calls.
    pub(crate) direction: DirectionView,
    /// Coverage.
    pub(crate) coverage: Vec<CoverageView>,
    /// Brier score of the probability of a rise.
    pub(crate) brier: Option<f64>,
}

/// A third of the outcomes by the width of their 90 % bands.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub(crate) struct ThirdView {
    /// Mean width, as a share of the last close.
    pub(crate) width: f64,
    /// Outcomes.
    pub(crate) outcomes: usize,
    /// Closes inside.
    pub(crate) inside_90: usize,
}

/// Closes inside the bands after so many outcomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct SeriesPoint {
    /// Outcomes so far.
    pub(crate) outcome: usize,
    /// Closes inside the 80 % band so far.
    pub(crate) inside_80: usize,
    /// Closes inside the 90 % band so far.
    pub(crate) inside_90: usize,
}

pub(crate) fn get(site: &Site, asked: &Asked) -> Result<Reply, Problem> {
    let ticker = Query::parse(&asked.query, &["ticker"])?.ticker()?;
    let record = record(site)?;
    if let Some(damage) = record.damage() {
        let mut problem = Problem::new(
            Kind::BrokenLedger,
            "the record was changed after it was written: `closecall ledger verify` says where",
        );
        problem.detail = Some(crate::text::short(&damage, 200).into());
        return Err(problem);
    }
    if !record.is_caught_up() {
        return Err(Problem::new(
            Kind::Starting,
            "the record is still being read",
        ));
    }
    let view = match &ticker {
        None => record.score(),
        Some(ticker) => record.score_of(ticker),
    };
    let view: &ScoreView = &view;
    of_ledger(site, asked, &view.head, || Ok(view))
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
        let newest = records
            .iter()
            .max_by_key(|record| record.as_of)
            .map(|record| record.phase);
        let coverage: Vec<CoverageView> = summary.bands.iter().map(CoverageView::of).collect();
        let found = verdict::Found {
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

pub(crate) fn is_level(level: f64, wanted: f64) -> bool {
    (level - wanted).abs() < 1e-9
}

/// Variance of a share that resampling whole days shows, over that of independent outcomes.
fn design_effect(band: Option<&BandScore>) -> f64 {
    let Some(band) = band else {
        return 1.0;
    };
    let p = band.coverage.value;
    let independent = p * (1.0 - p) / band.outcomes.max(1) as f64;
    let deviation = (band.coverage.upper - band.coverage.lower) / (2.0 * 1.96);
    let effect = deviation * deviation / independent;
    if effect.is_finite() {
        effect.clamp(1.0, 50.0)
    } else {
        1.0
    }
}

/// The 80 and the 90 % band of an outcome, in shares of the last close.
fn ends(record: &OutcomeRecord) -> Option<[(f64, f64); 2]> {
    let band = |level: f64| {
        let found = record
            .outcome
            .bands
            .iter()
            .find(|band| is_level(band.level, level));
        found.map(|band| (band.lower, band.upper))
    };
    Some([band(0.8)?, band(0.9)?])
}

fn zones(records: &[&OutcomeRecord]) -> [usize; 6] {
    let mut counts = [0; 6];
    for record in records {
        let Some([inner, outer]) = ends(record) else {
            continue;
        };
        let actual = record.outcome.actual;
        let zone = match actual {
            a if a < outer.0 => 0,
            a if a < inner.0 => 1,
            a if a < record.outcome.prediction => 2,
            a if a <= inner.1 => 3,
            a if a <= outer.1 => 4,
            _ => 5,
        };
        counts[zone] += 1;
    }
    counts
}

fn series(records: &[&OutcomeRecord]) -> Vec<SeriesPoint> {
    let mut point = SeriesPoint {
        outcome: 0,
        inside_80: 0,
        inside_90: 0,
    };
    let mut points = Vec::with_capacity(records.len());
    for record in records {
        let Some([inner, outer]) = ends(record) else {
            continue;
        };
        let inside = |(lower, upper): (f64, f64)| {
            usize::from(lower <= record.outcome.actual && record.outcome.actual <= upper)
        };
        point.outcome += 1;
        point.inside_80 += inside(inner);
        point.inside_90 += inside(outer);
        points.push(point);
    }
    let every = points.len().div_ceil(POINTS).max(1);
    let last = points.len();
    points.retain(|point| (point.outcome - 1) % every == 0 || point.outcome == last);
    points
}

fn thirds(records: &[&OutcomeRecord]) -> Vec<ThirdView> {
    let mut bands: Vec<(f64, bool)> = records
        .iter()
        .filter_map(|record| {
            let [_, (lower, upper)] = ends(record)?;
            let actual = record.outcome.actual;
            Some((upper - lower, lower <= actual && actual <= upper))
        })
        .collect();
    bands.sort_by(|a, b| a.0.total_cmp(&b.0));
    let size = bands.len().div_ceil(3).max(1);
    let third = |part: &[(f64, bool)]| ThirdView {
        width: part.iter().map(|band| band.0).sum::<f64>() / part.len().max(1) as f64,
        outcomes: part.len(),
        inside_90: part.iter().filter(|band| band.1).count(),
    };
    bands.chunks(size).map(third).collect()
}

impl From<Estimate> for EstimateView {
    fn from(estimate: Estimate) -> Self {
        Self {
            value: estimate.value,
            lower: estimate.lower,
            upper: estimate.upper,
        }
    }
}

impl CoverageView {
    fn of(band: &BandScore) -> Self {
        Self {
            level: band.level,
            value: band.coverage.value,
            lower: band.coverage.lower,
            upper: band.coverage.upper,
            inside: band.inside,
            outcomes: band.outcomes,
        }
    }

    /// Whether what was promised lies inside the interval.
    pub(crate) fn holds(&self) -> bool {
        self.lower <= self.level && self.level <= self.upper
    }
}

impl DirectionView {
    fn of(calls: &Calls) -> Self {
        let rate = calls.hit_rate();
        Self {
            calls: calls.calls,
            hits: calls.right,
            value: rate.map(|rate| rate.value),
            lower: rate.map(|rate| rate.lower),
            upper: rate.map(|rate| rate.upper),
            baseline_calls: calls.baseline_calls,
            baseline_hits: calls.baseline_right,
            baseline_value: calls.baseline_hit_rate().map(|rate| rate.value),
            base_rate: calls.base_rate().map(|rate| rate.value),
            same: calls.same,
            unmoved: calls.unmoved,
        }
    }
}

/// Whether an alarm was raised, for those that watch it.
pub(crate) fn alarm_name(alarm: Alarm) -> &'static str {
    match alarm {
        Alarm::Hits => "calls are right more often than the price alone by more than 3 points",
        Alarm::Error => "the error is more than 2 % below that of the price it starts from",
    }
}
