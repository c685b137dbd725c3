//! Made-up markets for the statistical tests: random walks with clustered volatility and heavy
//! tails, news that says nothing, and a dial for how much of tomorrow is predictable.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "test code may fail loudly")]

use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use closecall_protocol::{
    Bar, DatasetBuilt, DatasetRow, Ohlcv, Pick, PickId, PickReason, QuoteAbsent, SessionDate,
    SessionNews, SessionTimes, Ticker,
};

/// SplitMix64: enough for weather.
#[derive(Debug)]
pub struct Dice(pub u64);

impl Dice {
    pub fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// A market's whole history.
#[derive(Debug)]
pub struct Market {
    pub rows: Vec<DatasetRow>,
}

impl Market {
    /// `sessions` of seed `seed`. Of a return's variance the share `planted` is known before the
    /// session opens: half of it the return before, half of it the morning's news.
    pub fn new(seed: u64, sessions: usize, planted: f64) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x1234_5678_9ABC_DEF1));
        let (mut close, mut variance, mut shock) = (100.0_f64, 1.0_f64, 0.0_f64);
        let rows = (0..sessions).map(|k| {
            // GARCH(1, 1) around a daily volatility of 1.5 %, t-distributed with 6 degrees.
            variance = 0.05 + 0.08 * shock * shock * variance + 0.87 * variance;
            let chi: f64 = (0..6).map(|_| dice.normal().powi(2)).sum();
            let noise = dice.normal() * (4.0 / chi).sqrt();
            let mood = dice.normal();
            let signal = (shock.clamp(-3.0, 3.0) + mood) / 2.0_f64.sqrt();
            shock = planted.sqrt() * signal + (1.0 - planted).sqrt() * noise;
            let open = close;
            close *= (0.015 * variance.sqrt() * shock).exp();
            let day = day(k);
            let quote = Ohlcv {
                open,
                high: open.max(close) * (1.0 + 0.004 * dice.uniform()),
                low: open.min(close) * (1.0 - 0.004 * dice.uniform()),
                close,
                adj_close: close,
                volume: 1e6 * (1.0 + dice.uniform()),
            };
            let news = SessionNews::new(day, Some((0.2 * mood).clamp(-1.0, 1.0)), 20).unwrap();
            DatasetRow::new(Bar::new(day, quote).unwrap(), news)
        });
        Self {
            rows: rows.collect(),
        }
    }

    /// What is known at the opening of session `target`: the 205 sessions before it and its news.
    pub fn at(&self, target: usize) -> DatasetBuilt {
        let window = &self.rows[target.saturating_sub(205)..target];
        dataset(window, day(target), self.rows[target].news())
    }

    /// Log return of a session.
    pub fn log_return(&self, session: usize) -> f64 {
        (self.rows[session].close() / self.rows[session - 1].close()).ln()
    }
}

/// A date for session `k`; weekends do not matter to the models.
pub fn day(k: usize) -> SessionDate {
    let first = NaiveDate::from_ymd_opt(2020, 1, 1).unwrap();
    SessionDate::new(first + Days::new(k as u64)).unwrap()
}

pub fn now() -> DateTime<Utc> {
    "2026-01-05T14:00:00Z".parse().unwrap()
}

/// A dataset of these rows.
pub fn dataset(rows: &[DatasetRow], target: SessionDate, live: SessionNews) -> DatasetBuilt {
    let ticker = Ticker::new("TEST").unwrap();
    DatasetBuilt {
        pick: Pick {
            pick_id: PickId::of_slot(7, now(), &ticker),
            ticker,
            slot: now(),
            expires_at: None,
            reason: PickReason::Request,
        },
        target,
        session: SessionTimes::new(now(), now() + TimeDelta::minutes(390)).unwrap(),
        sessions_ahead: 0,
        quote: Err(QuoteAbsent::NoQuote),
        provider: None,
        provisional: false,
        repairs: [].into(),
        rows: Arc::from(rows),
        live,
        fetched_at: None,
    }
}
