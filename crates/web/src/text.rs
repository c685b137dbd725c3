//! Numbers, times and foreign text as they stand on a page.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use closecall_calendar::Calendar;
use closecall_charts::percent;
use unicode_normalization::UnicodeNormalization as _;

/// Narrow no-break space, before a unit.
pub(crate) const THIN: char = '\u{202f}';

/// The longest that a text from outside is shown.
const FOREIGN: usize = 200;

/// Text from outside (headlines, publishers, messages) as it may be shown: composed, without
/// control characters and without those that turn the direction of what follows, cut.
pub(crate) fn clean(text: &str) -> String {
    let shown = |c: &char| {
        !c.is_control()
            && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    text.nfc()
        .map(|c| {
            if matches!(c, '\n' | '\t' | '\r') {
                ' '
            } else {
                c
            }
        })
        .filter(shown)
        .take(FOREIGN)
        .collect()
}

/// The first characters of what was sent, with nothing that a terminal or log would act on.
pub(crate) fn short(text: &str, length: usize) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .take(length)
        .collect()
}

/// A whole number with commas for thousands.
pub(crate) fn count(value: impl TryInto<i64>) -> String {
    let value = value.try_into().unwrap_or(i64::MAX);
    let digits = value.unsigned_abs().to_string();
    let mut out = String::from(if value < 0 { "\u{2212}" } else { "" });
    for (k, digit) in digits.chars().enumerate() {
        if k > 0 && (digits.len() - k).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// "1 pick", "2 picks".
pub(crate) fn counted(value: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(value), plural(value))
}

/// The ending of a noun beside its number.
pub(crate) fn plural(value: u64) -> &'static str {
    if value == 1 { "" } else { "s" }
}

/// With a capital letter at its beginning, unless it begins with a name such as `ledger.head`.
pub(crate) fn sentence(text: &str) -> String {
    let word = text.split(' ').next().unwrap_or_default();
    let mut text = text.to_owned();
    if let (true, Some(first)) = (
        word.bytes().all(|byte| byte.is_ascii_lowercase()),
        text.get_mut(..1),
    ) {
        first.make_ascii_uppercase();
    }
    text
}

/// A price, in as many decimals as the record of it has.
pub(crate) fn price(value: f64, close: f64) -> String {
    if close.is_finite() && close < 1.0 && value.is_finite() {
        return format!("{value:.4}");
    }
    closecall_charts::money(value)
}

/// A share in per cent, one decimal; never 100.0 % unless all.
pub(crate) fn share(value: f64) -> String {
    let shown = 100.0 * value;
    if value < 1.0 && shown >= 99.95 {
        return percent(99.9, 1, false);
    }
    percent(shown, 1, false)
}

/// A share in whole per cent; never 100 % unless all, never 0 % unless none.
pub(crate) fn whole_share(value: f64) -> String {
    let shown = (100.0 * value).round();
    let shown = match value {
        v if v < 1.0 && shown >= 100.0 => 99.0,
        v if v > 0.0 && shown <= 0.0 => 1.0,
        _ => shown,
    };
    percent(shown, 0, false)
}

/// A change or an error in per cent, two decimals.
pub(crate) fn change(value: f64) -> String {
    percent(100.0 * value, 2, true)
}

/// The size of an error in per cent, two decimals.
pub(crate) fn error(value: f64) -> String {
    percent(100.0 * value, 2, false)
}

/// A relative error, `1.002 ×`.
pub(crate) fn ratio(value: f64) -> String {
    if value.is_finite() {
        format!("{value:.3}{THIN}×")
    } else {
        "—".to_owned()
    }
}

/// A p-value.
pub(crate) fn p_value(p: f64) -> String {
    if p < 0.0005 {
        "<0.001".to_owned()
    } else {
        format!("{p:.3}")
    }
}

