//! The span of time that a chart request asks for: by two moments or by a named range.

use chrono::{DateTime, Days, Months, NaiveDate, NaiveTime, TimeDelta, Utc};

use closecall_calendar::Calendar;

use super::interval::{Granularity, Intraday};
use super::refusal::{bad_request, unprocessable};
use crate::answer::{Answer, Parameters};

/// Longest span of daily bars that the vendor allows in one request, in seconds.
const LONGEST_DAILY: i64 = 100 * 366 * 86_400;

/// Everything that is known here lies between these, in seconds.
const YEAR_1900: i64 = -2_208_988_800;
const YEAR_2200: i64 = 7_258_118_400;

/// The span asked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Window {
    pub(super) from: DateTime<Utc>,
    /// Excluded.
    pub(super) to: DateTime<Utc>,
    /// The name it was asked by; empty when two moments were given.
    pub(super) range: String,
}

/// When a request is answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Now {
    /// The end of what can be seen.
    pub(super) as_of: DateTime<Utc>,
    /// Whether that is a clock's time. Without one there are no limits and no ranges.
    pub(super) by_clock: bool,
}

impl Window {
    pub(super) fn parse(
        parameters: &Parameters,
        interval: Granularity,
        now: Now,
        calendar: &Calendar,
    ) -> Result<Self, Answer> {
        let tomorrow = (now.as_of + TimeDelta::days(1)).timestamp();
        let end = seconds(parameters, "period2")?;
        if let Some(start) = seconds(parameters, "period1")? {
            return Self::of_moments(start, end.unwrap_or(tomorrow), interval, now);
        }
        let range = parameters.get("range").map_or("1d", String::as_str);
        if !now.by_clock {
            return Err(unprocessable(format!(
                "range={range} is not available: this server shows everything and has no clock to count back from; ask with period1 and period2"
            )));
        }
        Self::of_range(range, interval, now.as_of, calendar)
    }

    fn of_moments(start: i64, end: i64, interval: Granularity, now: Now) -> Result<Self, Answer> {
        if start >= end {
            return Err(bad_request(format!(
                "Invalid input - start date cannot be after end date. startDate = {start}, endDate = {end}"
            )));
        }
        match interval {
            Granularity::Minutes(intraday) if now.by_clock => {
                intraday.check(start, end, now.as_of.timestamp())?;
            }
            Granularity::Day if end.saturating_sub(start) > LONGEST_DAILY => {
                return Err(unprocessable(format!(
                    "1d data not available for startTime={start} and endTime={end}. Only 100 years worth of day granularity data are allowed to be fetched per request."
                )));
            }
            _ => {}
        }
        Ok(Self {
            from: moment(start),
            to: moment(end),
            range: String::new(),
        })
    }

    fn of_range(
        range: &str,
        interval: Granularity,
        as_of: DateTime<Utc>,
        calendar: &Calendar,
    ) -> Result<Self, Answer> {
        let from = match (Range::parse(range), interval) {
            (Some(Range::Sessions(count)), Granularity::Minutes(intraday)) => {
                // Counted in sessions, so the limits are, too.
                if count > longest_range(intraday) {
                    let start = sessions_back(calendar, as_of, count).timestamp();
                    intraday.check(start, as_of.timestamp(), as_of.timestamp())?;
                }
                sessions_back(calendar, as_of, count)
            }
            (Some(Range::Everything), Granularity::Minutes(intraday)) => {
                sessions_back(calendar, as_of, longest_range(intraday))
            }
            (Some(Range::Everything), Granularity::Day) | (None, _) => {
                return Err(unprocessable(format!("range={range} is not known here")));
            }
            (Some(Range::Sessions(count)), Granularity::Day) => {
                sessions_back(calendar, as_of, count)
            }
            (Some(Range::Since(back)), interval) => {
                let from = back.from(as_of);
                if let Granularity::Minutes(intraday) = interval {
                    let now = as_of.timestamp();
                    intraday.check(from.timestamp(), now, now)?;
                }
                from
            }
        };
        Ok(Self {
            from,
            to: as_of + TimeDelta::days(1),
            range: range.to_owned(),
        })
    }
}

/// A named range.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Range {
    /// This many sessions, today's included.
    Sessions(u32),
    /// From a date on.
    Since(Back),
    Everything,
}

