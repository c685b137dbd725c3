//! A report as tables for a terminal.

use std::fmt::{Display, Write as _};

use closecall_scoring::{Estimate, Proportion};

use crate::group::{Group, ModelReport};
use crate::report::Report;

/// The whole report.
#[must_use]
pub fn tables(report: &Report) -> String {
    let mut text = String::new();
    let span = report.first.zip(report.last);
    let span = span.map_or_else(String::new, |(a, b)| format!(", {a} to {b}"));
    let tickers: Vec<String> = report.tickers.iter().map(ToString::to_string).collect();
    line(
        &mut text,
        format_args!(
            "{} sessions{span}: {}; {} models tried",
            report.sessions,
            tickers.join(" "),
            report.trials
        ),
    );
    for (name, model) in &report.models {
        model_table(&mut text, report, name, model);
    }
    if let Some(gain) = report.news_gain {
        line(
            &mut text,
            format_args!("\nnews: error with it {} of that without", ratio(gain)),
        );
    }
    goal_table(&mut text, report);
    text
}

fn model_table(text: &mut String, report: &Report, name: &str, model: &ModelReport) {
    let often = match (name, report.made_with.retrain) {
        ("original", n) if n > 1 => format!(", asked on every {n}th session"),
        _ => String::new(),
    };
    let verdict = model.total.verdict.map_or("none", |label| label.name());
    line(text, format_args!("\n{name}{often}; verdict: {verdict}"));
    line(
        text,
        format_args!(
            "{:<11} {:>6} {:>6}  {:<22} {:<22} {:>15} {:>6} {:>6} {:>8} {:>15}",
            "",
            "n",
            "same",
            "error / price",
            "error / last close",
            "right (price)",
            "80 %",
            "90 %",
            "width 90",
            "Brier (price)"
        ),
    );
    for (time, group) in &model.times {
        row(text, time, group);
    }
    line(text, format_args!("first of a phase"));
    for (phase, group) in &model.phases {
        row(text, phase, group);
    }
    row(text, "outcomes", &model.total);
    line(
        text,
        format_args!("by third of the expected move; by ticker, outcomes"),
    );
    for (third, group) in ["calm", "middle", "wild"].iter().zip(&model.thirds) {
        row(text, third, group);
    }
    for (ticker, group) in &model.tickers {
        row(text, ticker, group);
    }
}

fn row(text: &mut String, name: impl Display, group: &Group) {
    let summary = &group.summary;
    let percent = |share: Option<f64>| share.map_or("-".into(), |s| format!("{:.1}", 100.0 * s));
    let rate = |share: Option<Proportion>| percent(share.map(|s| s.value));
    let estimate = |e: Option<Estimate>| e.map_or("-".into(), ratio);
    let band = |level: f64| summary.bands.iter().find(|band| band.level == level);
    let covered = |level| percent(band(level).map(|band| band.coverage.value));
    // Where the price calls nothing, the base rate of rises stands beside the calls.
    let alone = summary.calls.baseline_hit_rate();
    let alone = alone.map_or_else(
        || format!("{} up", rate(summary.calls.base_rate())),
        |share| rate(Some(share)),
    );
    let score = |brier: Option<f64>| brier.map_or("-".into(), |b| format!("{b:.4}"));
    let (brier, own) = (score(summary.brier), score(group.baseline_brier));
    line(
        text,
        format_args!(
            "{:<11} {:>6} {:>6}  {:<22} {:<22} {:>15} {:>6} {:>6} {:>8} {:>15}",
            name.to_string(),
            summary.outcomes,
            percent(group.same_share),
            estimate(summary.relative_mae),
            estimate(summary.against_last_close),
            format!("{} ({alone})", rate(summary.calls.hit_rate())),
            covered(0.8),
            covered(0.9),
            percent(band(0.9).map(|band| band.width)),
            format!("{brier} ({own})"),
        ),
    );
}

fn goal_table(text: &mut String, report: &Report) {
    if report.goals.is_empty() {
        return;
    }
    line(text, format_args!(""));
    for goal in &report.goals {
        line(
            text,
            format_args!(
                "{} {:<15} {:<40} {:>8.4}  {:<46} {}",
                goal.name,
                goal.group,
                goal.what,
                goal.measured,
                goal.must,
                if goal.reached {
                    "reached"
                } else {
                    "NOT REACHED"
                }
            ),
        );
    }
}

fn ratio(estimate: Estimate) -> String {
    let Estimate {
        value,
        lower,
        upper,
    } = estimate;
    format!("{value:.4} [{lower:.3}, {upper:.3}]")
}

fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    // Writing into a String cannot fail.
    writeln!(text, "{content}").ok();
}
