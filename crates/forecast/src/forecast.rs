//! A forecast as a pure function: a dataset and settings in, a published forecast out.

use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use closecall_gru as gru;
use closecall_protocol::{
    CloseForecast, DatasetBuilt, DatasetRow, ForecastValues, Interval, ModelSummary, ModelTarget,
    NewsMean, Phase, PriceRounding, Reference, ReferenceKind,
};

use crate::conformal::PredictionIntervals;
use crate::network_ensemble::NetworkEnsemble;
use crate::network_features::NetworkFeatures;
use crate::point_forecast::{PointForecast, persistence};
use crate::price_series::PriceSeries;
use crate::progress::{Meter, Progress};
use crate::ridge::Ridge;
use crate::settings::{ForecastSettings, ModelKind};
use crate::{Error, original, walk_forward};

/// The reason that persistence carries where there is too little to learn from.
pub const INSUFFICIENT_DATA: &str = "insufficient data";

/// The reason that persistence carries where training ran out of the numbers.
pub const DIVERGED: &str = "training diverged";

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
/// rows to learn from than `min_rows` ([`INSUFFICIENT_DATA`]) and where training diverges
/// ([`DIVERGED`]).
///
/// # Errors
/// [`Error::NoData`] and [`Error::BelowSmallestPrice`] for a dataset without a close to start from;
/// [`Error::Cancelled`]; [`Error::Setting`] and [`Error::Network`] for settings out of range or a
/// processor without the path asked for.
pub fn forecast(
    dataset: &DatasetBuilt,
    settings: &ForecastSettings,
    clock_now: DateTime<Utc>,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<CloseForecast, Error> {
    settings.validate()?;
    let ticker = || dataset.pick.ticker.to_string();
    let last = dataset
        .rows
        .last()
        .ok_or_else(|| Error::NoData { ticker: ticker() })?;
    if PriceRounding::of(last.close()).nearest(last.close()) == 0.0 {
        return Err(Error::BelowSmallestPrice {
            ticker: ticker(),
            close: last.close(),
        });
    }
    let series = PriceSeries::of(dataset, settings.interval.volatility_decay);
    let point = match point_forecast(dataset, &series, settings, &mut Meter::new(progress)) {
        Err(Error::Network(gru::Error::Diverged { .. })) => persistence(&series, Some(DIVERGED)),
        other => other?,
    };
    let spread = PredictionIntervals::of(&series, &point.past, &settings.interval);
    let values = in_prices(dataset, last, point, &spread, settings.seed, clock_now);
    Ok(CloseForecast::publish(values)?)
}

fn point_forecast(
    dataset: &DatasetBuilt,
    series: &PriceSeries,
    settings: &ForecastSettings,
    meter: &mut Meter<'_>,
) -> Result<PointForecast, Error> {
    let network = &settings.network;
    let first_row = match settings.model {
        ModelKind::Persistence => return Ok(persistence(series, None)),
        ModelKind::Original => original::WINDOW,
        ModelKind::Closecall | ModelKind::Ridge => NetworkFeatures::first_row(network.window),
    };
    if series.moved_since(first_row) < settings.min_rows {
        return Ok(persistence(series, Some(INSUFFICIENT_DATA)));
    }
    let features = || NetworkFeatures::of(dataset, series, network.window, network.news_shrinkage);
    match settings.model {
        ModelKind::Persistence => Ok(persistence(series, None)),
        ModelKind::Original => original::point_forecast(dataset, series, settings, meter),
        ModelKind::Closecall => walk_forward::point_forecast(
            &NetworkEnsemble(settings),
            series,
            &features(),
            &settings.gate,
            meter,
        ),
        ModelKind::Ridge => {
            walk_forward::point_forecast(&Ridge, series, &features(), &settings.gate, meter)
        }
    }
}

fn in_prices(
    dataset: &DatasetBuilt,
    last: &DatasetRow,
    outlook: PointForecast,
    spread: &PredictionIntervals,
    seed: u64,
    trained_at: DateTime<Utc>,
) -> ForecastValues {
    let rows = &dataset.rows;
    // `exp(0)` is 1: a closed gate says the last close, to the bit.
    let price = |step: f64| (last.close() * step.exp()).min(GREATEST);
    let prediction = price(outlook.step);
    let interval = |&(level, width): &(f64, f64)| Interval {
        level,
        lower: price(outlook.step - width),
        upper: price(outlook.step + width),
    };
    let history = rows[rows.len().saturating_sub(HISTORY)..].iter();
    let probability_up = spread.probability_up(outlook.step);
    ForecastValues {
        target: dataset.target,
        prediction,
        last_session: last.session(),
        last_close: last.close(),
        ticker: dataset.pick.ticker.clone(),
        pick_id: dataset.pick.pick_id,
        as_of: dataset.pick.as_of(),
        probability_up,
        intervals: spread.widths().iter().map(interval).collect(),
        articles: dataset.articles(),
        sessions: count(rows.len()),
        model: ModelSummary {
            name: outlook.model.name().into(),
            spec: outlook.spec,
            seed,
            path: outlook.path.into(),
            rows: count(outlook.rows),
            gate: outlook.gate,
            file: None,
            trained_at,
            reason: outlook.reason.map(Into::into),
            target: Some(match outlook.model {
                ModelKind::Original => ModelTarget::Original,
                _ => ModelTarget::LastClose,
            }),
            remembered: Some(false),
            asked_change_pct: None,
        },
        relative_mae: None,
        data_age_s: dataset.data_age_s(),
        history: history.map(|row| (row.session(), row.close())).collect(),
        reference: Some(Reference {
            price: last.close(),
            kind: ReferenceKind::LastClose,
            at: None,
        }),
        phase: Some(Phase::Before),
        sessions_ahead: Some(dataset.sessions_ahead),
        probability_up_from_here: Some(probability_up),
        scale: None,
        quote: dataset.quote.ok(),
        quote_absent: dataset.quote.err(),
        provider: dataset.provider,
        provider_switched: None,
        provisional: Some(dataset.provisional),
        repairs: dataset.repairs.to_vec(),
        vintage: Some(dataset.vintage()),
        settings_hash: None,
        news: Some(news(rows)),
        trace: None,
        headlines: None,
    }
}

/// News of the sessions of the history that had any.
fn news(rows: &[DatasetRow]) -> Vec<NewsMean> {
    rows[rows.len().saturating_sub(HISTORY)..]
        .iter()
        .filter_map(|row| {
            let news = row.news();
            Some(NewsMean(row.session(), news.sentiment?, news.articles))
        })
        .collect()
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