/// Distance back to where a range begins.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Back {
    Hours(u32),
    Months(u32),
    NewYear,
}

impl Range {
    /// `5d`, `30h`, `6mo`, `2y` and the like, `ytd`, `max`.
    fn parse(text: &str) -> Option<Self> {
        match text {
            "ytd" => return Some(Self::Since(Back::NewYear)),
            "max" => return Some(Self::Everything),
            _ => {}
        }
        let unit = text.find(|c: char| !c.is_ascii_digit())?;
        let (count, unit) = text.split_at(unit);
        // Three digits are 999 years at most: within every calendar.
        let count: u32 = count
            .parse()
            .ok()
            .filter(|count| (1..=999).contains(count))?;
        match unit {
            "d" => Some(Self::Sessions(count)),
            "h" => Some(Self::Since(Back::Hours(count))),
            "mo" => Some(Self::Since(Back::Months(count))),
            "y" => Some(Self::Since(Back::Months(12 * count))),
            _ => None,
        }
    }
}

impl Back {
    fn from(self, as_of: DateTime<Utc>) -> DateTime<Utc> {
        let today = Calendar::date_at(as_of);
        let date = match self {
            Self::Hours(hours) => return as_of - TimeDelta::hours(hours.into()),
            Self::Months(months) => today.checked_sub_months(Months::new(months)),
            Self::NewYear => today.format("%Y-01-01").to_string().parse().ok(),
        };
        midnight(date.unwrap_or_default())
    }
}

/// Sessions that a range of this width may have.
fn longest_range(intraday: Intraday) -> u32 {
    let days = intraday.longest_days.unwrap_or(intraday.oldest_days);
    u32::try_from(days).unwrap_or_default()
}

/// The beginning of the day on which the last `count` sessions begin. A session counts from the
/// start of its day on, so that before an opening the last one is empty.
fn sessions_back(calendar: &Calendar, as_of: DateTime<Utc>, count: u32) -> DateTime<Utc> {
    let mut date = Calendar::date_at(as_of);
    let mut missing = count;
    if calendar.is_session(date) {
        missing -= 1;
    }
    for _ in 0..missing {
        date = calendar.previous(date).date;
    }
    midnight(date)
}

/// The start of a date in UTC, which lies before its opening and after the close before.
fn midnight(date: NaiveDate) -> DateTime<Utc> {
    // At least one day is left before the first date that can be told.
    date.max(NaiveDate::MIN + Days::new(1))
        .and_time(NaiveTime::MIN)
        .and_utc()
}

fn seconds(parameters: &Parameters, name: &str) -> Result<Option<i64>, Answer> {
    let text = parameters.get(name).map(String::as_str);
    text.map(|text| {
        text.parse::<i64>()
            .map_err(|_| unprocessable(format!("{name} is not a number of seconds")))
    })
    .transpose()
}

/// A moment within the years that any market here knows.
fn moment(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds.clamp(YEAR_1900, YEAR_2200), 0).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn ranges_count_sessions_months_and_hours() {
        let calendar = Calendar::default();
        let from = |range: &str, now: &str| {
            let day = Window::of_range(range, Granularity::Day, at(now), &calendar);
            day.unwrap().from
        };
        // Wednesday, 5 July 2023; Tuesday is a holiday, Monday a half day.
        let now = "2023-07-05T14:00:00Z";
        for (range, expected) in [
            ("1d", "2023-07-05T00:00:00Z"),
            ("2d", "2023-07-03T00:00:00Z"),
            ("5d", "2023-06-28T00:00:00Z"),
            ("1mo", "2023-06-05T00:00:00Z"),
            ("2y", "2021-07-05T00:00:00Z"),
            ("ytd", "2023-01-01T00:00:00Z"),
            ("30h", "2023-07-04T08:00:00Z"),
        ] {
            assert_eq!(from(range, now), at(expected), "{range}");
        }
        // A weekend shows the last session, the morning of a session day that session.
        assert_eq!(
            from("1d", "2023-07-02T14:00:00Z"),
            at("2023-06-30T00:00:00Z")
        );
        assert_eq!(
            from("1d", "2023-07-05T11:00:00Z"),
            at("2023-07-05T00:00:00Z")
        );
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in ["", "d", "0d", "5w", "1000d", "-1d", "5 d", "mo", "９d"] {
            assert_eq!(Range::parse(text), None, "{text:?}");
        }
    }
}
