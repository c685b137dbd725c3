//! The reference: the original program's model with its faults, so that they can be measured.
//!
//! A row is ten closes, scaled by the least and the greatest of all rows, and the session's own
//! mean sentiment as an eleventh step of the same channel. The live row has sentiment 0. Nothing
//! is held back and nothing gated. What the original never had, intervals, needs errors of
//! forecasts made without their outcomes: a second fit on the older rows walks through the newest.

use std::ops::Range;

use closecall_protocol::DatasetBuilt;
use ndarray::{Array1, Array3};

use crate::Error;
use crate::point_forecast::{Past, PointForecast};
use crate::price_series::PriceSeries;
use crate::progress::Meter;
use crate::settings::{ForecastSettings, ModelKind};
use closecall_gru::{Gru, GruSpec, Path, TrainSettings};

/// Closes a row looks back on.
pub(crate) const WINDOW: usize = 10;

/// Share of the rows, the newest, that the intervals' errors are taken from.
const HELD: f64 = 0.25;

/// The least price that can be published; a network on scaled prices knows no such bound.
const CENT: f64 = 0.01;

fn network() -> GruSpec {
    GruSpec {
        features: 1,
        steps: WINDOW + 1,
        units: vec![64, 64],
        dense: 32,
        dropout: 0.5,
    }
}

fn training(settings: &ForecastSettings) -> TrainSettings {
    // The defaults are the reference's: 50 epochs of batches of 32, squared error, Adam at 1e-3.
    TrainSettings {
        seed: settings.seed,
        path: settings.path,
        ..TrainSettings::default()
    }
}

/// The reference's outlook on the target session.
pub(crate) fn point_forecast(
    dataset: &DatasetBuilt,
    series: &PriceSeries,
    settings: &ForecastSettings,
    meter: &mut Meter<'_>,
) -> Result<PointForecast, Error> {
    let training = training(settings);
    meter.expect(2 * training.epochs);
    let target = series.len();
    let held = ((target - WINDOW) as f64 * HELD).round() as usize;
    let sentiments = sentiments(dataset);

    let older = Fitted::on(
        series.closes(),
        &sentiments,
        target - held,
        &training,
        meter,
    )?;
    let fitted = Fitted::on(series.closes(), &sentiments, target, &training, meter)?;
    let moves = older.steps(series.closes(), &sentiments, target - held..target)?;
    let step = fitted
        .steps(series.closes(), &sentiments, target..target + 1)?
        .iter()
        .sum();
    Ok(PointForecast {
        model: ModelKind::Original,
        spec: format!(
            "gru64x64-d32/w{WINDOW}+1/minmax/e{}-b{}-lr{}-do0.5",
            training.epochs, training.batch, training.learning_rate
        ),
        path: settings.path.unwrap_or_else(Path::best).name(),
        rows: target - WINDOW,
        gate: 1.0,
        reason: None,
        step,
        past: Past {
            first: target - held,
            moves,
        },
    })
}

/// Of every session, 0 without news; of the target session 0 in any case.
fn sentiments(dataset: &DatasetBuilt) -> Vec<f64> {
    let past = dataset
        .rows
        .iter()
        .map(|row| row.news().sentiment.unwrap_or(0.0));
    past.chain([0.0]).collect()
}

/// The network with the range that its prices were scaled by.
#[derive(Debug)]
struct Fitted {
    network: Gru,
    least: f64,
    span: f64,
}

impl Fitted {
    /// On the sessions before `end`.
    fn on(
        closes: &[f64],
        sentiments: &[f64],
        end: usize,
        training: &TrainSettings,
        meter: &mut Meter<'_>,
    ) -> Result<Self, Error> {
        let least = closes[..end].iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = closes[..end].iter().copied().fold(0.0, f64::max);
        let span = if greatest > least {
            greatest - least
        } else {
            1.0
        };
        let scaled = |k: usize| ((closes[k] - least) / span) as f32;
        let x = rows(scaled, sentiments, WINDOW..end);
        let y: Array1<f32> = (WINDOW..end).map(scaled).collect();
        let network = Gru::fit(&network(), x.view(), y.view(), training, None, &mut |_| {
            meter.epoch()
        })
        .map_err(|error| meter.error(error))?
        .model;
        Ok(Self {
            network,
            least,
            span,
        })
    }

    /// Log returns forecast of `sessions`, which may end with the target session.
    fn steps(
        &self,
        closes: &[f64],
        sentiments: &[f64],
        sessions: Range<usize>,
    ) -> Result<Vec<f64>, Error> {
        let scaled = |k: usize| ((closes[k] - self.least) / self.span) as f32;
        let x = rows(scaled, sentiments, sessions.clone());
        let outputs = self.network.predict(x.view()).map_err(Error::Network)?;
        let price = |output: &f32| (self.least + self.span * f64::from(*output)).max(CENT);
        Ok(sessions
            .zip(&outputs)
            .map(|(k, o)| (price(o) / closes[k - 1]).ln())
            .collect())
    }
}

fn rows(scaled: impl Fn(usize) -> f32, sentiments: &[f64], sessions: Range<usize>) -> Array3<f32> {
    Array3::from_shape_fn((sessions.len(), WINDOW + 1, 1), |(row, step, _)| {
        let session = sessions.start + row;
        if step < WINDOW {
            scaled(session + step - WINDOW)
        } else {
            sentiments[session] as f32
        }
    })
}
