//! The shown values, out of the API's answers. Pure: JSON in, rows out; a field that is not there is
//! shown as a dash.

use serde_json::Value;

use crate::api::{Api, Error};

/// One look at a running program.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    pub(crate) clock: String,
    pub(crate) source: String,
    pub(crate) verdict: String,
    pub(crate) figures: String,
    pub(crate) stages: Vec<StageRow>,
    pub(crate) picks: Vec<PickRow>,
    pub(crate) letters: Vec<[String; 5]>,
    pub(crate) totals: String,
}

/// A stage.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct StageRow {
    pub(crate) name: String,
    pub(crate) state: String,
    pub(crate) in_flight: (u64, u64),
    pub(crate) cells: [String; 4],
}

/// A pick.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct PickRow {
    pub(crate) id: String,
    pub(crate) cells: [String; 5],
    /// Lower 90, lower 80, point, upper 80, upper 90, and what came.
    pub(crate) band: Option<([f64; 5], Option<f64>)>,
}

impl Snapshot {
    /// Asks for everything that is shown.
    ///
    /// # Errors
    /// When the API does not answer.
    pub fn take(api: &Api) -> Result<Self, Error> {
        let stages = api.get("/api/v1/stages")?;
        let score = api.get("/api/v1/score")?;
        let picks = api.get("/api/v1/forecasts?limit=30")?;
        let letters = api.get("/api/v1/dead-letters?limit=30")?;
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
        Self {
            clock: text(&stages["clock"])
                .replace('T', " ")
                .replace('Z', " UTC"),
            source: text(&stages["source"]),
            verdict: verdict.trim().to_owned(),
            figures: figures(score),
            stages: rows(&stages["stages"], |stage| stage_row(stage, stages)),
            picks: rows(&picks["items"], pick_row),
            letters: rows(&letters["items"], |letter| {
                ["at", "ticker", "stage", "reason", "message"].map(|name| text(&letter[name]))
            }),
            totals: totals(&stages["picks"]),
        }
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

/// A value as text that a terminal only shows.
pub(crate) fn text(value: &Value) -> String {
    let plain = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    plain
        .chars()
        .filter(|c| !c.is_control())
        .take(200)
        .collect()
}

fn figures(score: &Value) -> String {
    let interval = |of: &Value, scale: f64, decimals: usize| {
        let number = |name: &str| Some(scale * of[name].as_f64()?);
        let (value, lower, upper) = (number("value")?, number("lower")?, number("upper")?);
        Some(format!(
            "{value:.decimals$} ({lower:.decimals$} to {upper:.decimals$})"
        ))
    };
    let mut parts = Vec::new();
    parts.extend(
        interval(&score["relative_mae"], 1.0, 3)
            .map(|error| format!("error {error} x the price's")),
    );
    for band in score["coverage"].as_array().into_iter().flatten().rev() {
        let level = band["level"].as_f64().unwrap_or_default();
        parts.extend(
            interval(band, 100.0, 1).map(|inside| format!("in {:.0} %: {inside}", 100.0 * level)),
        );
    }
    parts.extend(
        score["outcomes"]
            .as_u64()
            .map(|outcomes| format!("n {outcomes}")),
    );
    parts.join("   ")
}

fn stage_row(stage: &Value, all: &Value) -> StageRow {
    let name = text(&stage["name"]);
    let seconds = |name: &str| stage[name].as_f64().map_or_else(|| "-".to_owned(), span);
    let hops = all["hops"].as_array().into_iter().flatten();
    let mut hop = hops.filter(|hop| hop["from"] == stage["name"]).map(|hop| {
        let lag = hop["lag"].as_i64();
        lag.map_or_else(
            || text(&hop["carrier"]),
            |lag| format!("{} lag {lag}", text(&hop["topic"])),
        )
    });
    StageRow {
        state: text(&stage["state"]),
        in_flight: (
            stage["in_flight"].as_u64().unwrap_or_default(),
            stage["window"].as_u64().unwrap_or_default(),
        ),
        cells: [
            seconds("p50_s"),
            seconds("p95_s"),
            text(&stage["restarts"]),
            hop.next().unwrap_or_default(),
        ],
        name,
    }
}

fn span(seconds: f64) -> String {
    if seconds < 1.0 {
        format!("{:.0} ms", 1e3 * seconds)
    } else {
        format!("{seconds:.1} s")
    }
}

fn pick_row(item: &Value) -> PickRow {
    let number = |name: &str| item[name].as_f64();
    let score = &item["score"];
    let band = |level: f64| {
        let bands = item["intervals"].as_array()?;
        let found = bands
            .iter()
            .find(|band| (band["level"].as_f64().unwrap_or_default() - level).abs() < 1e-9)?;
        Some((found["lower"].as_f64()?, found["upper"].as_f64()?))
    };
    let bands = || {
        let ((a, b), (c, d)) = (band(0.8)?, band(0.9)?);
        Some((
            [c, a, number("prediction")?, b, d],
            score["actual"].as_f64(),
        ))
    };
    let outcome = match (item["reason"].as_str(), bands()) {
        (Some(reason), _) => format!("dead letter: {reason}"),
        (None, Some((ends, Some(came)))) if came < ends[0] || came > ends[4] => {
            "outside".to_owned()
        }
        (None, Some((ends, Some(came)))) if came < ends[1] || came > ends[3] => {
            "inside 90 %".to_owned()
        }
        (None, Some((_, Some(_)))) => "inside 80 %".to_owned(),
        _ if item["late"] == true => "too late".to_owned(),
        _ => "waits".to_owned(),
    };
    let call = match (
        number("prediction"),
        number("close"),
        number("probability_up"),
    ) {
        (Some(to), Some(from), Some(up)) if to > from => format!("rise {:.0} %", 100.0 * up),
        (Some(to), Some(from), Some(up)) if to < from => {
            format!("fall {:.0} %", 100.0 * (1.0 - up))
        }
        (Some(_), _, _) => "same".to_owned(),
        _ => String::new(),
    };
    let moment = text(if item["as_of"].is_null() {
        &item["recorded_at"]
    } else {
        &item["as_of"]
    });
    PickRow {
        id: text(&item["pick_id"]),
        cells: [
            moment.replace('T', " ").chars().take(16).collect(),
            text(&item["ticker"]),
            call,
            score["error"]
                .as_f64()
                .map_or_else(|| "-".to_owned(), |error| format!("{:.2} %", 100.0 * error)),
            outcome,
        ],
        band: bands(),
    }
}

fn totals(picks: &Value) -> String {
    let words = [
        ("accepted", "picks"),
        ("forecasts", "forecasts"),
        ("dead_letters", "dead letters"),
        ("duplicates", "repeats"),
        ("late", "late"),
    ];
    let known = words
        .iter()
        .filter_map(|(name, word)| Some(format!("{} {word}", picks[*name].as_u64()?)));
    known.collect::<Vec<_>>().join("  ")
}

/// The sign in characters: what was said, and where it came.
pub(crate) fn sign((ends, came): &([f64; 5], Option<f64>), width: usize) -> String {
    let reach = (ends[2] - ends[0]).max(ends[4] - ends[2]).max(1e-9) * 1.5;
    let place = |value: f64| {
        let share = (value - ends[2] + reach) / (2.0 * reach);
        (share.clamp(0.0, 1.0) * (width.saturating_sub(1)) as f64).round() as usize
    };
    let at = ends.map(place);
    let mut line: Vec<char> = (0..width)
        .map(|k| match k {
            k if k == at[2] => '╪',
            k if (at[1]..=at[3]).contains(&k) => '═',
            k if (at[0]..=at[4]).contains(&k) => '─',
            _ => ' ',
        })
        .collect();
    if let Some(came) = came {
        let mark = if *came < ends[0] || *came > ends[4] {
            '✕'
        } else {
            '◆'
        };
        if let Some(cell) = line.get_mut(place(*came)) {
            *cell = mark;
        }
    }
    line.into_iter().collect()
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
            &Value::Null,
        );
        assert_eq!(nothing.picks.len(), 1);
        assert_eq!(nothing.picks[0].cells[4], "waits");
    }

    #[test]
    fn the_sign_shows_where_it_came() {
        let ends = [90.0, 95.0, 100.0, 105.0, 110.0];
        let line = |came| sign(&(ends, came), 31);
        assert!(line(None).contains("══╪══"), "{}", line(None));
        assert!(line(Some(102.0)).contains('◆'));
        assert!(line(Some(200.0)).ends_with('✕'));
        assert_eq!(line(Some(f64::MAX)).chars().count(), 31);
    }

    #[test]
    fn text_of_others_moves_no_cursor() {
        assert_eq!(text(&json!("\u{1b}[2Jx\u{7}")), "[2Jx");
    }
}
