//! Scales, ticks, and labels that do not lie on each other.

/// A linear scale; values beyond its ends are drawn at them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AxisScale {
    from: (f64, f64),
    to: (f64, f64),
}

impl AxisScale {
    /// Draws `values.0` at `places.0` and `values.1` at `places.1`.
    pub(crate) fn new(values: (f64, f64), places: (f64, f64)) -> Self {
        Self {
            from: values,
            to: places,
        }
    }

    pub(crate) fn at(self, value: f64) -> f64 {
        let ((a, b), (from, to)) = (self.from, self.to);
        let share = (value - a) / (b - a);
        // Without a span, and for what is no number, the middle.
        let share = if share.is_finite() { share } else { 0.5 };
        from + share.clamp(0.0, 1.0) * (to - from)
    }
}

/// Least and greatest of the finite values, moved apart by a share of their span; (0, 1) of none.
pub(crate) fn extent(values: impl Iterator<Item = f64>, margin: f64) -> (f64, f64) {
    let finite = values.filter(|v| v.is_finite());
    let (least, most) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| {
        (a.min(v), b.max(v))
    });
    if least > most {
        return (0.0, 1.0);
    }
    let span = if most > least {
        most - least
    } else {
        least.abs().max(1.0)
    };
    (least - margin * span, most + margin * span)
}

/// About `count` round numbers between the ends, ascending.
pub(crate) fn ticks((low, high): (f64, f64), count: usize) -> Vec<f64> {
    let raw = (high - low) / count.max(1) as f64;
    if !(raw.is_finite() && raw > 0.0) {
        return Vec::new();
    }
    let power = 10_f64.powf(raw.log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0].map(|k| k * power);
    let near = |a: &f64, b: &f64| (a - raw).abs().total_cmp(&(b - raw).abs());
    let step = steps.into_iter().min_by(near).unwrap_or(raw);
    let first = (low / step).ceil();
    (0..=2 * count)
        .map(|k| (first + k as f64) * step)
        .take_while(|tick| *tick <= high + 1e-9 * step)
        .collect()
}

/// Decimals that tell these ticks apart.
pub(crate) fn decimals(ticks: &[f64]) -> usize {
    let apart = |d: usize| {
        let unit = 10_f64.powi(i32::try_from(d).unwrap_or(0));
        ticks
            .iter()
            .all(|t| ((t * unit).round() / unit - t).abs() < 1e-6 * t.abs().max(1e-3))
    };
    (0..6).find(|&d| apart(d)).unwrap_or(6)
}

/// Moves places apart to at least `gap`, in the order in which they come (downwards), none below
/// `lowest`.
pub(crate) fn spread(places: &mut [f64], gap: f64, lowest: f64) {
    // Sixty rounds settle any ten labels; more labels than fit stay closer.
    for _ in 0..60 {
        for k in 1..places.len() {
            let missing = gap - (places[k] - places[k - 1]);
            if missing > 0.0 {
                places[k - 1] -= missing / 2.0;
                places[k] += missing / 2.0;
            }
        }
    }
    let mut lowest = lowest;
    for place in places.iter_mut().rev() {
        *place = place.min(lowest);
        lowest = *place - gap;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        let found = ticks((0.963, 1.041), 4);
        let expected = [0.98, 1.0, 1.02, 1.04];
        assert_eq!(found.len(), expected.len(), "{found:?}");
        assert!(
            found
                .iter()
                .zip(expected)
                .all(|(a, b)| (a - b).abs() < 1e-9)
        );
        assert_eq!(decimals(&found), 2);
        assert_eq!(decimals(&[100.0, 200.0]), 0);
        assert!(ticks((1.0, 1.0), 4).is_empty());
        assert!(ticks((f64::NAN, 1.0), 4).is_empty());
    }

    #[test]
    fn labels_are_moved_apart() {
        let mut places = [10.0, 11.0, 12.0, 80.0];
        spread(&mut places, 15.0, 100.0);
        let apart = |places: &[f64]| places.windows(2).all(|pair| pair[1] - pair[0] > 14.9);
        assert!(apart(&places), "{places:?}");
        let mut low = [80.0, 90.0, 98.0];
        spread(&mut low, 15.0, 95.0);
        assert!(apart(&low) && low[2] <= 95.0, "{low:?}");
    }
}
