//! Made-up markets for the statistical tests: random walks with clustered volatility and heavy
//! tails, prices inside the session, news that says nothing, and a dial for how much of tomorrow is
//! predictable.

use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use closecall_protocol::day_profile::remaining_variance;
use closecall_protocol::{
    Annotations, Bar, DatasetBuilt, DatasetRow, Ohlcv, Pick, PickId, PickReason, PriceRange,
    Provider, Quote, QuoteAbsent, SessionDate, SessionNews, SessionTimes, Ticker,
};

/// SplitMix64: enough for weather.
#[derive(Debug)]
pub(crate) struct Dice(pub u64);

impl Dice {
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// Minutes of a session, and of a quarter of an hour.
const MINUTES: u32 = 390;
const QUARTER: u32 = 15;

/// A market's whole history.
#[derive(Debug)]
pub(crate) struct Market {
    pub(crate) rows: Vec<DatasetRow>,
    /// Prices of each session at its opening and after each minute; the last is the closing
    /// auction's.
    pub(crate) prices: Vec<Vec<f64>>,
}

impl Market {
    /// `sessions` of seed `seed`. Of a return's variance four tenths fall into the night. The share
    /// `planted` of it is known before the session opens, half of it from the return before, half
    /// from the morning's news, and comes about inside the session.
    pub(crate) fn new(seed: u64, sessions: usize, planted: f64) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x1234_5678_9ABC_DEF1));
        let (mut close, mut variance, mut shock) = (100.0_f64, 1.0_f64, 0.0_f64);
        let mut market = Self {
            rows: Vec::new(),
            prices: Vec::new(),
        };
        for k in 0..sessions {
            // GARCH(1, 1) around a daily volatility of 1.5 %, t-distributed with 6 degrees.
            variance = 0.05 + 0.08 * shock * shock * variance + 0.87 * variance;
            let chi: f64 = (0..6).map(|_| dice.normal().powi(2)).sum();
            let noise = (1.0 - planted).sqrt() * (4.0 / chi).sqrt();
            let mood = dice.normal();
            let signal = planted.sqrt() * (shock.clamp(-3.0, 3.0) + mood) / 2.0_f64.sqrt();
            let size = 0.015 * variance.sqrt();
            let night = 0.4_f64.sqrt() * noise * dice.normal();
            let left = |minute: u32| match minute {
                0..=MINUTES => remaining_variance(f64::from(minute) / f64::from(MINUTES)),
                _ => 0.0,
            };
            let mut inside = vec![0.0];
            for minute in 0..=MINUTES {
                let share = left(minute) - left(minute + 1);
                let step = signal * share + (0.6 * share).sqrt() * noise * dice.normal();
                inside.push(inside[inside.len() - 1] + step);
            }
            shock = night + inside[inside.len() - 1];
            let open = close * (size * night).exp();
            let path: Vec<f64> = inside.iter().map(|x| open * (size * x).exp()).collect();
            close = path[path.len() - 1];
            let day = day(k);
            let numbers = Ohlcv {
                open,
                high: path.iter().copied().fold(0.0, f64::max),
                low: path.iter().copied().fold(f64::INFINITY, f64::min),
                close,
                adj_close: close,
                volume: 1e6 * (1.0 + dice.uniform()),
            };
            let news = SessionNews::new(day, Some((0.2 * mood).clamp(-1.0, 1.0)), 20).unwrap();
            let bar = Bar::new(day, numbers).unwrap();
            market.rows.push(DatasetRow::new(bar, news));
            market.prices.push(path);
        }
        market
    }

    /// The dataset before the opening of session `target`: the 205 sessions before it and its
    /// news.
    pub(crate) fn at(&self, target: usize) -> DatasetBuilt {
        let window = &self.rows[target.saturating_sub(205)..target];
        dataset(window, day(target), self.rows[target].news())
    }

    /// The same dataset, some quarters of an hour after the opening.
    pub(crate) fn during(&self, target: usize, quarter: u32) -> DatasetBuilt {
        let mut dataset = self.at(target);
        let path = &self.prices[target][..=(quarter * QUARTER) as usize];
        let low = path.iter().copied().fold(f64::INFINITY, f64::min);
        let high = path.iter().copied().fold(0.0, f64::max);
        dataset.pick.slot =
            dataset.session.open() + TimeDelta::minutes(i64::from(quarter * QUARTER));
        dataset.quote = Ok(Quote {
            price: path[path.len() - 1],
            at: dataset.pick.slot,
            open: path[0],
            range: PriceRange::new(low, high),
            source: Provider::Yahoo,
        });
        dataset
    }
}

/// A date for session `k`; weekends do not matter to the models.
pub(crate) fn day(k: usize) -> SessionDate {
    let first = NaiveDate::from_ymd_opt(2020, 1, 1).unwrap();
    SessionDate::new(first + Days::new(k as u64)).unwrap()
}

pub(crate) fn now() -> DateTime<Utc> {
    "2026-01-05T14:00:00Z".parse().unwrap()
}

/// A dataset of these rows, asked for half an hour before the opening.
pub(crate) fn dataset(rows: &[DatasetRow], target: SessionDate, live: SessionNews) -> DatasetBuilt {
    let ticker = Ticker::new("TEST").unwrap();
    let open = now() + TimeDelta::minutes(30);
    DatasetBuilt {
        pick: Pick {
            pick_id: PickId::of_slot(7, now(), &ticker),
            ticker,
            slot: now(),
            expires_at: None,
            reason: PickReason::Request,
        },
        target,
        session: SessionTimes::new(open, open + TimeDelta::minutes(390)).unwrap(),
        sessions_ahead: 0,
        quote: Err(QuoteAbsent::NotYetOpen),
        provider: None,
        provider_switched: None,
        provisional: false,
        repairs: [].into(),
        rows: Arc::from(rows),
        live,
        fetched_at: None,
        annotations: Annotations::default(),
    }
}
