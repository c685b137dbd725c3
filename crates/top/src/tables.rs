//! The tables, each in as many columns as there is room for.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{Cell, Paragraph, Row, Table};

use crate::picks::{DEAD_LETTER, OUTSIDE, PickRow};
use crate::snapshot::Snapshot;
use crate::stages::StageRow;
use crate::view::View;

/// Width from which on the stages have a column of topics.
const TOPICS_FROM: u16 = 116;

/// Columns of the stages that give way where there is less room than usual, in this order.
const FEWER: [&str; 4] = ["P95", "TYPICAL", "RESTARTS", "FLIGHT"];

/// Widths from which on the picks have a column of forecasts, and of sessions.
const FORECASTS_FROM: u16 = 100;
const SESSIONS_FROM: u16 = 112;

/// The least and the greatest width of a band.
const BAND: (u16, u16) = (9, 51);

fn dim() -> Style {
    Style::new().add_modifier(Modifier::DIM)
}

fn chosen() -> Style {
    Style::new().add_modifier(Modifier::REVERSED)
}

fn right<'a>(text: &str) -> Cell<'a> {
    Cell::from(Line::from(text.to_owned()).right_aligned())
}

fn left<'a>(text: &str) -> Cell<'a> {
    Cell::from(text.to_owned())
}

/// The shape of a state, which stays without colours, and its colour.
pub(crate) fn shape(state: &str) -> (char, Color) {
    match state {
        "running" | "draining" => ('●', Color::Cyan),
        "degraded" => ('▲', Color::Yellow),
        "backing-off" | "failed" => ('✕', Color::Red),
        _ => ('○', Color::DarkGray),
    }
}

/// Columns of a table: their widths, and whether their texts stand at the right.
struct Columns(Vec<(&'static str, u16, bool)>);

impl Columns {
    /// Width of all but one, with the blanks between all.
    fn taken(&self) -> u16 {
        let blanks = u16::try_from(self.0.len()).unwrap_or_default();
        self.0.iter().map(|column| column.1).sum::<u16>() + blanks
    }

    fn table<'a>(self, rows: Vec<Row<'a>>) -> Table<'a> {
        let head = self.0.iter().map(
            |(title, _, is_right)| {
                if *is_right { right(title) } else { left(title) }
            },
        );
        let head = Row::new(head).style(dim());
        let widths = self.0.iter().map(|column| Constraint::Length(column.1));
        Table::new(rows, widths).header(head)
    }
}

pub(crate) fn stages<'a>(shown: &'a Snapshot, view: &View, width: u16) -> Table<'a> {
    let mut columns = Columns(vec![
        (" STAGE", 13, false),
        ("STATE", 13, false),
        ("FLIGHT", if width >= 90 { 11 } else { 8 }, false),
        ("TYPICAL", 7, true),
        ("P95", 7, true),
        ("LAST OK", 7, true),
        ("RESTARTS", 8, true),
    ]);
    if width >= TOPICS_FROM {
        columns.0.push(("TOPIC", 24, false));
    }
    for title in FEWER {
        if columns.taken() > width + 1 {
            columns.0.retain(|column| column.0 != title);
        }
    }
    let rest = width.saturating_sub(columns.taken());
    let words = shown.stages.iter().map(|stage| {
        let fits = |words: &&String| words.chars().count() <= usize::from(rest);
        stage.way_out.iter().filter(fits).count()
    });
    // All rows in words of one length, or none.
    let length = words.min().unwrap_or_default().checked_sub(1);
    if length.is_some() {
        columns.0.push(("WAY OUT", rest, false));
    }
    // Seats in all rows, or in none.
    let flights = shown.stages.iter().map(|stage| stage.flight(true));
    let widest = flights.map(|flight| flight.chars().count()).max();
    let has_seats = |width: u16| widest.unwrap_or_default() <= usize::from(width);
    let length = length.unwrap_or_default();
    let rows = shown.stages.iter();
    let rows = rows.map(|stage| stage_row(stage, &columns, length, has_seats, view));
    let rows = rows.collect();
    columns.table(rows)
}

