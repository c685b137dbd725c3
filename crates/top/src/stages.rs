//! The stages as rows. Pure.

use serde_json::Value;

use crate::words::{age, count, dash, duration, text};

/// The stages of the pipeline; the others help them.
const PIPELINE: [&str; 5] = [
    "ticker-picker",
    "scraper",
    "sentiment",
    "gru-trainer",
    "reporter",
];

/// Seats that are drawn of a window.
const SEATS: u64 = 4;

/// A stage.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct StageRow {
    pub(crate) title: String,
    /// Its state, as the API names it.
    pub(crate) state: String,
    /// Messages in its hands, and the most there may be.
    pub(crate) in_flight: (u64, u64),
    /// Typical time, 95th percentile, last success, restarts.
    pub(crate) cells: [String; 4],
    /// The topic of its way out; empty where there is none.
    pub(crate) topic: String,
    /// Its way out, from the shortest words to the longest.
    pub(crate) way_out: [String; 3],
    /// The reason that it is degraded or fails, where it is or does.
    pub(crate) trouble: Option<String>,
}

/// The title of a stage: "GruTrainer" of `gru-trainer`.
pub(crate) fn title(name: &Value) -> String {
    let name = text(name);
    let (stage, part) = name.split_once('/').unwrap_or((&name, ""));
    let words = stage.split('-').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        first.chain(letters).collect::<String>()
    });
    let title: String = words.collect();
    if part.is_empty() {
        title
    } else {
        format!("{title}/{part}")
    }
}

/// The rows of all stages. The parts of a helper, such as `kafka-bridge/producer`, are one row.
pub(crate) fn rows(stages: &Value, hops: &Value) -> Vec<StageRow> {
    let all = stages.as_array().into_iter().flatten();
    let (own, others): (Vec<&Value>, Vec<&Value>) =
        all.partition(|stage| PIPELINE.iter().any(|name| stage["name"] == *name));
    let mut rows: Vec<StageRow> = own
        .into_iter()
        .map(|stage| StageRow::of(stage, hops))
        .collect();
    let of = |stage: &Value| {
        let title = title(&stage["name"]);
        title.split('/').next().unwrap_or_default().to_owned()
    };
    for parts in others.chunk_by(|a, b| of(a) == of(b)) {
        rows.extend(StageRow::of_helper(parts));
    }
    rows
}

impl StageRow {
    pub(crate) fn of(stage: &Value, hops: &Value) -> Self {
        let seconds = |name: &str| stage[name].as_f64().map_or_else(dash, duration);
        let last = stage["last_success_age_s"].as_i64();
        let mut hops = hops.as_array().into_iter().flatten();
        let hop = hops.find(|hop| hop["from"] == stage["name"]);
        let (title, state) = (title(&stage["name"]), text(&stage["state"]));
        Self {
            in_flight: (
                stage["in_flight"].as_u64().unwrap_or_default(),
                stage["window"].as_u64().unwrap_or_default(),
            ),
            cells: [
                seconds("p50_s"),
                seconds("p95_s"),
                last.map_or_else(dash, age),
                restarts(stage),
            ],
            topic: hop.map(|hop| text(&hop["topic"])).unwrap_or_default(),
            way_out: way_out(&stage["name"], hop),
            trouble: trouble(&title, &state, stage),
            title,
            state,
        }
    }

    /// Of the parts of a helper: the worst state, the newest success, restarts together.
    fn of_helper(parts: &[&Value]) -> Option<Self> {
        // Of two that fail either will do: which is worse is the page's to say.
        let badness = |part: &&&Value| match part["state"].as_str() {
            Some("running") => 0,
            Some("backing-off" | "failed") => 2,
            _ => 1,
        };
        let worst = parts.iter().max_by_key(badness)?;
        let (name, state) = (title(&worst["name"]), text(&worst["state"]));
        let ages = parts.iter();
        let last = ages.filter_map(|part| part["last_success_age_s"].as_i64());
        let restarts = parts.iter().filter_map(|part| part["restarts"].as_u64());
        Some(Self {
            title: name.split('/').next().unwrap_or_default().to_owned(),
            cells: [
                dash(),
                dash(),
                last.min().map_or_else(dash, age),
                count(restarts.sum()),
            ],
            trouble: trouble(&name, &state, worst),
            state,
            ..Self::default()
        })
    }

    /// "■□□□ 1/4", or without the seats.
    pub(crate) fn flight(&self, has_seats: bool) -> String {
        let (taken, window) = self.in_flight;
        if window == 0 {
            return dash();
        }
        let numbers = format!("{taken}/{window}");
        if !has_seats {
            return numbers;
        }
        let seats = (0..window.min(SEATS)).map(|k| if k < taken { '■' } else { '□' });
        format!("{} {numbers}", seats.collect::<String>())
    }
}

