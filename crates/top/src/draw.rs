//! Draws a snapshot. Every state has a shape beside its colour, which stays without colours.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use crate::snapshot::Snapshot;
use crate::view::{List, Over, View};
use crate::words::{lines_of, wrapped};
use crate::{tables, trace};

const HELP: [&str; 8] = [
    " ↑ ↓      choose a pick; Page Up and Page Down by ten",
    " Enter    its trace, and back",
    " d        dead letters, and back",
    " ?        this, and back",
    " Esc      back",
    " q        quit",
    " ╪ ═ ─    said: the point, the band of 80 %, that of 90 %",
    " ◆ ✕      came: inside them, outside",
];

const KEYS: &str = "q quit  ↑↓ ⏎ trace  d dead letters  ? help";

/// Height from which on there are blank lines between the parts.
const AIRY_FROM: u16 = 20;

/// Length of "closes in 6 h 29 min".
const SESSION: usize = 20;

/// Lines that stages in trouble take at most.
const TROUBLES: usize = 2;

pub(crate) fn draw(frame: &mut Frame<'_>, shown: &Snapshot, view: &mut View) {
    let area = frame.area();
    let width = usize::from(area.width.saturating_sub(2));
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let lost = view.lost.iter().flat_map(|why| wrapped(why, width));
    let lost = lost.map(|line| indented(&line).style(view.style(Color::Red)));
    let verdict = wrapped(&shown.verdict, width);
    let verdict = verdict.iter().map(|line| indented(line).style(bold));
    let figures = lines_of(shown.figures.iter().cloned(), "   ", width);
    let figures = figures.iter().map(|line| indented(line));
    let words: Vec<Line<'_>> = lost.chain(verdict).chain(figures).collect();
    let troubles = troubles(shown, view, width);
    let foot = foot(shown, width);
    let air = u16::from(area.height >= AIRY_FROM);
    let stages = shown.stages.len();
    let heights = [
        1,
        words.len(),
        usize::from(air),
        stages + 1,
        troubles.len(),
        usize::from(air),
    ];
    let [head, said, _, pipeline, trouble, _, lower, last] = Layout::vertical(
        heights
            .map(|height| Constraint::Length(u16::try_from(height).unwrap_or(u16::MAX)))
            .into_iter()
            .chain([
                Constraint::Min(3),
                Constraint::Length(u16::try_from(foot.len()).unwrap_or(1)),
            ]),
    )
    .areas(area);
    draw_head(frame, shown, view, head);
    frame.render_widget(Paragraph::new(words), said);
    if stages == 0 {
        frame.render_widget(indented(&shown.idle), pipeline);
    } else {
        frame.render_widget(tables::stages(shown, view, area.width), pipeline);
    }
    frame.render_widget(Paragraph::new(troubles), trouble);
    draw_lower(frame, shown, view, lower);
    frame.render_widget(Paragraph::new(foot), last);
}

fn indented<'a>(text: &str) -> Line<'a> {
    Line::raw(format!(" {text}"))
}

/// The product's clock at the left, the data's source and whether that is live at the right: as much
/// of them as there is room for.
fn draw_head(frame: &mut Frame<'_>, shown: &Snapshot, view: &View, area: Rect) {
    let (live, colour) = match view.lost {
        None => ("● live", Color::Cyan),
        Some(_) => ("✕ not live", Color::Red),
    };
    let source = format!("{}  ", shown.source);
    let full = [
        (format!(" closecall  {}", shown.time(true)), source.as_str()),
        (format!(" closecall  {}", shown.time(false)), &source),
        (format!(" {}", shown.time(false)), &source),
        (format!(" {}", shown.time(false)), ""),
    ];
    let long = |text: &str| text.chars().count();
    // As if the session's words were at their longest: nothing jumps as the minutes go by.
    let spare = SESSION.saturating_sub(long(&shown.session));
    let fits = |(left, source): &&(String, &str)| {
        long(left) + spare + 2 + long(source) + long(live) < usize::from(area.width)
    };
    let chosen = full.iter().find(fits).or(full.last());
    let Some((left, source)) = chosen else {
        return;
    };
    let right = Line::from_iter([
        (*source).to_owned().into(),
        ratatui::text::Span::styled(format!("{live} "), view.style(colour)),
    ]);
    let rest = u16::try_from(right.width()).unwrap_or_default();
    let [a, b] = Layout::horizontal([Constraint::Fill(1), Constraint::Length(rest)]).areas(area);
    let bold = Style::new().add_modifier(Modifier::BOLD);
    frame.render_widget(Line::styled(left.clone(), bold), a);
    frame.render_widget(right, b);
}

/// The troubles of stages that do not run as they should.
fn troubles<'a>(shown: &Snapshot, view: &View, width: usize) -> Vec<Line<'a>> {
    let stages = shown.stages.iter().filter_map(|stage| {
        let (shape, colour) = tables::shape(&stage.state);
        let line: String = format!("{shape} {}", stage.trouble.as_ref()?)
            .chars()
            .take(width)
            .collect();
        Some(indented(&line).style(view.style(colour)))
    });
    stages.take(TROUBLES).collect()
}

fn foot<'a>(shown: &Snapshot, width: usize) -> Vec<Line<'a>> {
    let totals = shown.totals.join("  ");
    if totals.chars().count() + 6 + KEYS.chars().count() <= width {
        let gap = width - totals.chars().count() - KEYS.chars().count();
        return vec![indented(&format!("{totals}{}{KEYS}", " ".repeat(gap)))];
    }
    let parts = shown.totals.iter().cloned().chain([KEYS.to_owned()]);
    let lines = lines_of(parts, "  ", width);
    lines.iter().map(|line| indented(line)).collect()
}

fn draw_lower(frame: &mut Frame<'_>, shown: &Snapshot, view: &mut View, area: Rect) {
    let lines = match &view.over {
        Some(Over::Help) => HELP.map(Line::raw).to_vec(),
        Some(Over::Trace(facts)) => {
            let width = usize::from(area.width.saturating_sub(2));
            let lines = trace::lines(facts, width);
            lines.iter().map(|line| indented(line)).collect()
        }
        None => {
            return match view.list {
                List::Picks => tables::picks(frame, shown, view, area),
                List::DeadLetters => tables::letters(frame, shown, view, area),
            };
        }
    };
    frame.render_widget(Paragraph::new(lines), area);
}

#[cfg(test)]
mod tests;
