//! A file trained over ten tickers: how much of a planted signal it recovers on sessions that came
//! after, and of an interaction that no linear model sees.

use super::planted::recovered;
use super::{Asked, Evaluation, EvaluationRow, Extent, OnProgress};
use crate::asked::AskedTime;
use crate::error::Error;
use crate::simulated::{PlantedTruth, SimulatedMarket, SimulatedMarkets};
use crate::train::{rows_of, train};
use crate::variant::Variant;
use crate::walk::Progress;

const TICKERS: usize = 10;

/// Sessions that are learned from: six years where there is time for it.
fn learned(extent: Extent) -> usize {
    if extent.markets >= Extent::QUICK.markets {
        1_500
    } else {
        500
    }
}

pub(super) fn rows(
    evaluation: &Evaluation<'_>,
    progress: &mut OnProgress<'_>,
) -> Result<Option<Vec<EvaluationRow>>, Error> {
    let mut rows = Vec::new();
    let truths = [
        ("N7", PlantedTruth::Linear(0.05), "5 % planted", 0.75),
        ("N7", PlantedTruth::Linear(0.10), "10 % planted", 0.80),
        (
            "H9",
            PlantedTruth::Interaction(0.10),
            "an interaction of 10 %",
            0.40,
        ),
    ];
    for (part, (name, truth, what, least)) in (50..).zip(truths) {
        if !evaluation.wants(name) {
            continue;
        }
        let Some((share, count)) = share(evaluation, part, truth, progress)? else {
            return Ok(None);
        };
        let what = format!("share recovered of {what}, pooled file");
        rows.push(EvaluationRow::at_least(name, what, count, share, least));
    }
    Ok(Some(rows))
}

/// The share that forecasts which start from the file recover after the sessions it was trained on.
fn share(
    evaluation: &Evaluation<'_>,
    part: u64,
    truth: PlantedTruth,
    progress: &mut OnProgress<'_>,
) -> Result<Option<(f64, usize)>, Error> {
    let (learned, sessions) = (learned(evaluation.extent), evaluation.extent.sessions);
    let markets = SimulatedMarket::several(
        TICKERS,
        evaluation.seed_of(part),
        learned + sessions,
        truth,
        evaluation.calendar,
    )?;
    let older = older(&markets, learned);
    let mut tickers = Vec::new();
    for market in &older.0 {
        let rows = rows_of(
            &market.history,
            &older,
            evaluation.calendar,
            evaluation.builder,
        )?;
        tickers.push((market.history.ticker.clone(), rows));
    }
    let mut stopped = false;
    let scorer = evaluation.builder.scorer();
    let model = train(&tickers, evaluation.settings, scorer, &mut |state| {
        let flow = progress(
            "training",
            Progress {
                done: (state.fit - 1) * state.epochs.total + state.epochs.done,
                resumed: 0,
                total: state.fits * state.epochs.total,
            },
        );
        stopped |= flow.is_break();
        flow
    })?;
    if stopped {
        return Ok(None);
    }
    let variants = [Variant::default()];
    let asked = Asked {
        model: Some(&model),
        ..Asked::of(sessions, &[AskedTime::Before], &variants)
    };
    let Some(lines) = evaluation.walk("pooled file", &markets, &asked, progress)? else {
        return Ok(None);
    };
    let lines: Vec<_> = lines.iter().collect();
    Ok(Some((recovered(&lines, &markets), lines.len())))
}

/// The markets as they were known after this number of sessions.
fn older(markets: &SimulatedMarkets, sessions: usize) -> SimulatedMarkets {
    let mut older = markets.clone();
    for market in &mut older.0 {
        let end = market.sessions.get(sessions).map(|made| made.session.open);
        market.history.bars.truncate(sessions);
        market.sessions.truncate(sessions);
        market.history.articles.retain(|article| {
            end.is_none_or(|end| article.published < end - chrono::TimeDelta::hours(12))
        });
    }
    older
}
