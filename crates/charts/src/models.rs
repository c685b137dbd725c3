//! Models beside each other.

use crate::axis::{AxisScale, decimals, extent, spread, ticks};
use crate::coverage::thinned;
use crate::svg::Drawing;
use crate::text::{change, plain};

/// One line of a forest plot.
#[derive(Debug, Clone, PartialEq)]
pub struct ForestRow {
    /// The model.
    pub name: String,
    /// Its error, where the reference's is 1.
    pub value: f64,
    /// Ends of the 95 % interval.
    pub interval: (f64, f64),
    /// Text at the end of the line.
    pub note: String,
}

/// One line a model: its error as a multiple of the reference's, with the interval, on a scale
/// from `scale.0` to `scale.1`; what lies beyond is drawn at the end and written in the note.
#[must_use]
pub fn forest(rows: &[ForestRow], scale: (f64, f64), id: &str, width: f64) -> String {
    let wide = width > 500.0;
    // A narrow drawing has no room for words beside the bars: they stand above them.
    let (left, right, row_height, bar, most) = if wide {
        (188.0, 150.0, 38.0, 19.0, 5)
    } else {
        (14.0, 14.0, 46.0, 26.0, 3)
    };
    let (top, words) = (10.0, if wide { bar + 4.0 } else { 12.0 });
    let height = top + row_height * rows.len() as f64 + 30.0;
    let x = AxisScale::new(scale, (left, width - right));
    let mut drawing = Drawing::new();
    let marks = ticks(scale, most);
    let digits = decimals(&marks);
    for &tick in &marks {
        drawing.vertical("gridl", x.at(tick), top, height - 26.0);
        let class = if (tick - 1.0).abs() < 1e-9 {
            "k mid"
        } else {
            "mid"
        };
        drawing.text(class, x.at(tick), height - 8.0, &format!("{tick:.digits$}"));
    }
    drawing.vertical("close", x.at(1.0), top - 4.0, height - 26.0);
    for (k, row) in rows.iter().enumerate() {
        let start = top + row_height * k as f64;
        let y = start + bar;
        drawing.text("s", 0.0, start + words, &row.name);
        if row.interval.1 - row.interval.0 > 1e-9 {
            let (from, to) = (x.at(row.interval.0), x.at(row.interval.1));
            drawing.rect("f80", (from, y - 5.5), (to.max(from + 1.5), y + 5.5));
        }
        drawing.diamond("ptd", x.at(row.value), y, 5.6);
        drawing.text("e", width, start + words, &row.note);
    }
    let about: Vec<String> = rows
        .iter()
        .map(|row| {
            let (lower, upper) = row.interval;
            let [value, lower, upper] = [row.value, lower, upper].map(|v| plain(v, 3));
            format!("{} {value}, 95 % {lower} to {upper}", row.name)
        })
        .collect();
    let title = "Error as a multiple of that of the price it starts from";
    drawing.picture((width, height), id, title, &about.join("; "))
}

/// A line that adds up.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its name, written at its end.
    pub name: String,
    /// Class of its colour.
    pub class: &'static str,
    /// Its values in the order of time, added up already.
    pub values: Vec<f64>,
}

/// Error added up against the reference, in the order of time: down is better.
#[must_use]
pub fn cumulative(series: &[Series], id: &str, size: (f64, f64)) -> String {
    let (left, right, top, bottom) = (46.0, 168.0, 12.0, 30.0);
    let count = series.iter().map(|s| s.values.len()).max().unwrap_or(0);
    let values = series.iter().flat_map(|s| s.values.iter().copied());
    let ends = extent(values.chain([0.0]), 0.06);
    let x = AxisScale::new((0.0, count.max(2) as f64 - 1.0), (left, size.0 - right));
    let y = AxisScale::new(ends, (size.1 - bottom, top));
    let mut drawing = Drawing::new();
    let marks = ticks(ends, 4);
    let digits = decimals(&marks);
    for &tick in &marks {
        drawing.horizontal("gridl", y.at(tick), left, size.0 - right);
        drawing.text("e", left - 7.0, y.at(tick) + 4.0, &change(tick, digits));
    }
    drawing.horizontal("close", y.at(0.0), left, size.0 - right);
    let mut labels = Vec::new();
    for line in series {
        let points = thinned(&line.values, |k, v| (x.at(k as f64), y.at(v)));
        drawing.line(line.class, &points);
        labels.extend(line.values.last().map(|last| (y.at(*last), &line.name)));
    }
    labels.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut places: Vec<f64> = labels.iter().map(|label| label.0).collect();
    spread(&mut places, 15.0, size.1 - bottom);
    for (place, (_, name)) in places.iter().zip(&labels) {
        drawing.text("s", size.0 - right + 8.0, place + 4.0, name);
    }
    for (class, k) in [("", 1), ("mid", count / 2), ("e", count)] {
        if k > 0 {
            drawing.text(class, x.at(k as f64 - 1.0), size.1 - 12.0, &k.to_string());
        }
    }
    let middle = (left + size.0 - right) / 2.0;
    drawing.text("mid", middle, size.1, "outcomes, in the order of time");
    let about: Vec<String> = series
        .iter()
        .filter_map(|line| {
            Some(format!(
                "{}: {} points",
                line.name,
                change(*line.values.last()?, 1)
            ))
        })
        .collect();
    let title = "Error added up against the price it starts from";
    drawing.picture(size, id, title, &about.join("; "))
}
