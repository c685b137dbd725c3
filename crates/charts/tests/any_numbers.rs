//! Whatever numbers and names come in, what goes out is well-formed, finite, and carries no style,
//! script or outside resource.

use closecall_charts::{
    Claimed, Fan, ForestRow, Glyph, NewsBar, PastBand, Series, band, cumulative, fan, forest,
    funnel, news_bars, number_line, own_scale_band, ring, zones,
};
use proptest::prelude::*;

/// Numbers that charts meet, and those that they should not.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => -1e4..1e4_f64,
        1 => any::<f64>(),
        1 => prop::sample::select(vec![0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e308]),
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-mo-zA-MO-Z ]{0,12}",
        prop::sample::select(vec![
            "<script>alert(1)</script>".to_owned(),
            "\" onload=\"x".to_owned(),
            "a&b'c".to_owned(),
            "]]>\u{0}".to_owned(),
        ]),
    ]
}

fn claimed() -> impl Strategy<Value = Claimed> {
    (number(), number(), number(), number(), number()).prop_map(|(point, a, b, c, d)| Claimed {
        point,
        inner: (a, b),
        outer: (c, d),
    })
}

/// Elements are opened and closed in order, and only those of a drawing; no attribute that a strict
/// policy refuses; every number finite.
fn check(svg: &str) -> Result<(), TestCaseError> {
    for refused in [
        "style=",
        "NaN",
        "inf",
        "href",
        "<script",
        "onload=\"x",
        "url(",
    ] {
        prop_assert!(!svg.contains(refused), "{refused} in {svg}");
    }
    let mut open = Vec::new();
    let mut rest = svg;
    while let Some(start) = rest.find('<') {
        let text = &rest[..start];
        prop_assert!(!text.contains('>') && !text.contains('\u{0}'), "{text}");
        let end = rest[start..].find('>').map(|end| start + end);
        let Some(end) = end else {
            return Err(TestCaseError::fail(format!(
                "an element without end in {svg}"
            )));
        };
        let tag = &rest[start + 1..end];
        prop_assert!(tag.matches('"').count().is_multiple_of(2), "{tag}");
        if let Some(name) = tag.strip_prefix('/') {
            prop_assert_eq!(open.pop(), Some(name.to_owned()));
        } else if !tag.ends_with('/') {
            let name = tag.split(' ').next().unwrap_or_default();
            let known = ["svg", "title", "desc", "text", "g"];
            prop_assert!(known.contains(&name), "{name}");
            open.push(name.to_owned());
        }
        rest = &rest[end + 1..];
    }
    prop_assert!(open.is_empty() && rest.is_empty(), "{open:?} {rest}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn bands(claimed in claimed(), zero in number(), actual in prop::option::of(number())) {
        check(&band(&claimed, zero, actual, (-3.0, 3.0), (220.0, 20.0)))?;
        check(&own_scale_band(&claimed, actual, (150.0, 20.0)))?;
    }

    #[test]
    fn number_lines(a in number(), b in number(), v in number(), ticks in prop::collection::vec(number(), 0..6)) {
        check(&number_line((a, b), v, 0.9, &ticks, &|t| format!("{t:.1}<").replace("NaN", "-").replace("inf", "-"), 340.0))?;
    }

    #[test]
    fn coverage(shares in prop::collection::vec((number(), number()), 0..900), counts in any::<[u16; 6]>(), effect in number()) {
        check(&funnel(&shares, effect, "c", (360.0, 218.0)))?;
        check(&zones(counts.map(usize::from), effect, "z"))?;
    }

    #[test]
    fn fans(
        stock in name(),
        closes in prop::collection::vec((name(), number()), 0..70),
        today in prop::collection::vec((number(), number()), 0..30),
        trail in prop::collection::vec((number(), claimed()), 0..30),
        past in prop::collection::vec((0_usize..90, claimed(), number()), 0..20),
        claimed in claimed(),
        reference in (number(), number()),
        actual in prop::option::of(number()),
        wide in any::<bool>(),
    ) {
        let past = past.into_iter().map(|(close, claimed, actual)| PastBand { close, claimed, actual });
        let shown = Fan {
            name: stock.clone(), closes, past: past.collect(), today, trail, reference, claimed, actual, target: stock,
        };
        check(&fan(&shown, "fan", (if wide { 740.0 } else { 340.0 }, 372.0)))?;
    }

    #[test]
    fn models(
        rows in prop::collection::vec((name(), number(), number(), number(), name()), 0..6),
        lines in prop::collection::vec((name(), prop::collection::vec(number(), 0..600)), 0..4),
        scale in (number(), number()),
    ) {
        let rows: Vec<ForestRow> = rows.into_iter().map(|(name, value, a, b, note)| ForestRow {
            name, value, interval: (a, b), note,
        }).collect();
        check(&forest(&rows, scale, "f", 760.0))?;
        let series: Vec<Series> = lines.into_iter().map(|(name, values)| Series {
            name, class: "o80", values,
        }).collect();
        check(&cumulative(&series, "cu", (760.0, 240.0)))?;
    }

    #[test]
    fn news(bars in prop::collection::vec((name(), prop::option::of(number()), any::<u32>()), 0..70)) {
        let bars: Vec<NewsBar> = bars.into_iter().map(|(session, mean, articles)| NewsBar {
            session, mean, articles,
        }).collect();
        check(&news_bars(&bars, "n", (360.0, 218.0)))?;
    }

    #[test]
    fn rings(taken in 0_usize..200, seats in 0_usize..200) {
        for glyph in [Glyph::Running, Glyph::Degraded, Glyph::Failed, Glyph::Idle, Glyph::End] {
            check(&ring(taken, seats, glyph))?;
        }
    }
}
