//! The record in charts: whether the bands hold, where the closes fell, each part of the day.

use closecall_charts::{ForestRow, NewsBar, forest, funnel, news_bars, zones};
use closecall_protocol::{CloseForecast, Ticker};
use maud::html;

use super::context::PageContext;
use super::drawing::{coverage_key, news_key, sized, svg, two};
use super::groups::{TickerRow, WidthThird, by_ticker, by_width};
use super::html_page::HtmlPage;
use super::layout::{PagePanel, scroll};
use super::verdict;
use super::verdict::Standing;
use crate::api::answer::kept;
use crate::api::score::ScoreView;
use crate::api::verdict::when;
use crate::problem::Problem;
use crate::record::TrackRecord;
use crate::text::{THIN, change, counted, day};

/// The `/record` page.
pub(crate) fn page(context: &PageContext<'_>) -> Result<HtmlPage, Problem> {
    let record = kept(context.site)?;
    let standing = Standing::of(record);
    let main = html! {
        (verdict::draw(context, &standing))
        @match standing.score() {
            Some(score) if score.outcomes > 0 => {
                div.grid { (phases(score).draw()) }
                div.grid { (by_phase(score).draw()) (rule().draw()) }
                div.grid { (bands(score, "c7", (620.0, 300.0)).draw()) (fell(score, "c5").draw()) }
                div.grid { (tickers(context, record).draw()) (thirds(score).draw()) }
            }
            Some(_) => p.empty { b { "No close has come yet." } "A forecast is scored by the first later one of its ticker, once that knows the close." },
            None => {}
        }
    };
    let title = format!("Record: {}", standing.heading().0);
    Ok(HtmlPage::new(title, "/record", main))
}

/// By the part of the day, as a table.
pub(crate) fn phases(score: &ScoreView) -> PagePanel {
    PagePanel {
        id: "phases",
        class: "c12",
        title: html! { "By the part of the day" },
        about: html! {
            "each first forecast of a ticker and session in it; "
            (counted(score.outcomes as u64, "outcome")) " over " (counted(score.sessions as u64, "session"))
        },
        json: Some("/api/v1/score".to_owned()),
        body: html! {
            p.say {
                "The price of the moment says most of what can be known of the close. So a forecast's error is set against that price's own, "
                "and its calls beside those that the price alone would have made."
            }
            (scroll("Table of the parts of the day", &verdict::phases(&score.phases)))
        },
    }
}

fn by_phase(score: &ScoreView) -> PagePanel {
    let rows: Vec<ForestRow> = score
        .phases
        .iter()
        .filter_map(|phase| {
            let relative = phase.relative_mae?;
            Some(ForestRow {
                name: when(phase.phase).to_owned(),
                value: relative.value,
                interval: (relative.lower, relative.upper),
                note: format!("{:.3} to {:.3}", relative.lower, relative.upper),
            })
        })
        .collect();
    let ends = rows
        .iter()
        .flat_map(|row| [row.interval.0, row.interval.1, row.value]);
    let far = ends
        .map(|end| (end - 1.0).abs())
        .fold(0.01, f64::max)
        .min(0.5);
    let scale = (1.0 - 1.1 * far, 1.0 + 1.1 * far);
    PagePanel {
        id: "by-phase",
        class: "c8",
        title: html! { "Error, where the price it starts from is 1" },
        about: html! { "95" (THIN) "% intervals, whole sessions resampled" },
        json: Some("/api/v1/score".to_owned()),
        body: html! { figure.wf { (two(forest(&rows, scale, "forest-w", 720.0), forest(&rows, scale, "forest-n", 340.0))) } },
    }
}

/// The rule by which skill may be said.
fn rule() -> PagePanel {
    PagePanel {
        id: "rule",
        class: "c4",
        title: html! { "When skill is said" },
        about: html! {},
        json: None,
        body: html! {
            p.say {
                "Only when a confidence sequence of the daily difference of errors lies below 0, at 5" (THIN) "% over all parts of the day and the whole together, "
                b { "and" } " the Diebold-Mariano test, as Harvey, Leybourne and Newbold corrected it, has p below 0.05. The sequence may be looked at every day."
            }
            p.say.gap {
                "An error 2" (THIN) "% below the price's, or calls 3 points better than it, over 1,000 outcomes are called suspect: they come from data of the future far more often than from skill."
            }
        },
    }
}

