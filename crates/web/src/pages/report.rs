//! `/report`: the newest report of a backtest in the data directory, and the others by name.

use closecall_charts::{ForestRow, forest};
use maud::{Markup, html};

use super::context::PageContext;
use super::drawing::two;
use super::groups::{TickerRow, WidthThird, by_ticker, by_width};
use super::html_page::HtmlPage;
use super::layout::{PagePanel, scroll};
use crate::problem::Problem;
use crate::report_file::{self, ReportGroup, ReportModel, StoredReport};
use crate::text::{THIN, change, clean, count, counted, p_value, ratio, share, whole_share};

/// The product's own model.
const OWN: &str = "closecall";

pub(crate) fn page(context: &PageContext<'_>, name: Option<&str>) -> Result<HtmlPage, Problem> {
    let record = context.need_record()?;
    let data_dir = record.directory();
    let names = report_file::names(data_dir);
    let Some(name) = name.map(str::to_owned).or_else(|| names.first().cloned()) else {
        return Ok(none());
    };
    match report_file::read(data_dir, &name) {
        Ok(Some(report)) => Ok(shown(&report, &name, &names)),
        Ok(None) => Err(Problem::not_found("There is no report of this name.")),
        Err(why) => Ok(unreadable(&why)),
    }
}

fn none() -> HtmlPage {
    let main = html! {
        div.lede {
            h1 { "No report yet." }
            p { "A backtest forecasts recorded sessions, each from what was known then. Written into the data directory, its report stands here:" }
            p { code { "closecall backtest --out DATA_DIR/reports/NAME.json" } }
        }
    };
    HtmlPage::new("Report", "/report", main)
}

fn unreadable(why: &str) -> HtmlPage {
    let main = html! {
        div.lede { h1 { "This report cannot be shown." } p { bdi { (clean(why)) } "." } }
    };
    HtmlPage::new("Report", "/report", main)
}

fn shown(report: &StoredReport, name: &str, names: &[String]) -> HtmlPage {
    let own = report.models.get(OWN);
    let span = match (&report.first, &report.last) {
        (Some(first), Some(last)) => format!("{} to {}", clean(first), clean(last)),
        _ => "no session".to_owned(),
    };
    let main = html! {
        div.lede {
            p.crumb { a href="/" { "Today" } " / " a href="/report" { "Report" } " / " (name) }
            h1.wide { (heading(own)) }
            p {
                @if let Some(own) = own { (counted(own.total.outcomes as u64, "outcome")) " of " }
                (counted(report.tickers.len() as u64, "ticker")) " over " (counted(report.sessions as u64, "session")) ", " (span)
                ". Each was forecast from what was known before it, by each model on the same data; an outcome is the first forecast of a ticker, session and part of the day."
            }
        }
        div.grid { (errors(report).draw()) (how(report).draw()) }
        div.grid { (models(report).draw()) }
        @if let Some(own) = own {
            div.grid { (times(own).draw()) }
            div.grid { (tickers(own).draw()) div.c4.side { (thirds(own).draw()) (made(report, names).draw()) } }
        }
        @if !report.goals.is_empty() { div.grid { (goals(report).draw()) } }
    };
    HtmlPage::new(format!("Report {name}"), "/report", main)
}

fn heading(own: Option<&ReportModel>) -> String {
    let Some(relative) = own.and_then(|own| own.total.relative_mae) else {
        return "Nothing here can be compared with the price it starts from.".to_owned();
    };
    let said = match own.and_then(|own| own.total.verdict.as_deref()) {
        Some("skill") => "closecall errs a little less than the price it starts from",
        Some("worse") => "closecall errs more than the price it starts from",
        Some("early") => "Too few outcomes to tell",
        _ => "No skill beyond the price it starts from",
    };
    format!("{said}: {} its error.", ratio(relative.value))
}

fn interval(value: Option<report_file::ReportInterval>) -> String {
    value.map_or_else(
        || "—".to_owned(),
        |value| format!("{:.3} to {:.3}", value.lower, value.upper),
    )
}

