//! Summary of a walk, per model, time and phase.

use std::collections::{BTreeMap, HashMap, HashSet};

use closecall_protocol::{Phase, ReferenceKind, SessionDate, Ticker};
use closecall_scoring::{
    Bootstrap, Estimate, LabelFamily, Outcome, Summary, alarm, brier, daily_differences,
};
use serde::Serialize;
use strum::VariantArray as _;

use crate::asked::AskedTime;
use crate::group::{Group, ModelReport};
use crate::line::Line;
use crate::numbers::{Goal, goals};
use crate::variant::Variant;

/// Last closes below this are left out of the share of "same": a cent is too much of them.
const WHOLE_DOLLARS: f64 = 25.0;

/// Provenance of a report.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Run {
    /// The program's version.
    pub version: String,
    /// The command that made it.
    pub command: String,
    /// Seed of the models.
    pub seed: u64,
    /// Instruction-set path of the network.
    pub path: String,
    /// Name of the walk: a hash of data and settings.
    pub walk: String,
    /// Every one of this many sessions, `original` is asked.
    pub retrain: usize,
}

/// A walk's result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Provenance of the report.
    pub made_with: Run,
    /// First session with a forecast.
    pub first: Option<SessionDate>,
    /// Last session with a forecast.
    pub last: Option<SessionDate>,
    /// Tickers, ascending.
    pub tickers: Vec<Ticker>,
    /// Sessions with a forecast.
    pub sessions: usize,
    /// Models tried. The best of many trials looks better than it is.
    pub trials: usize,
    /// By name.
    pub models: BTreeMap<String, ModelReport>,
    /// Error of `closecall` with the news against its own without, on the same forecasts; absent
    /// where the walk did not ask both.
    pub news_gain: Option<Estimate>,
    /// The goals, and the values that were reached.
    pub goals: Vec<Goal>,
}

/// A forecast's place in the walk.
type Place = (SessionDate, Ticker, AskedTime);

fn place(line: &Line) -> Place {
    (line.session, line.ticker.clone(), line.time)
}

impl Report {
    /// Of a walk's lines.
    #[must_use]
    pub fn of(made_with: Run, lines: &[Line], variants: &[Variant], bootstrap: Bootstrap) -> Self {
        let reference: HashMap<Place, &Line> = lines
            .iter()
            .filter(|line| line.variant == Variant::REFERENCE)
            .map(|line| (place(line), line))
            .collect();
        let makes = Maker {
            reference,
            bootstrap,
        };
        let of_variant = |variant: &Variant| {
            let lines: Vec<&Line> = lines.iter().filter(|l| l.variant == *variant).collect();
            (variant.to_string(), makes.model(&lines))
        };
        let models: BTreeMap<String, ModelReport> = variants.iter().map(of_variant).collect();
        let sessions: HashSet<SessionDate> = lines.iter().map(|line| line.session).collect();
        let mut tickers: Vec<Ticker> = lines.iter().map(|line| line.ticker.clone()).collect();
        tickers.sort();
        tickers.dedup();
        Self {
            made_with,
            first: sessions.iter().min().copied(),
            last: sessions.iter().max().copied(),
            tickers,
            sessions: sessions.len(),
            trials: variants.len(),
            news_gain: news_gain(lines, bootstrap),
            goals: goals(&models),
            models,
        }
    }
}

struct Maker<'a> {
    reference: HashMap<Place, &'a Line>,
    bootstrap: Bootstrap,
}

impl Maker<'_> {
    fn model(&self, lines: &[&Line]) -> ModelReport {
        let outcomes = first_of_each_phase(lines);
        let mut family = LabelFamily::new(Phase::VARIANTS.len());
        let mut phases = BTreeMap::new();
        for (number, &phase) in Phase::VARIANTS.iter().enumerate() {
            let of_phase: Vec<&Line> = with(&outcomes, |line| line.phase == phase);
            if !of_phase.is_empty() {
                let group = self.group(&of_phase);
                phases.insert(phase, judged(group, &of_phase, &mut family, number));
            }
        }
        let total = self.group(&outcomes);
        let total = judged(total, &outcomes, &mut family, Phase::VARIANTS.len());
        ModelReport {
            total,
            times: self.groups(lines, |line| line.time),
            phases,
            tickers: self.groups(&outcomes, |line| line.ticker.clone()),
            thirds: self.thirds(lines),
            series: added_up(&outcomes),
            zones: zones(&outcomes),
        }
    }

    fn groups<K: Ord>(&self, lines: &[&Line], key: impl Fn(&Line) -> K) -> BTreeMap<K, Group> {
        let mut by_key = BTreeMap::<K, Vec<&Line>>::new();
        for &line in lines {
            by_key.entry(key(line)).or_default().push(line);
        }
        by_key
            .into_iter()
            .map(|(key, lines)| (key, self.group(&lines)))
            .collect()
    }

    /// Thirds by the expected move, within each time asked: an afternoon is calmer than a morning.
    fn thirds(&self, lines: &[&Line]) -> Vec<Group> {
        let mut by_time = BTreeMap::<AskedTime, Vec<&Line>>::new();
        for &line in lines {
            by_time.entry(line.time).or_default().push(line);
        }
        let mut thirds = [const { Vec::new() }; 3];
        for mut of_time in by_time.into_values() {
            of_time.sort_by(|a, b| a.scale.total_cmp(&b.scale));
            let count = of_time.len();
            for (rank, line) in of_time.into_iter().enumerate() {
                thirds[3 * rank / count].push(line);
            }
        }
        let filled = thirds.iter().filter(|third| !third.is_empty());
        filled.map(|third| self.group(third)).collect()
    }

    fn group(&self, lines: &[&Line]) -> Group {
        let outcomes = outcomes(lines);
        let summary = Summary::of(&outcomes, self.bootstrap);
        let baseline = lines.iter().filter_map(|line| {
            let outcome = self.reference.get(&place(line))?.outcome()?;
            Some((outcome.probability_up, outcome.came))
        });
        let dear = with(lines, |line| line.last_close >= WHOLE_DOLLARS);
        let quoted = with(&dear, |l| l.reference_kind != ReferenceKind::LastClose);
        Group {
            baseline_brier: brier(baseline),
            same_share: share(&dear, |line| line.prediction == line.last_close),
            quote_same_share: share(&quoted, |line| line.reference == line.last_close),
            verdict: None,
            difference: None,
            suspect: alarm(&summary),
            summary,
        }
    }
}

