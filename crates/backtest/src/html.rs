//! A report as one HTML page: nothing is loaded from elsewhere, so it opens from the disk, and it
//! prints.

mod panels;
mod table;

use closecall_charts::{STYLE_SHEET, escape};
use closecall_scoring::Label;

use self::panels::{grid, panels};
use crate::asked::AskedTime;
use crate::group::ModelReport;
use crate::report::Report;
use crate::variant::Variant;

/// The page of a report.
#[must_use]
pub fn page(report: &Report) -> String {
    let product = report.models.get(&Variant::default().to_string());
    let span = report.first.zip(report.last);
    let span = span.map_or_else(String::new, |(first, last)| format!("{first} to {last}"));
    format!(
        r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>closecall: walk-forward report, {span}</title><meta name="color-scheme" content="light dark"><style>{STYLE_SHEET}</style></head><body>
<main class="wrap"><div class="lede"><p class="crumb">closecall / walk-forward, {span}</p>
<h1 class="wide">{}</h1>
<p>{}</p></div>
{}
</main>
<footer class="wrap"><div class="foot"><p>Times are New York time, the exchange's. Not investment advice.</p><ul><li>closecall {}</li></ul></div></footer>
</body></html>
"#,
        escape(&heading(report, product)),
        escape(&introduction(report, product)),
        panels(report, product)
            .iter()
            .map(|row| grid(row))
            .collect::<String>(),
        escape(&report.made_with.version),
    )
}

/// The verdict, and beside it what the original program's network does.
fn heading(report: &Report, product: Option<&ModelReport>) -> String {
    let verdict = match product.and_then(|model| model.total.verdict) {
        Some(Label::Skill) => "closecall errs less than the price it starts from.",
        Some(Label::Worse) => "closecall errs more than the price it starts from.",
        Some(Label::None) => "No skill beyond the price it starts from is shown.",
        Some(Label::Early) => "Too few outcomes to say anything.",
        None => "Forecasts of the past, each from what was known before it.",
    };
    let before = report.models.get("original").and_then(|model| {
        model
            .times
            .get(&AskedTime::Before)?
            .summary
            .against_last_close
    });
    match before {
        Some(original) => format!(
            "{verdict} The original's network, before the opening, errs {:.2} times as much as the last close.",
            original.value
        ),
        None => verdict.to_owned(),
    }
}

fn introduction(report: &Report, product: Option<&ModelReport>) -> String {
    let tickers: Vec<String> = report.tickers.iter().map(ToString::to_string).collect();
    let outcomes = product.map_or(0, |model| model.total.summary.outcomes);
    format!(
        "{outcomes} outcomes of {} over {} sessions. Each was forecast from what was known before \
         it, by each model on the same data; the first forecast of a ticker, session and part of \
         the day is its outcome.",
        tickers.join(", "),
        report.sessions
    )
}