/// Age or time to come, from a number of seconds.
pub(crate) fn age(seconds: i64) -> String {
    let s = seconds.max(0);
    let (number, unit) = match s {
        0..90 => (s, "s"),
        90..5_400 => (s / 60, "min"),
        5_400..172_800 => (s / 3_600, "h"),
        _ => (s / 86_400, "d"),
    };
    format!("{number}{THIN}{unit}")
}

/// Time that is left, with its minutes: what is cut down would seem to stand still, then to grow.
pub(crate) fn left(seconds: i64) -> String {
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    match seconds {
        5_400..172_800 if minutes > 0 => format!("{hours}{THIN}h {minutes}{THIN}min"),
        _ => age(seconds),
    }
}

/// Duration in words, from seconds.
pub(crate) fn duration(seconds: f64) -> String {
    match seconds {
        s if !s.is_finite() || s < 0.0 => "—".to_owned(),
        s if s < 1.0 => format!("{:.0}{THIN}ms", 1_000.0 * s),
        s if s < 90.0 => format!("{s:.1}{THIN}s"),
        s => age(s as i64),
    }
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// "29 Apr".
pub(crate) fn day(date: NaiveDate) -> String {
    let month = MONTHS
        .get(date.month0() as usize)
        .copied()
        .unwrap_or_default();
    format!("{} {month}", date.day())
}

/// "29 Apr"; with the year where that is not the present one.
pub(crate) fn dated(date: NaiveDate, now: DateTime<Utc>) -> String {
    if date.year() == Calendar::date_at(now).year() {
        day(date)
    } else {
        format!("{} {}", day(date), date.year())
    }
}

/// "14:01", New York.
pub(crate) fn time(at: DateTime<Utc>) -> String {
    Calendar::wall_clock(at).format("%H:%M").to_string()
}

/// "29 Apr 14:01", New York.
pub(crate) fn moment(at: DateTime<Utc>) -> String {
    let local = Calendar::wall_clock(at);
    format!("{} {}", day(local.date()), local.format("%H:%M"))
}

/// As machines read it.
pub(crate) fn utc(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// The ends of a hash: "efd8…7ba7".
pub(crate) fn hash_ends(hash: &str) -> String {
    match (hash.get(..4), hash.get(hash.len().saturating_sub(4)..)) {
        (Some(first), Some(last)) if hash.len() > 8 => format!("{first}…{last}"),
        _ => hash.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_as_people_write_them() {
        assert_eq!(count(1_234_567_u64), "1,234,567");
        assert_eq!(share(0.9996), "99.9\u{202f}%");
        assert_eq!(share(1.0), "100.0\u{202f}%");
        assert_eq!(whole_share(0.9999), "99\u{202f}%");
        assert_eq!(change(-0.000_04), "0.00\u{202f}%");
        assert_eq!(price(0.123_41, 0.2), "0.1234");
        assert_eq!(ratio(f64::NAN), "—");
        assert_eq!(
            [age(89), age(90), age(5_400), age(172_800)].join(" "),
            "89\u{202f}s 1\u{202f}min 1\u{202f}h 2\u{202f}d"
        );
        assert_eq!(duration(0.034), "34\u{202f}ms");
        assert_eq!(
            [left(5_399), left(6_300), left(7_200), left(172_799)].join(", "),
            "89\u{202f}min, 1\u{202f}h 45\u{202f}min, 2\u{202f}h, 47\u{202f}h 59\u{202f}min"
        );
        assert_eq!(counted(1, "pick"), "1 pick");
        assert_eq!(sentence("row 21 is not"), "Row 21 is not");
        assert_eq!(sentence("ledger.head is missing"), "ledger.head is missing");
    }

    proptest! {
        #[test]
        fn foreign_text_keeps_nothing_that_acts(text in "\\PC{0,300}|.{0,300}") {
            let shown = clean(&text);
            prop_assert!(shown.chars().count() <= FOREIGN);
            let acts = |c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c);
            prop_assert!(!shown.chars().any(acts));
        }
    }
}
