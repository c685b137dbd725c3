//! Numbers, times and texts of others as a terminal shows them. The rules are those of the page, with
//! plain blanks.

use chrono::{DateTime, Datelike as _, Utc};
use closecall_calendar::Calendar;
use serde_json::Value;

/// The longest that a text from outside is shown.
const LONGEST: usize = 200;

/// A value as text that a terminal only shows; empty for null.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => plain(text),
        other => plain(&other.to_string()),
    }
}

/// A text without what moves a cursor or turns the direction of what follows, and with plain blanks.
pub(crate) fn plain(text: &str) -> String {
    let acts = |c: &char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    text.chars()
        .map(|c| match c {
            '\n' | '\t' | '\r' | '\u{a0}' | '\u{202f}' => ' ',
            other => other,
        })
        .filter(|c| !acts(c))
        .take(LONGEST)
        .collect()
}

/// A moment as the API writes it.
pub(crate) fn moment(value: &Value) -> Option<DateTime<Utc>> {
    value.as_str()?.parse().ok()
}

/// "28 Apr 14:00", New York; with the year in place of the time where that is not the present one.
pub(crate) fn short_moment(value: &Value, now: Option<DateTime<Utc>>) -> String {
    let year = |at: DateTime<Utc>| Calendar::date_at(at).year();
    let Some(at) = moment(value) else {
        return dash();
    };
    let is_old = now.is_some_and(|now| year(now) != year(at));
    let form = if is_old { "%-d %b %Y" } else { "%-d %b %H:%M" };
    Calendar::wall_clock(at).format(form).to_string()
}

/// "28 Apr 2025 14:00", New York.
pub(crate) fn long_moment(value: &Value) -> String {
    let local = moment(value).map(Calendar::wall_clock);
    local.map_or_else(dash, |local| local.format("%-d %b %Y %H:%M").to_string())
}

/// "28 Apr" of a date as the API writes it.
pub(crate) fn day(value: &Value) -> String {
    let date = value
        .as_str()
        .and_then(|text| text.parse::<chrono::NaiveDate>().ok());
    date.map_or_else(dash, |date| date.format("%-d %b").to_string())
}

/// State of the session that opens and closes at these moments, the one in progress or the next.
pub(crate) fn session(now: DateTime<Utc>, opens: DateTime<Utc>, closes: DateTime<Utc>) -> String {
    if opens <= now {
        return format!("closes in {}", left((closes - now).num_seconds()));
    }
    let (today, on) = (Calendar::date_at(now), Calendar::date_at(opens));
    let opening = Calendar::wall_clock(opens);
    match (on - today).num_days() {
        0 => format!("opens in {}", left((opens - now).num_seconds())),
        1..7 => format!("opens {}", opening.format("%a %H:%M")),
        _ => format!("opens {}", opening.format("%-d %b %H:%M")),
    }
}

/// Age or time to come, from a number of seconds.
pub(crate) fn age(seconds: i64) -> String {
    match seconds.max(0) {
        s @ 0..90 => format!("{s} s"),
        s @ 90..5_400 => format!("{} min", s / 60),
        s @ 5_400..172_800 => format!("{} h", s / 3_600),
        s => format!("{} d", s / 86_400),
    }
}

/// Time that is left, with its minutes: what is cut down would seem to stand still.
fn left(seconds: i64) -> String {
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    match seconds {
        5_400..172_800 if minutes > 0 => format!("{hours} h {minutes} min"),
        _ => age(seconds),
    }
}

/// Duration, from seconds.
pub(crate) fn duration(seconds: f64) -> String {
    match seconds {
        s if !s.is_finite() || s < 0.0 => dash(),
        s if s < 0.9995 => format!("{:.0} ms", 1e3 * s),
        s if s < 90.0 => format!("{s:.1} s"),
        s => age(s as i64),
    }
}

/// A share in whole per cent: never 100 % unless all, never 0 % unless none.
pub(crate) fn whole_share(share: f64) -> String {
    let shown = match (100.0 * share).round() {
        _ if !share.is_finite() => return dash(),
        all if all >= 100.0 && share < 1.0 => 99.0,
        none if none <= 0.0 && share > 0.0 => 1.0,
        shown => shown,
    };
    format!("{shown:.0} %")
}

