//! Simulated markets of which the truth is known: how much of a move could have been known, and how
//! large moves are. Random walks with clustered volatility and heavy tails, a price every minute,
//! headlines with scores, and a dial for what is planted.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use closecall_calendar::{Calendar, Session};
use closecall_protocol::day_profile::remaining_variance;
use closecall_protocol::{
    Article, Bar, Ohlcv, PriceRange, Provider, Quote, QuoteAbsent, SessionDate, SessionTimes,
    Ticker, TitleScore,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

use crate::error::Error;
use crate::history::{History, Quotes};

/// First session of every simulated market.
const FIRST: (i32, u32, u32) = (2015, 1, 2);

/// Share of a session's variance that falls into the night.
const NIGHT: f64 = 0.4;

/// Mean daily deviation of a market.
const DAILY: f64 = 0.015;

/// By how much volatility jumps at a break.
const BREAK: f64 = 2.5;

/// Headlines before each opening.
const HEADLINES: i64 = 5;

/// Planted truth of a market.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PlantedTruth {
    /// Nothing can be known but the price.
    None,
    /// This share of a session's variance, half of it from the move before and half from the
    /// morning's news. It comes about inside the session.
    Linear(f64),
    /// This share, from the product of the two: no linear model sees it.
    Interaction(f64),
    /// Nothing can be known, and from this session on moves are 2.5 times as large.
    VolatilityBreak(usize),
    /// The opening's gap is continued inside the session, which no fair market does.
    UnfairOpening,
}

/// Uniform and normal numbers of a seed.
#[derive(Debug)]
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// In [0, 1).
    pub(crate) fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        ((self.uniform() * end as f64) as usize).min(end.saturating_sub(1))
    }

    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// One session of a simulated market, and the truth about it.
#[derive(Debug, Clone)]
pub struct SimulatedSession {
    /// Its hours.
    pub session: Session,
    /// The part of its log return that could have been known.
    pub signal: f64,
    /// Deviation of its log return.
    pub deviation: f64,
    /// Log return from the close before to the opening.
    pub night: f64,
    /// Prices at the opening and after each minute; the last is the closing auction's.
    pub prices: Vec<f64>,
}

/// A simulated stock.
#[derive(Debug, Clone)]
pub struct SimulatedMarket {
    /// Its bars and articles.
    pub history: History,
    /// Its sessions, one a bar.
    pub sessions: Vec<SimulatedSession>,
}

/// State that one session leaves to the next.
struct State {
    close: f64,
    variance: f64,
    shock: f64,
}

impl SimulatedMarket {
    /// A market of `sessions` sessions of a ticker. The same words make the same market.
    ///
    /// # Errors
    /// [`Error::Simulated`] when a price leaves the range of prices.
    pub fn new(
        ticker: Ticker,
        seed: u64,
        sessions: usize,
        truth: PlantedTruth,
        calendar: &Calendar,
    ) -> Result<Self, Error> {
        let (year, month, day) = FIRST;
        let first = NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
        let mut dice = Dice::new(seed);
        let mut state = State {
            close: 100.0,
            variance: 1.0,
            shock: 0.0,
        };
        let mut market = Self {
            history: History {
                ticker,
                bars: Vec::new(),
                articles: Vec::new(),
                revisions: Vec::new(),
            },
            sessions: Vec::new(),
        };
        let days = calendar.sessions(first, NaiveDate::MAX).take(sessions);
        for (number, session) in days.enumerate() {
            let mood = dice.normal();
            let made = one(&mut dice, &mut state, session, number, mood, truth);
            let failed = |error: closecall_protocol::Error| Error::Simulated(error.to_string());
            market
                .history
                .bars
                .push(bar(&made, &mut dice).map_err(failed)?);
            for k in 0..HEADLINES {
                let at = session.open - TimeDelta::minutes(60 - 10 * k);
                let title = format!("Session {number}, note {k}");
                let score = TitleScore::of_compound((0.2 * mood).clamp(-1.0, 1.0));
                let article = Article::new(at, &title, None, None, None).map_err(failed)?;
                let article = article.with_score(Some(score.map_err(failed)?));
                market.history.articles.push(article);
            }
            market.sessions.push(made);
        }
        Ok(market)
    }

    /// Several, named `S0`, `S1` …, of consecutive seeds.
    ///
    /// # Errors
    /// As [`SimulatedMarket::new`].
    pub fn several(
        count: usize,
        seed: u64,
        sessions: usize,
        truth: PlantedTruth,
        calendar: &Calendar,
    ) -> Result<SimulatedMarkets, Error> {
        let one = |k: usize| {
            let name = Ticker::new(&format!("S{k}"));
            let ticker = name.map_err(|error| Error::Simulated(error.to_string()))?;
            // Seeds of neighbouring calls must not overlap.
            Self::new(
                ticker,
                seed.wrapping_mul(1_000_003) + k as u64,
                sessions,
                truth,
                calendar,
            )
        };
        (0..count)
            .map(one)
            .collect::<Result<_, _>>()
            .map(SimulatedMarkets)
    }
}

