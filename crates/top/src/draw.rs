//! Draws a snapshot. Every state has a shape beside its colour, which stays without colours.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{Cell, Paragraph, Row, Table, TableState};

use crate::snapshot::{Snapshot, StageRow, sign};

/// Content of the lower part.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Lower {
    Picks,
    DeadLetters,
    /// The trace of a pick, in lines.
    Trace(Vec<String>),
    Help,
}

/// The way in which it is looked at.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) lower: Lower,
    pub(crate) chosen: TableState,
    /// Cause of the last look's failure, where it failed.
    pub(crate) lost: Option<String>,
    pub(crate) colours: bool,
}

const HELP: [&str; 5] = [
    "q       quit",
    "↑ ↓     choose a pick",
    "Enter   its trace, and back",
    "d       dead letters, and back",
    "?       this, and back",
];

impl View {
    fn style(&self, colour: Color) -> Style {
        if self.colours {
            Style::new().fg(colour)
        } else {
            Style::new()
        }
    }
}

pub(crate) fn draw(frame: &mut Frame<'_>, shown: &Snapshot, view: &mut View) {
    let stages = u16::try_from(shown.stages.len()).unwrap_or(12).min(12);
    let [head, verdict, pipeline, lower, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(3),
        Constraint::Length(stages + 2),
        Constraint::Min(3),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    let live = view.lost.as_deref().unwrap_or("live");
    let title = format!(" closecall  {}   {}   {live}", shown.clock, shown.source);
    frame.render_widget(
        Line::styled(title, Style::new().add_modifier(Modifier::BOLD)),
        head,
    );
    let words = vec![
        Line::styled(
            format!(" {}", shown.verdict),
            Style::new().add_modifier(Modifier::BOLD),
        ),
        Line::raw(format!(" {}", shown.figures)),
    ];
    frame.render_widget(Paragraph::new(words), verdict);
    frame.render_widget(stage_table(shown, view), pipeline);
    draw_lower(frame, shown, view, lower);
    let keys = "q quit  ↑↓ ⏎ trace  d dead letters  ? help";
    frame.render_widget(Line::raw(format!(" {}      {keys}", shown.totals)), foot);
}

fn stage_table<'a>(shown: &'a Snapshot, view: &View) -> Table<'a> {
    let rows = shown.stages.iter().map(|stage| {
        let (shape, colour) = shape(&stage.state);
        let [typical, p95, restarts, way_out] = &stage.cells;
        Row::new([
            Cell::from(format!(" {}", stage.name)),
            Cell::from(format!("{shape} {}", stage.state)).style(view.style(colour)),
            Cell::from(in_flight(stage)),
            Cell::from(typical.as_str()),
            Cell::from(p95.as_str()),
            Cell::from(restarts.as_str()),
            Cell::from(way_out.as_str()),
        ])
    });
    let widths = [
        Constraint::Length(15),
        Constraint::Length(14),
        Constraint::Length(12),
        Constraint::Length(9),
        Constraint::Length(9),
        Constraint::Length(9),
        Constraint::Min(10),
    ];
    let head = [
        " STAGE", "STATE", "FLIGHT", "TYPICAL", "P95", "RESTARTS", "WAY OUT",
    ];
    Table::new(rows, widths).header(Row::new(head).style(Style::new().add_modifier(Modifier::DIM)))
}

fn shape(state: &str) -> (char, Color) {
    match state {
        "running" | "draining" => ('●', Color::Cyan),
        "degraded" => ('▲', Color::Yellow),
        "backing-off" | "failed" => ('✕', Color::Red),
        _ => ('○', Color::DarkGray),
    }
}

fn in_flight(stage: &StageRow) -> String {
    let (taken, window) = stage.in_flight;
    if window == 0 {
        return "-".to_owned();
    }
    let seats: String = (0..window.min(4))
        .map(|k| if k < taken { '■' } else { '□' })
        .collect();
    format!("{seats} {taken}/{window}")
}

