//! The returns of the simulated market, session after session.
//!
//! A log return is an overnight part and a session part, independent of each other. Each is
//!
//! ```text
//! signal + s sqrt(1-R2) sqrt(w) (sqrt(c) A(t) X(t) + sqrt(1-c) B(t) Y(t))
//! ```
//!
//! with its own X (the market's) and Y (the ticker's own) heavy-tailed shocks, A and B clustered
//! volatilities (log-normal, first-order autoregressive, mean square 1) that both parts share, c the
//! correlation, and w 0.4 overnight, 0.6 in the session. The signal
//!
//! ```text
//! a r(t-1) + b mood(t-1) - k level(t-1)
//! ```
//!
//! acts on one of the two parts, as the settings say. a and b share the predictable part R2 evenly.
//! The level is the log of the price over the company's usual price; k is so small that its share
//! of the variance stays below a thousandth, and large enough to keep prices within a sane range
//! for ever.

use closecall_calendar::Session;
use closecall_protocol::{Ticker, day_profile};

use super::companies::Company;
use super::draws::{
    CORRELATION, Purpose, Shock, correlated, market_mood, mood, normal, shock, standard_mood,
    stream,
};
use super::settings::SignalPart;
use super::truth::Truth;

/// Share of a log volatility that is left after a session, and its standard deviation.
const VOLATILITY_MEMORY: f64 = 0.97;
const VOLATILITY_DEVIATION: f64 = 0.45;

/// The standard deviation at which the reversion keeps the level.
const LEVEL_DEVIATION: f64 = 0.6;

/// No log return is larger: what lies beyond would look like a split.
const LARGEST_RETURN: f64 = 0.3;

/// The shares of the surprise's variance.
const OVERNIGHT: f64 = 0.4;
const INTRADAY: f64 = 0.6;

/// One session of one ticker.
#[derive(Debug, Clone, Copy)]
pub(super) struct Day {
    pub(super) session: Session,
    pub(super) truth: Truth,
    /// The level at the close.
    pub(super) level: f64,
    /// The standard deviation of the session part, as far as the market and the ticker alone cause
    /// it.
    pub(super) market_deviation: f64,
    pub(super) own_deviation: f64,
    /// The session part's standard deviation over its usual one: how busy the session is.
    pub(super) business: f64,
    log_volatility: f64,
}

/// One session of the whole market.
#[derive(Debug, Clone, Copy)]
pub(super) struct MarketDay {
    pub(super) session: Session,
    overnight: Shock,
    intraday: Shock,
    log_volatility: f64,
    mood: f64,
}

/// Ingredients of the returns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recipe {
    pub(super) seed: u64,
    pub(super) predictability: f64,
    pub(super) signal: SignalPart,
}

impl MarketDay {
    pub(super) fn new(seed: u64, session: Session, before: Option<&Self>) -> Self {
        let mut rng = stream(seed, None, session.date, Purpose::Return);
        Self {
            session,
            overnight: shock(&mut rng),
            intraday: shock(&mut rng),
            log_volatility: next_volatility(before.map(|day| day.log_volatility), normal(&mut rng)),
            mood: market_mood(seed, session.date),
        }
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

impl Recipe {
    /// The day after `before`; the first one without it.
    pub(super) fn day(
        &self,
        ticker: &Ticker,
        company: &Company,
        market: &MarketDay,
        before: Option<&Day>,
    ) -> Day {
        let session = market.session;
        let mut rng = stream(self.seed, Some(ticker), session.date, Purpose::Return);
        let (own_overnight, own_intraday) = (shock(&mut rng), shock(&mut rng));
        let log_volatility =
            next_volatility(before.map(|day| day.log_volatility), normal(&mut rng));
        let (common, specific) = (amplitude(market.log_volatility), amplitude(log_volatility));
        let shorter = if session.is_half_day() {
            day_profile::HALF_DAY_DEVIATION
        } else {
            1.0
        };
        let scale = company.volatility * (1.0 - self.predictability).sqrt();
        let (at_night, by_day) = (scale * OVERNIGHT.sqrt(), scale * INTRADAY.sqrt() * shorter);

        let expected = before.map_or(0.0, |day| self.expected(company, day));
        let mut overnight = at_night
            * correlated(
                common * market.overnight.value,
                specific * own_overnight.value,
            );
        let mut intraday = by_day
            * correlated(
                common * market.intraday.value,
                specific * own_intraday.value,
            );
        match self.signal {
            SignalPart::Overnight => overnight += expected,
            SignalPart::Session => intraday += expected,
        }
        let cut = (LARGEST_RETURN / (overnight + intraday).abs()).min(1.0);
        let (overnight, intraday) = (cut * overnight, cut * intraday);

        let market_deviation = by_day * CORRELATION.sqrt() * common * market.intraday.scale;
        let own_deviation = by_day * (1.0 - CORRELATION).sqrt() * specific * own_intraday.scale;
        let deviation =
            (CORRELATION * common.powi(2) + (1.0 - CORRELATION) * specific.powi(2)).sqrt();
        Day {
            session,
            truth: Truth {
                session: session.date,
                overnight,
                intraday,
                log_return: overnight + intraday,
                expected,
                volatility: at_night.hypot(by_day) * deviation,
                mood: mood(self.seed, ticker, session.date, market.mood),
            },
            level: before.map_or(0.0, |day| day.level) + overnight + intraday,
            market_deviation,
            own_deviation,
            business: market_deviation.hypot(own_deviation) / by_day,
            log_volatility,
        }
    }

    /// The expectation of the next log return.
    fn expected(&self, company: &Company, day: &Day) -> f64 {
        let volatility = company.volatility;
        let share = (self.predictability / 2.0).sqrt();
        let reversion = (volatility / LEVEL_DEVIATION).powi(2) / (2.0 * (1.0 - share));
        share * day.truth.log_return + share * volatility * standard_mood(day.truth.mood)
            - reversion * day.level
    }
}