fn errors(report: &StoredReport) -> PagePanel {
    let rows: Vec<ForestRow> = report
        .models
        .iter()
        .filter_map(|(name, model)| {
            let relative = model.total.relative_mae?;
            Some(ForestRow {
                name: clean(name),
                value: relative.value,
                interval: (relative.lower, relative.upper),
                note: format!("{:.3} to {:.3}", relative.lower, relative.upper),
            })
        })
        .collect();
    // One that stands far off is drawn at the end; its note says where it is.
    let ends = rows.iter().flat_map(|row| [row.interval.0, row.interval.1]);
    let far = ends
        .map(|end| (end - 1.0).abs())
        .filter(|far| *far < 0.1)
        .fold(0.01, f64::max);
    let scale = (1.0 - 1.2 * far, 1.0 + 1.2 * far);
    PagePanel {
        id: "errors",
        class: "c8",
        title: html! { "Error, where the price it starts from is 1" },
        about: html! {},
        json: None,
        body: html! {
            p.say { "The bar is the 95" (THIN) "% interval; whole sessions are resampled, because tickers move together on a day." }
            figure.wf { (two(forest(&rows, scale, "models-w", 720.0), forest(&rows, scale, "models-n", 340.0))) }
        },
    }
}

fn how(report: &StoredReport) -> PagePanel {
    PagePanel {
        id: "how",
        class: "c4",
        title: html! { "How to read this" },
        about: html! {},
        json: None,
        body: html! {
            p.say {
                (counted(report.trials as u64, "configuration")) " tried. The best of several looks better than it is: \"skill\" needs a confidence sequence below 0 "
                b { "and" } " p below 0.05."
            }
            @if let Some(gain) = report.news_gain {
                p.say.gap {
                    b { "Do the news help? " }
                    "With them the error is " (ratio(gain.value)) " that without (95" (THIN) "%: " (interval(Some(gain))) "). "
                    @if gain.upper < 1.0 { "They help." } @else if gain.lower > 1.0 { "They harm." } @else { "No help shown." }
                }
            }
        },
    }
}

fn band(group: &ReportGroup, level: f64) -> Option<&report_file::ReportBand> {
    group
        .bands
        .iter()
        .find(|band| crate::api::score::is_level(band.level, level))
}

fn covered(group: &ReportGroup, level: f64) -> String {
    band(group, level).map_or_else(|| "—".to_owned(), |band| share(band.coverage.value))
}

fn right(right: usize, calls: usize) -> String {
    if calls == 0 {
        return "no calls".to_owned();
    }
    format!(
        "{} of {}",
        whole_share(right as f64 / calls as f64),
        count(i64::try_from(calls).unwrap_or(0))
    )
}

fn cells(group: &ReportGroup) -> Markup {
    html! {
        td.r { (count(i64::try_from(group.outcomes).unwrap_or(0))) }
        td.r.nw { (group.relative_mae.map_or_else(|| "—".to_owned(), |relative| ratio(relative.value))) }
        td.r.nw.hide-s { (interval(group.relative_mae)) }
        td.r.nw { (group.against_last_close.map_or_else(|| "—".to_owned(), |relative| ratio(relative.value))) }
        td.r.nw.hide-s { (group.p_hln.map_or_else(|| "—".to_owned(), p_value)) }
        td.r.nw { (covered(group, 0.8)) }
        td.r.nw { (covered(group, 0.9)) }
        td.r.nw.hide-s { (band(group, 0.9).map_or_else(|| "—".to_owned(), |band| share(band.width))) }
        td.r.nw.hide-s { (band(group, 0.9).map_or_else(|| "—".to_owned(), |band| share(band.winkler))) }
        td.r.nw { (right(group.calls.right, group.calls.calls)) }
        td.r.nw { (right(group.calls.baseline_right, group.calls.baseline_calls)) }
    }
}

fn head(first: &str) -> Markup {
    html! {
        thead { tr {
            th scope="col" { (first) }
            th.r scope="col" { "Forecasts" }
            th.r scope="col" { "Error, of the price" }
            th.r.hide-s scope="col" { "95" (THIN) "%" }
            th.r scope="col" { "of yesterday's close" }
            th.r.hide-s scope="col" { "p (HLN)" }
            th.r scope="col" { "In 80" (THIN) "%" }
            th.r scope="col" { "In 90" (THIN) "%" }
            th.r.hide-s scope="col" { "Width" }
            th.r.hide-s scope="col" { "Winkler" }
            th.r scope="col" { "Calls right" }
            th.r scope="col" { "the price alone" }
        } }
    }
}

