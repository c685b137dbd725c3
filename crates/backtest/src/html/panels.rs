//! Panels of a page, row by row.

use closecall_charts::{ForestRow, Series, cumulative, escape, forest, number_line, zones};
use closecall_scoring::{Alarm, BandScore, Label};

use super::table::{NONE, interval, list, multiple, number, proportion, share, table};
use crate::group::{Group, ModelReport};
use crate::report::Report;
use crate::variant::Variant;

/// Errors that the forest plot has room for; what lies beyond is drawn at its end.
const FOREST: (f64, f64) = (0.98, 1.03);

/// Outcomes of one day that are worth one that stands alone: ten large stocks move together.
const DESIGN_EFFECT: f64 = 3.0;

/// Colours of the lines, by place.
const LINES: [&str; 3] = ["o90", "o80", "outl"];

/// A panel and the twelfths of the page's width that it takes.
pub(super) struct Panel(u8, String);

/// A row of panels.
pub(super) fn grid(row: &[Panel]) -> String {
    let panels = row.iter().map(|Panel(width, content)| {
        format!(r#"<section class="panel c{width}">{content}</section>"#)
    });
    format!("<div class=\"grid\">{}</div>\n", panels.collect::<String>())
}

fn panel(width: u8, title: &str, about: &str, content: &str) -> Panel {
    let about = match about {
        "" => String::new(),
        about => format!(r#"<p class="say">{}</p>"#, escape(about)),
    };
    let title = escape(title);
    Panel(
        width,
        format!("<header><h2>{title}</h2></header>{about}{content}"),
    )
}

fn figure(drawing: &str) -> String {
    format!(r#"<figure class="wf">{drawing}</figure>"#)
}

/// All panels.
pub(super) fn panels(report: &Report, product: Option<&ModelReport>) -> Vec<Vec<Panel>> {
    let mut rows = vec![
        vec![errors(report), how_to_read(report, product)],
        vec![models(report)],
    ];
    if let Some(product) = product {
        rows.push(vec![by_time(product)]);
        rows.push(vec![added_up(report), fell(product)]);
        rows.push(vec![thirds(product), tickers(product), news(report)]);
    }
    rows.push(vec![goals(report), made_with(report)]);
    rows
}

fn errors(report: &Report) -> Panel {
    let rows: Vec<ForestRow> = report
        .models
        .iter()
        .filter_map(|(name, model)| {
            let found = model.total.summary.relative_mae?;
            Some(ForestRow {
                name: name.clone(),
                value: found.value,
                interval: (found.lower, found.upper),
                note: format!("{:.4} ×", found.value),
            })
        })
        .collect();
    panel(
        8,
        "Error, where that of the price it starts from is 1",
        "The bar is the 95 % interval of whole sessions drawn again, because stocks move together \
         on a day. What stands off the scale is drawn at its end.",
        &figure(&forest(&rows, FOREST, "forest", 760.0)),
    )
}

fn how_to_read(report: &Report, product: Option<&ModelReport>) -> Panel {
    let mut text = format!(
        "{} models were tried on the same outcomes. The best of several looks better than it is, so \
         a label needs an interval that holds however often one looks, over all parts of the day \
         together, and a test besides. Calls stand beside those of the price alone.",
        report.trials
    );
    let suspects: Vec<&str> = report
        .models
        .iter()
        .filter(|(_, model)| model.groups().any(|group| group.suspect.is_some()))
        .map(|(name, _)| name.as_str())
        .collect();
    if !suspects.is_empty() {
        text.push_str(&format!(
            " Suspect, because too good to be believed: {}. Run `closecall leakcheck` before \
             anything is made of it.",
            suspects.join(", ")
        ));
    }
    if let Some((lower, upper)) = product.and_then(|model| model.total.difference) {
        text.push_str(&format!(
            " closecall's mean daily difference from the price lies between {lower:+.4} and \
             {upper:+.4} of the expected move.",
        ));
    }
    panel(4, "How to read this", &text, "")
}

fn models(report: &Report) -> Panel {
    let row = |(name, model): (&String, &ModelReport)| {
        let often = match (name.as_str(), report.made_with.retrain) {
            ("original", n) if n > 1 => format!("{name}, on every {n}th session"),
            _ => name.clone(),
        };
        let group = &model.total;
        let calls = &group.summary.calls;
        let outer = band(group, 0.9);
        vec![
            often,
            group.summary.outcomes.to_string(),
            multiple(group.summary.relative_mae),
            interval(group.summary.relative_mae),
            number(group.summary.p_hln, 3),
            share(band(group, 0.8).map(|b| b.coverage.value)),
            share(outer.map(|b| b.coverage.value)),
            share(outer.map(|b| b.width)),
            share(outer.map(|b| b.winkler)),
            format!("{} of {}", calls.right, calls.calls),
            share(calls.baseline_hit_rate().map(|p| p.value)),
            verdict(group),
        ]
    };
    let rows: Vec<Vec<String>> = report.models.iter().map(row).collect();
    let columns = [
        "Model",
        "Outcomes",
        "Error",
        "95 % interval",
        "p (HLN)",
        "In 80 %",
        "In 90 %",
        "Width of 90 %",
        "Winkler",
        "Calls right",
        "The price's own",
        "Verdict",
    ];
    let title = "Every model on the same outcomes";
    panel(12, title, "", &table(title, &columns, &rows))
}

fn by_time(product: &ModelReport) -> Panel {
    let row = |name: String, group: &Group| {
        let summary = &group.summary;
        let alone = summary.calls.baseline_hit_rate();
        vec![
            name,
            summary.outcomes.to_string(),
            share(group.same_share),
            multiple(summary.relative_mae),
            interval(summary.relative_mae),
            multiple(summary.against_last_close),
            proportion(summary.calls.hit_rate()),
            match (alone, summary.calls.base_rate()) {
                (Some(alone), _) => share(Some(alone.value)),
                (None, Some(rises)) => format!("{} rose", share(Some(rises.value))),
                (None, None) => NONE.into(),
            },
            share(band(group, 0.8).map(|b| b.coverage.value)),
            share(band(group, 0.9).map(|b| b.coverage.value)),
            share(band(group, 0.9).map(|b| b.width)),
            format!(
                "{} ({})",
                number(summary.brier, 4),
                number(group.baseline_brier, 4)
            ),
            verdict(group),
        ]
    };
    let times = product
        .times
        .iter()
        .map(|(time, group)| row(time.to_string(), group));
    let phases = product
        .phases
        .iter()
        .map(|(phase, group)| row(phase.to_string(), group));
    let rows: Vec<Vec<String>> = times.chain(phases).collect();
    let columns = [
        "Asked",
        "Forecasts",
        "\"same\"",
        "Error",
        "95 % interval",
        "Against last close",
        "Calls right",
        "The price's own",
        "In 80 %",
        "In 90 %",
        "Width of 90 %",
        "Brier (the price's)",
        "Verdict",
    ];
    let title = "closecall by time asked and part of the day";
    let about = "The error against the last close says how much of the day was already known. Calls \
                 inside the session are those of the price: beside them stands what the price alone \
                 calls.";
    panel(12, title, about, &table(title, &columns, &rows))
}

fn added_up(report: &Report) -> Panel {
    let chosen = [
        Variant::default().to_string(),
        "closecall-without-news".into(),
        "ridge".into(),
    ];
    let series: Vec<Series> = chosen
        .iter()
        .zip(LINES)
        .filter_map(|(name, class)| {
            let values = report.models.get(name)?.series.clone();
            let name = name.replace("closecall-", "");
            (!values.is_empty()).then_some(Series {
                name,
                class,
                values,
            })
        })
        .collect();
    panel(
        8,
        "Error added up against the price it starts from",
        "In per cent of the last close; below the line is better.",
        &figure(&cumulative(&series, "added", (760.0, 240.0))),
    )
}

fn fell(product: &ModelReport) -> Panel {
    panel(
        4,
        "Where the closes fell",
        "Across the band that closecall said.",
        &figure(&zones(product.zones, DESIGN_EFFECT, "zones")),
    )
}

fn thirds(product: &ModelReport) -> Panel {
    let name = |tick: f64| format!("{:.0} %", 100.0 * tick);
    let names = ["Calm third", "Middle third", "Wild third"];
    let item = |(name_of, group): (&str, &Group)| {
        let outer = band(group, 0.9)?;
        let found = outer.coverage;
        let line = number_line(
            (found.lower, found.upper),
            found.value,
            0.9,
            &[0.8, 0.85, 0.9, 0.95, 1.0],
            &name,
            340.0,
        );
        Some(format!(
            r#"<div><dt>{name_of}</dt><dd class="v">{}<small>of {}</small></dd><dd class="g">{line}</dd></div>"#,
            escape(&share(Some(found.value))),
            outer.outcomes
        ))
    };
    let items: String = names
        .into_iter()
        .zip(&product.thirds)
        .filter_map(item)
        .collect();
    panel(
        4,
        "In calm and in storm",
        "Closes inside the 90 % band, by the move that was expected.",
        &format!(r#"<dl class="claims gap">{items}</dl>"#),
    )
}

fn tickers(product: &ModelReport) -> Panel {
    let row = |(ticker, group): (&closecall_protocol::Ticker, &Group)| {
        vec![
            ticker.to_string(),
            group.summary.outcomes.to_string(),
            multiple(group.summary.relative_mae),
            share(band(group, 0.9).map(|b| b.coverage.value)),
            share(band(group, 0.9).map(|b| b.width)),
        ]
    };
    let rows: Vec<Vec<String>> = product.tickers.iter().map(row).collect();
    let columns = ["Ticker", "Outcomes", "Error", "In 90 %", "Width"];
    panel(4, "By ticker", "", &table("By ticker", &columns, &rows))
}

fn news(report: &Report) -> Panel {
    let text = match report.news_gain {
        None => {
            "The same forecasts were not made without the news, or no ticker has any.".to_owned()
        }
        Some(gain) => {
            let found = match (gain.upper < 1.0, gain.lower > 1.0) {
                (true, _) => "They help.",
                (_, true) => "They do harm.",
                _ => "No help shown.",
            };
            format!(
                "Forecasts of tickers with news were made twice, with and without. With news the \
                 error is {:.4} of that without (95 %: {:.4} to {:.4}). {found}",
                gain.value, gain.lower, gain.upper
            )
        }
    };
    panel(4, "Do the news help?", &text, "")
}

fn goals(report: &Report) -> Panel {
    let row = |goal: &crate::numbers::Goal| {
        vec![
            format!("{} {}", goal.name, goal.group),
            goal.what.clone(),
            format!("{:.4}", goal.measured),
            goal.must.clone(),
            if goal.reached {
                "reached"
            } else {
                "not reached"
            }
            .to_owned(),
        ]
    };
    let rows: Vec<Vec<String>> = report.goals.iter().map(row).collect();
    let missed = report.goals.iter().filter(|goal| !goal.reached).count();
    let about = format!("{} of {} reached.", rows.len() - missed, rows.len());
    let columns = ["Goal", "What", "Measured", "Must be", ""];
    panel(8, "Goals", &about, &table("Goals", &columns, &rows))
}

fn made_with(report: &Report) -> Panel {
    let made = &report.made_with;
    let items = [
        ("command", made.command.clone()),
        ("version", made.version.clone()),
        ("seed", made.seed.to_string()),
        ("instruction set", made.path.clone()),
        ("walk", made.walk.clone()),
    ];
    panel(4, "Made with", "", &list(&items))
}

fn band(group: &Group, level: f64) -> Option<&BandScore> {
    group.summary.bands.iter().find(|band| band.level == level)
}

fn verdict(group: &Group) -> String {
    let label = match group.verdict {
        Some(Label::Skill) => "skill",
        Some(Label::Worse) => "worse than the price",
        Some(Label::None) => "nothing shown",
        Some(Label::Early) => "too early",
        None => NONE,
    };
    match group.suspect {
        Some(Alarm::Error | Alarm::Hits) => format!("suspect ({label})"),
        _ => label.to_owned(),
    }
}
