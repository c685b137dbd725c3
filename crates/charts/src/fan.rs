//! The fan: closes, what was said of them, and the newest forecast opening towards its close.

use crate::axis::{AxisScale, decimals, extent, spread, ticks};
use crate::band::{Claimed, mark};
use crate::svg::Drawing;
use crate::text::{THIN, grouped, money};

/// A past session's band and the close that came.
#[derive(Debug, Clone, PartialEq)]
pub struct PastBand {
    /// Index of the close that it belongs to.
    pub close: usize,
    /// The claim about it.
    pub claimed: Claimed,
    /// The outcome.
    pub actual: f64,
}

/// Content of a fan chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Fan {
    /// The name of the stock.
    pub name: String,
    /// Closes, ascending in time: session as it is written, and price.
    pub closes: Vec<(String, f64)>,
    /// Earlier forecasts of these sessions.
    pub past: Vec<PastBand>,
    /// The running session's prices so far: share of the session and price. Empty before the
    /// opening.
    pub today: Vec<(f64, f64)>,
    /// Earlier forecasts of the same session: share of the session at which they were made, and
    /// what they claimed.
    pub trail: Vec<(f64, Claimed)>,
    /// The price that the forecast starts from, and the share of the session at which it was true;
    /// 0 before the opening.
    pub reference: (f64, f64),
    /// The forecast.
    pub claimed: Claimed,
    /// The close, once it came.
    pub actual: Option<f64>,
    /// The session that is forecast, as it is written.
    pub target: String,
}

/// Places of the drawing.
struct Layout {
    wide: bool,
    left: f64,
    top: f64,
    /// The lower edge.
    base: f64,
    /// Where the last close stands.
    start: f64,
    /// Where the forecast close stands.
    end: f64,
    y: AxisScale,
}

/// Draws a fan. A narrow one (up to 500) has no tips and shorter labels.
#[must_use]
pub fn fan(shown: &Fan, id: &str, size: (f64, f64)) -> String {
    let layout = layout(shown, size);
    let mut drawing = Drawing::new();
    frame(&mut drawing, &layout, shown);
    history(&mut drawing, &layout, shown);
    trail(&mut drawing, &layout, shown);
    forecast(&mut drawing, &layout, shown);
    labels(&mut drawing, &layout, shown);
    let Claimed {
        point,
        inner,
        outer,
    } = shown.claimed;
    let about = format!(
        "Last {} closes, then the forecast for {}: {}, 80 % between {} and {}, 90 % between {} and {}.",
        shown.closes.len(),
        shown.target,
        money(point),
        money(inner.0),
        money(inner.1),
        money(outer.0),
        money(outer.1)
    );
    let title = format!("{}: closes and forecast", shown.name);
    drawing.picture(size, id, &title, &about)
}

fn layout(shown: &Fan, size: (f64, f64)) -> Layout {
    let wide = size.0 > 500.0;
    let (left, right, top, bottom) = (46.0, if wide { 132.0 } else { 66.0 }, 16.0, 34.0);
    let today = (size.0 - left - right) * if wide { 0.25 } else { 0.3 };
    let end = size.0 - right;
    let outer = |claimed: &Claimed| [claimed.outer.0, claimed.outer.1];
    let values = shown
        .closes
        .iter()
        .map(|close| close.1)
        .chain(shown.today.iter().map(|price| price.1))
        .chain(outer(&shown.claimed))
        .chain(shown.trail.iter().flat_map(|earlier| outer(&earlier.1)))
        .chain(shown.past.iter().flat_map(|past| outer(&past.claimed)))
        .chain(shown.actual);
    Layout {
        wide,
        left,
        top,
        base: size.1 - bottom,
        start: end - today,
        end,
        y: AxisScale::new(extent(values, 0.05), (size.1 - bottom, top)),
    }
}

impl Layout {
    fn close(&self, index: usize, count: usize) -> f64 {
        let last = count.saturating_sub(1).max(1) as f64;
        AxisScale::new((0.0, last), (self.left + 6.0, self.start)).at(index as f64)
    }

    fn share(&self, share: f64) -> f64 {
        AxisScale::new((0.0, 1.0), (self.start, self.end)).at(share)
    }
}

fn frame(drawing: &mut Drawing, layout: &Layout, shown: &Fan) {
    drawing.rect(
        "zone",
        (layout.start, layout.top - 8.0),
        (layout.end, layout.base),
    );
    let outer = shown.claimed.outer;
    let closes = shown.closes.iter().map(|close| close.1);
    let span = extent(closes.chain([outer.0, outer.1]), 0.05);
    let marks = ticks(span, 5);
    let digits = decimals(&marks).min(2);
    for &tick in &marks {
        let y = layout.y.at(tick);
        drawing.horizontal("gridl", y, layout.left, layout.end);
        drawing.text("e", layout.left - 8.0, y + 4.0, &grouped(tick, digits));
    }
    drawing.horizontal("axis", layout.base, layout.left, layout.end);
}