fn draw_lower(frame: &mut Frame<'_>, shown: &Snapshot, view: &mut View, area: Rect) {
    let dim = Style::new().add_modifier(Modifier::DIM);
    match &view.lower {
        Lower::Help => frame.render_widget(Paragraph::new(HELP.map(Line::raw).to_vec()), area),
        Lower::Trace(lines) => {
            let lines: Vec<Line<'_>> = lines.iter().map(|line| Line::raw(line.as_str())).collect();
            frame.render_widget(Paragraph::new(lines), area);
        }
        Lower::DeadLetters => {
            let rows = shown
                .letters
                .iter()
                .map(|cells| Row::new(cells.iter().map(String::as_str)));
            let widths = [21, 8, 14, 18, 60].map(Constraint::Length);
            let head =
                Row::new(["GIVEN UP", "TICKER", "STAGE", "REASON", "WHAT HAPPENED"]).style(dim);
            frame.render_widget(Table::new(rows, widths).header(head), area);
        }
        Lower::Picks => {
            let rows = shown.picks.iter().map(|pick| {
                let [picked, ticker, call, error, outcome] = &pick.cells;
                let band = pick
                    .band
                    .as_ref()
                    .map(|band| sign(band, 31))
                    .unwrap_or_default();
                let style = if outcome == "outside" {
                    view.style(Color::Red)
                } else {
                    Style::new()
                };
                Row::new([
                    Cell::from(format!(" {picked}")),
                    Cell::from(ticker.as_str()),
                    Cell::from(call.as_str()),
                    Cell::from(band),
                    Cell::from(error.as_str()),
                    Cell::from(outcome.as_str()).style(style),
                ])
            });
            let widths = [18, 8, 11, 33, 9, 26].map(Constraint::Length);
            let head = Row::new([
                " PICKED",
                "TICKER",
                "CALL",
                "SAID AND CAME",
                "ERROR",
                "OUTCOME",
            ])
            .style(dim);
            let chosen = Style::new().add_modifier(Modifier::REVERSED);
            let table = Table::new(rows, widths)
                .header(head)
                .row_highlight_style(chosen);
            frame.render_stateful_widget(table, area, &mut view.chosen);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use serde_json::json;

    fn screen(lower: Lower, width: u16, height: u16) -> String {
        let stages = json!({"clock": "2025-04-29T13:27:00Z", "source": "a simulated market",
            "stages": [{"name": "gru-trainer", "state": "backing-off", "in_flight": 4, "window": 4, "restarts": 4, "p50_s": 0.029}],
            "hops": [{"from": "gru-trainer", "topic": "stock-prediction-output", "lag": 38}], "picks": {"forecasts": 419}});
        let score = json!({"verdict": {"heading": "Too early to tell.", "bands": "The bands hold."}, "outcomes": 23,
            "relative_mae": {"value": 1.002, "lower": 1.0, "upper": 1.005}});
        let picks = json!({"items": [{"pick_id": "ab", "ticker": "TSLA", "as_of": "2025-04-29T12:00:00Z", "close": 100.0,
            "prediction": 101.0, "probability_up": 0.87, "score": {"actual": 120.0, "error": 0.19},
            "intervals": [{"level": 0.8, "lower": 99.0, "upper": 103.0}, {"level": 0.9, "lower": 98.0, "upper": 104.0}]}]});
        let shown = Snapshot::of(&stages, &score, &picks, &json!({"items": []}));
        let mut view = View {
            lower,
            chosen: TableState::default(),
            lost: None,
            colours: false,
        };
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal
            .draw(|frame| draw(frame, &shown, &mut view))
            .unwrap();
        terminal.backend().to_string()
    }

    #[test]
    fn everything_that_matters_is_on_the_screen() {
        let screen = screen(Lower::Picks, 120, 20);
        for words in [
            "Too early to tell. The bands hold.",
            "✕ backing-off",
            "■■■■ 4/4",
            "29 ms",
            "lag 38",
            "TSLA",
            "rise 87 %",
            "outside",
            "419 forecasts",
            "error 1.002",
        ] {
            assert!(screen.contains(words), "{words}:\n{screen}");
        }
    }

    #[test]
    fn no_size_of_a_terminal_is_too_small() {
        for (width, height) in [(1, 1), (10, 3), (40, 8), (300, 100)] {
            for lower in [
                Lower::Picks,
                Lower::DeadLetters,
                Lower::Help,
                Lower::Trace(vec!["x".into()]),
            ] {
                screen(lower, width, height);
            }
        }
    }
}
