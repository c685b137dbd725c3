//! The returns of the simulated market, and the bars they give.
//!
//! A log return is
//!
//! ```text
//! r(t) = a r(t-1) + b mood(t-1) - k level(t-1) + s sqrt(1-R2) (sqrt(c) A(t) X(t) + sqrt(1-c) B(t) Y(t))
//! ```
//!
//! with X (the market's) and Y (the ticker's own) heavy-tailed shocks, A and B clustered
//! volatilities (log-normal, first-order autoregressive, mean square 1), and c the correlation.
//! a and b share the predictable part R2 evenly. The level is the log of the price over the
//! company's usual price; k is so small that its share of the variance stays below a thousandth,
//! and large enough to keep prices within a sane range for ever.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};

use closecall_calendar::{Calendar, Session};
use closecall_protocol::{Ohlcv, Ticker};

use super::companies::{Company, company};
use super::draws::{
    CORRELATION, Purpose, correlated, market_mood, mood, normal, shock, standard_mood, stream,
};
use super::{SessionBar, Truth};

/// How much of a log volatility is left after a session, and its standard deviation.
const VOLATILITY_MEMORY: f64 = 0.97;
const VOLATILITY_DEVIATION: f64 = 0.45;

/// The standard deviation at which the reversion keeps the level.
const LEVEL_DEVIATION: f64 = 0.6;

/// No log return is larger: what lies beyond would look like a split.
const LARGEST_RETURN: f64 = 0.3;

/// One session of one ticker.
#[derive(Debug, Clone, Copy)]
pub(super) struct Day {
    pub(super) daily: SessionBar,
    pub(super) truth: Truth,
    level: f64,
    log_volatility: f64,
}

/// One session of the whole market.
#[derive(Debug, Clone, Copy)]
struct MarketDay {
    session: Session,
    shock: f64,
    log_volatility: f64,
    mood: f64,
}

/// All that was computed so far. It only grows at its end, so nothing in it depends on the order
/// of asking.
#[derive(Debug)]
pub(super) struct Paths {
    seed: u64,
    predictability: f64,
    /// The next date to look at.
    next: NaiveDate,
    market: Vec<MarketDay>,
    tickers: HashMap<Ticker, (Company, Vec<Day>)>,
}

impl Paths {
    pub(super) fn new(seed: u64, predictability: f64) -> Self {
        Self {
            seed,
            predictability,
            // Two years to forget the start before the first session that is shown.
            next: NaiveDate::from_ymd_opt(1988, 1, 1).unwrap_or_default(),
            market: Vec::new(),
            tickers: HashMap::new(),
        }
    }

    /// The days of a ticker from the beginning to `until` at least.
    pub(super) fn up_to(
        &mut self,
        ticker: &Ticker,
        until: NaiveDate,
        calendar: &Calendar,
    ) -> &[Day] {
        if self.next <= until {
            for session in calendar.sessions(self.next, until) {
                let day = market_day(self.seed, session, self.market.last());
                self.market.push(day);
            }
            self.next = until + Days::new(1);
        }
        let (company, days) = self
            .tickers
            .entry(ticker.clone())
            .or_insert_with(|| (company(ticker), Vec::new()));
        let recipe = Recipe {
            seed: self.seed,
            predictability: self.predictability,
            ticker,
            company,
        };
        for market in self.market.get(days.len()..).unwrap_or_default() {
            let day = recipe.day(market, days.last());
            days.push(day);
        }
        days
    }
}

fn market_day(seed: u64, session: Session, before: Option<&MarketDay>) -> MarketDay {
    let mut rng = stream(seed, None, session.date, Purpose::Return);
    MarketDay {
        session,
        shock: shock(&mut rng),
        log_volatility: next_volatility(before.map(|day| day.log_volatility), normal(&mut rng)),
        mood: market_mood(seed, session.date),
    }
}

fn next_volatility(before: Option<f64>, draw: f64) -> f64 {
    let fresh = (1.0 - VOLATILITY_MEMORY.powi(2)).sqrt() * VOLATILITY_DEVIATION * draw;
    VOLATILITY_MEMORY * before.unwrap_or_default() + fresh
}

/// The factor on a shock; its mean square is 1.
fn amplitude(log_volatility: f64) -> f64 {
    (log_volatility - VOLATILITY_DEVIATION.powi(2)).exp()
}

/// What a ticker's days are made from.
struct Recipe<'a> {
    seed: u64,
    predictability: f64,
    ticker: &'a Ticker,
    company: &'a Company,
}

impl Recipe<'_> {
    fn day(&self, market: &MarketDay, before: Option<&Day>) -> Day {
        let session = market.session;
        let mut rng = stream(self.seed, Some(self.ticker), session.date, Purpose::Return);
        let own = shock(&mut rng);
        let log_volatility =
            next_volatility(before.map(|day| day.log_volatility), normal(&mut rng));
        let (common, specific) = (amplitude(market.log_volatility), amplitude(log_volatility));
        let scale = self.company.volatility * (1.0 - self.predictability).sqrt();

        let expected = before.map_or(0.0, |day| self.expected(day));
        let surprise = scale * correlated(common * market.shock, specific * own);
        let log_return = (expected + surprise).clamp(-LARGEST_RETURN, LARGEST_RETURN);
        let volatility =
            scale * (CORRELATION * common.powi(2) + (1.0 - CORRELATION) * specific.powi(2)).sqrt();
        let level = before.map_or(0.0, |day| day.level) + log_return;
        Day {
            daily: SessionBar {
                session,
                quote: quote(self.company, level, log_return, volatility, || {
                    normal(&mut rng)
                }),
            },
            truth: Truth {
                session: session.date,
                log_return,
                expected,
                volatility,
                mood: mood(self.seed, self.ticker, session.date, market.mood),
            },
            level,
            log_volatility,
        }
    }

    /// The expectation of the next log return.
    fn expected(&self, day: &Day) -> f64 {
        let volatility = self.company.volatility;
        let share = (self.predictability / 2.0).sqrt();
        let reversion = (volatility / LEVEL_DEVIATION).powi(2) / (2.0 * (1.0 - share));
        share * day.truth.log_return + share * volatility * standard_mood(day.truth.mood)
            - reversion * day.level
    }
}

/// A bar that ends at `level` after a move of `log_return`; part of it happened overnight.
fn quote(
    company: &Company,
    level: f64,
    log_return: f64,
    volatility: f64,
    mut normal: impl FnMut() -> f64,
) -> Ohlcv {
    let price = |level: f64| company.price * level.exp();
    let opening = level - 0.7 * log_return + 0.25 * volatility * normal();
    let above = level.max(opening) + 0.4 * volatility * normal().abs();
    let below = level.min(opening) - 0.4 * volatility * normal().abs();
    let busy = (log_return.abs() / company.volatility).min(3.0);
    let close = rounded(price(level));
    Ohlcv {
        open: rounded(price(opening)),
        high: rounded(price(above)),
        low: rounded(price(below)),
        close,
        adj_close: close, // no dividends are paid
        volume: (3e7 * (0.5 * busy + 0.3 * normal()).exp()).round(),
    }
}

/// To six decimals, as recorded prices are written.
fn rounded(price: f64) -> f64 {
    (price * 1e6).round() / 1e6
}
