//! One pick's way in lines. Pure.

use serde_json::Value;

use crate::picks::{Band, call, outcome};
use crate::stages::title;
use crate::words::{count, day, long_moment, price, short_moment, text, whole_share, wrapped};

/// Width of the subjects.
const SUBJECT: usize = 8;

/// The facts of a pick's answer: subject and words.
pub(crate) fn facts(detail: &Value) -> Vec<(String, String)> {
    let (entry, forecast) = (&detail["entry"], &detail["forecast"]);
    let mut facts = Vec::new();
    let mut add = |subject: &str, words: String| facts.push((subject.to_owned(), words));
    add(&text(&entry["ticker"]), text(&entry["pick_id"]));
    let session = match day(&entry["session"]) {
        session if entry["session"].is_null() => session,
        session => format!(", for the close of {session}"),
    };
    if !entry["as_of"].is_null() {
        add("picked", long_moment(&entry["as_of"]) + &session);
    }
    if entry["reason"].is_string() {
        let letter = &detail["dead_letter"];
        let after = match letter["attempts"].as_u64() {
            None | Some(0) => String::new(),
            Some(1) => " after 1 try".to_owned(),
            Some(tries) => format!(" after {tries} tries"),
        };
        let (stage, reason) = (title(&letter["stage"]), text(&entry["reason"]));
        add("given up", format!("by {stage}{after}: {reason}"));
        add("because", text(&letter["message"]));
    } else {
        of_forecast(entry, &mut add);
    }
    let steps = forecast["trace"].as_array().into_iter().flatten();
    let steps: Vec<String> = steps.map(step).collect();
    if !steps.is_empty() {
        add("steps", steps.join(", "));
    }
    if forecast["model"].is_object() {
        let model = &forecast["model"];
        add("model", text(&model["name"]));
        add("spec", text(&model["spec"]));
    }
    let row = detail["ledger"]["seq"].as_u64().unwrap_or_default();
    let recorded = long_moment(&entry["recorded_at"]);
    add("ledger", format!("row {}, recorded {recorded}", count(row)));
    facts
}

/// Facts in lines of at most this width: the subjects in a column of their own.
pub(crate) fn lines(facts: &[(String, String)], width: usize) -> Vec<String> {
    let lines_of = |(subject, words): &(String, String)| {
        let words = wrapped(words, width.saturating_sub(SUBJECT + 1));
        let line = |(k, words): (usize, String)| {
            let subject = if k == 0 { subject.as_str() } else { "" };
            format!("{subject:<SUBJECT$} {words}")
        };
        words.into_iter().enumerate().map(line).collect::<Vec<_>>()
    };
    facts.iter().flat_map(lines_of).collect()
}

fn of_forecast(entry: &Value, add: &mut impl FnMut(&str, String)) {
    let close = entry["close"].as_f64();
    let money = |value: &Value| {
        value
            .as_f64()
            .map_or_else(|| "-".to_owned(), |value| price(value, close))
    };
    let when = if entry["reference_at"].is_null() {
        String::new()
    } else {
        format!(" of {}", short_moment(&entry["reference_at"], None))
    };
    add(
        "said",
        format!(
            "{}: {}, from {}{when}; last close {}",
            call(entry),
            money(&entry["prediction"]),
            money(&entry["reference"]),
            money(&entry["close"])
        ),
    );
    let bands = entry["intervals"].as_array().into_iter().flatten();
    let bands: Vec<String> = bands
        .map(|band| {
            let level = whole_share(band["level"].as_f64().unwrap_or_default());
            let (lower, upper) = (money(&band["lower"]), money(&band["upper"]));
            format!("{level}: {lower} to {upper}")
        })
        .collect();
    add("bands", bands.join("; "));
    let score = &entry["score"];
    if score.is_object() {
        let percent = |name: &str| {
            let share = score[name].as_f64();
            share.map_or_else(|| "-".to_owned(), |share| format!("{:.2} %", 100.0 * share))
        };
        let fell = outcome(entry, Band::of(entry), None);
        add(
            "came",
            format!(
                "{}, {fell}; error {}, the price's {}",
                money(&score["actual"]),
                percent("error"),
                percent("baseline_error")
            ),
        );
    }
}

fn step(step: &Value) -> String {
    let again = match step["attempts"].as_u64() {
        Some(tries @ 2..) => format!(" at try {tries}"),
        _ => String::new(),
    };
    let took = step["took_ms"].as_f64().unwrap_or_default() / 1e3;
    format!(
        "{} {}{again}",
        title(&step["stage"]),
        crate::words::duration(took)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_forecast_is_told_from_the_pick_to_the_close() {
        let detail = json!({"entry": {"pick_id": "ab", "ticker": "NFLX", "session": "2025-01-27",
            "as_of": "2025-01-27T20:30:00Z", "recorded_at": "2025-01-27T20:30:00Z", "close": 367.05,
            "prediction": 362.08, "reference": 362.07, "reference_at": "2025-01-27T20:30:00Z", "probability_up": 0.001,
            "intervals": [{"level": 0.8, "lower": 359.34, "upper": 364.84}, {"level": 0.9, "lower": 358.64, "upper": 365.55}],
            "score": {"actual": 360.44, "error": 0.004_468, "baseline_error": 0.004_44}},
            "forecast": {"trace": [{"stage": "scraper", "took_ms": 22, "attempts": 1}, {"stage": "gru-trainer", "took_ms": 1, "attempts": 3}]},
            "ledger": {"seq": 1674}});
        assert_eq!(
            lines(&facts(&detail), 78).join("\n"),
            "NFLX     ab
picked   27 Jan 2025 15:30, for the close of 27 Jan
said     fall 99 %: 362.08, from 362.07 of 27 Jan 15:30; last close 367.05
bands    80 %: 359.34 to 364.84; 90 %: 358.64 to 365.55
came     360.44, inside 80 %; error 0.45 %, the price's 0.44 %
steps    Scraper 22 ms, GruTrainer 1 ms at try 3
ledger   row 1,674, recorded 27 Jan 2025 15:30"
        );
    }

    #[test]
    fn a_dead_letter_says_who_gave_it_up_and_why() {
        let detail = json!({"entry": {"pick_id": "ab", "ticker": "TSM", "reason": "panic", "recorded_at": "2025-01-27T20:30:00Z"},
            "dead_letter": {"stage": "gru-trainer", "attempts": 3, "message": "it panicked"}, "ledger": {"seq": 3}});
        assert_eq!(
            lines(&facts(&detail), 78).join("\n"),
            "TSM      ab
given up by GruTrainer after 3 tries: panic
because  it panicked
ledger   row 3, recorded 27 Jan 2025 15:30"
        );
    }

    #[test]
    fn long_words_go_on_under_their_beginning() {
        let facts = [("because".to_owned(), "one two three".to_owned())];
        assert_eq!(lines(&facts, 17), ["because  one two", "         three"]);
    }
}