fn way_out(name: &Value, hop: Option<&Value>) -> [String; 3] {
    let all = |words: &str| [words, words, words].map(str::to_owned);
    let Some(hop) = hop.filter(|hop| hop["carrier"] != "in-process") else {
        return all(if name == "reporter" {
            "ledger"
        } else {
            "in process"
        });
    };
    let Some(lag) = hop["lag"].as_u64() else {
        // Known to the process that reads the topic.
        return ["lag ?", "lag unknown", "lag known to its reader"].map(str::to_owned);
    };
    let trend = text(&hop["lag_trend"]);
    let arrow = match trend.as_str() {
        "growing" => " ↑",
        "shrinking" => " ↓",
        _ => "",
    };
    let short = format!("lag {}", count(lag));
    if lag == 0 {
        return all(&short);
    }
    let behind = hop["behind_s"].as_i64().map(age);
    let time = |after: &str| {
        let words = behind.as_ref().map(|time| format!(", {time}{after}"));
        words.unwrap_or_default()
    };
    let comma = if trend.is_empty() { "" } else { ", " };
    [
        format!("{short}{arrow}"),
        format!("{short}{}{arrow}", time("")),
        format!("{short}{}{comma}{trend}", time(" behind")),
    ]
}

/// Those of the budget, "4 of 5", while some count against it; else all there were.
fn restarts(stage: &Value) -> String {
    let number = |name: &str| stage[name].as_u64();
    let budget = number("restarts_in_period").zip(number("restarts_allowed"));
    match budget {
        Some((spent @ 1.., allowed)) => format!("{spent} of {allowed}"),
        _ => number("restarts").map_or_else(dash, count),
    }
}

fn trouble(title: &str, state: &str, stage: &Value) -> Option<String> {
    let (is, why) = match state {
        "degraded" => ("is degraded", &stage["degraded"]),
        "backing-off" | "failed" => ("is failing", &stage["last_error"]),
        "unknown" => ("has not been heard of", &Value::Null),
        _ => return None,
    };
    let why = text(why);
    let again = stage["next_try_s"].as_i64().map(age);
    let again = again.map_or_else(String::new, |time| format!(", tried again in {time}"));
    let colon = if why.is_empty() { "" } else { ": " };
    Some(format!("{title} {is}{again}{colon}{why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_way_out_is_as_long_as_there_is_room() {
        let hops = json!([{"from": "sentiment", "topic": "stock-model-output", "carrier": "topic",
            "lag": 38, "behind_s": 360, "lag_trend": "growing"}]);
        let row = StageRow::of(&json!({"name": "sentiment"}), &hops);
        assert_eq!(
            row.way_out,
            [
                "lag 38 ↑",
                "lag 38, 6 min ↑",
                "lag 38, 6 min behind, growing"
            ]
        );
        assert_eq!(
            (row.title.as_str(), row.topic.as_str()),
            ("Sentiment", "stock-model-output")
        );
        let ends = StageRow::of(&json!({"name": "reporter"}), &hops);
        assert_eq!(ends.way_out[0], "ledger");
    }

    #[test]
    fn what_is_in_flight_has_seats() {
        let row = StageRow::of(
            &json!({"in_flight": 3, "window": 64, "last_success_age_s": 61}),
            &json!([]),
        );
        assert_eq!(
            [false, true].map(|seats| row.flight(seats)).join(", "),
            "3/64, ■■■□ 3/64"
        );
        assert_eq!(row.cells, ["-", "-", "61 s", "-"]);
    }

    #[test]
    fn the_parts_of_a_helper_are_one_row() {
        let part = |name: &str, state: &str, restarts: u64| {
            json!({"name": name, "state": state, "restarts": restarts, "last_success_age_s": 9 - restarts,
                "last_error": "no broker"})
        };
        let all = json!([
            part("kafka-bridge/consumer-a", "running", 1),
            part("kafka-bridge/producer", "backing-off", 2),
            part("notifier", "running", 0),
            part("scraper", "running", 0)
        ]);
        let rows = rows(&all, &Value::Null);
        let titles: Vec<&str> = rows.iter().map(|row| row.title.as_str()).collect();
        assert_eq!(titles, ["Scraper", "KafkaBridge", "Notifier"]);
        let bridge = &rows[1];
        assert_eq!(bridge.state, "backing-off");
        assert_eq!(bridge.cells, ["-", "-", "7 s", "3"]);
        assert_eq!(
            bridge.trouble.as_deref(),
            Some("KafkaBridge/producer is failing: no broker")
        );
        assert_eq!(bridge.way_out[0], "");
    }

    #[test]
    fn a_stage_in_trouble_says_why() {
        let of = |stage: Value| StageRow::of(&stage, &Value::Null).trouble;
        assert_eq!(
            of(json!({"name": "scraper", "state": "backing-off", "last_error": "panicked"}))
                .unwrap(),
            "Scraper is failing: panicked"
        );
        assert!(of(json!({"name": "scraper", "state": "running", "last_error": "x"})).is_none());
        let failing = json!({"name": "scraper", "state": "backing-off", "restarts": 12, "restarts_in_period": 4,
            "restarts_allowed": 5, "next_try_s": 7, "last_error": "panicked"});
        assert_eq!(
            of(failing.clone()).unwrap(),
            "Scraper is failing, tried again in 7 s: panicked"
        );
        assert_eq!(StageRow::of(&failing, &Value::Null).cells[3], "4 of 5");
        let well = json!({"restarts": 12, "restarts_in_period": 0, "restarts_allowed": 5});
        assert_eq!(StageRow::of(&well, &Value::Null).cells[3], "12");
    }
}
