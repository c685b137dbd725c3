//! Student's t distribution, from the regularised incomplete beta function.

/// Iterations after which the continued fraction has converged for any degrees of freedom used
/// here; it needs O(√n) of them.
const ITERATIONS: u32 = 10_000;

/// Two-sided p-value of a t statistic: P(|T| ≥ |t|) with `degrees` degrees of freedom, which is
/// I_x(ν/2, 1/2) at x = ν/(ν + t²) (Abramowitz and Stegun 26.7.1 with 26.5.27).
pub(crate) fn two_sided_p(t: f64, degrees: f64) -> f64 {
    incomplete_beta(degrees / (degrees + t * t), degrees / 2.0, 0.5)
}

/// Regularised incomplete beta function I_x(a, b) by its continued fraction (Abramowitz and Stegun
/// 26.5.8), evaluated by Lentz's method as modified by Thompson and Barnett (1986).
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    // The fraction converges fast only below the mean; above it the symmetry is used.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(1.0 - x, b, a);
    }
    let front = ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (-x).ln_1p();
    (front.exp() * fraction(x, a, b) / a).clamp(0.0, 1.0)
}

fn fraction(x: f64, a: f64, b: f64) -> f64 {
    let away_from_zero = |v: f64| if v.abs() < 1e-300 { 1e-300 } else { v };
    let (mut c, mut d) = (1.0, 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0)));
    let mut value = d;
    for m in (1..ITERATIONS).map(f64::from) {
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for step in [even, odd] {
            d = 1.0 / away_from_zero(1.0 + step * d);
            c = away_from_zero(1.0 + step / c);
            change = c * d;
            value *= change;
        }
        if (change - 1.0_f64).abs() < 1e-15 {
            break;
        }
    }
    value
}

/// ln Γ(x) for x > 0: Stirling's series (Abramowitz and Stegun 6.1.40), after shifting x beyond 10
/// by the recurrence Γ(x + 1) = x Γ(x), where six terms give full precision.
fn ln_gamma(x: f64) -> f64 {
    const SERIES: [f64; 6] = [
        1.0 / 12.0,
        -1.0 / 360.0,
        1.0 / 1260.0,
        -1.0 / 1680.0,
        1.0 / 1188.0,
        -691.0 / 360_360.0,
    ];
    let (mut x, mut shift) = (x, 0.0);
    while x < 10.0 {
        shift += x.ln();
        x += 1.0;
    }
    let correction = SERIES
        .iter()
        .rev()
        .fold(0.0, |sum, term| sum / (x * x) + term);
    (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + correction / x - shift
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ln_gamma_of_known_arguments() {
        assert!((ln_gamma(1.0)).abs() < 1e-13);
        assert!((ln_gamma(0.5) - 0.5 * std::f64::consts::PI.ln()).abs() < 1e-13);
        assert!((ln_gamma(11.0) - 3_628_800.0_f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn critical_values_of_the_tables() {
        // Quantiles of the standard tables of Student's distribution, two-sided 5 %.
        for (degrees, t) in [
            (1.0, 12.706_204_7),
            (2.0, 4.302_652_7),
            (10.0, 2.228_138_9),
            (30.0, 2.042_272_5),
            (499.0, 1.964_729_4),
        ] {
            let p = two_sided_p(t, degrees);
            assert!((p - 0.05).abs() < 1e-8, "{degrees}: {p}");
        }
        // With one degree of freedom it is the Cauchy distribution.
        assert!((two_sided_p(1.0, 1.0) - 0.5).abs() < 1e-14);
        // With very many it is the normal one.
        assert!((two_sided_p(1.959_963_985, 1e7) - 0.05).abs() < 1e-7);
    }

    proptest! {
        #[test]
        fn a_larger_statistic_is_less_likely(t in 0.0..40.0_f64, more in 0.0..5.0_f64, n in 1_u32..5_000) {
            let n = f64::from(n);
            let (p, q) = (two_sided_p(t, n), two_sided_p(t + more, n));
            prop_assert!((0.0..=1.0).contains(&p) && q <= p + 1e-14);
            prop_assert!((two_sided_p(-t, n) - p).abs() < 1e-15);
        }
    }
}
