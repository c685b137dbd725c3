//! The places on the way into a stage, and its state.

use std::f64::consts::{FRAC_PI_2, TAU};

use crate::svg::Drawing;
use crate::text::coordinate as n;

/// Mark in the ring. Every state has a shape, not only a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyph {
    /// Running: a dot.
    Running,
    /// Degraded: a triangle.
    Degraded,
    /// Backing off or failed: a cross.
    Failed,
    /// Idle or unknown: a ring.
    Idle,
    /// The end of the line: the ledger's rows.
    End,
}

/// A ring of `seats` places, `taken` of them filled, around a state.
#[must_use]
pub fn ring(taken: usize, seats: usize, glyph: Glyph) -> String {
    const GAP: f64 = 0.11;
    let seats = seats.clamp(1, 64);
    let mut drawing = Drawing::new();
    let at = |angle: f64| {
        format!(
            "{} {}",
            n(26.0 + 22.0 * angle.cos()),
            n(26.0 + 22.0 * angle.sin())
        )
    };
    for k in 0..seats {
        let angle = |part: f64| TAU * part / seats as f64 - FRAC_PI_2;
        let (from, to) = (angle(k as f64) + GAP, angle(k as f64 + 1.0) - GAP);
        let long = u8::from(seats == 1);
        let class = if k < taken { "seat on" } else { "seat" };
        drawing.path(class, &format!("M{}A22 22 0 {long} 1 {}", at(from), at(to)));
    }
    drawing.raw(match glyph {
        Glyph::Running => r#"<circle class="glyph" cx="26" cy="26" r="6.5"/>"#,
        Glyph::Degraded => r#"<path class="glyph w" d="M26 17l9.5 16h-19z"/>"#,
        Glyph::Failed => r#"<path class="glyph x" d="M20 20l12 12m0-12l-12 12"/>"#,
        Glyph::Idle => r#"<circle class="seat" cx="26" cy="26" r="5.5"/>"#,
        Glyph::End => r#"<path class="glyph" d="M19 19h14v3H19zm0 5.5h14v3H19zM19 30h14v3H19z"/>"#,
    });
    drawing.decoration((52.0, 52.0), "ring")
}
