//! The verdict: the sentence that a reader who reads nothing else reads, and the numbers beneath it.

use std::sync::Arc;

use closecall_charts::number_line;
use maud::{Markup, html};

use super::context::PageContext;
use super::drawing::two_spans;
use super::layout::words;
use crate::api::answer::is_being_read;
use crate::api::score::{CoverageView, EstimateView, PhaseView, ScoreView};
use crate::api::verdict::{self as judged, ScoreVerdict, VerdictKind, when};
use crate::assets::digest;
use crate::record::TrackRecord;
use crate::record::fault::LedgerFault;
use crate::text::{THIN, moment, ratio, share, whole_share};

/// The state of a record, by which it is known what may be said of it.
pub(crate) enum Standing {
    /// Only its beginning is known so far.
    Reading,
    /// It is not believed: no score is shown.
    Broken(LedgerFault),
    Judged(Arc<ScoreView>),
}

impl Standing {
    pub(crate) fn of(record: &TrackRecord) -> Self {
        match record.fault() {
            Some(fault) => Self::Broken(fault),
            None if is_being_read(record) => Self::Reading,
            None => Self::Judged(record.score()),
        }
    }

    /// The score, where it may be shown.
    pub(crate) fn score(&self) -> Option<&ScoreView> {
        match self {
            Self::Judged(score) => Some(score),
            Self::Reading | Self::Broken(_) => None,
        }
    }

    /// The first sentence, and that of the bands where there is one.
    pub(crate) fn heading(&self) -> (&str, &str) {
        match self {
            Self::Reading => ("The record is still being read.", ""),
            Self::Broken(fault) => (fault.heading(), ""),
            Self::Judged(score) => (&score.verdict.heading, &score.verdict.bands),
        }
    }
}

/// The verdict over the record.
pub(crate) fn draw(context: &PageContext<'_>, standing: &Standing) -> Markup {
    let (heading, bands) = standing.heading();
    let suspect =
        matches!(standing, Standing::Judged(score) if score.verdict.kind == VerdictKind::Suspect);
    let inner = html! {
        div {
            @if suspect { p { span.tag.warn { "suspect" } } }
            h1 { (heading) @if !bands.is_empty() { " " span { (bands) } } }
            @match standing {
                Standing::Reading => p { "Forecasts and scores are shown as soon as all of it has been seen." },
                Standing::Broken(fault) => (no_scores(fault)),
                Standing::Judged(score) => p { (score.verdict.text) " " (first_pick(context, &score.verdict)) },
            }
            @if suspect {
                p { "Run " code { "closecall backtest" } " over recorded prices: the label stays until the gain is explained." }
            }
        }
        @if let Some(score) = standing.score() { (claims(score)) }
    };
    html! { div.verdict id="verdict" data-live=(digest(&inner.0)) { (inner) } }
}

/// When the first pick is made, as the clock of the page shows it.
fn first_pick(context: &PageContext<'_>, verdict: &ScoreVerdict) -> String {
    let picks = &context.stages.picks;
    match (verdict.kind, picks.accepted, picks.next_at) {
        (VerdictKind::Empty, Some(1..), _) => "The first is on its way.".to_owned(),
        (VerdictKind::Empty, _, Some(at)) => format!("The first pick is made at {}.", moment(at)),
        _ => String::new(),
    }
}

/// Notice in the place of scores.
pub(crate) fn no_scores(fault: &LedgerFault) -> Markup {
    html! {
        div.notice.bad { span { b { "Scores are not shown." } (words(&judged::broken(fault).text)) } }
    }
}

/// The numbers beneath the sentence: error, and the coverage of both bands.
fn claims(score: &ScoreView) -> Markup {
    html! {
        dl.claims {
            @if let Some(relative) = &score.relative_mae { (relative_error(relative)) }
            @for level in [0.9, 0.8] {
                @if let Some(coverage) = score.level(level) { (inside(coverage)) }
            }
            @if score.relative_mae.is_none() && score.coverage.is_empty() {
                div { dt { "Outcomes" } dd.v { (score.outcomes) small { "no close has come yet" } } }
            }
        }
    }
}

/// A scale that holds an interval, with round ends around a promise.
fn around(promise: f64, ends: &[f64], step: f64) -> [f64; 3] {
    let far = ends
        .iter()
        .map(|end| (end - promise).abs())
        .fold(step, f64::max);
    let reach = step * (far / step).ceil();
    [promise - reach, promise, promise + reach]
}

