//! When a fault strikes: a count of requests, or of a day's.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

/// Counted requests that are struck.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum When {
    Always,
    First(u64),
    After(u64),
    Every(u64),
    At(Vec<u64>),
    /// Those at these times, the end excluded.
    Between(DateTime<Utc>, DateTime<Utc>),
    /// Those beyond this number on one day of UTC.
    DailyQuota(u64),
}

impl When {
    /// Reads `first=3` and the like; `None` for what is none of them.
    pub(super) fn parse(text: &str) -> Option<Result<Self, String>> {
        let (name, value) = text.split_once('=')?;
        let one = || match value.parse::<u64>() {
            Ok(number) if number > 0 => Ok(number),
            _ => Err(format!("{value:?} is not a count from 1 on")),
        };
        Some(match name {
            "first" => one().map(Self::First),
            "after" => one().map(Self::After),
            "every" => one().map(Self::Every),
            "at" => value
                .split(',')
                .map(|part| part.parse::<u64>())
                .collect::<Result<_, _>>()
                .map(Self::At)
                .map_err(|_| format!("{value:?} is not a list of counts such as 2,7")),
            "between" => value
                .split_once(',')
                .and_then(|(from, to)| Some((minute(from)?, minute(to)?)))
                .filter(|(from, to)| from < to)
                .map(|(from, to)| Self::Between(from, to))
                .ok_or_else(|| {
                    format!(
                        "{value:?} is not two times, the earlier first, such as \
                         20230630T1400,20230630T1700"
                    )
                }),
            _ => return None,
        })
    }
}

fn minute(text: &str) -> Option<DateTime<Utc>> {
    let time = NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M").ok()?;
    Some(time.and_utc())
}

/// A count and what it means.
#[derive(Debug)]
pub(super) struct Schedule {
    when: When,
    counted: Mutex<Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    day: Option<NaiveDate>,
    requests: u64,
}

impl Schedule {
    pub(super) fn new(when: When) -> Self {
        Self {
            when,
            counted: Mutex::default(),
        }
    }

    /// Counts a request, and says whether it is struck.
    pub(super) fn strikes(&self, now: DateTime<Utc>) -> bool {
        // Whole numbers: a panic elsewhere leaves none of them half-written.
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let today = Some(now.date_naive());
        if matches!(self.when, When::DailyQuota(_)) && counted.day != today {
            *counted = Counted {
                day: today,
                requests: 0,
            };
        }
        counted.requests += 1;
        let number = counted.requests;
        match &self.when {
            When::Always => true,
            When::First(count) => number <= *count,
            When::After(count) | When::DailyQuota(count) => number > *count,
            When::Every(count) => number.is_multiple_of(*count),
            When::At(numbers) => numbers.contains(&number),
            When::Between(from, to) => (*from..*to).contains(&now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn struck(when: When, requests: u64) -> Vec<u64> {
        let schedule = Schedule::new(when);
        let now = DateTime::UNIX_EPOCH;
        (1..=requests).filter(|_| schedule.strikes(now)).collect()
    }

    #[test]
    fn counts_mean_what_they_say() {
        let parse = |text: &str| When::parse(text).unwrap().unwrap();
        assert_eq!(struck(When::Always, 3), [1, 2, 3]);
        assert_eq!(struck(parse("first=2"), 4), [1, 2]);
        assert_eq!(struck(parse("after=2"), 4), [3, 4]);
        assert_eq!(struck(parse("every=2"), 5), [2, 4]);
        assert_eq!(struck(parse("at=1,4"), 5), [1, 4]);
        assert!(When::parse("first=0").unwrap().is_err());
        assert!(When::parse("between=20230630T1400").unwrap().is_err());
        assert!(When::parse("at=1,x").unwrap().is_err());
        assert!(When::parse("status=503").is_none());
    }

    #[test]
    fn times_are_those_of_the_clock_without_the_end() {
        let when = When::parse("between=20230630T1400,20230630T1700").unwrap();
        let schedule = Schedule::new(when.unwrap());
        let struck = ["13:59:59", "14:00:00", "16:59:59", "17:00:00"]
            .map(|time| schedule.strikes(format!("2023-06-30T{time}Z").parse().unwrap()));
        assert_eq!(struck, [false, true, true, false]);
    }

    #[test]
    fn a_quota_is_counted_by_the_day() {
        let schedule = Schedule::new(When::DailyQuota(2));
        let day = |text: &str| text.parse().unwrap();
        let evening = day("2023-06-29T23:59:59Z");
        let night = day("2023-06-30T00:00:00Z");
        let struck =
            [evening, evening, evening, night, night, night].map(|at| schedule.strikes(at));
        assert_eq!(struck, [false, false, true, false, false, true]);
    }
}
