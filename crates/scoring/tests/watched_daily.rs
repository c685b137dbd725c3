//! The label under daily watching: in markets without a signal it hardly ever appears, and a
//! forecaster that knows a tenth of the variance gets it within two years.

#![allow(clippy::unwrap_used, reason = "tests may fail loudly")]

use closecall_scoring::{
    Band, Claim, DayDifference, Label, LabelFamily, Outcome, daily_differences,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

const MARKETS: u64 = 200;
const SESSIONS: i32 = 500;
const TICKERS: usize = 10;
const PHASES: usize = 5;

/// Correlation between the moves of two of the ten stocks on one day.
const COMMON: f64 = 0.45;

struct Dice(ChaCha8Rng);

impl Dice {
    fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Ten standard normals with the market in common.
    fn stocks(&mut self) -> [f64; TICKERS] {
        let market = self.normal();
        std::array::from_fn(|_| COMMON.sqrt() * market + (1.0 - COMMON).sqrt() * self.normal())
    }
}

/// Causes of a stock's move, in deviations of its session, and the forecaster's view of it.
fn session(dice: &mut Dice, forecaster: Forecaster) -> [(f64, f64); TICKERS] {
    let (signal, noise) = (dice.stocks(), dice.stocks());
    std::array::from_fn(|k| match forecaster {
        Forecaster::Guessing { moves } => (noise[k], moves * signal[k]),
        Forecaster::Knowing { variance } => {
            let known = variance.sqrt() * signal[k];
            (known + (1.0 - variance).sqrt() * noise[k], known)
        }
    })
}

#[derive(Clone, Copy)]
enum Forecaster {
    /// Moves of this many deviations that mean nothing.
    Guessing { moves: f64 },
    /// Knows this share of the variance.
    Knowing { variance: f64 },
}

/// One forecast of a stock at 100 whose session has a deviation of 2 %.
fn outcome(day: i32, came: f64, said: f64) -> Outcome {
    let price = |deviations: f64| 100.0 * (0.02 * deviations).exp();
    let bands: [Band; 0] = [];
    let claim = Claim {
        last_close: 100.0,
        reference: 100.0,
        prediction: price(said),
        scale: 0.02,
        probability_up: 0.5,
        bands: &bands,
    };
    Outcome::of(&claim, day, price(came)).unwrap()
}

/// Growth of a record.
#[derive(Clone, Copy)]
struct Watched {
    /// Stocks forecast in each phase of each session.
    tickers: usize,
    /// Phases in which forecasts are made; the family is one of all five and the total anyway.
    phases: usize,
}

/// Whether any member of the family is called skilled on any evening of the market's life.
fn labelled(seed: u64, forecaster: Forecaster, watched: Watched) -> bool {
    let mut dice = Dice(ChaCha8Rng::seed_from_u64(seed));
    let mut family = LabelFamily::new(PHASES);
    (0..SESSIONS).any(|day| {
        let mut all = Vec::with_capacity(PHASES * TICKERS);
        for phase in 0..watched.phases {
            let stocks = session(&mut dice, forecaster);
            let outcomes = stocks.map(|(came, said)| outcome(day, came, said));
            let outcomes = &outcomes[..watched.tickers];
            family.push(phase, &the_day(outcomes));
            all.extend_from_slice(outcomes);
        }
        family.push(PHASES, &the_day(&all));
        (0..=PHASES).any(|member| family.label(member) == Label::Skill)
    })
}

fn the_day(outcomes: &[Outcome]) -> DayDifference {
    daily_differences(outcomes)[0]
}

fn share_labelled(forecaster: Forecaster, watched: Watched) -> f64 {
    let count = (0..MARKETS)
        .filter(|&seed| labelled(seed, forecaster, watched))
        .count();
    count as f64 / MARKETS as f64
}

#[test]
fn without_a_signal_any_label_ever_appears_in_at_most_one_market_of_twenty() {
    let watched = Watched {
        tickers: TICKERS,
        phases: PHASES,
    };
    for moves in [0.005, 0.02, 0.1] {
        let share = share_labelled(Forecaster::Guessing { moves }, watched);
        let percent = 100.0 * share;
        println!("moves of {moves} deviations: labelled in {percent:.1} %");
        assert!(share <= 0.05, "{moves}: {share}");
    }
}

/// In one phase only, and with stocks whose signals and moves have much in common: two independent
/// outcomes a day. (One stock alone could not do it: 500 sessions of it are worth a t of 2.9.)
#[test]
fn a_tenth_of_the_variance_is_labelled_within_500_sessions_in_half_of_the_markets() {
    let watched = Watched {
        tickers: TICKERS,
        phases: 1,
    };
    let share = share_labelled(Forecaster::Knowing { variance: 0.1 }, watched);
    let percent = 100.0 * share;
    println!("a planted tenth, in one phase: labelled in {percent:.1} %");
    assert!(share >= 0.5, "{share}");
}
