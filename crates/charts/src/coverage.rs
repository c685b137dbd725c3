//! Whether the bands hold: coverage as outcomes add up, and where in the band the closes fell.

use crate::axis::AxisScale;
use crate::svg::Drawing;
use crate::text::{THIN, plain};

/// Deviations of a two-sided 95 % interval of a normal distribution.
const Z: f64 = 1.96;

/// Promised shares of the six zones, from below the 90 % band to above it.
const PROMISED: [f64; 6] = [0.05, 0.05, 0.4, 0.4, 0.05, 0.05];

/// Distance of a share of `n` outcomes from `promise` by chance, where outcomes of one day
/// move together and are worth `n / design_effect` independent ones.
fn chance(promise: f64, n: f64, design_effect: f64) -> f64 {
    Z * (promise * (1.0 - promise) / (n / design_effect.max(1.0)).max(1.0)).sqrt()
}

/// Share of closes inside the 80 and the 90 % band after each outcome, in the order of time, beside
/// what chance allows at the promise. `id` has to be unique in the page.
#[must_use]
pub fn funnel(shares: &[(f64, f64)], design_effect: f64, id: &str, size: (f64, f64)) -> String {
    let (left, right, top, bottom) = (34.0, 40.0, 8.0, 32.0);
    let count = shares.len();
    let x = AxisScale::new((1.0, count.max(2) as f64), (left, size.0 - right));
    let y = AxisScale::new((0.6, 1.0), (size.1 - bottom, top));
    let mut drawing = Drawing::new();
    for tick in [0.6, 0.7, 0.8, 0.9, 1.0] {
        drawing.horizontal("gridl", y.at(tick), left, size.0 - right);
        let name = format!("{:.0}", 100.0 * tick);
        drawing.text("e", left - 6.0, y.at(tick) + 4.0, &name);
    }
    for (promise, class) in [(0.8, "fun80"), (0.9, "fun90")] {
        let at = |k: usize| 1.0 + (count.max(1) - 1) as f64 * (k as f64 / 34.0).powf(1.6);
        let edge = |sign: f64| {
            move |k: usize| {
                (
                    x.at(at(k)),
                    y.at(promise + sign * chance(promise, at(k), design_effect)),
                )
            }
        };
        let outline: Vec<(f64, f64)> = (0..35)
            .map(edge(1.0))
            .chain((0..35).rev().map(edge(-1.0)))
            .collect();
        drawing.area(class, &outline);
    }
    for promise in [0.8, 0.9] {
        drawing.horizontal("nom", y.at(promise), left, size.0 - right);
    }
    let series: [(&str, Vec<f64>); 2] = [
        ("o90", shares.iter().map(|s| s.1).collect()),
        ("o80", shares.iter().map(|s| s.0).collect()),
    ];
    for (class, values) in &series {
        let points = thinned(values, |k, v| (x.at(k as f64 + 1.0), y.at(v)));
        drawing.line(class, &points);
        if let Some(last) = values.last() {
            let name = plain(100.0 * last, 1);
            drawing.text("s", size.0 - right + 6.0, y.at(*last) + 4.0, &name);
        }
    }
    for (class, k) in [("", 1), ("mid", count / 2), ("e", count)] {
        if k > 0 {
            drawing.text(class, x.at(k as f64), size.1 - 14.0, &k.to_string());
        }
    }
    let middle = (left + size.0 - right) / 2.0;
    drawing.text("mid", middle, size.1, "outcomes scored");
    let (inner, outer) = shares.last().copied().unwrap_or_default();
    let about = format!(
        "After {count} outcomes {} % lie inside the 90 % band and {} % inside the 80 % band.",
        plain(100.0 * outer, 1),
        plain(100.0 * inner, 1)
    );
    drawing.picture(size, id, "Coverage as outcomes add up", &about)
}

/// At most some hundred points of a series, its last among them: more cannot be seen.
pub(crate) fn thinned(values: &[f64], place: impl Fn(usize, f64) -> (f64, f64)) -> Vec<(f64, f64)> {
    let every = values.len().div_ceil(400).max(1);
    let last = values.len().saturating_sub(1);
    values
        .iter()
        .enumerate()
        .filter(|(k, _)| k % every == 0 || *k == last)
        .map(|(k, &value)| place(k, value))
        .collect()
}

/// Closes by zone, six of them, from below the 90 % band over its lower edge, the
/// two halves of the 80 % band and the upper edge to above it; the axis is the band itself.
#[must_use]
pub fn zones(counts: [usize; 6], design_effect: f64, id: &str) -> String {
    let (size, bottom, top) = ((360.0, 218.0), 44.0, 20.0);
    let total = counts.iter().sum::<usize>().max(1) as f64;
    let share = |k: usize| counts[k] as f64 / total;
    let edges = [8.0, 54.0, 100.0, 180.0, 260.0, 306.0, 352.0];
    let greatest = (0..6).map(share).fold(0.48, f64::max) * 1.02;
    let y = AxisScale::new((0.0, greatest), (size.1 - bottom, top));
    let mut drawing = Drawing::new();
    for (k, &promise) in PROMISED.iter().enumerate() {
        let (from, to) = (edges[k] + 4.0, edges[k + 1] - 4.0);
        let by_chance = chance(promise, total, design_effect);
        drawing.rect("share", (from, y.at(share(k))), (to, y.at(0.0)));
        let (high, low) = (y.at(promise + by_chance), y.at(promise - by_chance));
        drawing.rect("expf", (from - 2.0, high), (to + 2.0, low));
        drawing.horizontal("exp", y.at(promise), from - 2.0, to + 2.0);
        let above = y.at(share(k).max(promise + by_chance)) - 6.0;
        drawing.text(
            "s mid",
            f64::midpoint(from, to),
            above,
            &counts[k].to_string(),
        );
    }
    let base = size.1 - bottom + 10.0;
    drawing.rect("f90", (edges[1], base + 2.5), (edges[5], base + 8.5));
    drawing.rect("f80", (edges[2], base), (edges[4], base + 11.0));
    drawing.vertical("ptl", edges[3], base - 2.0, base + 13.0);
    let ninety = format!("90{THIN}%");
    for (k, name) in [(0, "below"), (1, &*ninety), (4, &*ninety), (5, "above")] {
        let middle = f64::midpoint(edges[k], edges[k + 1]);
        drawing.text("mid", middle, size.1 - 6.0, name);
    }
    let inside = format!("inside the 80{THIN}% band");
    drawing.text("mid", edges[3], size.1 - 6.0, &inside);
    let list: Vec<String> = counts.iter().map(ToString::to_string).collect();
    let about = format!(
        "Counts from below the 90 % band to above it: {}. Promised shares: 5, 5, 40, 40, 5 and 5 %.",
        list.join(", ")
    );
    drawing.picture(size, id, "Where the closes fell in the band", &about)
}
