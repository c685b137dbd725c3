//! The random numbers of a day: each purpose of each ticker on each date has a stream of its own.
//!
//! A number therefore depends on (seed, ticker, date, purpose) and on nothing that was drawn before
//! it.

use chrono::{Datelike, NaiveDate};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use closecall_protocol::Ticker;

/// The correlation of any two tickers' shocks, and of their moods.
pub(super) const CORRELATION: f64 = 0.45;

/// Degrees of freedom of a shock.
const FREEDOM: i32 = 5;

/// A mood is drawn from a normal distribution that is cut off here.
const MOOD_CUT: f64 = 2.0;

/// The standard deviation of a standard normal number that is cut off at `MOOD_CUT`.
const MOOD_DEVIATION: f64 = 0.959_4;

/// Purpose of a stream.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    Return = 0,
    Mood = 1,
    News = 2,
    Trades = 3,
    Volume = 4,
}

/// The stream of a ticker, or of the whole market, for one purpose on one date.
pub(super) fn stream(
    seed: u64,
    ticker: Option<&Ticker>,
    date: NaiveDate,
    purpose: Purpose,
) -> ChaCha8Rng {
    let mut key = [0; 32];
    let symbol = ticker.map_or("", Ticker::as_str).as_bytes(); // at most ten bytes
    let parts = seed
        .to_be_bytes()
        .into_iter()
        .chain(date.num_days_from_ce().to_be_bytes())
        .chain([purpose as u8])
        .chain(symbol.iter().copied());
    for (slot, byte) in key.iter_mut().zip(parts) {
        *slot = byte;
    }
    ChaCha8Rng::from_seed(key)
}

pub(super) fn normal(rng: &mut ChaCha8Rng) -> f64 {
    rng.sample(StandardNormal)
}

/// A heavy-tailed number (Student's t, mean 0, variance 1) as what it is made of: a normal number
/// times a scale that was drawn for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shock {
    pub(super) scale: f64,
    pub(super) value: f64,
}

pub(super) fn shock(rng: &mut ChaCha8Rng) -> Shock {
    let squares: f64 = (0..FREEDOM).map(|_| normal(rng).powi(2)).sum();
    let scale = (f64::from(FREEDOM - 2) / squares).sqrt();
    Shock {
        scale,
        value: scale * normal(rng),
    }
}

/// The part of two independent unit numbers, one the market's and one the ticker's own, that
/// makes tickers correlated.
pub(super) fn correlated(market: f64, own: f64) -> f64 {
    CORRELATION.sqrt() * market + (1.0 - CORRELATION).sqrt() * own
}

/// The part of a session's mood that all tickers share.
pub(super) fn market_mood(seed: u64, date: NaiveDate) -> f64 {
    normal(&mut stream(seed, None, date, Purpose::Mood))
}

/// The mood of a ticker's news of one session, in [-1, 1].
pub(super) fn mood(seed: u64, ticker: &Ticker, date: NaiveDate, market_mood: f64) -> f64 {
    let own = normal(&mut stream(seed, Some(ticker), date, Purpose::Mood));
    correlated(market_mood, own).clamp(-MOOD_CUT, MOOD_CUT) / MOOD_CUT
}

/// A mood on a scale on which its variance is 1.
pub(super) fn standard_mood(mood: f64) -> f64 {
    mood * MOOD_CUT / MOOD_DEVIATION
}
