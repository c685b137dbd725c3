//! The look-ahead proof: whatever came after a forecast's cut is changed at random, and the forecast
//! has to stay the same to the bit. Leaks that are planted on purpose have to be found, or the proof
//! proves nothing.

mod alter;
mod check;
mod leak;
mod plant;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use closecall_forecast::forecast;
use serde::Serialize;

pub use self::check::LeakCheck;
pub use self::leak::Leak;
use self::plant::leaking_dataset;
use crate::error::Error;
use crate::simulated::{Dice, PlantedTruth, SimulatedMarket, SimulatedMarkets};
use crate::variant::Variant;

/// Sessions of the simulated markets; forecasts are of those that have a whole window before them.
const SESSIONS: usize = 300;
const WINDOW: usize = 215;

/// LeakTrials in which a planted leak has to show.
const PLANTED_TRIALS: usize = 40;

/// Result of a look-ahead proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeakReport {
    /// The product's own way.
    pub own: LeakTrials,
    /// By planted leak.
    pub planted: BTreeMap<Leak, LeakTrials>,
}

/// LeakTrials of one way of building datasets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LeakTrials {
    /// Forecasts made twice.
    pub trials: usize,
    /// Forecasts that changed with what came after their cut.
    pub changed: usize,
    /// The first of them.
    pub first: Option<String>,
}

impl LeakReport {
    /// Whether no forecast changed, and every planted leak was found.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.own.changed == 0 && self.planted.values().all(|trials| trials.changed > 0)
    }
}

impl LeakCheck<'_> {
    /// Runs all trials. `progress` is called after each; `Break` stops, and there is no report.
    ///
    /// # Errors
    /// Whatever a market or a forecast says.
    pub fn run(
        &self,
        progress: &(dyn Fn() -> ControlFlow<()> + Sync),
    ) -> Result<Option<LeakReport>, Error> {
        let markets =
            SimulatedMarket::several(3, self.seed, SESSIONS, PlantedTruth::None, self.calendar)?;
        let Some(own) = self.trials(&markets, self.planted, self.trials, progress)? else {
            return Ok(None);
        };
        let mut planted = BTreeMap::new();
        for &leak in Leak::ALL {
            match self.trials(&markets, Some(leak), PLANTED_TRIALS, progress)? {
                Some(trials) => planted.insert(leak, trials),
                None => return Ok(None),
            };
        }
        Ok(Some(LeakReport { own, planted }))
    }

    /// LeakTrials a leak or the product itself goes through: all of them, as many as planned.
    #[must_use]
    pub fn planned(&self) -> usize {
        self.trials + Leak::ALL.len() * PLANTED_TRIALS
    }

    fn trials(
        &self,
        markets: &SimulatedMarkets,
        leak: Option<Leak>,
        count: usize,
        progress: &(dyn Fn() -> ControlFlow<()> + Sync),
    ) -> Result<Option<LeakTrials>, Error> {
        let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        let results = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..self.jobs.get() {
                scope.spawn(|| {
                    while !stop.load(Ordering::Relaxed) {
                        let trial = next.fetch_add(1, Ordering::Relaxed);
                        if trial >= count {
                            return;
                        }
                        let result = self.trial(markets, leak, trial);
                        if result.is_err() || progress().is_break() {
                            stop.store(true, Ordering::Relaxed);
                        }
                        let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                        results.push((trial, result));
                    }
                });
            }
        });
        let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
        results.sort_by_key(|(trial, _)| *trial);
        let mut trials = LeakTrials::default();
        for (_, result) in results {
            let changed = result?;
            trials.trials += 1;
            trials.changed += usize::from(changed.is_some());
            trials.first = trials.first.or(changed);
        }
        Ok((trials.trials == count).then_some(trials))
    }

    /// One forecast made twice; what it was of, where it changed.
    fn trial(
        &self,
        markets: &SimulatedMarkets,
        leak: Option<Leak>,
        trial: usize,
    ) -> Result<Option<String>, Error> {
        let mut dice = Dice::new(self.seed.wrapping_mul(1_000_003) ^ (trial as u64));
        let market = &markets.0[dice.below(markets.0.len())];
        let number = WINDOW + dice.below(SESSIONS - 10 - WINDOW);
        let as_of = moment(market, number, &mut dice);
        let altered = alter::after(market, as_of, &mut dice)?;
        let before = self.forecast(market, number, as_of, leak)?;
        let after = self.forecast(&altered, number, as_of, leak)?;
        Ok((before != after).then(|| format!("{} at {as_of}", market.history.ticker)))
    }

    /// A forecast as text that differs where any bit of it does.
    fn forecast(
        &self,
        market: &SimulatedMarket,
        number: usize,
        as_of: DateTime<Utc>,
        leak: Option<Leak>,
    ) -> Result<String, Error> {
        let dataset = leaking_dataset(self, market, number, as_of, leak)?;
        let ticker = market.history.ticker.clone();
        let mut go_on = |_| ControlFlow::Continue(());
        let made = forecast(&dataset, self.settings, as_of, &mut go_on);
        let made = made.map_err(|source| Error::Forecast {
            ticker,
            session: dataset.target,
            variant: Variant {
                model: self.settings.model,
                news: true,
            },
            source: Box::new(source),
        })?;
        Ok(format!("{made:?}"))
    }
}

/// A moment before or inside a session, to the second.
fn moment(market: &SimulatedMarket, number: usize, dice: &mut Dice) -> DateTime<Utc> {
    let session = &market.sessions[number].session;
    if dice.uniform() < 0.25 {
        return session.open - TimeDelta::minutes(1 + dice.below(300) as i64);
    }
    let seconds = (session.close - session.open).num_seconds();
    session.open + TimeDelta::seconds(dice.below(usize::try_from(seconds).unwrap_or(1)) as i64)
}
