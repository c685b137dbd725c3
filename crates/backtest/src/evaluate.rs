//! The evaluation: goals held against simulated markets of which the truth is known, each with a
//! fault that can be planted to see that the row turns red.
//!
//! | rows | market |
//! |---|---|
//! | N1 to N6, H1, H2, H5 to H7, H12, H14 | nothing to know, fair openings |
//! | N7, H8, H13 | a share of the variance planted |
//! | N7, H8, H9 | the same over ten tickers, with a pooled file |
//! | H6, N8 | a break in volatility; prices some sessions behind |
//! | H4 | forecasters watched daily |
//! | H10, N9, H11 | another future; another run |

mod bands;
mod label;
mod no_signal;
mod plant;
mod planted;
mod pooled;
mod repeated;

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::Path;

use chrono::NaiveDate;
use closecall_calendar::Calendar;
use closecall_forecast::{ForecastSettings, PooledModel};
use closecall_sentiment::DatasetBuilder;
use serde::Serialize;

pub use self::plant::Plant;
use crate::asked::AskedTime;
use crate::error::Error;
use crate::journal::Journal;
use crate::line::Line;
use crate::simulated::SimulatedMarkets;
use crate::variant::Variant;
use crate::walk::{Progress, Walk};

/// Sessions before the first that is forecast: a whole window and some more.
pub(crate) const BEFORE: usize = 230;

/// Amount of simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Extent {
    /// Markets.
    pub markets: usize,
    /// Sessions forecast in each.
    pub sessions: usize,
    /// Markets whose label is watched.
    pub watched: u64,
    /// Look-ahead trials.
    pub trials: usize,
}

impl Extent {
    /// A few minutes on two cores: 2,000 forecasts in each part of the day.
    pub const QUICK: Self = Self {
        markets: 40,
        sessions: 50,
        watched: 200,
        trials: 1_000,
    };
    /// Less than an hour.
    pub const FULL: Self = Self {
        markets: 100,
        sessions: 120,
        watched: 400,
        trials: 5_000,
    };
}

/// A goal, and what was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EvaluationRow {
    /// Its name, such as `N6`.
    pub name: &'static str,
    /// The measure, and its object.
    pub what: String,
    /// Forecasts that it rests on.
    pub forecasts: usize,
    /// The bound.
    pub goal: String,
    /// The measurement.
    pub measured: f64,
    /// True where it is kept.
    pub pass: bool,
}

impl EvaluationRow {
    pub(crate) fn at_most(
        name: &'static str,
        what: impl Into<String>,
        forecasts: usize,
        measured: f64,
        most: f64,
    ) -> Self {
        Self {
            name,
            what: what.into(),
            forecasts,
            goal: format!("at most {most}"),
            measured,
            pass: measured <= most,
        }
    }

    pub(crate) fn at_least(
        name: &'static str,
        what: impl Into<String>,
        forecasts: usize,
        measured: f64,
        least: f64,
    ) -> Self {
        Self {
            name,
            what: what.into(),
            forecasts,
            goal: format!("at least {least}"),
            measured,
            pass: measured >= least,
        }
    }

    pub(crate) fn within(
        name: &'static str,
        what: impl Into<String>,
        forecasts: usize,
        measured: f64,
        (promise, points): (f64, f64),
    ) -> Self {
        Self {
            name,
            what: what.into(),
            forecasts,
            goal: format!("{promise} ± {points}"),
            measured,
            pass: (measured - promise).abs() <= points,
        }
    }
}

/// An evaluation.
#[expect(missing_debug_implementations, reason = "it holds a dataset builder")]
pub struct Evaluation<'a> {
    /// Settings of the forecasts.
    pub settings: &'a ForecastSettings,
    /// The exchange's calendar.
    pub calendar: &'a Calendar,
    /// Scores headlines.
    pub builder: &'a DatasetBuilder,
    /// Calendar days that a forecast looks back on.
    pub window_days: u32,
    /// Decides every market.
    pub seed: u64,
    /// Amount of simulation.
    pub extent: Extent,
    /// A fault that is planted.
    pub plant: Option<Plant>,
    /// Names of the rows that are wanted, of [`Evaluation::row_names`]; all of them where it is empty.
    pub wanted: &'a [&'static str],
    /// Folder in which walks keep what is done.
    pub folder: &'a Path,
    /// Keeps it there, so that another plant costs little.
    pub keep: bool,
    /// Threads.
    pub jobs: NonZeroUsize,
}

/// Called with what is being done and how far it is; `Break` stops.
pub type OnProgress<'a> = dyn FnMut(&str, Progress) -> ControlFlow<()> + 'a;

/// Rows of one kind of market.
type Part = fn(&Evaluation<'_>, &mut OnProgress<'_>) -> Result<Option<Vec<EvaluationRow>>, Error>;

