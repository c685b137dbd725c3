//! Measures of outcomes that only the pages draw: where the closes fell, coverage as outcomes add up.

use closecall_scoring::BandScore;

use super::views::{SeriesPoint, ThirdView, is_level};
use crate::record::OutcomeRecord;

/// Points of a series above which it is thinned.
const POINTS: usize = 600;

/// Variance of a share that resampling whole days shows, over that of independent outcomes.
pub(super) fn design_effect(band: Option<&BandScore>) -> f64 {
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

pub(super) fn zones(records: &[&OutcomeRecord]) -> [usize; 6] {
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

pub(super) fn series(records: &[&OutcomeRecord]) -> Vec<SeriesPoint> {
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

pub(super) fn thirds(records: &[&OutcomeRecord]) -> Vec<ThirdView> {
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
