//! A forecast as a pure function: a dataset and settings in, a published forecast out.

use std::ops::ControlFlow;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use closecall_protocol::{
    Annotations, CloseForecast, DatasetBuilt, ForecastValues, Interval, ModelSummary, ModelTarget,
    NewsMean, PriceRounding,
};

use crate::Error;
use crate::fit::{Fit, Sessions};
use crate::fit_cache::{FitCache, FitKey};
use crate::model_file::PooledModel;
use crate::network_ensemble::Start;
use crate::nowcast::{Nowcast, is_half_day};
use crate::point_forecast::PointForecast;
use crate::price_series::PriceSeries;
use crate::progress::{FitProgress, Meter};
use crate::reference::StartingPrice;
use crate::regression_features::Live;
use crate::scale::{self, Scale};
use crate::settings::{ForecastSettings, ModelKind};
use crate::target::TargetKind;

/// Closes that a forecast carries along.
const HISTORY: usize = 60;

/// The greatest price there is.
const GREATEST: f64 = 1e9;

/// Forecasts the close of the dataset's target session, as it is published (prices in cents, the
/// direction that of the published change).
///
/// The same dataset and settings on the same instruction-set path give the same bits; the time
/// given is only written down as `trained_at`. Nothing but the dataset is looked at, which was cut
/// at its as-of time. `progress` is called after each epoch, and `Break` cancels.
///
/// Persistence is forecast, with the reason in the model's summary, where the dataset has fewer
/// rows to learn from than `min_rows` ([`INSUFFICIENT_DATA`](crate::INSUFFICIENT_DATA)) and where
/// training diverges ([`DIVERGED`](crate::DIVERGED)).
///
/// # Errors
/// [`Error::NoData`] and [`Error::BelowSmallestPrice`] for a dataset without a close to start from;
/// [`Error::Cancelled`]; [`Error::Setting`] and [`Error::Network`] for settings out of range or a
/// processor without the path asked for.
pub fn forecast(
    dataset: &DatasetBuilt,
    settings: &ForecastSettings,
    clock_now: DateTime<Utc>,
    progress: &mut dyn FnMut(FitProgress) -> ControlFlow<()>,
) -> Result<CloseForecast, Error> {
    let nothing = FitCache::with_capacity(0);
    forecast_with_cache(dataset, settings, &nothing, clock_now, progress)
}

/// As [`forecast`], with the fits of earlier forecasts remembered in `cache`: the same numbers for
/// less work. `trained_at` is then the time of the fit, and `progress` is not called.
///
/// # Errors
/// Those of [`forecast`].
pub fn forecast_with_cache(
    dataset: &DatasetBuilt,
    settings: &ForecastSettings,
    cache: &FitCache,
    clock_now: DateTime<Utc>,
    progress: &mut dyn FnMut(FitProgress) -> ControlFlow<()>,
) -> Result<CloseForecast, Error> {
    forecast_with_model(dataset, settings, None, cache, clock_now, progress)
}

/// As [`forecast_with_cache`], with regression and networks starting from what `model` has learned
/// of many tickers. Models but `closecall` start from nothing.
///
/// # Errors
/// Those of [`forecast`].
pub fn forecast_with_model(
    dataset: &DatasetBuilt,
    settings: &ForecastSettings,
    model: Option<&PooledModel>,
    cache: &FitCache,
    clock_now: DateTime<Utc>,
    progress: &mut dyn FnMut(FitProgress) -> ControlFlow<()>,
) -> Result<CloseForecast, Error> {
    settings.validate()?;
    let series = PriceSeries::of(&dataset.rows);
    check_last_close(dataset, &series)?;
    let start = StartingPrice::of(dataset, &series, settings.min_rows);
    let kind = match settings.model {
        // It learns closes, whatever the price of the moment.
        ModelKind::Original => TargetKind::WholeSession,
        _ => start.target_kind(),
    };
    let sessions = Sessions::new(series, kind);
    let target = match kind {
        TargetKind::WholeSession => ModelTarget::LastClose,
        TargetKind::FromOpening => ModelTarget::Opening,
    };
    let model = model.filter(|_| settings.model == ModelKind::Closecall);
    let begin = model.and_then(|model| {
        let part = model.parts.get(&target)?;
        let hash = model.hash();
        Some(Start { part, hash })
    });
    let key = FitKey::of(
        &dataset.pick.ticker,
        &dataset.rows,
        kind,
        settings,
        begin.map(|begin| begin.hash),
    );
    let remembered = cache.get(&key);
    let was_remembered = remembered.is_some();
    let fit = match remembered {
        Some(fit) => fit,
        None => {
            let meter = &mut Meter::new(progress);
            let fit = Arc::new(Fit::of(&sessions, settings, begin, clock_now, meter)?);
            cache.insert(key, Arc::clone(&fit));
            fit
        }
    };
    let live = live(dataset, &start, &sessions);
    let point = fit.forecast(&sessions, live, settings)?;
    let since_last_close = (start.reference.price / sessions.series().last_close()).ln();
    let nowcast = Nowcast::of(
        point,
        scale_of(point, dataset, &start, &sessions),
        since_last_close,
        fit.errors(),
        &settings.interval,
    );
    let begin = begin.filter(|_| fit.model == ModelKind::Closecall);
    let summary = ModelSummary {
        remembered: Some(was_remembered),
        file: begin.map(|begin| begin.hash.to_owned()),
        ..summary(&fit, kind, settings, &nowcast)
    };
    let walked = begin.and_then(|_| model?.walked_forward.get(&target));
    Ok(CloseForecast::publish(ForecastValues {
        relative_mae: walked.map(|walked| walked.relative_mae),
        ..in_prices(dataset, &start, &nowcast, summary, settings)
    })?)
}

