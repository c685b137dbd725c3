//! News by session.

use crate::axis::AxisScale;
use crate::svg::Drawing;
use crate::text::{change, coordinate as n};

/// News of one session.
#[derive(Debug, Clone, PartialEq)]
pub struct NewsBar {
    /// The session, as it is written.
    pub session: String,
    /// Mean score of the headlines, in [-1, 1]; `None` without articles.
    pub mean: Option<f64>,
    /// Number of articles.
    pub articles: u32,
}

/// Mean headline score of each session, positive up and negative down, and below it how many
/// articles stand behind it.
#[must_use]
pub fn news_bars(bars: &[NewsBar], id: &str, size: (f64, f64)) -> String {
    let (left, right, top, bottom, volume) = (34.0, 8.0, 10.0, 22.0, 40.0);
    let count = bars.len().max(1);
    let width = (size.0 - left - right) / count as f64;
    let means = bars.iter().filter_map(|bar| bar.mean).map(f64::abs);
    let reach = means.fold(0.2, f64::max);
    let most = bars
        .iter()
        .map(|bar| bar.articles)
        .max()
        .unwrap_or(0)
        .max(1);
    let middle = top + (size.1 - top - bottom - volume - 14.0) / 2.0;
    let base = size.1 - bottom;
    let y = AxisScale::new((-reach, reach), (2.0 * middle - top, top));
    let height = AxisScale::new((0.0, f64::from(most)), (0.0, volume));
    let mut drawing = Drawing::new();
    drawing.horizontal("axis", middle, left, size.0 - right);
    for tick in [reach, 0.0, -reach] {
        drawing.text("e", left - 6.0, y.at(tick) + 4.0, &change(tick, 1));
    }
    drawing.text("e", left - 6.0, base - volume + 9.0, &most.to_string());
    drawing.text("e", left - 6.0, base, "0");
    // One path a colour: sixty bars need no sixty elements.
    let [mut positive, mut negative, mut articles] = [const { String::new() }; 3];
    for (k, bar) in bars.iter().enumerate() {
        let x = left + k as f64 * width + 0.6;
        let w = n((width - 1.2).max(0.5));
        let column = |from: f64, to: f64| format!("M{} {}h{w}V{}h-{w}z", n(x), n(from), n(to));
        if let Some(mean) = bar.mean {
            let path = if mean > 0.0 {
                &mut positive
            } else {
                &mut negative
            };
            path.push_str(&column(middle, y.at(mean)));
        }
        articles.push_str(&column(base, base - height.at(f64::from(bar.articles))));
    }
    for (class, d) in [("bar", positive), ("barn", negative), ("vol", articles)] {
        if !d.is_empty() {
            drawing.path(class, &d);
        }
    }
    let ends = [
        (0, "", left),
        (bars.len().saturating_sub(1), "e", size.0 - right),
    ];
    for (k, class, x) in ends {
        if let Some(bar) = bars.get(k) {
            drawing.text(class, x, size.1 - 6.0, &bar.session);
        }
    }
    let newest = bars.last().map_or_else(String::new, |bar| {
        let mean = bar
            .mean
            .map_or_else(|| "none".to_owned(), |mean| change(mean, 2));
        format!("; the newest {mean} from {} articles", bar.articles)
    });
    let about = format!("Mean headline score of {} sessions{newest}.", bars.len());
    drawing.picture(size, id, "News by session", &about)
}