/// A group with the label that its days, watched one after the other, have brought it.
fn judged(group: Group, lines: &[&Line], family: &mut LabelFamily, member: usize) -> Group {
    for day in daily_differences(&outcomes(lines)) {
        family.push(member, &day);
    }
    Group {
        verdict: Some(family.label(member)),
        difference: family.bounds(member),
        ..group
    }
}

/// In the order of time; four decimals are more than can be seen.
fn added_up(lines: &[&Line]) -> Vec<f64> {
    let mut order = lines.to_vec();
    order.sort_by(|a, b| (a.session, a.time, &a.ticker).cmp(&(b.session, b.time, &b.ticker)));
    let mut sum = 0.0;
    let differences = outcomes(&order).into_iter().map(|outcome| {
        sum += 100.0 * (outcome.error - outcome.reference_error);
        (1e4 * sum).round() / 1e4
    });
    differences.collect()
}

/// Closes by the part of the bands into which they fell.
fn zones(lines: &[&Line]) -> [usize; 6] {
    let mut counts = [0; 6];
    for outcome in outcomes(lines) {
        let of = |level: f64| outcome.bands.iter().find(|band| band.level == level);
        let (Some(inner), Some(outer)) = (of(0.8), of(0.9)) else {
            continue;
        };
        let edges = [
            outer.lower,
            inner.lower,
            outcome.prediction,
            inner.upper,
            outer.upper,
        ];
        // A band's ends belong to it.
        let beyond = |k: usize| match k {
            0..=2 => outcome.actual >= edges[k],
            _ => outcome.actual > edges[k],
        };
        counts[(0..edges.len()).filter(|&k| beyond(k)).count()] += 1;
    }
    counts
}

/// One outcome a ticker, session and phase: the first forecast in it.
fn first_of_each_phase<'a>(lines: &[&'a Line]) -> Vec<&'a Line> {
    let mut order: Vec<&Line> = lines.to_vec();
    order.sort_by_key(|line| line.time);
    let mut seen = HashSet::new();
    order.retain(|line| seen.insert((line.session, &line.ticker, line.phase)));
    order
}

fn outcomes(lines: &[&Line]) -> Vec<Outcome> {
    lines.iter().filter_map(|line| line.outcome()).collect()
}

fn with<'a>(lines: &[&'a Line], which: impl Fn(&Line) -> bool) -> Vec<&'a Line> {
    lines.iter().copied().filter(|line| which(line)).collect()
}

fn share(lines: &[&Line], which: impl Fn(&Line) -> bool) -> Option<f64> {
    let count = lines.iter().filter(|line| which(line)).count();
    (!lines.is_empty()).then(|| count as f64 / lines.len() as f64)
}

/// Σ |error with news| / Σ |error without|, on forecasts of tickers that have news at all.
pub(crate) fn news_gain(lines: &[Line], bootstrap: Bootstrap) -> Option<Estimate> {
    let product = Variant::default();
    let silent = Variant {
        news: false,
        ..product
    };
    let of = |variant: Variant| {
        lines
            .iter()
            .filter(move |line| line.variant == variant)
            .filter_map(|line| Some((place(line), line.outcome()?)))
    };
    let without: HashMap<Place, Outcome> = of(silent).collect();
    let pairs: Vec<(Place, Outcome, &Outcome)> = of(product)
        .filter_map(|(place, outcome)| {
            let other = without.get(&place)?;
            Some((place, outcome, other))
        })
        .collect();
    // Without an article the two forecasts are the same, to the bit.
    let told: HashSet<&Ticker> = pairs
        .iter()
        .filter(|(_, with, without)| with != *without)
        .map(|(place, ..)| &place.1)
        .collect();
    bootstrap.ratio(
        pairs
            .iter()
            .filter(|(place, ..)| told.contains(&place.1))
            .map(|(_, with, without)| (with.day, with.error, without.error)),
    )
}
