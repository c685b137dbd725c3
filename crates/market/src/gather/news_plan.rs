//! Plan of a day's requests for news, where they are few.
//!
//! First each ticker's news are brought up to date, all of them equally often: as often a day as the
//! budget allows whole rounds. What the rounds of the rest of the day will not need goes into news of
//! the past. A pure function of what was answered when; what it rests on survives a restart.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use closecall_protocol::Ticker;

const DAY: TimeDelta = TimeDelta::hours(24);
/// A ticker whose news were not asked for this long is no longer among those of the day.
const FORGOTTEN_AFTER: TimeDelta = TimeDelta::days(3);

/// The plan as it stands at a moment.
#[derive(Debug)]
pub(super) struct NewsPlan {
    budget: u32,
    /// When each ticker's news were last brought up to date.
    answered: HashMap<Ticker, DateTime<Utc>>,
    /// Tickers of the day of which that is not known.
    unknown: usize,
    now: DateTime<Utc>,
}

impl NewsPlan {
    /// Plans `budget` requests a UTC day for `tickers` tickers, or as many as were asked for.
    pub(super) fn new(
        budget: u32,
        tickers: usize,
        mut answered: HashMap<Ticker, DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Self {
        // A time ahead of the clock is from before it was set back.
        answered.retain(|_, at| *at <= now && now - *at < FORGOTTEN_AFTER);
        Self {
            budget: budget.max(1),
            unknown: tickers.saturating_sub(answered.len()),
            answered,
            now,
        }
    }

    /// Between two times at which a ticker's news are brought up to date.
    fn interval(&self) -> TimeDelta {
        let tickers = u32::try_from(self.answered.len() + self.unknown).unwrap_or(u32::MAX);
        let tickers = tickers.max(1);
        match self.budget / tickers {
            // Not even once a day: the tickers take turns over several.
            0 => DAY * i32::try_from(tickers.div_ceil(self.budget)).unwrap_or(i32::MAX),
            rounds => DAY / i32::try_from(rounds).unwrap_or(i32::MAX),
        }
    }

    /// Whether this ticker's news are due.
    pub(super) fn refreshes(&self, ticker: &Ticker) -> bool {
        let at = self.answered.get(ticker);
        at.is_none_or(|at| *at + self.interval() <= self.now)
    }

    /// Whether there is a request to spare after `used` of them, for news of the past.
    pub(super) fn spares(&self, used: u32) -> bool {
        let interval = self.interval();
        let tomorrow = self
            .now
            .date_naive()
            .and_time(chrono::NaiveTime::MIN)
            .and_utc()
            + DAY;
        let rounds = |due: DateTime<Utc>| {
            let left = (tomorrow - due.max(self.now)).num_seconds();
            // A round that is due at midnight is the next day's.
            if left <= 0 {
                0
            } else {
                1 + (left - 1) / interval.num_seconds().max(1)
            }
        };
        let known: i64 = self
            .answered
            .values()
            .map(|at| rounds(*at + interval))
            .sum();
        let unknown = rounds(self.now) * i64::try_from(self.unknown).unwrap_or(i64::MAX);
        i64::from(used) + known + unknown < i64::from(self.budget)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn tickers(count: usize) -> Vec<Ticker> {
        (0..count)
            .map(|n| Ticker::new(&format!("T{n}")).unwrap())
            .collect()
    }

    /// Requests a day, and the age of each ticker's news at its end, of this number of days of random picks
    /// every three minutes.
    fn days(budget: u32, count: usize, days: u32, seed: u64) -> Vec<(u32, TimeDelta)> {
        let all = tickers(count);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut answered = HashMap::new();
        let midnight: DateTime<Utc> = "2023-06-30T00:00:00Z".parse().unwrap();
        let mut ends = Vec::new();
        for day in 0..days {
            let midnight = midnight + TimeDelta::days(i64::from(day));
            let mut used = 0;
            for slot in 0..480 {
                let now = midnight + TimeDelta::minutes(3 * slot);
                let ticker = &all[rng.random_range(0..count)];
                let plan = NewsPlan::new(budget, count, answered.clone(), now);
                if used < budget && plan.refreshes(ticker) {
                    used += 1;
                    answered.insert(ticker.clone(), now);
                }
                let plan = NewsPlan::new(budget, count, answered.clone(), now);
                if plan.spares(used) {
                    used += 1;
                }
            }
            let oldest = all
                .iter()
                .filter_map(|ticker| answered.get(ticker))
                .min()
                .unwrap();
            ends.push((used, midnight + DAY - *oldest));
        }
        ends
    }

    #[test]
    fn a_free_keys_day_brings_ten_tickers_up_to_date_twice_and_spends_the_rest() {
        for seed in 0..5 {
            let ends = days(25, 10, 3, seed);
            assert_eq!(ends[0].0, 25);
            assert!(ends.iter().all(|(used, _)| *used <= 25));
            assert!(ends[0].1 <= TimeDelta::hours(12), "{:?}", ends[0].1);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn back_filling_never_takes_what_a_round_needs(
            rounds in 1..4u32,
            spare in 0..6u32,
            count in 1..12usize,
            seed in any::<u64>(),
        ) {
            let budget = rounds * count as u32 + spare.min(count as u32 - 1);
            let (used, age) = days(budget, count, 1, seed)[0];
            prop_assert!(used <= budget);
            prop_assert!(age <= DAY / rounds as i32 + TimeDelta::hours(4), "{}", age);
        }
    }
}