fn models(report: &StoredReport) -> PagePanel {
    let table = html! {
        table {
            (head("Model"))
            tbody { @for (name, model) in &report.models { tr { th scope="row" { (clean(name)) } (cells(&model.total)) } } }
        }
    };
    PagePanel {
        id: "models",
        class: "c12",
        title: html! { "Every model on the same outcomes" },
        about: html! { (report.trials) " tried" },
        json: None,
        body: scroll("Table of the models", &table),
    }
}

fn times(own: &ReportModel) -> PagePanel {
    let table = html! {
        table {
            (head("Asked at"))
            tbody { @for (time, group) in &own.times { tr { th scope="row" { (clean(time)) } (cells(group)) } } }
        }
    };
    PagePanel {
        id: "times",
        class: "c12",
        title: html! { "By the time asked" },
        about: html! { "every forecast of closecall" },
        json: None,
        body: scroll("Table of the times asked", &table),
    }
}

fn tickers(own: &ReportModel) -> PagePanel {
    let row = |(ticker, group): (&String, &ReportGroup)| {
        let band = band(group, 0.9);
        TickerRow {
            name: html! { (clean(ticker)) },
            outcomes: group.outcomes,
            error: group.relative_mae.map(|relative| relative.value),
            inside_90: band.map(|band| band.coverage.value),
            width: band.map(|band| band.width),
        }
    };
    let rows: Vec<TickerRow> = own.tickers.iter().map(row).collect();
    PagePanel {
        id: "by-ticker",
        class: "c8",
        title: html! { "By ticker" },
        about: html! {},
        json: None,
        body: by_ticker(&rows),
    }
}

fn thirds(own: &ReportModel) -> PagePanel {
    let bands = own.thirds.iter().filter_map(|third| band(third, 0.9));
    let thirds = bands.map(|band| WidthThird {
        width: None,
        inside: band.inside,
        outcomes: band.outcomes,
    });
    PagePanel {
        id: "thirds",
        class: "",
        title: html! { "In calm and in storm" },
        about: html! {},
        json: None,
        body: html! {
            p.say { "Closes inside the 90" (THIN) "% band, by the move that was expected." }
            (by_width(thirds))
        },
    }
}

fn made(report: &StoredReport, names: &[String]) -> PagePanel {
    let made = &report.made_with;
    PagePanel {
        id: "made",
        class: "",
        title: html! { "Made with" },
        about: html! {},
        json: None,
        body: html! {
            dl.kv {
                dt { "command" } dd { code { (clean(&made.command)) } }
                dt { "seed" } dd { (made.seed) }
                dt { "version" } dd { (clean(&made.version)) }
                dt { "arithmetic" } dd { (clean(&made.path)) }
            }
            @if names.len() > 1 {
                p.say.gap { "All reports:" }
                ul.say { @for name in names { li { a href={ "/report/" (name) } { (name) } } } }
            }
        },
    }
}

fn goals(report: &StoredReport) -> PagePanel {
    let reached = report.goals.iter().filter(|goal| goal.reached).count();
    let measured = |value: f64| change(value / 100.0).replace(['%', '+', THIN], "");
    let table = html! {
        table {
            thead { tr {
                th scope="col" { "Goal" }
                th scope="col" { "Of" }
                th scope="col" { "What" }
                th.r scope="col" { "Measured" }
                th scope="col" { "Has to be" }
                th scope="col" { "Reached" }
            } }
            tbody {
                @for goal in &report.goals {
                    tr {
                        td { (clean(&goal.name)) }
                        td.nw { (clean(&goal.group)) }
                        td { (clean(&goal.what)) }
                        td.r { (measured(100.0 * goal.measured)) }
                        td { (clean(&goal.must)) }
                        td { @if goal.reached { "yes" } @else { span.tag.warn { "no" } } }
                    }
                }
            }
        }
    };
    PagePanel {
        id: "goals",
        class: "c12",
        title: html! { "Goals" },
        about: html! { (reached) " of " (report.goals.len()) " reached" },
        json: None,
        body: scroll("Table of the goals", &table),
    }
}
