//! A simulated session from the inside: a trade every 20 seconds, on a random walk.
//!
//! The walk's variance accrues as the profile of the day says: quickly after the opening, slowly at
//! noon, and the rest of it at once in the closing auction. Its end is the session part of the
//! day's return, which was drawn before: a walk that is told its end and is then read up to a moment
//! is, up to that moment, the same as one that does not know it. The session's expected move accrues
//! with the variance, too.

use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use closecall_calendar::Session;
use closecall_protocol::{Ohlcv, Ticker, day_profile};

use super::companies::Company;
use super::draws::{Purpose, normal, stream};
use super::path::Day;
use crate::session_bar::SessionBar;
use crate::tape::{Print, Tape};

/// Trades are in the middle of each 20 seconds, so that none lies between two bars of a minute.
const EVERY: i64 = 20;

/// The share of a day's volume that is traded outside the auctions.
const CONTINUOUS_VOLUME: f64 = 0.85;

/// The volume of a usual day, in shares.
const USUAL_VOLUME: f64 = 3e7;

/// The share of the session's variance that has accrued at each trade, closing auction excluded, of
/// a full day and of a half day.
static FULL_DAY: LazyLock<Vec<f64>> = LazyLock::new(|| accrued(TimeDelta::minutes(390)));
static HALF_DAY: LazyLock<Vec<f64>> = LazyLock::new(|| accrued(TimeDelta::minutes(210)));

fn accrued(length: TimeDelta) -> Vec<f64> {
    let seconds = length.num_seconds();
    (0..seconds / EVERY)
        .map(|trade| {
            let u = offset(trade) as f64 / seconds as f64;
            1.0 - day_profile::remaining_variance(u)
        })
        .collect()
}

/// Seconds from the opening to a trade.
fn offset(trade: i64) -> i64 {
    trade * EVERY + EVERY / 2
}

fn profile(session: &Session) -> &'static [f64] {
    if session.is_half_day() {
        &HALF_DAY
    } else {
        &FULL_DAY
    }
}

/// The session's trades.
pub(super) fn tape(seed: u64, ticker: &Ticker, company: &Company, day: &Day) -> Tape {
    let session = day.session;
    let profile = profile(&session);
    let market = Noise::new(seed, None, &session, profile);
    let own = Noise::new(seed, Some(ticker), &session, profile);
    let price = |level: f64| rounded(company.price * level.exp());
    let opening = day.level - day.truth.intraday;
    let regular = profile.last().copied().unwrap_or(1.0);
    let volume = CONTINUOUS_VOLUME * volume(seed, ticker, day) / regular;
    let mut before = 0.0;
    let trades = profile.iter().enumerate().map(|(index, share)| {
        let level = opening
            + share * day.truth.intraday
            + day.market_deviation * market.at(index, *share)
            + day.own_deviation * own.at(index, *share);
        let traded = (volume * (share - before)).round();
        before = *share;
        Print::trade(moment(&session, index), price(level), traded)
    });
    Tape::new(session, price(opening), trades, price(day.level))
}

/// The session's daily bar.
pub(super) fn bar(seed: u64, ticker: &Ticker, company: &Company, day: &Day) -> SessionBar {
    let quote: Ohlcv = tape(seed, ticker, company, day).whole(volume(seed, ticker, day).round());
    SessionBar {
        session: day.session,
        quote,
    }
}

fn moment(session: &Session, trade: usize) -> DateTime<Utc> {
    session.open + TimeDelta::seconds(offset(trade as i64))
}

/// The whole day's volume. It follows how busy the session is, never where the price goes: it shows
/// while the session runs.
fn volume(seed: u64, ticker: &Ticker, day: &Day) -> f64 {
    let mut rng = stream(seed, Some(ticker), day.session.date, Purpose::Volume);
    USUAL_VOLUME * (0.5 * day.business.min(3.0) + 0.3 * normal(&mut rng)).exp()
}

/// A random walk on the profile's clock that ends where it began.
struct Noise {
    walk: Vec<f64>,
    end: f64,
}

impl Noise {
    fn new(seed: u64, ticker: Option<&Ticker>, session: &Session, profile: &[f64]) -> Self {
        let mut rng = stream(seed, ticker, session.date, Purpose::Trades);
        let (mut at, mut before) = (0.0, 0.0);
        let mut step = |to: f64| {
            at += (to - before).sqrt() * normal(&mut rng);
            before = to;
            at
        };
        let walk = profile.iter().map(|share| step(*share)).collect();
        let end = step(1.0); // the auction's step
        Self { walk, end }
    }

    /// Its place at a trade, when `share` of the variance has accrued.
    fn at(&self, trade: usize, share: f64) -> f64 {
        self.walk.get(trade).copied().unwrap_or_default() - share * self.end
    }
}

/// To six decimals, as recorded prices are written.
fn rounded(price: f64) -> f64 {
    (price * 1e6).round() / 1e6
}