fn history(drawing: &mut Drawing, layout: &Layout, shown: &Fan) {
    let count = shown.closes.len();
    let y = layout.y;
    for past in &shown.past {
        let x = layout.close(past.close, count);
        let (outer, inner) = (past.claimed.outer, past.claimed.inner);
        drawing.rect("f90", (x - 1.5, y.at(outer.1)), (x + 1.5, y.at(outer.0)));
        drawing.rect("f80", (x - 3.0, y.at(inner.1)), (x + 3.0, y.at(inner.0)));
    }
    let line: Vec<(f64, f64)> = shown
        .closes
        .iter()
        .enumerate()
        .map(|(k, close)| (layout.close(k, count), y.at(close.1)))
        .collect();
    drawing.line("price", &line);
    for past in &shown.past {
        let x = layout.close(past.close, count);
        let place = past.claimed.place(past.actual);
        let mut sign = Drawing::new();
        mark(
            &mut sign,
            x,
            y.at(past.actual),
            place,
            if layout.wide { 4.0 } else { 3.6 },
        );
        let session = shown.closes.get(past.close).map_or("", |close| &close.0);
        let (low, high) = past.claimed.outer;
        let tip = format!(
            "{session}: 90 % {} to {}, came {}",
            money(low),
            money(high),
            money(past.actual)
        );
        drawing.with_tip(&tip, &sign);
    }
}

/// Earlier forecasts of the session, each where it was made: its 80 % band as a hair, its point as a
/// dot on the way to the newest.
fn trail(drawing: &mut Drawing, layout: &Layout, shown: &Fan) {
    let y = layout.y;
    for (share, claimed) in &shown.trail {
        let (x, inner) = (layout.share(*share), claimed.inner);
        drawing.rect("f80", (x - 0.75, y.at(inner.1)), (x + 0.75, y.at(inner.0)));
        drawing.diamond("ptd", x, y.at(claimed.point), 2.2);
    }
}

/// The band opens with the root of the time that is left, as a random walk's does.
fn forecast(drawing: &mut Drawing, layout: &Layout, shown: &Fan) {
    const STEPS: usize = 14;
    let (price, from) = shown.reference;
    let (claimed, y) = (shown.claimed, layout.y);
    let start = layout.share(from);
    let edge = |far: f64| {
        (0..=STEPS).map(move |k| {
            let share = k as f64 / STEPS as f64;
            let middle = price + (claimed.point - price) * share;
            let x = start + (layout.end - start) * share;
            (x, y.at(middle + (far - claimed.point) * share.sqrt()))
        })
    };
    for (class, ends) in [("f90", claimed.outer), ("f80", claimed.inner)] {
        let outline: Vec<(f64, f64)> = edge(ends.1)
            .chain(edge(ends.0).collect::<Vec<_>>().into_iter().rev())
            .collect();
        drawing.area(class, &outline);
    }
    let path: Vec<(f64, f64)> = shown
        .today
        .iter()
        .map(|&(share, price)| (layout.share(share), y.at(price)))
        .collect();
    drawing.line("price", &path);
    drawing.horizontal("base", y.at(price), start, layout.end);
    drawing.line(
        "ptl",
        &[(start, y.at(price)), (layout.end, y.at(claimed.point))],
    );
    drawing.vertical("close", layout.end, layout.top - 8.0, layout.base);
    drawing.diamond("hit", start, y.at(price), 4.0);
    drawing.diamond("ptd", layout.end, y.at(claimed.point), 4.6);
    if let Some(actual) = shown.actual {
        mark(
            drawing,
            layout.end,
            y.at(actual),
            claimed.place(actual),
            6.0,
        );
    }
}

fn labels(drawing: &mut Drawing, layout: &Layout, shown: &Fan) {
    let Claimed {
        point,
        inner,
        outer,
    } = shown.claimed;
    let (ninety, eighty) = (format!("90{THIN}%"), format!("80{THIN}%"));
    let mut labels = vec![
        (outer.1, &*ninety, "c"),
        (inner.1, &*eighty, "c"),
        (point, "forecast", "s"),
        (inner.0, &*eighty, "c"),
        (outer.0, &*ninety, "c"),
    ];
    labels.extend(shown.actual.map(|actual| (actual, "came", "s")));
    labels.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut places: Vec<f64> = labels.iter().map(|label| layout.y.at(label.0)).collect();
    // Below the axis stands the session.
    spread(&mut places, 15.0, layout.base + 3.0);
    for ((value, name, class), place) in labels.iter().zip(places) {
        let name = if layout.wide {
            format!("  {name}")
        } else {
            String::new()
        };
        let text = format!("{}{name}", money(*value));
        drawing.text(class, layout.end + 12.0, place + 4.0, &text);
    }
    drawing.text("k mid", layout.end, layout.base + 22.0, &shown.target);
    let ends = [shown.closes.first(), shown.closes.last()];
    for (close, x) in ends
        .into_iter()
        .zip([layout.left + 6.0, layout.start - 4.0])
    {
        let Some((session, _)) = close else {
            continue;
        };
        let class = if x < layout.start / 2.0 { "" } else { "e" };
        drawing.text(class, x, layout.base + 22.0, session);
    }
}