fn stage_row<'a>(
    stage: &StageRow,
    columns: &Columns,
    length: usize,
    has_seats: impl Fn(u16) -> bool,
    view: &View,
) -> Row<'a> {
    let state = || {
        let (shape, colour) = shape(&stage.state);
        left(&format!("{shape} {}", stage.state.replace('-', " "))).style(view.style(colour))
    };
    let [typical, p95, last, restarts] = &stage.cells;
    let cells = columns.0.iter().map(|(title, width, _)| match *title {
        " STAGE" => left(&format!(" {}", stage.title)),
        "STATE" => state(),
        "FLIGHT" => left(&stage.flight(has_seats(*width))),
        "TYPICAL" => right(typical),
        "P95" => right(p95),
        "LAST OK" => right(last),
        "RESTARTS" => right(restarts),
        "TOPIC" => left(&stage.topic),
        _ => left(&stage.way_out[length]),
    });
    Row::new(cells)
}

pub(crate) fn picks(frame: &mut Frame<'_>, shown: &Snapshot, view: &mut View, area: Rect) {
    if shown.picks.is_empty() {
        let words = if shown.has_ledger {
            " No pick yet. Each stands here as soon as it is forecast."
        } else {
            ""
        };
        frame.render_widget(Paragraph::new(words), area);
        return;
    }
    let tickers = shown.picks.iter().map(|pick| pick.ticker.chars().count());
    let ticker = u16::try_from(tickers.max().unwrap_or_default()).unwrap_or(10);
    let mut columns = Columns(vec![
        (" PICKED", 13, false),
        ("TICKER", ticker.clamp(6, 10), false),
        ("CALL", 9, false),
        ("ERROR", 7, true),
        ("OUTCOME", 20, false),
    ]);
    if area.width >= SESSIONS_FROM {
        columns.0.insert(2, ("SESSION", 7, false));
    }
    if area.width >= FORECASTS_FROM {
        let before = columns.0.len() - 2;
        columns.0.insert(before, ("FORECAST", 10, true));
    }
    let (least, most) = BAND;
    let rest = area.width.saturating_sub(columns.taken()).min(most);
    // Odd, so that the point stands in the middle.
    if rest >= least {
        let (before, band) = (columns.0.len() - 2, (rest - 1) | 1);
        columns.0.insert(before, ("SAID AND CAME", band, false));
    }
    let rows = shown.picks.iter();
    let rows = rows.map(|pick| pick_row(pick, &columns, view)).collect();
    let table = columns.table(rows).row_highlight_style(chosen());
    let state = view
        .picks
        .among(shown.picks.iter().map(|pick| pick.id.as_str()));
    frame.render_stateful_widget(table, area, state);
}

fn pick_row<'a>(pick: &PickRow, columns: &Columns, view: &View) -> Row<'a> {
    let outcome = || {
        let style = match pick.outcome {
            OUTSIDE => view.style(Color::Red),
            DEAD_LETTER => view.style(Color::Yellow),
            _ => Style::new(),
        };
        left(pick.outcome).style(style)
    };
    // A pick that was given up has no band: the reason stands in its place.
    let sign = |width: u16| match (&pick.band, &pick.reason) {
        (Some(band), _) => band.sign(width.into()),
        (None, reason) => reason.clone().unwrap_or_default(),
    };
    Row::new(columns.0.iter().map(|(title, width, _)| match *title {
        " PICKED" => left(&format!(" {}", pick.picked)),
        "TICKER" => left(&pick.ticker),
        "SESSION" => left(&pick.session),
        "CALL" => left(&pick.call),
        "FORECAST" => right(&pick.forecast),
        "SAID AND CAME" => left(&sign(*width)),
        "ERROR" => right(&pick.error),
        _ => outcome(),
    }))
}

pub(crate) fn letters(frame: &mut Frame<'_>, shown: &Snapshot, view: &mut View, area: Rect) {
    if shown.letters.is_empty() {
        let words = if shown.has_ledger {
            " No pick was given up."
        } else {
            ""
        };
        frame.render_widget(Paragraph::new(words), area);
        return;
    }
    let mut columns = Columns(vec![
        (" GIVEN UP", 13, false),
        ("TICKER", 6, false),
        ("STAGE", 12, false),
        ("REASON", 19, false),
    ]);
    let rest = area.width.saturating_sub(columns.taken());
    columns.0.push(("WHAT HAPPENED", rest, false));
    let rows = shown.letters.iter().map(|letter| {
        let [at, others @ ..] = &letter.cells;
        let first = left(&format!(" {at}"));
        Row::new(std::iter::once(first).chain(others.iter().map(|text| left(text))))
    });
    let table = columns.table(rows.collect()).row_highlight_style(chosen());
    let state = view
        .letters
        .among(shown.letters.iter().map(|letter| letter.id.as_str()));
    frame.render_stateful_widget(table, area, state);
}