/// The interval of a measure over days, where there is more than one to draw from.
fn spread(lower: f64, upper: f64, name: impl Fn(f64) -> String) -> String {
    if lower < upper {
        format!("95{THIN}%: {} to {}", name(lower), name(upper))
    } else {
        "no interval: all days so far are alike".to_owned()
    }
}

fn relative_error(relative: &EstimateView) -> Markup {
    let EstimateView {
        value,
        lower,
        upper,
    } = *relative;
    let ticks = around(1.0, &[lower, upper, value], 0.02);
    let name = move |tick: f64| match tick {
        t if t < 0.9999 => format!("{t:.2} better"),
        t if t > 1.0001 => format!("worse {t:.2}"),
        _ => "1".to_owned(),
    };
    let line = |width| number_line((lower, upper), value, 1.0, &ticks, &name, width);
    html! {
        div {
            dt { "Error (the price it starts from is 1)" }
            dd.v { (ratio(value)) small { (spread(lower, upper, |end| format!("{end:.3}"))) } }
            dd.g { (two_spans(line(520.0), line(330.0))) }
        }
    }
}

fn inside(coverage: &CoverageView) -> Markup {
    let CoverageView {
        level,
        value,
        lower,
        upper,
        ..
    } = *coverage;
    let low = (lower.min(value).min(level - 0.1) * 10.0).floor() / 10.0;
    let steps = ((1.0 - low) / 0.1).round() as usize;
    let ticks: Vec<f64> = (0..=steps).map(|k| low + 0.1 * k as f64).collect();
    let ticks = if ticks.len() > 5 {
        vec![low, level, 1.0]
    } else {
        ticks
    };
    let line = |width| number_line((lower, upper), value, level, &ticks, &whole_share, width);
    let whole = |share: f64| format!("{:.0}", 100.0 * share);
    html! {
        div {
            dt { "Closes inside the " (whole_share(level)) " band" }
            dd.v { (share(value)) small { (spread(lower, upper, whole)) } }
            dd.g { (two_spans(line(520.0), line(330.0))) }
        }
    }
}

/// The record by the part of the day, as a table.
pub(crate) fn phases(phases: &[PhaseView]) -> Markup {
    let estimate = |estimate: Option<EstimateView>| {
        estimate.map_or_else(|| "—".to_owned(), |e| ratio(e.value))
    };
    let covered = |phase: &PhaseView, level: f64| {
        let found = phase
            .coverage
            .iter()
            .find(|band| crate::api::score::is_level(band.level, level));
        found.map_or_else(|| "—".to_owned(), |band| share(band.value))
    };
    html! {
        table {
            caption.vh { "The record by the part of the day" }
            thead {
                tr {
                    th scope="col" { "Asked" }
                    th.r.hide-s scope="col" { "Outcomes" }
                    th.r scope="col" { "Error, of the price" }
                    th.r.hide-s scope="col" { "of yesterday's close" }
                    th.r scope="col" { "Calls right (the price alone)" }
                    th.r.hide-s scope="col" { "In 80" (THIN) "%" }
                    th.r scope="col" { "In 90" (THIN) "%" }
                }
            }
            tbody {
                @for phase in phases {
                    tr {
                        th scope="row" { (when(phase.phase)) }
                        td.r.hide-s { (phase.outcomes) }
                        td.r.nw { (estimate(phase.relative_mae)) }
                        td.r.nw.hide-s { (estimate(phase.against_last_close)) }
                        td.r { (right(phase)) }
                        td.r.nw.hide-s { (covered(phase, 0.8)) }
                        td.r.nw { (covered(phase, 0.9)) }
                    }
                }
            }
        }
    }
}

/// Calls that were right, in one cell with the price's own, since neither is said without the other;
/// before the opening, where the price calls nothing, with the share of closes that rose.
fn right(phase: &PhaseView) -> Markup {
    let direction = &phase.direction;
    let beside = match (direction.baseline_value, direction.base_rate) {
        (Some(value), _) => format!("price alone {}", whole_share(value)),
        (None, Some(rate)) => format!("{} rose", whole_share(rate)),
        (None, None) => "nothing to compare".to_owned(),
    };
    html! {
        @if let Some(value) = direction.value {
            span.nw { (whole_share(value)) " of " (direction.calls) } " "
        } @else {
            span.nw { "no calls" } " "
        }
        small.nw.dim { "(" (beside) ")" }
    }
}
