//! Picks and dead letters as rows. Pure.

use chrono::{DateTime, NaiveDate, Utc};
use closecall_calendar::Calendar;
use serde_json::Value;

use crate::stages::title;
use crate::words::{dash, day, price, short_moment, text, whole_share};

/// A pick.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct PickRow {
    pub(crate) id: String,
    pub(crate) picked: String,
    pub(crate) ticker: String,
    pub(crate) session: String,
    pub(crate) call: String,
    pub(crate) forecast: String,
    pub(crate) error: String,
    pub(crate) outcome: &'static str,
    /// The reason by which it was given up, where it was.
    pub(crate) reason: Option<String>,
    pub(crate) band: Option<Band>,
}

/// A forecast's bands, and what came.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Band {
    /// Lower 90, lower 80, point, upper 80, upper 90.
    ends: [f64; 5],
    came: Option<f64>,
}

/// A pick that was given up.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct LetterRow {
    pub(crate) id: String,
    /// When, ticker, stage, reason, message.
    pub(crate) cells: [String; 5],
}

/// The outcome of a forecast that lay beside its bands.
pub(crate) const OUTSIDE: &str = "outside";

/// The outcome of a pick that was given up.
pub(crate) const DEAD_LETTER: &str = "dead letter";

impl PickRow {
    /// Of an entry of the ledger, seen at this moment.
    pub(crate) fn of(item: &Value, now: Option<DateTime<Utc>>) -> Self {
        let number = |name: &str| item[name].as_f64();
        let band = Band::of(item);
        let moment = ["as_of", "recorded_at"].map(|name| &item[name]);
        let picked = moment.into_iter().find(|moment| !moment.is_null());
        Self {
            id: text(&item["pick_id"]),
            picked: short_moment(picked.unwrap_or(&Value::Null), now),
            ticker: if item["ticker"].is_null() {
                "?".to_owned()
            } else {
                text(&item["ticker"])
            },
            session: day(&item["session"]),
            call: call(item),
            forecast: number("prediction")
                .map_or_else(dash, |forecast| price(forecast, number("close"))),
            error: item["score"]["error"]
                .as_f64()
                .map_or_else(dash, |error| format!("{:.2} %", 100.0 * error)),
            outcome: outcome(item, band, now),
            reason: item["reason"].as_str().map(|_| text(&item["reason"])),
            band,
        }
    }
}

/// "rise 87 %", or "same" where nothing is called.
pub(crate) fn call(item: &Value) -> String {
    let number = |name: &str| item[name].as_f64();
    let ends = number("prediction").zip(number("close"));
    match (ends, number("probability_up")) {
        (Some((to, from)), Some(up)) if to > from => format!("rise {}", whole_share(up)),
        (Some((to, from)), Some(up)) if to < from => format!("fall {}", whole_share(1.0 - up)),
        (Some(_), _) => "same".to_owned(),
        (None, _) => dash(),
    }
}

/// End of a pick, or what it waits for, in the page's words.
pub(crate) fn outcome(
    item: &Value,
    band: Option<Band>,
    now: Option<DateTime<Utc>>,
) -> &'static str {
    if item["reason"].is_string() {
        return DEAD_LETTER;
    }
    if let Some(Band {
        ends,
        came: Some(came),
    }) = band
    {
        return match came {
            came if came < ends[0] || came > ends[4] => OUTSIDE,
            came if came < ends[1] || came > ends[3] => "inside 90 %",
            _ => "inside 80 %",
        };
    }
    let session = item["session"].as_str().and_then(|text| text.parse().ok());
    let close = session.and_then(|date: NaiveDate| Calendar::default().session(date));
    match (close, now) {
        _ if item["late"] == true => "too late, not scored",
        _ if item["foreign"] == true => "foreign, not scored",
        (Some(session), Some(now)) if session.close <= now => "close not seen yet",
        _ => "waits for the close",
    }
}

impl Band {
    pub(crate) fn of(item: &Value) -> Option<Self> {
        let band = |level: f64| {
            let bands = item["intervals"].as_array()?;
            let found = bands
                .iter()
                .find(|band| (band["level"].as_f64().unwrap_or_default() - level).abs() < 1e-9)?;
            Some((found["lower"].as_f64()?, found["upper"].as_f64()?))
        };
        let ((a, b), (c, d)) = (band(0.8)?, band(0.9)?);
        Some(Self {
            ends: [c, a, item["prediction"].as_f64()?, b, d],
            came: item["score"]["actual"].as_f64(),
        })
    }

    /// The sign in characters: what was said, and where it came.
    pub(crate) fn sign(&self, width: usize) -> String {
        let Self { ends, came } = self;
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
}

impl LetterRow {
    pub(crate) fn of(letter: &Value, now: Option<DateTime<Utc>>) -> Self {
        Self {
            id: text(&letter["pick_id"]),
            cells: [
                short_moment(&letter["at"], now),
                text(&letter["ticker"]),
                title(&letter["stage"]),
                text(&letter["reason"]),
                text(&letter["message"]),
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn entry() -> Value {
        json!({"pick_id": "ab", "ticker": "TSLA", "session": "2025-04-28", "as_of": "2025-04-28T18:00:00Z",
            "close": 100.0, "prediction": 101.0, "probability_up": 0.9999, "late": false, "foreign": false,
            "intervals": [{"level": 0.8, "lower": 99.0, "upper": 103.0}, {"level": 0.9, "lower": 98.0, "upper": 104.0}]})
    }

    fn row(changes: &Value, now: &str) -> PickRow {
        let mut entry = entry();
        for (name, value) in changes.as_object().unwrap() {
            entry[name] = value.clone();
        }
        PickRow::of(&entry, now.parse().ok())
    }

    #[test]
    fn a_pick_is_shown_as_on_the_page() {
        let row = row(&json!({}), "2025-04-28T19:00:00Z");
        assert_eq!(
            [&row.picked, &row.session, &row.call, &row.forecast],
            ["28 Apr 14:00", "28 Apr", "rise 99 %", "101.00"]
        );
    }

    #[test]
    fn outcomes_have_the_page_s_words() {
        let (during, after) = ("2025-04-28T19:00:00Z", "2025-04-28T20:00:00Z");
        let came = |actual: f64| json!({"score": {"actual": actual, "error": 0.01}});
        for (changes, now, words) in [
            (json!({}), during, "waits for the close"),
            (json!({}), after, "close not seen yet"),
            (json!({"late": true}), after, "too late, not scored"),
            (json!({"foreign": true}), after, "foreign, not scored"),
            (json!({"reason": "expired"}), after, DEAD_LETTER),
            (came(102.0), after, "inside 80 %"),
            (came(98.5), after, "inside 90 %"),
            (came(120.0), after, OUTSIDE),
        ] {
            assert_eq!(row(&changes, now).outcome, words, "{changes}");
        }
    }

    #[test]
    fn the_sign_shows_where_it_came() {
        let ends = [90.0, 95.0, 100.0, 105.0, 110.0];
        let line = |came| Band { ends, came }.sign(31);
        assert!(line(None).contains("══╪══"), "{}", line(None));
        assert!(line(Some(102.0)).contains('◆'));
        assert!(line(Some(200.0)).ends_with('✕'));
        assert_eq!(line(Some(f64::MAX)).chars().count(), 31);
    }
}
