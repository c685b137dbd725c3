//! Tables of a page, and numbers as they stand in them.

use closecall_charts::{escape, percent};
use closecall_scoring::{Estimate, Proportion};

/// Stands where there is no number.
pub(super) const NONE: &str = "—";

/// A table with a name for those who do not see it. The first cell of a row names it.
pub(super) fn table(name: &str, columns: &[&str], rows: &[Vec<String>]) -> String {
    let heads = columns.iter().enumerate().map(|(k, column)| {
        let class = if k == 0 { "" } else { r#" class="r""# };
        format!(r#"<th scope="col"{class}>{}</th>"#, escape(column))
    });
    let cells = |row: &Vec<String>| {
        let cells = row.iter().enumerate().map(|(k, cell)| match k {
            0 => format!(r#"<th scope="row">{}</th>"#, escape(cell)),
            _ => format!(r#"<td class="r nw">{}</td>"#, escape(cell)),
        });
        format!("<tr>{}</tr>", cells.collect::<String>())
    };
    format!(
        r#"<div class="scroll" tabindex="0" role="region" aria-label="{name}"><table><caption class="vh">{name}</caption><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>"#,
        heads.collect::<String>(),
        rows.iter().map(cells).collect::<String>(),
        name = escape(name),
    )
}

/// A list of names and what they mean.
pub(super) fn list(items: &[(&str, String)]) -> String {
    let item = |(name, value): &(&str, String)| {
        format!("<dt>{}</dt><dd>{}</dd>", escape(name), escape(value))
    };
    let items: String = items.iter().map(item).collect();
    format!(r#"<dl class="kv">{items}</dl>"#)
}

/// A multiple of another error.
pub(super) fn multiple(estimate: Option<Estimate>) -> String {
    estimate.map_or_else(|| NONE.into(), |e| format!("{:.4} ×", e.value))
}

/// Ends of a 95 % interval.
pub(super) fn interval(estimate: Option<Estimate>) -> String {
    let ends = |e: Estimate| format!("{:.4} to {:.4}", e.lower, e.upper);
    estimate.map_or_else(|| NONE.into(), ends)
}

/// A share as per cent.
pub(super) fn share(share: Option<f64>) -> String {
    share.map_or_else(|| NONE.into(), |share| percent(100.0 * share, 1, false))
}

/// A share as per cent, with the ends of its 95 % interval.
pub(super) fn proportion(found: Option<Proportion>) -> String {
    let Some(found) = found else {
        return NONE.into();
    };
    let (lower, upper) = (100.0 * found.lower, 100.0 * found.upper);
    format!("{} ({lower:.0} to {upper:.0})", share(Some(found.value)))
}

/// A number with this number of decimals.
pub(super) fn number(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| NONE.into(), |value| format!("{value:.decimals$}"))
}