/// Coverage as outcomes add up.
pub(crate) fn bands(score: &ScoreView, class: &'static str, size: (f64, f64)) -> PagePanel {
    let shares: Vec<(f64, f64)> = score
        .series
        .iter()
        .map(|point| {
            let of = |inside: usize| inside as f64 / point.outcome.max(1) as f64;
            (of(point.inside_80), of(point.inside_90))
        })
        .collect();
    PagePanel {
        id: "bands",
        class,
        title: html! { "Do the bands hold?" },
        about: html! {},
        json: Some("/api/v1/score".to_owned()),
        body: html! {
            p.say { "Share of closes inside. The shaded funnels are what chance allows if the promise is true." }
            @if shares.is_empty() { p.empty { b { "No close has come yet." } } } @else {
                figure.wf { (sized("funnel", size, |id, size| funnel(&shares, score.design_effect, id, size))) }
                (coverage_key())
            }
        },
    }
}

/// Where the closes fell in the band.
pub(crate) fn fell(score: &ScoreView, class: &'static str) -> PagePanel {
    let counts: Option<[usize; 6]> = score.zones.as_slice().try_into().ok();
    let any = counts.filter(|counts| counts.iter().sum::<usize>() > 0);
    PagePanel {
        id: "fell",
        class,
        title: html! { "Where the closes fell" },
        about: html! {},
        json: Some("/api/v1/score".to_owned()),
        body: html! {
            p.say { "Across the band that was said. The dash is the promised share, grey around it what chance allows." }
            @match any {
                Some(counts) => figure.wf { (svg(zones(counts, score.design_effect, "zones"))) },
                None => p.empty { b { "No close has come yet." } },
            }
        },
    }
}

/// News behind a forecast, where it carries them.
pub(crate) fn news(
    forecast: &CloseForecast,
    class: &'static str,
    size: (f64, f64),
) -> Option<PagePanel> {
    let means = forecast.news.as_ref().filter(|means| !means.is_empty())?;
    let bars: Vec<NewsBar> = means
        .iter()
        .map(|mean| NewsBar {
            session: day(mean.0.date()),
            mean: mean.1,
            articles: mean.2,
        })
        .collect();
    let newest = means.last()?;
    Some(PagePanel {
        id: "news",
        class,
        title: html! { "News of " (forecast.ticker) },
        about: html! {},
        json: Some(format!("/api/v1/tickers/{}", forecast.ticker)),
        body: html! {
            p.say {
                "Up to this forecast: " b { (counted(u64::from(newest.2), "article")) }
                @if let Some(mean) = newest.1 { ", mean score " b { (signed(mean)) } " on a scale from −1 to +1" } "."
            }
            figure.wf { (sized("news-bars", size, |id, size| news_bars(&bars, id, size))) }
            (news_key())
        },
    })
}

/// A score with its sign.
pub(crate) fn signed(value: f64) -> String {
    change(value / 100.0)
        .replace([THIN, '%'], "")
        .trim()
        .to_owned()
}

fn tickers(context: &PageContext<'_>, record: &TrackRecord) -> PagePanel {
    let row = |ticker: &Ticker| {
        let score = record.score_of(ticker);
        TickerRow {
            name: html! { a.tk href={ "/tickers/" (ticker) } { (ticker) } },
            outcomes: score.outcomes,
            error: score.relative_mae.map(|relative| relative.value),
            inside_90: score.coverage.last().map(|band| band.value),
            width: score.width_90,
        }
    };
    let rows: Vec<TickerRow> = context.site.tickers.iter().map(row).collect();
    PagePanel {
        id: "by-ticker",
        class: "c8",
        title: html! { "By ticker" },
        about: html! {},
        json: Some("/api/v1/tickers".to_owned()),
        body: by_ticker(&rows),
    }
}

/// Coverage by how wide the band was.
fn thirds(score: &ScoreView) -> PagePanel {
    let thirds = score.thirds.iter().map(|third| WidthThird {
        width: Some(third.width),
        inside: third.inside_90,
        outcomes: third.outcomes,
    });
    PagePanel {
        id: "thirds",
        class: "c4",
        title: html! { "In calm and in storm" },
        about: html! {},
        json: Some("/api/v1/score".to_owned()),
        body: html! {
            p.say { "Closes inside the 90" (THIN) "% band, by how wide it was." }
            (by_width(thirds))
        },
    }
}
