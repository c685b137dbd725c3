//! Charts on pages: the one place where markup that is text already is taken as markup. Chart
//! functions escape whatever text they are given.

use closecall_charts::{Claimed, Glyph, Place};
use maud::{Markup, PreEscaped, html};

use crate::api::entry::{Fell, ForecastEntry};

/// A chart.
pub(crate) fn svg(chart: String) -> Markup {
    PreEscaped(chart)
}

/// A chart in two drawings, for wide screens and for narrow ones.
pub(crate) fn two(wide: String, narrow: String) -> Markup {
    html! {
        div.wide-only { (PreEscaped(wide)) }
        div.narrow { (PreEscaped(narrow)) }
    }
}

/// A chart of a size; one too wide for a phone has a drawing of its own there, since a shrunk one
/// could not be read.
pub(crate) fn sized(
    id: &str,
    size: (f64, f64),
    chart: impl Fn(&str, (f64, f64)) -> String,
) -> Markup {
    if size.0 <= 400.0 {
        return svg(chart(id, size));
    }
    let narrow = chart(&format!("{id}-n"), (340.0, 218.0));
    two(chart(&format!("{id}-w"), size), narrow)
}

/// A chart in two drawings, inline.
pub(crate) fn two_spans(wide: String, narrow: String) -> Markup {
    html! {
        span.wide-only { (PreEscaped(wide)) }
        span.narrow { (PreEscaped(narrow)) }
    }
}

pub(crate) fn ring(taken: usize, seats: usize, glyph: Glyph) -> Markup {
    PreEscaped(closecall_charts::ring(taken, seats, glyph))
}

/// The sign before the program's name.
pub(crate) fn brand() -> Markup {
    PreEscaped(r#"<svg viewBox="0 0 30 20" aria-hidden="true" focusable="false"><rect class="f90" x="1" y="7" width="25" height="6" rx="1"/><rect class="f80" x="5" y="4" width="16" height="12" rx="1.5"/><path class="ptl" d="M13 2v16"/><path class="close" d="M28 0v20"/></svg>"#.to_owned())
}

/// A word in a legend with its sign.
fn sign(shape: &'static str, size: (u32, u32), word: &str) -> Markup {
    let (w, h) = size;
    let sign = format!(
        r#"<svg viewBox="0 0 {w} {h}" width="{w}" height="{h}" aria-hidden="true" focusable="false">{shape}</svg>"#
    );
    html! { span { (PreEscaped(sign)) (word) } }
}

/// The legend of what was said and what came.
pub(crate) fn said_and_came() -> Markup {
    html! {
        p.key {
            (sign(r#"<rect class="f90" x="0" y="4" width="30" height="6" rx="1"/><rect class="f80" x="6" y="1.5" width="18" height="11" rx="1.5"/>"#, (30, 14), "said: 90 % and 80 % band"))
            (sign(r#"<path class="hit" d="M7 2.6l4.4 4.4-4.4 4.4-4.4-4.4z"/>"#, (14, 14), "came: inside 80 %"))
            (sign(r#"<path class="edge" d="M7 2.6l4.4 4.4-4.4 4.4-4.4-4.4z"/>"#, (14, 14), "inside 90 %"))
            (sign(r#"<path class="out" d="M8 2.2l5.8 5.8-5.8 5.8-5.8-5.8z"/><path class="outl" d="M5.9 5.9l4.2 4.2m0-4.2l-4.2 4.2"/>"#, (16, 16), "outside"))
        }
    }
}

/// The legend of earlier forecasts of the session under way.
pub(crate) fn trail_key() -> Markup {
    html! {
        p.key {
            (sign(r#"<rect class="f80" x="6.2" y="1" width="1.6" height="12"/><path class="ptd" d="M7 4.6l2.4 2.4-2.4 2.4-2.4-2.4z"/>"#, (14, 14), "earlier forecasts of this session"))
        }
    }
}

/// The legend of coverage.
pub(crate) fn coverage_key() -> Markup {
    html! {
        p.key {
            (sign(r#"<path class="o90" d="M0 4H22"/>"#, (22, 8), "90 % band"))
            (sign(r#"<path class="o80" d="M0 4H22"/>"#, (22, 8), "80 % band"))
            (sign(r#"<path class="nom" d="M0 4H22"/>"#, (22, 8), "promised"))
        }
    }
}

/// The legend of the news.
pub(crate) fn news_key() -> Markup {
    html! {
        p.key {
            (sign(r#"<rect class="bar" width="12" height="10"/>"#, (12, 10), "positive"))
            (sign(r#"<rect class="barn" width="12" height="10"/>"#, (12, 10), "negative"))
            (sign(r#"<rect class="vol" width="12" height="10"/>"#, (12, 10), "articles a session"))
        }
    }
}

/// The bands of an entry in prices.
pub(crate) fn claimed(entry: &ForecastEntry) -> Option<Claimed> {
    Some(Claimed {
        point: entry.prediction?,
        inner: entry.band(0.8)?,
        outer: entry.band(0.9)?,
    })
}

/// The bands of an entry in per cent from the last close.
pub(crate) fn claimed_pct(entry: &ForecastEntry) -> Option<Claimed> {
    let close = entry.close.filter(|close| *close > 0.0)?;
    let pct = |price: f64| 100.0 * (price / close - 1.0);
    let both = |(low, high): (f64, f64)| (pct(low), pct(high));
    let prices = claimed(entry)?;
    Some(Claimed {
        point: pct(prices.point),
        inner: both(prices.inner),
        outer: both(prices.outer),
    })
}

pub(crate) fn fell(place: Place) -> Fell {
    match place {
        Place::Inside80 => Fell::Inside80,
        Place::Inside90 => Fell::Inside90,
        Place::Outside => Fell::Outside,
    }
}
