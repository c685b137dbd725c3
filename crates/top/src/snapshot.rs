//! The shown values, out of the API's answers. Pure: JSON in, rows out; a field that is not there is
//! shown as a dash.

use chrono::{DateTime, Utc};
use closecall_calendar::Calendar;
use serde_json::Value;

use crate::api::{Api, Error};
use crate::picks::{LetterRow, PickRow};
use crate::stages::{StageRow, rows as stage_rows};
use crate::words::{age, count, counted, moment, session, share, text, whole_share};

/// One look at a running program.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    /// The product's clock.
    pub(crate) clock: Option<DateTime<Utc>>,
    /// State of the session, such as "opens in 2 min".
    pub(crate) session: String,
    pub(crate) source: String,
    pub(crate) verdict: String,
    pub(crate) figures: Vec<String>,
    pub(crate) stages: Vec<StageRow>,
    /// Stands in place of the stages where none runs.
    pub(crate) idle: String,
    /// Whether the process keeps a ledger, and could read it.
    pub(crate) has_ledger: bool,
    pub(crate) picks: Vec<PickRow>,
    pub(crate) letters: Vec<LetterRow>,
    pub(crate) totals: Vec<String>,
}

impl Snapshot {
    /// Asks for everything that is shown.
    ///
    /// # Errors
    /// When the API does not answer.
    pub fn take(api: &Api) -> Result<Self, Error> {
        let stages = api.get("/api/v1/stages")?;
        let score = api.get_or_problem("/api/v1/score")?;
        let picks = api.get_or_problem("/api/v1/forecasts?limit=60")?;
        let letters = api.get_or_problem("/api/v1/dead-letters?limit=60")?;
        Ok(Self::of(&stages, &score, &picks, &letters))
    }

    /// Of the answers of four paths: stages, score, forecasts, dead letters.
    #[must_use]
    pub fn of(stages: &Value, score: &Value, picks: &Value, letters: &Value) -> Self {
        let verdict = &score["verdict"];
        let says = |name: &str| text(&verdict[name]);
        // A problem of the API, such as a ledger that does not verify, is its own verdict.
        let verdict = match text(&score["title"]) {
            title if title.is_empty() => format!("{} {}", says("heading"), says("bands")),
            title => title,
        };
        let clock = moment(&stages["clock"]);
        let around = &stages["session"];
        let times = clock
            .zip(moment(&around["opens_at"]))
            .zip(moment(&around["closes_at"]));
        let does = times.map(|((now, opens), closes)| session(now, opens, closes));
        Self {
            clock,
            session: does.unwrap_or_default(),
            source: text(&stages["source"]),
            verdict: verdict.trim().to_owned(),
            figures: match text(&score["detail"]) {
                detail if detail.is_empty() => figures(score),
                detail => vec![detail],
            },
            stages: stage_rows(&stages["stages"], &stages["hops"]),
            has_ledger: picks["items"].is_array(),
            idle: idle(clock, &stages["ledger"]),
            picks: rows(&picks["items"], |item| PickRow::of(item, clock)),
            letters: rows(&letters["items"], |letter| LetterRow::of(letter, clock)),
            totals: totals(stages),
        }
    }

    /// "Tue 29 Apr 2025 09:27 New York, opens in 3 min", or without the year.
    pub(crate) fn time(&self, with_year: bool) -> String {
        let Some(clock) = self.clock else {
            return String::new();
        };
        let form = if with_year {
            "%a %-d %b %Y %H:%M"
        } else {
            "%a %-d %b %H:%M"
        };
        let time = Calendar::wall_clock(clock).format(form);
        let comma = if self.session.is_empty() { "" } else { ", " };
        format!("{time} New York{comma}{}", self.session)
    }

    /// As one object, for where there is no terminal.
    #[must_use]
    pub fn json(stages: &Value, score: &Value) -> Value {
        serde_json::json!({"stages": stages, "score": score})
    }
}

fn rows<T>(list: &Value, row: impl Fn(&Value) -> T) -> Vec<T> {
    list.as_array().into_iter().flatten().map(row).collect()
}

