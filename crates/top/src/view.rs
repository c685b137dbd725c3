//! The way in which a look is looked at: the list below, the chosen row, what lies over the list.

use ratatui::style::{Color, Style};
use ratatui::widgets::TableState;

/// The lower part's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum List {
    Picks,
    DeadLetters,
}

/// Content that lies over the list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Over {
    /// The facts of a pick's trace.
    Trace(Vec<(String, String)>),
    Help,
}

/// A chosen row of a list. It is the pick that is chosen, not its place: rows that come above it move it down.
#[derive(Debug, Default)]
pub(crate) struct Chosen {
    id: Option<String>,
    table: TableState,
}

impl Chosen {
    /// The state of the table that shows these rows.
    pub(crate) fn among<'a>(&mut self, mut ids: impl Iterator<Item = &'a str>) -> &mut TableState {
        let id = self.id.as_deref();
        self.table
            .select(id.and_then(|chosen| ids.position(|id| id == chosen)));
        if self.table.selected().is_none() {
            *self.table.offset_mut() = 0;
        }
        &mut self.table
    }

    /// Chooses the row so far below, or above where negative; the first where none is chosen.
    pub(crate) fn step(&mut self, ids: &[&str], by: isize) {
        let at = self.id.as_deref();
        let at = at.and_then(|chosen| ids.iter().position(|id| *id == chosen));
        let last = ids.len().saturating_sub(1);
        let next = at.map_or(0, |at| at.saturating_add_signed(by).min(last));
        self.id = ids.get(next).map(|id| (*id).to_owned());
    }

    /// The chosen pick; the first where none is chosen.
    pub(crate) fn pick(&mut self, ids: &[&str]) -> Option<String> {
        let known = self.id.as_deref().is_some_and(|id| ids.contains(&id));
        if !known {
            self.id = ids.first().map(|id| (*id).to_owned());
        }
        self.id.clone()
    }
}

/// The way in which it is looked at.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) list: List,
    pub(crate) over: Option<Over>,
    pub(crate) picks: Chosen,
    pub(crate) letters: Chosen,
    /// Cause of the last look's failure, where it failed.
    pub(crate) lost: Option<String>,
    pub(crate) colours: bool,
}

impl View {
    pub(crate) fn new(colours: bool) -> Self {
        Self {
            list: List::Picks,
            over: None,
            picks: Chosen::default(),
            letters: Chosen::default(),
            lost: None,
            colours,
        }
    }

    pub(crate) fn style(&self, colour: Color) -> Style {
        if self.colours {
            Style::new().fg(colour)
        } else {
            Style::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_pick_stays_chosen_where_rows_come_above_it() {
        let mut chosen = Chosen::default();
        chosen.step(&["b", "c"], 1);
        chosen.step(&["b", "c"], 1);
        let ids = ["a", "b", "c"];
        assert_eq!(chosen.among(ids.into_iter()).selected(), Some(2));
        chosen.step(&ids, 5);
        assert_eq!(chosen.pick(&ids).as_deref(), Some("c"));
        chosen.step(&ids, -9);
        assert_eq!(chosen.pick(&ids).as_deref(), Some("a"));
        assert_eq!(chosen.pick(&["x"]).as_deref(), Some("x"));
        assert_eq!(chosen.pick(&[]), None);
    }
}
