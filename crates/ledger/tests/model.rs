//! Ensures that the ledger behaves as a plain list of picks would, whatever comes in whatever
//! order, restarts included.

use crate::support;

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};
use closecall_calendar::{Calendar, Session};
use closecall_ledger::{Recorded, State};
use closecall_protocol::{CloseForecast, PickId, Reason, SessionDate};
use proptest::prelude::*;

use support::{Fixture, Recording as _, dead_letter, forecast, foreign};

const TICKERS: [&str; 3] = ["AAPL", "TSLA", "PG"];

#[derive(Debug, Clone)]
enum Step {
    /// A forecast of the ticker on the day, from the slot, recorded this number of hours later.
    Forecast(usize, usize, i64, i64),
    DeadLetter(usize, usize, i64),
    Foreign(i64),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let (ticker, day, slot) = (0_usize..3, 0_usize..12, 0_i64..2);
    prop_oneof![
        6 => (ticker.clone(), day.clone(), slot.clone(), prop_oneof![4 => Just(0), 1 => Just(9)])
            .prop_map(|(ticker, day, slot, hours)| Step::Forecast(ticker, day, slot, hours)),
        3 => (ticker, day, slot)
            .prop_map(|(ticker, day, slot)| Step::DeadLetter(ticker, day, slot)),
        1 => (0_i64..3).prop_map(Step::Foreign),
        1 => Just(Step::Restart),
    ]
}

/// The sessions the test plays on.
fn days() -> Vec<Session> {
    let first: NaiveDate = "2023-06-20".parse().unwrap();
    Calendar::default()
        .sessions(first, first + TimeDelta::days(40))
        .take(14)
        .collect()
}

/// A close that moves every day, differently for each ticker.
fn close(ticker: usize, day: usize) -> f64 {
    100.0 + 10.0 * ticker as f64 + ((day * 7 + ticker * 3) % 5) as f64
}

fn made(ticker: usize, day: usize, slot: i64) -> CloseForecast {
    let days = days();
    let dates: Vec<String> = days
        .iter()
        .map(|session| session.date.to_string())
        .collect();
    // Day 0 of the steps is the third session, and a history holds four closes at most.
    let target = day + 2;
    let known: Vec<(&str, f64)> = (target.saturating_sub(4)..target)
        .map(|day| (dates[day].as_str(), close(ticker, day)))
        .collect();
    let as_of = days[target].open + TimeDelta::minutes(3 * slot);
    let prediction = close(ticker, target - 1) + 0.5 - slot as f64;
    forecast(TICKERS[ticker], &as_of.to_rfc3339(), prediction, &known)
}

/// Expected content of the ledger: a state by pick, and the error of each scored one.
#[derive(Default)]
struct Model {
    forecasts: BTreeMap<PickId, (usize, CloseForecast, bool, Option<f64>)>,
    dead: BTreeMap<PickId, Reason>,
    foreign: BTreeMap<PickId, ()>,
    duplicates: u64,
    superseded: usize,
}

impl Model {
    fn forecast(&mut self, ticker: usize, made: &CloseForecast, late: bool) -> Option<usize> {
        if self.forecasts.contains_key(&made.pick_id) {
            self.duplicates += 1;
            return None;
        }
        let knows = |day: SessionDate| made.history.iter().any(|(known, _)| *known == day);
        let mut scored = 0;
        for (of, earlier, late, error) in self.forecasts.values_mut() {
            let due = *of == ticker && !*late && error.is_none();
            if due && knows(earlier.target) && knows(earlier.last_session) {
                let days = days();
                let target = days
                    .iter()
                    .position(|s| s.date == earlier.target.date())
                    .unwrap();
                let actual = close(ticker, target);
                *error = Some((earlier.prediction - actual).abs() / earlier.last_close);
                scored += 1;
            }
        }
        self.forecasts
            .insert(made.pick_id, (ticker, made.clone(), late, None));
        self.superseded += usize::from(self.dead.remove(&made.pick_id).is_some());
        Some(scored)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_ledger_is_a_list_of_picks(steps in prop::collection::vec(step(), 1..60)) {
        let fixture = Fixture::new();
        let mut ledger = fixture.writer();
        let mut model = Model::default();
        for step in steps {
            match step {
                Step::Forecast(ticker, day, slot, hours) => {
                    let made = made(ticker, day, slot);
                    let at = made.as_of + TimeDelta::hours(hours);
                    let late = hours > 0;
                    let expected = match model.forecast(ticker, &made, late) {
                        Some(scored) => Recorded::New { late, scored },
                        None => Recorded::Duplicate,
                    };
                    prop_assert_eq!(ledger.record_forecast(&made, at).unwrap(), expected);
                }
                Step::DeadLetter(ticker, day, slot) => {
                    let of = made(ticker, day, slot);
                    let letter = dead_letter(of.pick_id, Reason::Expired, of.as_of);
                    let known = model.forecasts.contains_key(&of.pick_id)
                        || model.dead.contains_key(&of.pick_id);
                    if known {
                        model.duplicates += 1;
                    } else {
                        model.dead.insert(of.pick_id, Reason::Expired);
                    }
                    let recorded = ledger.record_dead_letter(&letter).unwrap();
                    prop_assert_eq!(recorded == Recorded::Duplicate, known);
                }
                Step::Foreign(offset) => {
                    let prediction = foreign(offset, "2023-06-29");
                    let known = model.foreign.insert(prediction.pick_id, ()).is_some();
                    model.duplicates += u64::from(known);
                    let at = support::at("2023-06-29T14:00:00Z");
                    let recorded = ledger.record_foreign(&prediction, at).unwrap();
                    prop_assert_eq!(recorded == Recorded::Duplicate, known);
                }
                Step::Restart => {
                    drop(ledger);
                    ledger = fixture.writer();
                }
            }
        }

        let reader = fixture.reader();
        let entries = reader.entries().unwrap();
        let known = model.forecasts.len() + model.dead.len() + model.foreign.len();
        prop_assert_eq!(entries.len(), known);
        for entry in &entries {
            match (entry.state, entry.foreign) {
                (State::DeadLetter, _) => {
                    prop_assert_eq!(entry.reason, model.dead.get(&entry.pick_id).copied());
                }
                (State::Forecast, true) => {
                    prop_assert!(model.foreign.contains_key(&entry.pick_id));
                }
                (State::Forecast, false) => {
                    let (_, made, late, error) = &model.forecasts[&entry.pick_id];
                    prop_assert_eq!(entry.prediction, Some(made.prediction));
                    prop_assert_eq!(entry.late, *late);
                    prop_assert_eq!(entry.score.map(|score| score.error), *error);
                }
            }
        }
        let summary = reader.summary().unwrap();
        let scored = model.forecasts.values().filter(|(.., error)| error.is_some()).count();
        let late = model.forecasts.values().filter(|(_, _, late, _)| *late).count();
        let figures = (summary.forecasts, summary.dead_letters, summary.duplicates);
        let expected = (model.forecasts.len() as u64, model.dead.len() as u64, model.duplicates);
        prop_assert_eq!(figures, expected);
        prop_assert_eq!((summary.scored, summary.late), (scored as u64, late as u64));
        // A dead letter that was superseded stays in the log.
        let rows = known + scored + model.superseded;
        prop_assert_eq!(reader.verify().unwrap().rows, i64::try_from(rows).unwrap());
    }
}
