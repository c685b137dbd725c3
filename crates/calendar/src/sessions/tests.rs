//! Sessions against the recorded calendar, and the rules for targets and news.

use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Every session and every half day of nineteen years, and no other day.
#[test]
fn equals_the_recorded_calendar() {
    let Some(folder) = testing::recorded_data() else {
        return;
    };
    let path = folder.join("calendar/nyse-sessions-2010-2028.csv");
    let text = std::fs::read_to_string(path).unwrap();
    let recorded: Vec<(NaiveDate, bool)> = text
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(','))
        .map(|(day, close)| (date(day), close == "13:00"))
        .collect();
    assert!(recorded.len() > 4500);
    let ours: Vec<(NaiveDate, bool)> = Calendar::default()
        .sessions(date("2010-01-01"), date("2028-12-31"))
        .map(|session| (session.date, session.is_half_day()))
        .collect();
    assert_eq!(ours, recorded);
}

#[test]
fn opening_and_close_follow_daylight_saving_time() {
    let calendar = Calendar::default();
    let summer = calendar.session(date("2023-06-30")).unwrap();
    assert_eq!(summer.open, at("2023-06-30T13:30:00Z"));
    assert_eq!(summer.close, at("2023-06-30T20:00:00Z"));
    let winter_half = calendar.session(date("2023-11-24")).unwrap();
    assert_eq!(winter_half.close, at("2023-11-24T18:00:00Z"));
}

#[test]
fn the_target_is_the_session_in_progress_or_the_next() {
    let calendar = Calendar::default();
    let target = |t| calendar.target(at(t)).date;
    assert_eq!(target("2023-06-30T10:00:00Z"), date("2023-06-30"));
    assert_eq!(target("2023-06-30T14:00:00Z"), date("2023-06-30"));
    assert_eq!(target("2023-06-30T20:00:00Z"), date("2023-07-03"));
    assert_eq!(target("2023-07-01T12:00:00Z"), date("2023-07-03"));
    // Closed on the fourth, half day on the third.
    assert_eq!(target("2023-07-03T17:00:00Z"), date("2023-07-05"));
    // Late evening in New York is already the next day in UTC.
    assert_eq!(target("2023-06-30T02:00:00Z"), date("2023-06-30"));
}

#[test]
fn extra_closures_are_kept() {
    let calendar = Calendar::with_closures([date("2023-06-30")]);
    assert_eq!(
        calendar.target(at("2023-06-30T14:00:00Z")).date,
        date("2023-07-03")
    );
    assert_eq!(
        calendar.last_closed(at("2023-07-01T14:00:00Z")).date,
        date("2023-06-29")
    );
}

#[test]
fn a_date_alone_ends_after_the_close() {
    let session = Calendar::default().news_session(Calendar::end_of_day(date("2023-06-30")));
    assert_eq!(session.date, date("2023-07-03"));
}

proptest! {
    #[test]
    fn target_and_last_closed_are_neighbours(seconds in 1_262_304_000_i64..1_861_920_000) {
        let calendar = Calendar::default();
        let t = DateTime::from_timestamp(seconds, 0).unwrap();
        let (target, last) = (calendar.target(t), calendar.last_closed(t));
        prop_assert!(last.close <= t && t < target.close);
        prop_assert_eq!(calendar.next(last.date), target);
        prop_assert_eq!(calendar.previous(target.date), last);
        prop_assert!(target.close - target.open >= TimeDelta::minutes(210));
    }
}
