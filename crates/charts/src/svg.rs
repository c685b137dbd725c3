//! Frames and the few shapes that every chart is made of.

use std::fmt::Write as _;

use crate::text::{coordinate as n, escape};

/// A drawing as it grows.
#[derive(Debug, Default)]
pub(crate) struct Drawing(String);

impl Drawing {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn path(&mut self, class: &str, d: &str) -> &mut Self {
        self.push(format_args!(r#"<path class="{class}" d="{d}"/>"#))
    }

    pub(crate) fn vertical(&mut self, class: &str, x: f64, from: f64, to: f64) -> &mut Self {
        self.path(class, &format!("M{} {}V{}", n(x), n(from), n(to)))
    }

    pub(crate) fn horizontal(&mut self, class: &str, y: f64, from: f64, to: f64) -> &mut Self {
        self.path(class, &format!("M{} {}H{}", n(from), n(y), n(to)))
    }

    /// A rectangle by two corners; sides that come the wrong way round make an empty one.
    pub(crate) fn rect(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) -> &mut Self {
        let (width, height) = ((to.0 - from.0).max(0.0), (to.1 - from.1).max(0.0));
        self.push(format_args!(
            r#"<rect class="{class}" x="{}" y="{}" width="{}" height="{}" rx="1"/>"#,
            n(from.0),
            n(from.1),
            n(width),
            n(height)
        ))
    }

    /// Text, escaped.
    pub(crate) fn text(&mut self, class: &str, x: f64, y: f64, text: &str) -> &mut Self {
        self.push(format_args!(
            r#"<text class="{class}" x="{}" y="{}">{}</text>"#,
            n(x),
            n(y),
            escape(text)
        ))
    }

    pub(crate) fn line(&mut self, class: &str, points: &[(f64, f64)]) -> &mut Self {
        if points.is_empty() {
            return self;
        }
        self.path(class, &polyline(points))
    }

    pub(crate) fn area(&mut self, class: &str, points: &[(f64, f64)]) -> &mut Self {
        if points.is_empty() {
            return self;
        }
        self.path(class, &format!("{}z", polyline(points)))
    }

    pub(crate) fn diamond(&mut self, class: &str, x: f64, y: f64, r: f64) -> &mut Self {
        let (x, y, r) = (n(x), n(y - r), n(r));
        self.path(class, &format!("M{x} {y}l{r} {r}-{r} {r}-{r}-{r}z"))
    }

    /// A part of the drawing that says something when pointed at.
    pub(crate) fn with_tip(&mut self, tip: &str, part: &Self) -> &mut Self {
        self.push(format_args!(
            "<g><title>{}</title>{}</g>",
            escape(tip),
            part.0
        ))
    }

    pub(crate) fn raw(&mut self, element: &str) -> &mut Self {
        self.0.push_str(element);
        self
    }

    fn push(&mut self, element: std::fmt::Arguments<'_>) -> &mut Self {
        // Writing into a String cannot fail.
        self.0.write_fmt(element).ok();
        self
    }

    /// A picture with a name and a description for those who do not see it. `id` has to be unique
    /// in the page.
    pub(crate) fn picture(&self, size: (f64, f64), id: &str, title: &str, about: &str) -> String {
        let (w, h) = (n(size.0), n(size.1));
        let (id, title, about) = (escape(id), escape(title), escape(about));
        format!(
            r#"<svg viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" aria-labelledby="{id}-t {id}-d"><title id="{id}-t">{title}</title><desc id="{id}-d">{about}</desc>{}</svg>"#,
            self.0
        )
    }

    /// A picture that repeats what stands beside it in words.
    pub(crate) fn decoration(&self, size: (f64, f64), class: &str) -> String {
        let (w, h) = (n(size.0), n(size.1));
        let class = if class.is_empty() {
            String::new()
        } else {
            format!(r#" class="{class}""#)
        };
        format!(
            r#"<svg viewBox="0 0 {w} {h}" width="{w}" height="{h}" aria-hidden="true" focusable="false"{class}>{}</svg>"#,
            self.0
        )
    }
}

fn polyline(points: &[(f64, f64)]) -> String {
    let pairs: Vec<String> = points
        .iter()
        .map(|&(x, y)| format!("{} {}", n(x), n(y)))
        .collect();
    format!("M{}", pairs.join("L"))
}