/// The rows' names, and what makes them.
const PARTS: [(&[&str], Part); 7] = [
    (
        &[
            "fair", "N1", "N2", "N3", "N4", "N5", "N6", "H1", "H2", "H5", "H6", "H7", "H12", "H14",
        ],
        no_signal::rows,
    ),
    (&["N7", "H8", "H13"], planted::rows),
    (&["N7", "H8", "H9"], pooled::rows),
    (&["H6"], bands::after_a_break),
    (&["N8"], bands::behind),
    (&["H4"], label::rows),
    (&["N9", "H10", "H11"], repeated::rows),
];

impl Evaluation<'_> {
    /// Every row; `None` where it was stopped.
    ///
    /// # Errors
    /// Whatever a market, a forecast or a journal says.
    pub fn run(&self, progress: &mut OnProgress<'_>) -> Result<Option<Vec<EvaluationRow>>, Error> {
        let mut rows = Vec::new();
        for (names, part) in PARTS {
            if !names.iter().any(|name| self.wants(name)) {
                continue;
            }
            match part(self, progress)? {
                Some(new) => rows.extend(new.into_iter().filter(|row| self.wants(row.name))),
                None => return Ok(None),
            }
        }
        Ok(Some(rows))
    }

    /// Names of all rows, once each.
    #[must_use]
    pub fn row_names() -> Vec<&'static str> {
        let mut names = Vec::new();
        for name in PARTS.iter().flat_map(|(names, _)| *names) {
            if !names.contains(name) {
                names.push(*name);
            }
        }
        names
    }

    fn wants(&self, name: &str) -> bool {
        self.wanted.is_empty() || self.wanted.contains(&name)
    }

    /// Walks through the last `sessions` sessions of simulated markets.
    pub(crate) fn walk(
        &self,
        what: &str,
        markets: &SimulatedMarkets,
        asked: &Asked<'_>,
        progress: &mut OnProgress<'_>,
    ) -> Result<Option<Vec<Line>>, Error> {
        let histories = markets.histories();
        let (from, to) = span(markets, asked.sessions)?;
        let walk = Walk {
            histories: &histories,
            quotes: markets,
            builder: self.builder,
            calendar: self.calendar,
            from,
            to,
            times: asked.times,
            variants: asked.variants,
            retrain: asked.retrain,
            settings: asked.settings.unwrap_or(self.settings),
            model: asked.model,
            window_days: self.window_days,
            jobs: asked.jobs.unwrap_or(self.jobs),
        };
        let path = self.folder.join(format!("{}.jsonl", walk.name()));
        let mut journal = Journal::open(&path, &walk.name())?;
        let lines = walk.run(&mut journal, &mut |state| progress(what, state))?;
        if lines.is_some() && !self.keep {
            journal.remove()?;
        }
        Ok(lines.map(|lines| {
            let planted = |line: &Line| {
                self.plant
                    .map_or_else(|| line.clone(), |plant| plant.on(line))
            };
            lines.iter().map(planted).collect()
        }))
    }

    /// The seed of a part, so that no two walk through the same markets.
    pub(crate) fn seed_of(&self, part: u64) -> u64 {
        self.seed.wrapping_mul(101).wrapping_add(part)
    }

    pub(crate) fn planted(&self, plant: Plant) -> bool {
        self.plant == Some(plant)
    }
}

/// Sessions, times and models of a walk through simulated markets.
pub(crate) struct Asked<'a> {
    pub(crate) sessions: usize,
    pub(crate) times: &'a [AskedTime],
    pub(crate) variants: &'a [Variant],
    pub(crate) retrain: NonZeroUsize,
    pub(crate) settings: Option<&'a ForecastSettings>,
    pub(crate) model: Option<&'a PooledModel>,
    pub(crate) jobs: Option<NonZeroUsize>,
}

impl<'a> Asked<'a> {
    pub(crate) fn of(sessions: usize, times: &'a [AskedTime], variants: &'a [Variant]) -> Self {
        Self {
            sessions,
            times,
            variants,
            retrain: NonZeroUsize::MIN,
            settings: None,
            model: None,
            jobs: None,
        }
    }
}

/// First and last of the newest sessions.
fn span(markets: &SimulatedMarkets, sessions: usize) -> Result<(NaiveDate, NaiveDate), Error> {
    let dates = markets.0.first().map(|market| &market.sessions[..]);
    let newest = dates.and_then(|all| all.get(all.len().saturating_sub(sessions)..));
    match newest {
        Some([first, .., last]) => Ok((first.session.date, last.session.date)),
        _ => Err(Error::Simulated("too few sessions".into())),
    }
}

/// Times of day as text.
pub(crate) fn times(texts: &[&str]) -> Vec<AskedTime> {
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}
