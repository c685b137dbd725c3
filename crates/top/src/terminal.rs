//! The loop: looks once a second, repaints on keys and looks, four times a second at most.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::mpsc;
use std::time::Duration;

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::widgets::TableState;
use serde_json::Value;

use crate::api::{Api, Error};
use crate::draw::{Lower, View, draw};
use crate::snapshot::{Snapshot, text};

/// Time between two looks.
const EVERY: Duration = Duration::from_secs(1);

/// Longest wait for a key.
const KEY: Duration = Duration::from_millis(250);

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
    let mut view = View {
        lower: Lower::Picks,
        chosen: TableState::default(),
        lost: None,
        colours: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    };
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
                Err(error) => view.lost = Some(format!("not live: {error}")),
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
    let turn = |lower: Lower, view: &View| {
        if view.lower == lower {
            Lower::Picks
        } else {
            lower
        }
    };
    match key {
        KeyCode::Char('q') | KeyCode::Esc => return false,
        KeyCode::Char('?') => view.lower = turn(Lower::Help, view),
        KeyCode::Char('d') => view.lower = turn(Lower::DeadLetters, view),
        KeyCode::Up => view.chosen.select_previous(),
        KeyCode::Down => view.chosen.select_next(),
        KeyCode::Enter => {
            let chosen = view.chosen.selected().and_then(|at| shown.picks.get(at));
            view.lower = match (&view.lower, chosen) {
                (Lower::Picks, Some(pick)) => {
                    let detail = api.get(&format!("/api/v1/forecasts/{}", pick.id));
                    Lower::Trace(
                        detail
                            .map_or_else(|error| vec![error.to_string()], |detail| trace(&detail)),
                    )
                }
                _ => Lower::Picks,
            };
        }
        _ => {}
    }
    true
}

/// A pick's way in lines.
fn trace(detail: &Value) -> Vec<String> {
    let (entry, forecast) = (&detail["entry"], &detail["forecast"]);
    let mut lines = vec![
        format!(
            " {}  {}  for {}",
            text(&entry["ticker"]),
            text(&entry["pick_id"]),
            text(&entry["session"])
        ),
        format!(" picked {}", text(&entry["as_of"])),
    ];
    for step in forecast["trace"].as_array().into_iter().flatten() {
        lines.push(format!(
            "   {:<14} {:>7} ms, attempts {}",
            text(&step["stage"]),
            text(&step["took_ms"]),
            text(&step["attempts"])
        ));
    }
    if entry["reason"].is_string() {
        lines.push(format!(
            " given up: {}: {}",
            text(&entry["reason"]),
            text(&detail["dead_letter"]["message"])
        ));
    } else {
        lines.push(format!(
            " forecast {} from {} (close {})",
            text(&entry["prediction"]),
            text(&entry["reference"]),
            text(&entry["close"])
        ));
        for band in entry["intervals"].as_array().into_iter().flatten() {
            lines.push(format!(
                "   {} band: {} to {}",
                text(&band["level"]),
                text(&band["lower"]),
                text(&band["upper"])
            ));
        }
    }
    lines.push(format!(
        " recorded {} as row {}",
        text(&entry["recorded_at"]),
        text(&detail["ledger"]["seq"])
    ));
    if entry["score"].is_object() {
        lines.push(format!(" came {}", text(&entry["score"]["actual"])));
    }
    lines
}

/// One object a second, for other programs.
fn lines(api: &Api) -> Result<(), Error> {
    loop {
        let (stages, score) = (api.get("/api/v1/stages")?, api.get("/api/v1/score")?);
        // Who read along has gone: that is the end of it.
        if writeln!(io::stdout(), "{}", Snapshot::json(&stages, &score)).is_err() {
            return Ok(());
        }
        std::thread::park_timeout(EVERY);
    }
}