/// One session: GARCH(1, 1), t-distributed with 6 degrees of freedom.
fn one(
    dice: &mut Dice,
    state: &mut State,
    session: Session,
    number: usize,
    mood: f64,
    truth: PlantedTruth,
) -> SimulatedSession {
    state.variance =
        0.05 + 0.08 * state.shock * state.shock * state.variance + 0.87 * state.variance;
    let chi: f64 = (0..6).map(|_| dice.normal().powi(2)).sum();
    let before = state.shock.clamp(-3.0, 3.0);
    let (planted, signal) = match truth {
        PlantedTruth::Linear(share) => (share, share.sqrt() * (before + mood) / 2.0_f64.sqrt()),
        PlantedTruth::Interaction(share) => (share, share.sqrt() * before * mood),
        _ => (0.0, 0.0),
    };
    let jump = match truth {
        PlantedTruth::VolatilityBreak(from) if number >= from => BREAK,
        _ => 1.0,
    };
    let noise = (1.0 - planted).sqrt() * (4.0 / chi).sqrt();
    let size = DAILY * jump * state.variance.sqrt();
    let night = NIGHT.sqrt() * noise * dice.normal();
    let continued = match truth {
        PlantedTruth::UnfairOpening => 0.5 * night,
        _ => 0.0,
    };
    let minutes = (session.close - session.open).num_minutes();
    let left = |minute: i64| match minute {
        m if m <= minutes => remaining_variance(m as f64 / minutes as f64),
        _ => 0.0,
    };
    let mut inside = vec![0.0];
    let mut at = 0.0;
    for minute in 0..=minutes {
        let share = left(minute) - left(minute + 1);
        let step = ((1.0 - NIGHT) * share).sqrt() * noise * dice.normal();
        at += (signal + continued) * share + step;
        inside.push(at);
    }
    state.shock = night + at;
    let open = state.close * (size * night).exp();
    let prices: Vec<f64> = inside.iter().map(|x| open * (size * x).exp()).collect();
    state.close = open * (size * at).exp();
    SimulatedSession {
        session,
        signal: size * signal,
        deviation: size,
        night: size * night,
        prices,
    }
}

fn bar(made: &SimulatedSession, dice: &mut Dice) -> Result<Bar, closecall_protocol::Error> {
    let prices = &made.prices;
    let close = prices[prices.len() - 1];
    Bar::new(
        SessionDate::new(made.session.date)?,
        Ohlcv {
            open: prices[0],
            high: prices.iter().copied().fold(0.0, f64::max),
            low: prices.iter().copied().fold(f64::INFINITY, f64::min),
            close,
            adj_close: close,
            volume: 1e6 * (1.0 + dice.uniform()),
        },
    )
}

/// Simulated stocks, and their prices inside the session.
#[derive(Debug, Clone)]
pub struct SimulatedMarkets(pub Vec<SimulatedMarket>);

impl SimulatedMarkets {
    /// Their histories.
    #[must_use]
    pub fn histories(&self) -> Vec<History> {
        self.0.iter().map(|market| market.history.clone()).collect()
    }

    /// A ticker's session.
    #[must_use]
    pub fn session(&self, ticker: &Ticker, date: NaiveDate) -> Option<&SimulatedSession> {
        let market = self.0.iter().find(|m| m.history.ticker == *ticker)?;
        let found = market
            .sessions
            .binary_search_by_key(&date, |s| s.session.date);
        market.sessions.get(found.ok()?)
    }
}

impl Quotes for SimulatedMarkets {
    fn quote(
        &self,
        ticker: &Ticker,
        session: &SessionTimes,
        as_of: DateTime<Utc>,
        _last_close: f64,
    ) -> Result<Quote, QuoteAbsent> {
        let absent = || QuoteAbsent::at(as_of, session);
        let date = Calendar::date_at(session.open());
        let found = self.session(ticker, date).ok_or_else(absent)?;
        // The last minute that had ended; the closing auction has no quote.
        let minutes = usize::try_from((as_of - session.open()).num_minutes()).unwrap_or(0);
        let ended = minutes.min(found.prices.len() - 2);
        if as_of < session.open() {
            return Err(absent());
        }
        let known = &found.prices[..=ended];
        let low = known.iter().copied().fold(f64::INFINITY, f64::min);
        let high = known.iter().copied().fold(0.0, f64::max);
        let quote = Quote {
            price: known[ended],
            at: session.open() + TimeDelta::minutes(i64::try_from(ended).unwrap_or(0)),
            open: known[0],
            range: PriceRange::new(low, high),
            source: Provider::Files,
        };
        quote.accepted(session, as_of)
    }

    fn inside(&self, _: &Ticker, _: &SessionTimes) -> bool {
        true
    }
}