/// A share in per cent with one decimal: never 100.0 % unless all.
pub(crate) fn share(share: f64) -> String {
    let shown = 100.0 * share;
    let shown = if share < 1.0 && shown >= 99.95 {
        99.9
    } else {
        shown
    };
    format!("{shown:.1} %")
}

/// A whole number with commas for thousands.
pub(crate) fn count(value: u64) -> String {
    let digits = value.to_string();
    let comma = |k: usize| k > 0 && (digits.len() - k).is_multiple_of(3);
    let mut out = String::new();
    for (k, digit) in digits.chars().enumerate() {
        if comma(k) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// "1 row", "2 rows".
pub(crate) fn counted(value: u64, noun: &str) -> String {
    let s = if value == 1 { "" } else { "s" };
    format!("{} {noun}{s}", count(value))
}

/// A price in cents; in four decimals where the last close is below 1.
pub(crate) fn price(value: f64, close: Option<f64>) -> String {
    let decimals = if close.unwrap_or(value) < 1.0 { 4 } else { 2 };
    format!("{value:.decimals$}")
}

/// Stands where there is nothing.
pub(crate) fn dash() -> String {
    "-".to_owned()
}

/// Parts in lines of at most this width, broken only between parts; one that is wider has a line of its
/// own.
pub(crate) fn lines_of(
    parts: impl IntoIterator<Item = String>,
    gap: &str,
    width: usize,
) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let long = |text: &str| text.chars().count();
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        match lines.last_mut() {
            Some(line) if long(line) + long(gap) + long(&part) <= width => {
                line.push_str(gap);
                line.push_str(&part);
            }
            _ => lines.push(part),
        }
    }
    lines
}

/// A text in lines, broken between words.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    lines_of(text.split(' ').map(str::to_owned), " ", width)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn text_of_others_moves_no_cursor() {
        assert_eq!(text(&json!("\u{1b}[2Jx\u{7}\u{202e}y")), "[2Jxy");
        assert_eq!(text(&json!("86\u{202f}%")), "86 %");
    }

    #[test]
    fn numbers_as_the_page_writes_them() {
        assert_eq!(
            [0.9999, 1.0, 0.001, 0.0, 0.87].map(whole_share).join(", "),
            "99 %, 100 %, 1 %, 0 %, 87 %"
        );
        assert_eq!([share(0.9996), share(1.0)].join(", "), "99.9 %, 100.0 %");
        assert_eq!(
            [89, 90, 5_400, 172_800].map(age).join(", "),
            "89 s, 1 min, 1 h, 2 d"
        );
        assert_eq!(
            [0.034, 0.9999, 2.58, 200.0].map(duration).join(", "),
            "34 ms, 1.0 s, 2.6 s, 3 min"
        );
        assert_eq!(counted(1_234_567, "row"), "1,234,567 rows");
        assert_eq!(price(0.123_41, Some(0.2)), "0.1234");
    }

    #[test]
    fn times_are_new_yorks() {
        let now = "2025-05-01T00:00:00Z".parse().ok();
        let short = |text: &str| short_moment(&json!(text), now);
        assert_eq!(short("2025-04-28T18:00:00Z"), "28 Apr 14:00");
        assert_eq!(short("2025-01-06T14:30:00Z"), "6 Jan 09:30");
        assert_eq!(short("2024-12-30T14:30:00Z"), "30 Dec 2024");
        assert_eq!(
            long_moment(&json!("2025-04-28T18:00:00Z")),
            "28 Apr 2025 14:00"
        );
        assert_eq!(short_moment(&Value::Null, now), "-");
    }

    #[test]
    fn the_session_is_said_from_where_one_stands() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let (opens, closes) = (at("2025-04-28T13:30:00Z"), at("2025-04-28T20:00:00Z"));
        let said = |now: &str| session(at(now), opens, closes);
        assert_eq!(said("2025-04-28T13:27:00Z"), "opens in 3 min");
        assert_eq!(said("2025-04-28T13:30:00Z"), "closes in 6 h 30 min");
        assert_eq!(said("2025-04-26T02:00:00Z"), "opens Mon 09:30");
        assert_eq!(said("2025-04-20T02:00:00Z"), "opens 28 Apr 09:30");
    }

    #[test]
    fn lines_break_between_parts() {
        let parts = ["aaa", "", "bb", "cccccc"].map(str::to_owned);
        assert_eq!(lines_of(parts, "  ", 7), ["aaa  bb", "cccccc"]);
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert!(wrapped("", 7).is_empty());
    }
}