/// The record in numbers, each with its interval.
fn figures(score: &Value) -> Vec<String> {
    let interval = |of: &Value| {
        let number = |name: &str| of[name].as_f64();
        Some((number("value")?, number("lower")?, number("upper")?))
    };
    // Days that are all alike have no interval.
    let spread = |lower: String, upper: String| {
        if lower == upper {
            return String::new();
        }
        format!(" ({lower} to {upper})")
    };
    let mut parts = Vec::new();
    if let Some((value, lower, upper)) = interval(&score["relative_mae"]) {
        let spread = spread(format!("{lower:.3}"), format!("{upper:.3}"));
        parts.push(format!("error {value:.3} × the price's{spread}"));
    }
    for band in score["coverage"].as_array().into_iter().flatten().rev() {
        let level = whole_share(band["level"].as_f64().unwrap_or_default());
        if let Some((value, lower, upper)) = interval(band) {
            let whole = |end: f64| whole_share(end).replace(" %", "");
            let spread = spread(whole(lower), whole(upper));
            parts.push(format!("in {level}: {}{spread}", share(value)));
        }
    }
    parts.extend(
        score["outcomes"]
            .as_u64()
            .map(|outcomes| format!("n {}", count(outcomes))),
    );
    parts
}

/// "nothing is running; last row 3 h ago".
fn idle(clock: Option<DateTime<Utc>>, ledger: &Value) -> String {
    let last = clock.zip(moment(&ledger["last_recorded_at"]));
    let ago = last.map_or_else(String::new, |(now, last)| {
        format!("; last row {} ago", age((now - last).num_seconds()))
    });
    format!("nothing is running{ago}")
}

/// The ends of picks, and the state of the ledger.
fn totals(stages: &Value) -> Vec<String> {
    let words = [
        ("accepted", "picks"),
        ("forecasts", "forecasts"),
        ("dead_letters", "dead letters"),
        ("duplicates", "repeats"),
        ("late", "late"),
    ];
    let known = words.iter().filter_map(|(name, word)| {
        let number = stages["picks"][*name].as_u64()?;
        Some(match (number, word.strip_suffix('s')) {
            (1, Some(one)) => format!("1 {one}"),
            _ => format!("{} {word}", count(number)),
        })
    });
    let mut parts: Vec<String> = known.collect();
    let ledger = &stages["ledger"];
    parts.extend(ledger["rows"].as_u64().map(|rows| {
        let state = match ledger["ok"].as_bool() {
            Some(true) => "verified",
            Some(false) => "does not verify",
            None => "not verified yet",
        };
        format!("ledger {}, {state}", counted(rows, "row"))
    }));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_not_there_is_no_error() {
        let nothing = Snapshot::of(
            &Value::Null,
            &Value::Null,
            &json!({"items": [{}]}),
            &json!({"items": [{}]}),
        );
        assert_eq!((nothing.picks.len(), nothing.letters.len()), (1, 1));
        assert_eq!(nothing.time(true), "");
        assert_eq!(nothing.idle, "nothing is running");
    }

    #[test]
    fn the_clock_is_new_yorks_and_says_what_the_session_does() {
        let stages = json!({"clock": "2026-11-27T15:16:10.878164714Z",
            "session": {"opens_at": "2026-11-27T14:30:00Z", "closes_at": "2026-11-27T18:00:00Z"},
            "ledger": {"rows": 781, "ok": true, "last_recorded_at": "2026-11-27T12:00:00Z"},
            "picks": {"forecasts": 1, "late": 0}});
        let none = Value::Null;
        let shown = Snapshot::of(&stages, &none, &none, &none);
        assert_eq!(
            shown.time(true),
            "Fri 27 Nov 2026 10:16 New York, closes in 2 h 43 min"
        );
        assert_eq!(
            shown.time(false),
            "Fri 27 Nov 10:16 New York, closes in 2 h 43 min"
        );
        assert_eq!(shown.idle, "nothing is running; last row 3 h ago");
        assert_eq!(
            shown.totals.join("  "),
            "1 forecast  0 late  ledger 781 rows, verified"
        );
    }

    #[test]
    fn an_interval_is_shown_where_there_is_one() {
        let of = |lower: f64| {
            let estimate = json!({"value": 0.988, "lower": lower, "upper": 0.988});
            figures(&json!({"relative_mae": estimate, "outcomes": 1269})).join("  ")
        };
        assert_eq!(of(0.988), "error 0.988 × the price's  n 1,269");
        assert_eq!(
            of(0.9),
            "error 0.988 × the price's (0.900 to 0.988)  n 1,269"
        );
    }

    #[test]
    fn a_problem_is_its_own_verdict() {
        let none = Value::Null;
        let problem = json!({"title": "the ledger does not verify", "detail": "row 6 was changed"});
        let shown = Snapshot::of(&none, &problem, &problem, &problem);
        assert_eq!(shown.verdict, "the ledger does not verify");
        assert_eq!(shown.figures, ["row 6 was changed"]);
    }
}
