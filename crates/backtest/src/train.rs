//! Training over all tickers: what is learned, and how it does on rows that it has not seen.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use chrono::{Datelike as _, TimeDelta};
use closecall_calendar::Calendar;
use closecall_forecast::{
    ForecastSettings, PooledModel, PooledMove, PooledPart, PooledProgress, PooledRows, Training,
    WalkedForward,
};
use closecall_protocol::{DatasetRow, ModelTarget, RelativeMae, SessionDate};
use closecall_scoring::Bootstrap;
use closecall_sentiment::DatasetBuilder;

use crate::dataset::dataset_at;
use crate::error::Error;
use crate::history::{History, Quotes};

/// Both kinds of move.
const TARGETS: [ModelTarget; 2] = [ModelTarget::LastClose, ModelTarget::Opening];

/// Share of the sessions, the newest, that is walked through, and fits on the way.
const WALKED: f64 = 0.4;
const FOLDS: usize = 2;

/// Rows of a history as a forecast would see them: every session that had closed, each with its
/// news up to its opening.
///
/// # Errors
/// [`Error::Dataset`] when the articles cannot be scored.
pub fn rows_of(
    history: &History,
    quotes: &dyn Quotes,
    calendar: &Calendar,
    builder: &DatasetBuilder,
) -> Result<Vec<DatasetRow>, Error> {
    let Some(last) = history.bars.last() else {
        return Ok(Vec::new());
    };
    let session = calendar.next(last.session().date());
    let as_of = session.open - TimeDelta::minutes(1);
    let days = days_back(history, as_of);
    let dataset = dataset_at(history, &session, as_of, days, quotes, calendar, builder)?;
    Ok(dataset.map_or_else(Vec::new, |dataset| dataset.rows.to_vec()))
}

/// Calendar days from the first bar on.
fn days_back(history: &History, as_of: chrono::DateTime<chrono::Utc>) -> u32 {
    let first = history.bars.first().map(|bar| bar.session().date());
    let days = first.map_or(0, |first| (as_of.date_naive() - first).num_days() + 1);
    u32::try_from(days).unwrap_or(u32::MAX)
}

/// Progress of a training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrainProgress {
    /// The kind of move.
    pub target: ModelTarget,
    /// Of this many fits the number that is running, from 1.
    pub fit: usize,
    /// Fits there will be.
    pub fits: usize,
    /// Progress of that fit.
    pub epochs: PooledProgress,
}

/// Trains on `tickers`, both kinds of move, and then walks through the newest sessions with fits on
/// those before. `Break` ends with the best there is: the file then has what is trained so far, and
/// no walk-forward result that was not finished. `scorer` is the name of that of the rows' news.
///
/// # Errors
/// [`Error::Training`] with too few rows, or where the networks cannot be trained.
pub fn train(
    tickers: &[(closecall_protocol::Ticker, Vec<DatasetRow>)],
    settings: &ForecastSettings,
    scorer: &str,
    progress: &mut dyn FnMut(TrainProgress) -> ControlFlow<()>,
) -> Result<PooledModel, Error> {
    let rows: Vec<Vec<DatasetRow>> = tickers.iter().map(|(_, rows)| rows.clone()).collect();
    let of = |target| (target, PooledRows::of(&rows, target, settings));
    let pooled: Vec<(ModelTarget, PooledRows)> = TARGETS.into_iter().map(of).collect();
    let fits = TARGETS.len() * (1 + FOLDS);
    let mut fit = 0;
    let mut fitted = |target, rows: &PooledRows, end| -> Result<(PooledPart, bool), Error> {
        fit += 1;
        let mut on_epochs = |epochs| {
            progress(TrainProgress {
                target,
                fit,
                fits,
                epochs,
            })
        };
        rows.fit(end, settings, &mut on_epochs)
            .map_err(Error::Training)
    };
    let (mut parts, mut walked) = (BTreeMap::new(), BTreeMap::new());
    let mut stopped = false;
    for (target, rows) in &pooled {
        if !stopped {
            let (part, ended) = fitted(*target, rows, None)?;
            parts.insert(*target, part);
            stopped |= ended;
        }
    }
    for (target, rows) in &pooled {
        if stopped {
            break;
        }
        let sessions = rows.sessions();
        let edges = edges(&sessions);
        let mut moves = Vec::new();
        for pair in edges.windows(2) {
            let (from, end) = (pair[0], pair[1]);
            let Some(from) = from else { continue };
            let (part, ended) = fitted(*target, rows, Some(from))?;
            stopped |= ended;
            if stopped {
                break;
            }
            moves.extend(rows.walk(&part, from, end).map_err(Error::Training)?);
        }
        if !stopped {
            walked.extend(result(&moves).map(|found| (*target, found)));
        }
    }
    let sessions = pooled
        .first()
        .map(|(_, rows)| rows.sessions())
        .unwrap_or_default();
    let (Some(&first), Some(&last)) = (sessions.first(), sessions.last()) else {
        return Err(Error::Training(closecall_forecast::Error::Pooled {
            rows: 0,
        }));
    };
    let training = Training {
        tickers: tickers.iter().map(|(ticker, _)| ticker.clone()).collect(),
        first,
        last,
        rows: pooled.iter().map(|(_, rows)| rows.count()).sum(),
        seed: settings.seed,
        stopped,
    };
    PooledModel::new(training, parts, walked, settings, scorer).map_err(Error::Model)
}

/// First sessions of the folds, and an open end.
fn edges(sessions: &[SessionDate]) -> Vec<Option<SessionDate>> {
    let held = (sessions.len() as f64 * WALKED).round() as usize;
    let first = sessions.len() - held;
    let edge = |fold: usize| sessions.get(first + held * fold / FOLDS).copied();
    (0..FOLDS).map(edge).chain([None]).collect()
}

fn result(moves: &[PooledMove]) -> Option<WalkedForward> {
    let day = |session: SessionDate| session.date().num_days_from_ce();
    let errors = moves.iter().map(|m| {
        (
            day(m.session),
            (m.outcome - m.forecast).abs(),
            m.outcome.abs(),
        )
    });
    let found = Bootstrap::default().ratio(errors)?;
    let mut days: Vec<i32> = moves.iter().map(|m| day(m.session)).collect();
    days.sort_unstable();
    days.dedup();
    Some(WalkedForward {
        relative_mae: RelativeMae {
            value: found.value,
            lower: found.lower,
            upper: found.upper,
        },
        rows: moves.len(),
        days: days.len(),
    })
}
