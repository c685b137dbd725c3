//! The widths of bars that can be asked for, and how far back the vendor has each.

use chrono::TimeDelta;

use super::refusal::{bad_request, unprocessable};
use crate::answer::Answer;

/// The width of the bars asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Granularity {
    /// A session.
    Day,
    /// Minutes of a session.
    Minutes(Intraday),
}

/// A width inside the session.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Intraday {
    /// As the answer names it.
    pub(super) name: &'static str,
    pub(super) minutes: i64,
    /// Calendar days that one request may span; no limit of its own where that is `None`.
    pub(super) longest_days: Option<i64>,
    /// Calendar days back from now that a request must stay within.
    pub(super) oldest_days: i64,
}

const INTRADAY: [Intraday; 7] = [
    intraday("1m", 1, Some(8), 30),
    intraday("2m", 2, None, 60),
    intraday("5m", 5, None, 60),
    intraday("15m", 15, None, 60),
    intraday("30m", 30, None, 60),
    intraday("90m", 90, None, 60),
    intraday("1h", 60, None, 730),
];

/// Everything the vendor has, in the order of its own list.
const VALID: &str = "1m, 2m, 5m, 15m, 30m, 60m, 90m, 1h, 4h, 1d, 5d, 1wk, 1mo, 3mo";

const fn intraday(
    name: &'static str,
    minutes: i64,
    longest_days: Option<i64>,
    oldest_days: i64,
) -> Intraday {
    Intraday {
        name,
        minutes,
        longest_days,
        oldest_days,
    }
}

impl Granularity {
    /// Reads the parameter.
    pub(super) fn parse(text: &str) -> Result<Self, Answer> {
        let name = if text == "60m" { "1h" } else { text };
        if name == "1d" {
            return Ok(Self::Day);
        }
        if let Some(known) = INTRADAY.iter().find(|interval| interval.name == name) {
            return Ok(Self::Minutes(*known));
        }
        if VALID.split(", ").any(|valid| valid == text) {
            return Err(unprocessable(format!(
                "{text} data not available: this server has bars of 1 minute to 90 minutes and of 1 day"
            )));
        }
        Err(bad_request(format!(
            "Invalid input - interval={text} is not supported. Valid intervals: [{VALID}]"
        )))
    }

    /// As the answer names it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Day => "1d",
            Self::Minutes(intraday) => intraday.name,
        }
    }
}

impl Intraday {
    pub(super) fn width(self) -> TimeDelta {
        TimeDelta::minutes(self.minutes)
    }

    /// Refuses a window beyond the vendor's limits at `now`, all in seconds.
    pub(super) fn check(self, start: i64, end: i64, now: i64) -> Result<(), Answer> {
        const DAY: i64 = 86_400;
        let Self {
            name, oldest_days, ..
        } = self;
        let refused = |why: String| {
            let window = format!("startTime={start} and endTime={end}");
            Err(unprocessable(format!(
                "{name} data not available for {window}. {why}"
            )))
        };
        if let Some(days) = self.longest_days
            && end.saturating_sub(start) > days * DAY
        {
            return refused(format!(
                "Only {days} days worth of {name} granularity data are allowed to be fetched per request."
            ));
        }
        if start <= now - oldest_days * DAY {
            return refused(format!(
                "The requested range must be within the last {oldest_days} days."
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(text: &str) -> Intraday {
        match Granularity::parse(text) {
            Ok(Granularity::Minutes(intraday)) => intraday,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn an_hour_has_two_names_and_one_answer() {
        assert_eq!(minutes("60m"), minutes("1h"));
        assert_eq!(minutes("60m").name, "1h");
    }

    #[test]
    fn limits_are_days_back_from_now_in_seconds() {
        const DAY: i64 = 86_400;
        let now = 1_791_208_756;
        for (name, days) in [("1m", 30), ("2m", 60), ("5m", 60), ("15m", 60), ("1h", 730)] {
            let interval = minutes(name);
            let check = |start: i64| interval.check(start, start + 60, now);
            assert!(check(now - (days - 1) * DAY).is_ok(), "{name}");
            let (status, body) = check(now - days * DAY).unwrap_err();
            assert_eq!(status, 422);
            let said = body["chart"]["error"]["description"].as_str().unwrap();
            let expected = format!("The requested range must be within the last {days} days.");
            assert!(said.ends_with(&expected), "{said}");
        }
        let minute = minutes("1m");
        assert!(minute.check(now - 8 * DAY, now, now).is_ok());
        let (_, body) = minute.check(now - 8 * DAY - 1, now, now).unwrap_err();
        let expected = format!(
            "1m data not available for startTime={} and endTime={now}. Only 8 days worth of 1m granularity data are allowed to be fetched per request.",
            now - 8 * DAY - 1
        );
        assert_eq!(body["chart"]["error"]["description"], expected);
    }

    #[test]
    fn what_the_vendor_does_not_know_is_refused_with_its_list() {
        let (status, body) = Granularity::parse("7m").unwrap_err();
        assert_eq!(status, 400);
        assert_eq!(
            body["chart"]["error"]["description"],
            "Invalid input - interval=7m is not supported. Valid intervals: [1m, 2m, 5m, 15m, 30m, 60m, 90m, 1h, 4h, 1d, 5d, 1wk, 1mo, 3mo]"
        );
        assert_eq!(Granularity::parse("1wk").unwrap_err().0, 422);
    }
}
