//! The tables, each in as many columns as there is room for.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{Cell, Paragraph, Row, Table};

use crate::picks::{DEAD_LETTER, OUTSIDE, PickRow};
use crate::snapshot::Snapshot;
use crate::view::View;

/// Width from which on the stages have a column of topics.
const TOPICS_FROM: u16 = 116;

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
    let has_topics = width >= TOPICS_FROM;
    let flight = if width >= 90 { 11 } else { 8 };
    let mut columns = Columns(vec![
        (" STAGE", 13, false),
        ("STATE", 13, false),
        ("FLIGHT", flight, false),
        ("TYPICAL", 7, true),
        ("P95", 7, true),
        ("LAST OK", 7, true),
        ("RESTARTS", 8, true),
    ]);
    if has_topics {
        columns.0.push(("TOPIC", 24, false));
    }
    let rest = width.saturating_sub(columns.taken());
    columns.0.push(("WAY OUT", rest, false));
    let words = shown.stages.iter().map(|stage| {
        let fits = |words: &&String| words.chars().count() <= usize::from(rest);
        stage.way_out.iter().filter(fits).count()
    });
    // All rows in words of one length.
    let length = words.min().unwrap_or_default().saturating_sub(1);
    let rows = shown.stages.iter().map(|stage| {
        let (shape, colour) = shape(&stage.state);
        let state = format!("{shape} {}", stage.state.replace('-', " "));
        let mut cells = vec![
            left(&format!(" {}", stage.title)),
            left(&state).style(view.style(colour)),
            left(&stage.flight(flight.into())),
        ];
        cells.extend(stage.cells.iter().map(|text| right(text)));
        if has_topics {
            cells.push(left(&stage.topic));
        }
        cells.push(left(&stage.way_out[length]));
        Row::new(cells)
    });
    let rows = rows.collect();
    columns.table(rows)
}

pub(crate) fn picks(frame: &mut Frame<'_>, shown: &Snapshot, view: &mut View, area: Rect) {
    if shown.picks.is_empty() {
        let words = " No pick yet. Each stands here as soon as it is forecast.";
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
    let band = (rest >= least).then(|| (rest - 1) | 1);
    if let Some(band) = band {
        let before = columns.0.len() - 2;
        columns.0.insert(before, ("SAID AND CAME", band, false));
    }
    let titles: Vec<&str> = columns.0.iter().map(|column| column.0).collect();
    let rows = shown.picks.iter();
    let rows = rows.map(|pick| pick_row(pick, &titles, band.unwrap_or_default(), view));
    let table = columns.table(rows.collect()).row_highlight_style(chosen());
    let state = view
        .picks
        .among(shown.picks.iter().map(|pick| pick.id.as_str()));
    frame.render_stateful_widget(table, area, state);
}

fn pick_row<'a>(pick: &PickRow, titles: &[&str], band: u16, view: &View) -> Row<'a> {
    let outcome = || {
        let style = match pick.outcome {
            OUTSIDE => view.style(Color::Red),
            DEAD_LETTER => view.style(Color::Yellow),
            _ => Style::new(),
        };
        left(pick.outcome).style(style)
    };
    // A pick that was given up has no band: the reason stands in its place.
    let sign = || match (&pick.band, &pick.reason) {
        (Some(sign), _) => sign.sign(band.into()),
        (None, reason) => reason.clone().unwrap_or_default(),
    };
    Row::new(titles.iter().map(|title| match *title {
        " PICKED" => left(&format!(" {}", pick.picked)),
        "TICKER" => left(&pick.ticker),
        "SESSION" => left(&pick.session),
        "CALL" => left(&pick.call),
        "FORECAST" => right(&pick.forecast),
        "SAID AND CAME" => left(&sign()),
        "ERROR" => right(&pick.error),
        _ => outcome(),
    }))
}

pub(crate) fn letters(frame: &mut Frame<'_>, shown: &Snapshot, view: &mut View, area: Rect) {
    if shown.letters.is_empty() {
        frame.render_widget(Paragraph::new(" No pick was given up."), area);
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
