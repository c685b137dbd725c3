//! The exchange's closing rules: which weekdays are holidays and which sessions end at 13:00.
//!
//! Rules as published by the exchange, with the closures of single days that no rule gives. The
//! earliest year they are meant for is 2010 (Martin Luther King Day and the present half days are
//! assumed throughout; Juneteenth from 2022).

use chrono::{Datelike, Days, NaiveDate, Weekday};

/// Closures that follow no rule: Hurricane Sandy, and two national days of mourning.
const SPECIAL_CLOSURES: [(i32, u32, u32); 4] =
    [(2012, 10, 29), (2012, 10, 30), (2018, 12, 5), (2025, 1, 9)];

/// Whether the exchange is closed on this date, weekends included.
pub(crate) fn is_closed(date: NaiveDate) -> bool {
    is_weekend(date)
        || is_holiday(date)
        || SPECIAL_CLOSURES.contains(&(date.year(), date.month(), date.day()))
}

/// Whether a session on this date ends at 13:00. Only meaningful for a date that is a session.
pub(crate) fn is_half_day(date: NaiveDate) -> bool {
    match (date.month(), date.day()) {
        // The day before Independence Day, when that is a weekday itself.
        (7, 3) => !is_weekend(date + Days::new(1)),
        (12, 24) => true,
        // The Friday after Thanksgiving.
        (11, 23..=29) => date.weekday() == Weekday::Fri,
        _ => false,
    }
}

fn is_weekend(date: NaiveDate) -> bool {
    matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
}

fn is_holiday(date: NaiveDate) -> bool {
    let (month, day, weekday) = (date.month(), date.day(), date.weekday());
    match month {
        // New Year: a Sunday moves to Monday, a Saturday is not moved (it would fall into the old year).
        1 => {
            day == 1
                || (day == 2 && weekday == Weekday::Mon)
                || (weekday == Weekday::Mon && (15..=21).contains(&day))
        }
        2 => weekday == Weekday::Mon && (15..=21).contains(&day),
        3 | 4 => good_friday(date.year()) == Some(date),
        5 => weekday == Weekday::Mon && day >= 25,
        6 => date.year() >= 2022 && observed(date, 19),
        7 => observed(date, 4),
        9 => weekday == Weekday::Mon && day <= 7,
        11 => weekday == Weekday::Thu && (22..=28).contains(&day),
        12 => observed(date, 25),
        _ => false,
    }
}

/// Whether `date` is where a holiday on this `day` of its month is kept: Saturday's on the Friday
/// before, Sunday's on the Monday after.
fn observed(date: NaiveDate, day: u32) -> bool {
    match date.weekday() {
        Weekday::Fri => date.day() == day || date.day() + 1 == day,
        Weekday::Mon => date.day() == day || date.day() == day + 1,
        _ => date.day() == day,
    }
}

/// Two days before Easter Sunday, which follows the Gregorian computus in its anonymous form.
fn good_friday(year: i32) -> Option<NaiveDate> {
    let golden = year % 19;
    let (century, in_century) = (year / 100, year % 100);
    let leap_centuries = century / 4;
    let moon_correction = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - leap_centuries - moon_correction + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (in_century / 4) - epact - in_century % 4) % 7;
    let late = (golden + 11 * epact + 22 * weekday) / 451;
    let days = epact + weekday - 7 * late + 114;
    let (month, day) = (
        u32::try_from(days / 31).ok()?,
        u32::try_from(days % 31 + 1).ok()?,
    );
    NaiveDate::from_ymd_opt(year, month, day)?.checked_sub_days(Days::new(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn moved_and_unmoved_holidays() {
        for closed in [
            "2021-07-05",
            "2021-12-24",
            "2022-06-20",
            "2023-01-02",
            "2024-03-29",
        ] {
            assert!(is_closed(date(closed)), "{closed}");
        }
        // A Saturday New Year leaves the Friday before open; Juneteenth was not kept before 2022.
        for open in ["2021-12-31", "2021-06-18", "2020-06-19"] {
            assert!(!is_closed(date(open)), "{open}");
        }
    }

    #[test]
    fn half_days() {
        for half in ["2023-07-03", "2023-11-24", "2024-12-24"] {
            assert!(is_half_day(date(half)), "{half}");
        }
        // 4 July 2020 was a Saturday: the third was the holiday; 3 July 2026 likewise.
        for full in ["2020-07-02", "2026-07-02", "2023-11-22"] {
            assert!(!is_half_day(date(full)), "{full}");
        }
    }
}
