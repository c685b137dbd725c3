use super::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::{Value, json};

fn stages() -> Value {
    let stage = |name: &str, state: &str, window: u64| {
        json!({"name": name, "state": state, "in_flight": window, "window": window, "restarts": 4, "p50_s": 0.029,
            "p95_s": 2.6, "last_success_age_s": 61, "last_error": "it panicked on AAPL"})
    };
    let hop = |from: &str, topic: &str| json!({"from": from, "topic": topic, "carrier": "topic", "lag": 38, "behind_s": 360, "lag_trend": "growing"});
    json!({"clock": "2025-04-29T13:27:00Z", "source": "a simulated market",
        "session": {"opens_at": "2025-04-29T13:30:00Z", "closes_at": "2025-04-29T20:00:00Z"},
        "stages": [stage("ticker-picker", "running", 0), stage("scraper", "running", 4), stage("sentiment", "running", 4),
            stage("gru-trainer", "backing-off", 4), stage("reporter", "running", 4)],
        "hops": [hop("ticker-picker", "stock-name-selector"), hop("sentiment", "stock-model-output"),
            hop("gru-trainer", "stock-prediction-output")],
        "picks": {"accepted": 422, "forecasts": 419, "dead_letters": 3, "duplicates": 0, "late": 44},
        "ledger": {"rows": 781, "ok": true}})
}

fn snapshot(stages: &Value) -> Snapshot {
    let interval =
        |level: f64| json!({"level": level, "value": 0.903, "lower": 0.86, "upper": 0.94});
    let score = json!({"verdict": {"heading": "Calls right in the afternoon: 88 %, as the price alone.", "bands": "The bands hold."},
        "outcomes": 1269, "relative_mae": {"value": 1.002, "lower": 1.0, "upper": 1.005},
        "coverage": [interval(0.8), interval(0.9)]});
    let pick = json!({"pick_id": "ab", "ticker": "TSLA", "session": "2025-04-28", "as_of": "2025-04-28T18:00:00Z",
        "close": 100.0, "prediction": 101.0, "probability_up": 0.9999, "score": {"actual": 120.0, "error": 0.19},
        "intervals": [{"level": 0.8, "lower": 99.0, "upper": 103.0}, {"level": 0.9, "lower": 98.0, "upper": 104.0}]});
    let given_up = json!({"pick_id": "cd", "ticker": "TSM", "as_of": "2025-04-28T17:57:00Z", "reason": "unsupported-version"});
    let late = json!({"pick_id": "ef", "ticker": "NVDA", "as_of": "2025-04-28T17:54:00Z", "late": true, "close": 1.0});
    let letter = json!({"pick_id": "cd", "ticker": "TSM", "at": "2025-04-28T18:00:00Z", "stage": "gru-trainer",
        "reason": "unsupported-version", "message": "the message is of version 9"});
    let picks = json!({"items": [pick, given_up, late]});
    Snapshot::of(stages, &score, &picks, &json!({"items": [letter]}))
}

fn screen(shown: &Snapshot, view: &mut View, (width, height): (u16, u16)) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, shown, view)).unwrap();
    terminal.backend().to_string()
}

fn assert_shows(screen: &str, all: &[&str]) {
    for words in all {
        assert!(screen.contains(words), "{words}:\n{screen}");
    }
}

const SMALL: (u16, u16) = (80, 24);

#[test]
fn nothing_that_matters_is_cut_in_80_columns() {
    let screen = screen(&snapshot(&stages()), &mut View::new(false), SMALL);
    assert_shows(
        &screen,
        &[
            "Tue 29 Apr 09:27 New York, opens in 3 min",
            "a simulated market  ● live",
            "Calls right in the afternoon: 88 %, as the price alone. The bands hold.",
            "error 1.002 × the price's (1.000 to 1.005)   in 90 %: 90.3 % (86 to 94)",
            "in 80 %: 90.3 % (86 to 94)   n 1,269",
            "STAGE        STATE         FLIGHT   TYPICAL     P95 LAST OK RESTARTS WAY OUT",
            "GruTrainer   ✕ backing off ■■■■ 4/4   29 ms   2.6 s    61 s        4 lag 38 ↑",
            "✕ GruTrainer is failing: it panicked on AAPL",
            "28 Apr 14:00 TSLA   rise 99 %",
            "19.00 % outside",
            "unsupported-version       - dead letter",
            "too late, not scored",
            "422 picks  419 forecasts  3 dead letters  0 repeats  44 late",
            "ledger 781 rows, verified  q quit  ↑↓ ⏎ trace  d dead letters  ? help",
        ],
    );
    assert!(!screen.contains("100 %"), "{screen}");
}

#[test]
fn more_room_shows_more() {
    let screen = screen(&snapshot(&stages()), &mut View::new(false), (140, 40));
    assert_shows(
        &screen,
        &[
            "closecall  Tue 29 Apr 2025 09:27 New York, opens in 3 min",
            "(1.000 to 1.005)   in 90 %: 90.3 % (86 to 94)   in 80 %: 90.3 % (86 to 94)   n 1,269",
            "stock-prediction-output  lag 38, 6 min behind, growing",
            "SESSION",
            "28 Apr",
            "101.00",
            "ledger 781 rows, verified      ",
        ],
    );
}

#[test]
fn less_room_shows_fewer_columns_whole() {
    let screen = screen(&snapshot(&stages()), &mut View::new(false), (64, 24));
    assert_shows(
        &screen,
        &[
            "STAGE        STATE         FLIGHT   TYPICAL LAST OK RESTARTS",
            "GruTrainer   ✕ backing off ■■■■ 4/4   29 ms    61 s        4",
            "28 Apr 14:00 TSLA   rise 99 % 19.00 % outside",
        ],
    );
}

#[test]
fn dead_letters_say_when_in_80_columns() {
    let mut view = View::new(false);
    view.list = List::DeadLetters;
    let screen = screen(&snapshot(&stages()), &mut view, SMALL);
    assert_shows(
        &screen,
        &["28 Apr 14:00 TSM    GruTrainer   unsupported-version the message is"],
    );
}

#[test]
fn where_nothing_runs_or_answers_that_is_said() {
    let mut view = View::new(false);
    view.lost = Some("no page answers at 127.0.0.1:8316".into());
    let idle = json!({"clock": "2025-04-29T13:27:00Z", "stages": [],
        "ledger": {"rows": 1, "last_recorded_at": "2025-04-29T10:00:00Z"}});
    let screen = screen(&snapshot(&idle), &mut view, SMALL);
    assert_shows(
        &screen,
        &[
            "✕ not live",
            "no page answers at 127.0.0.1:8316",
            "nothing is running; last row 3 h ago",
            "ledger 1 row, not verified yet",
        ],
    );
}

#[test]
fn no_size_of_a_terminal_is_too_small() {
    for size in [(1, 1), (10, 3), (40, 8), (60, 20), (300, 100)] {
        for stages in [stages(), Value::Null] {
            for list in [List::Picks, List::DeadLetters] {
                for over in [
                    None,
                    Some(Over::Help),
                    Some(Over::Trace(vec![("a".into(), "x".into())])),
                ] {
                    let mut view = View::new(true);
                    (view.list, view.over) = (list, over);
                    screen(&snapshot(&stages), &mut view, size);
                }
            }
        }
    }
}
