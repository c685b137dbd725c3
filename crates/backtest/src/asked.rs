//! The time of day at which a forecast is asked.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveTime, TimeDelta, Timelike, Utc};
use chrono_tz::America::New_York;
use closecall_protocol::SessionTimes;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// When of a session. Ordered as the day goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum AskedTime {
    /// A minute before the opening.
    Before,
    /// A time on the wall in New York.
    At(NaiveTime),
}

impl AskedTime {
    /// A minute after the opening.
    pub(crate) fn opening() -> Self {
        Self::At(NaiveTime::from_hms_opt(9, 31, 0).unwrap_or_default())
    }

    /// The moment on a session's day; `None` where it does not lie before the close, as 14:00 on a
    /// half day.
    #[must_use]
    pub fn on(self, session: &SessionTimes) -> Option<DateTime<Utc>> {
        let moment = match self {
            Self::Before => session.open() - TimeDelta::minutes(1),
            // The clocks change at night, so the hours since the opening are those on the wall.
            Self::At(time) => {
                let opening = session.open().with_timezone(&New_York).time();
                session.open() + time.signed_duration_since(opening)
            }
        };
        (moment < session.close()).then_some(moment)
    }
}

impl fmt::Display for AskedTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Before => f.pad("before"),
            Self::At(time) => f.pad(&time.format("%H:%M").to_string()),
        }
    }
}

impl FromStr for AskedTime {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text == "before" {
            return Ok(Self::Before);
        }
        let refused = || Error::Time(text.to_owned());
        let time = NaiveTime::parse_from_str(text, "%H:%M").map_err(|_| refused())?;
        let minute = 60 * time.hour() + time.minute();
        if (9 * 60 + 30..16 * 60).contains(&minute) {
            Ok(Self::At(time))
        } else {
            Err(refused())
        }
    }
}

impl TryFrom<String> for AskedTime {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<AskedTime> for String {
    fn from(time: AskedTime) -> Self {
        time.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn session(open: &str, close: &str) -> SessionTimes {
        SessionTimes::new(open.parse().unwrap(), close.parse().unwrap()).unwrap()
    }

    #[test]
    fn a_time_is_that_of_the_wall_in_summer_and_winter() {
        let ten: AskedTime = "10:00".parse().unwrap();
        let summer = session("2022-07-01T13:30:00Z", "2022-07-01T20:00:00Z");
        let winter = session("2022-01-03T14:30:00Z", "2022-01-03T21:00:00Z");
        let at = |text: &str| Some(text.parse::<DateTime<Utc>>().unwrap());
        assert_eq!(ten.on(&summer), at("2022-07-01T14:00:00Z"));
        assert_eq!(ten.on(&winter), at("2022-01-03T15:00:00Z"));
        assert_eq!(AskedTime::Before.on(&winter), at("2022-01-03T14:29:00Z"));
    }

    #[test]
    fn a_half_day_has_no_afternoon() {
        let half = session("2021-11-26T14:30:00Z", "2021-11-26T18:00:00Z");
        assert_eq!("14:00".parse::<AskedTime>().unwrap().on(&half), None);
        assert!("12:00".parse::<AskedTime>().unwrap().on(&half).is_some());
    }

    #[test]
    fn times_outside_the_session_are_refused_by_name() {
        for text in ["09:29", "16:00", "24:00", "noon", "", "10", "10:00:00"] {
            let error = text.parse::<AskedTime>().unwrap_err().to_string();
            assert!(error.contains(&format!("`{text}`")), "{error}");
        }
    }

    proptest! {
        #[test]
        fn text_is_read_back(minute in 570_u32..960) {
            let text = format!("{:02}:{:02}", minute / 60, minute % 60);
            prop_assert_eq!(text.parse::<AskedTime>().unwrap().to_string(), text);
        }
    }
}
