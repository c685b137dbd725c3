//! The loop: looks once a second, repaints on keys and looks, four times a second at most.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::mpsc;
use std::time::Duration;

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::api::{Api, Error};
use crate::draw::draw;
use crate::snapshot::Snapshot;
use crate::trace;
use crate::view::{Chosen, List, Over, View};

/// Time between two looks.
const EVERY: Duration = Duration::from_secs(1);

/// Longest wait for a key.
const KEY: Duration = Duration::from_millis(250);

/// Rows of a page up or down.
const PAGE: isize = 10;

/// Shows a running program until `q` is pressed; without a terminal, prints a line of JSON a second.
///
/// # Errors
/// When the first look fails, or the terminal cannot be used.
pub fn run(api: &Api) -> Result<(), Error> {
    let first = Snapshot::take(api)?;
    if !io::stdout().is_terminal() {
        return lines(api);
    }
    let (sender, looks) = mpsc::channel();
    let asked = api.clone();
    std::thread::spawn(move || {
        // Ends with the screen, whose receiver is then gone.
        while sender.send(Snapshot::take(&asked)).is_ok() {
            std::thread::park_timeout(EVERY);
        }
    });
    let mut terminal = ratatui::try_init()?;
    let shown = screen(&mut terminal, api, first, &looks);
    ratatui::restore();
    shown
}

fn screen(
    terminal: &mut ratatui::DefaultTerminal,
    api: &Api,
    mut shown: Snapshot,
    looks: &mpsc::Receiver<Result<Snapshot, Error>>,
) -> Result<(), Error> {
    let mut view = View::new(std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()));
    loop {
        terminal.draw(|frame| draw(frame, &shown, &mut view))?;
        if event::poll(KEY)?
            && let Event::Key(key) = event::read()?
            && key.kind == KeyEventKind::Press
            && (is_interrupt(&key) || !press(key.code, api, &shown, &mut view))
        {
            return Ok(());
        }
        while let Ok(look) = looks.try_recv() {
            match look {
                Ok(look) => {
                    shown = look;
                    view.lost = None;
                }
                Err(error) => view.lost = Some(error.to_string()),
            }
        }
    }
}

/// Ctrl-C, which is only a key while the terminal hands on every one.
fn is_interrupt(key: &KeyEvent) -> bool {
    key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL)
}

/// Takes in a key: whether to go on.
fn press(key: KeyCode, api: &Api, shown: &Snapshot, view: &mut View) -> bool {
    match key {
        KeyCode::Char('q') => return false,
        KeyCode::Esc => match (view.over.take(), view.list) {
            (Some(_), _) => {}
            (None, List::DeadLetters) => view.list = List::Picks,
            (None, List::Picks) => return false,
        },
        KeyCode::Char('?') => {
            view.over = match view.over {
                Some(Over::Help) => None,
                _ => Some(Over::Help),
            }
        }
        KeyCode::Char('d') => {
            view.list = match (view.over.take(), view.list) {
                (None, List::DeadLetters) => List::Picks,
                _ => List::DeadLetters,
            }
        }
        KeyCode::Up => step(shown, view, -1),
        KeyCode::Down => step(shown, view, 1),
        KeyCode::PageUp => step(shown, view, -PAGE),
        KeyCode::PageDown => step(shown, view, PAGE),
        KeyCode::Enter => {
            view.over = match view.over.take() {
                Some(_) => None,
                None => open(api, shown, view),
            }
        }
        _ => {}
    }
    true
}

/// The picks of the list in view, and which of them is chosen.
fn listed<'a>(shown: &'a Snapshot, view: &'a mut View) -> (Vec<&'a str>, &'a mut Chosen) {
    match view.list {
        List::Picks => {
            let ids = shown.picks.iter().map(|pick| pick.id.as_str()).collect();
            (ids, &mut view.picks)
        }
        List::DeadLetters => {
            let ids = shown.letters.iter();
            let ids = ids.map(|letter| letter.id.as_str()).collect();
            (ids, &mut view.letters)
        }
    }
}

fn step(shown: &Snapshot, view: &mut View, by: isize) {
    if view.over.is_none() {
        let (ids, chosen) = listed(shown, view);
        chosen.step(&ids, by);
    }
}

/// The trace of the chosen pick.
fn open(api: &Api, shown: &Snapshot, view: &mut View) -> Option<Over> {
    let (ids, chosen) = listed(shown, view);
    let detail = api.get(&format!("/api/v1/forecasts/{}", chosen.pick(&ids)?));
    Some(Over::Trace(match detail {
        Ok(detail) => trace::facts(&detail),
        Err(error) => vec![("not live".to_owned(), error.to_string())],
    }))
}

/// One object a second, for other programs.
fn lines(api: &Api) -> Result<(), Error> {
    loop {
        let stages = api.get("/api/v1/stages")?;
        let score = api.get_or_problem("/api/v1/score")?;
        // Who read along has gone: that is the end of it.
        if writeln!(io::stdout(), "{}", Snapshot::json(&stages, &score)).is_err() {
            return Ok(());
        }
        std::thread::park_timeout(EVERY);
    }
}