fn check_last_close(dataset: &DatasetBuilt, series: &PriceSeries) -> Result<(), Error> {
    let ticker = dataset.pick.ticker.to_string();
    if series.len() == 0 {
        return Err(Error::NoData { ticker });
    }
    let close = series.last_close();
    if PriceRounding::of(close).nearest(close) == 0.0 {
        return Err(Error::BelowSmallestPrice { ticker, close });
    }
    Ok(())
}

/// Knowledge of the target session itself.
fn live(dataset: &DatasetBuilt, start: &StartingPrice, sessions: &Sessions) -> Live {
    // A gap over several sessions is measured by their deviation together.
    let horizon = scale::horizon(dataset.sessions_ahead);
    let expected = sessions.learned().live_volatility() * horizon;
    let gap = |open: f64| (open / sessions.series().last_close()).ln() / expected;
    Live {
        news: dataset.live,
        gap: start.quote.map_or(0.0, |quote| gap(quote.open)),
    }
}

fn scale_of(
    point: PointForecast,
    dataset: &DatasetBuilt,
    start: &StartingPrice,
    sessions: &Sessions,
) -> Scale {
    let half_day = is_half_day(&dataset.session);
    let (volatility, quote) = match point {
        // Its errors are those of whole sessions, whatever the price of the moment.
        PointForecast::OwnClose(_) => (sessions.whole().live_volatility(), None),
        PointForecast::FromReference { .. } => {
            (sessions.learned().live_volatility(), start.quote.ok())
        }
    };
    match quote {
        Some(quote) => {
            let range = quote.range.map(|range| (range.high / range.low).ln());
            let elapsed = dataset.session.elapsed(quote.at);
            Scale::from_quote(volatility, elapsed, range, half_day)
        }
        None => Scale::from_last_close(volatility, dataset.sessions_ahead, half_day),
    }
}

fn summary(
    fit: &Fit,
    kind: TargetKind,
    settings: &ForecastSettings,
    nowcast: &Nowcast,
) -> ModelSummary {
    ModelSummary {
        name: fit.model.name().into(),
        spec: fit.spec.clone(),
        seed: settings.seed,
        path: fit.path.into(),
        rows: count(fit.rows),
        gate: fit.share(),
        file: None,
        trained_at: fit.trained_at,
        reason: fit.reason.map(Into::into),
        target: Some(match (fit.model, kind) {
            (ModelKind::Original, _) => ModelTarget::Original,
            (_, TargetKind::WholeSession) => ModelTarget::LastClose,
            (_, TargetKind::FromOpening) => ModelTarget::Opening,
        }),
        remembered: None,
        asked_change_pct: nowcast.asked.map(|asked| 100.0 * asked.exp_m1()),
    }
}

fn in_prices(
    dataset: &DatasetBuilt,
    start: &StartingPrice,
    nowcast: &Nowcast,
    model: ModelSummary,
    settings: &ForecastSettings,
) -> ForecastValues {
    let rows = &dataset.rows;
    let recent = &rows[rows.len().saturating_sub(HISTORY)..];
    let last = &rows[rows.len() - 1];
    // `exp(0)` is 1: no move says the reference price, to the bit.
    let price = |log_return: f64| (start.reference.price * log_return.exp()).min(GREATEST);
    let interval = |&(level, width): &(f64, f64)| Interval {
        level,
        lower: price(nowcast.log_return - width),
        upper: price(nowcast.log_return + width),
    };
    // Parallel to the history: a session without articles has its place.
    let news = recent.iter().map(|row| {
        let news = row.news();
        NewsMean(row.session(), news.sentiment, news.articles)
    });
    let Annotations { trace, headlines } = dataset.annotations.clone();
    ForecastValues {
        target: dataset.target,
        prediction: price(nowcast.log_return),
        last_session: last.session(),
        last_close: last.close(),
        ticker: dataset.pick.ticker.clone(),
        pick_id: dataset.pick.pick_id,
        as_of: dataset.pick.as_of(),
        probability_up: nowcast.probability_up,
        intervals: nowcast.half_widths.iter().map(interval).collect(),
        articles: dataset.articles(),
        sessions: count(rows.len()),
        model,
        relative_mae: None,
        data_age_s: dataset.data_age_s(),
        history: recent
            .iter()
            .map(|row| (row.session(), row.close()))
            .collect(),
        reference: Some(start.reference),
        phase: Some(start.phase(dataset)),
        sessions_ahead: Some(dataset.sessions_ahead),
        probability_up_from_here: Some(nowcast.probability_up_from_here),
        scale: Some(nowcast.scale),
        quote: start.quote.ok(),
        quote_absent: start.quote.err(),
        provider: dataset.provider,
        provider_switched: dataset.provider_switched,
        provisional: Some(dataset.provisional),
        repairs: dataset.repairs.to_vec(),
        vintage: Some(dataset.vintage()),
        settings_hash: Some(settings.hash()),
        news: Some(news.collect()),
        trace: Some(trace).filter(|trace| !trace.is_empty()),
        headlines: Some(headlines).filter(|headlines| !headlines.is_empty()),
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
