//! The sign: what was said of a close, and where it came.

use crate::axis::AxisScale;
use crate::svg::Drawing;

/// Where a close came, against its bands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Inside the 80 % band: a filled diamond.
    Inside80,
    /// Inside the 90 % band: a hollow one.
    Inside90,
    /// Outside: one with a cross.
    Outside,
}

/// A forecast's claim: two bands around a point, in one unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Claimed {
    /// The point.
    pub point: f64,
    /// Ends of the 80 % band.
    pub inner: (f64, f64),
    /// Ends of the 90 % band.
    pub outer: (f64, f64),
}

impl Claimed {
    /// Where `actual` came.
    #[must_use]
    pub fn place(&self, actual: f64) -> Place {
        let inside = |(low, high): (f64, f64)| low <= actual && actual <= high;
        if inside(self.inner) {
            Place::Inside80
        } else if inside(self.outer) {
            Place::Inside90
        } else {
            Place::Outside
        }
    }
}

/// Draws what came.
pub(crate) fn mark(drawing: &mut Drawing, x: f64, y: f64, place: Place, size: f64) {
    match place {
        Place::Inside80 => drawing.diamond("hit", x, y, size),
        Place::Inside90 => drawing.diamond("edge", x, y, size),
        Place::Outside => {
            let k = 0.475 * size;
            drawing
                .diamond("out", x, y, size + 1.4)
                .line("outl", &[(x - k, y - k), (x + k, y + k)])
                .line("outl", &[(x - k, y + k), (x + k, y - k)])
        }
    };
}

/// The bands on a scale from `scale.0` to `scale.1`, with the zero line and what came.
#[must_use]
pub fn band(
    claimed: &Claimed,
    zero: f64,
    actual: Option<f64>,
    scale: (f64, f64),
    size: (f64, f64),
) -> String {
    let x = AxisScale::new(scale, (0.0, size.0));
    let middle = size.1 / 2.0;
    let mut drawing = Drawing::new();
    drawing.vertical("axis", x.at(zero), 0.0, size.1);
    for (class, ends, half) in [("f90", claimed.outer, 3.0), ("f80", claimed.inner, 5.5)] {
        let (low, high) = (x.at(ends.0), x.at(ends.1));
        drawing.rect(class, (low, middle - half), (high, middle + half));
    }
    drawing.vertical("ptl", x.at(claimed.point), middle - 7.0, middle + 7.0);
    if let Some(actual) = actual {
        mark(
            &mut drawing,
            x.at(actual),
            middle,
            claimed.place(actual),
            4.4,
        );
    }
    drawing.decoration(size, "")
}

/// The bands on their own scale: every 90 % band is equally long, and what is seen is whether the
/// close came inside.
#[must_use]
pub fn own_scale_band(claimed: &Claimed, actual: Option<f64>, size: (f64, f64)) -> String {
    let reach = (claimed.point - claimed.outer.0).max(claimed.outer.1 - claimed.point);
    let reach = 1.6 * if reach > 0.0 { reach } else { 1.0 };
    let scale = (claimed.point - reach, claimed.point + reach);
    band(claimed, claimed.point, actual, scale, size)
}

/// A number line: the interval that can be relied on, the value, and the promise in brass. Ticks
/// are written by `name`.
#[must_use]
pub fn number_line(
    interval: (f64, f64),
    value: f64,
    promise: f64,
    ticks: &[f64],
    name: &dyn Fn(f64) -> String,
    width: f64,
) -> String {
    let ends = (
        ticks.first().copied().unwrap_or(0.0),
        ticks.last().copied().unwrap_or(1.0),
    );
    let x = AxisScale::new(ends, (4.0, width - 4.0));
    let mut drawing = Drawing::new();
    drawing.horizontal("axis", 12.0, 4.0, width - 4.0);
    if interval.1 - interval.0 > 1e-9 {
        drawing.rect("f80", (x.at(interval.0), 6.5), (x.at(interval.1), 17.5));
    }
    for (k, &tick) in ticks.iter().enumerate() {
        let promised = (tick - promise).abs() < 1e-9;
        if !promised {
            drawing.vertical("axis", x.at(tick), 9.0, 15.0);
        }
        let anchor = match k {
            0 => "",
            k if k + 1 == ticks.len() => "e",
            _ => "mid",
        };
        let class = if promised {
            format!("k {anchor}")
        } else {
            anchor.to_owned()
        };
        drawing.text(&class, x.at(tick), 34.0, &name(tick));
    }
    drawing.vertical("close", x.at(promise), 1.0, 22.0);
    drawing.diamond("ptd", x.at(value), 12.0, 5.4);
    drawing.decoration((width, 38.0), "")
}
