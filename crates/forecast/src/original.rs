//! The reference: the original program's model with its faults, so that they can be measured.
//!
//! A row is ten closes, scaled by the least and the greatest of all rows, and the session's own
//! mean sentiment as an eleventh step of the same channel. The live row has sentiment 0. Nothing
//! is held back, and its close is its own whatever the price of the moment. What the original never
//! had, intervals, needs errors of forecasts made without their outcomes: a second fit on the older
//! rows walks through the newest.

use std::ops::Range;

use closecall_gru::{Gru, GruSpec, TrainSettings};
use ndarray::{Array1, Array3};

use crate::Error;
use crate::price_series::PriceSeries;
use crate::progress::Meter;
use crate::settings::ForecastSettings;
use crate::target::Targets;

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

/// Its make in short.
pub(crate) fn spec() -> String {
    let training = TrainSettings::default();
    format!(
        "gru64x64-d32/w{WINDOW}+1/minmax/e{}-b{}-lr{}-do0.5",
        training.epochs, training.batch, training.learning_rate
    )
}

fn training(settings: &ForecastSettings) -> TrainSettings {
    // The defaults are the reference's: 50 epochs of batches of 32, squared error, Adam at 1e-3.
    TrainSettings {
        seed: settings.seed,
        path: settings.path,
        ..TrainSettings::default()
    }
}

/// The reference after its fits.
#[derive(Debug)]
pub(crate) struct OriginalFit {
    /// Log return of its close on the last close.
    pub(crate) log_return: f64,
    /// Errors of its past closes, in units of the volatility that was expected.
    pub(crate) errors: Vec<f64>,
    /// Rows of its last fit.
    pub(crate) rows: usize,
}

impl OriginalFit {
    /// `whole` are the moves of whole sessions.
    pub(crate) fn of(
        series: &PriceSeries,
        whole: &Targets,
        settings: &ForecastSettings,
        meter: &mut Meter<'_>,
    ) -> Result<Self, Error> {
        let training = training(settings);
        meter.expect(2 * training.epochs);
        let target = series.len();
        let held = ((target - WINDOW) as f64 * HELD).round() as usize;
        let inputs = Inputs::of(series);

        let older = ScaledNetwork::on(&inputs, target - held, &training, meter)?;
        let fitted = ScaledNetwork::on(&inputs, target, &training, meter)?;
        let walked = target - held..target;
        let moves = older.log_returns(&inputs, walked.clone())?;
        let error = |(k, said): (usize, &f64)| (series.log_return(k) - said) / whole.volatility(k);
        Ok(Self {
            log_return: fitted
                .log_returns(&inputs, target..target + 1)?
                .iter()
                .sum(),
            errors: walked.zip(&moves).map(error).collect(),
            rows: target - WINDOW,
        })
    }
}

/// Series that the network reads.
#[derive(Debug)]
struct Inputs<'a> {
    closes: &'a [f64],
    /// Of every session, 0 without news; of the target session 0 in any case.
    sentiments: Vec<f64>,
}

impl<'a> Inputs<'a> {
    fn of(series: &'a PriceSeries) -> Self {
        let past = (0..series.len()).map(|k| series.news(k).sentiment.unwrap_or(0.0));
        Self {
            closes: series.closes(),
            sentiments: past.chain([0.0]).collect(),
        }
    }

    fn rows(&self, scaled: impl Fn(usize) -> f32, sessions: Range<usize>) -> Array3<f32> {
        Array3::from_shape_fn((sessions.len(), WINDOW + 1, 1), |(row, step, _)| {
            let session = sessions.start + row;
            if step < WINDOW {
                scaled(session + step - WINDOW)
            } else {
                self.sentiments[session] as f32
            }
        })
    }
}

/// The network with the range that its prices were scaled by.
#[derive(Debug)]
struct ScaledNetwork {
    network: Gru,
    least: f64,
    span: f64,
}

impl ScaledNetwork {
    /// On the sessions before `end`.
    fn on(
        inputs: &Inputs<'_>,
        end: usize,
        training: &TrainSettings,
        meter: &mut Meter<'_>,
    ) -> Result<Self, Error> {
        let closes = inputs.closes;
        let least = closes[..end].iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = closes[..end].iter().copied().fold(0.0, f64::max);
        let span = if greatest > least {
            greatest - least
        } else {
            1.0
        };
        let scaled = |k: usize| ((closes[k] - least) / span) as f32;
        let x = inputs.rows(scaled, WINDOW..end);
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
    fn log_returns(&self, inputs: &Inputs<'_>, sessions: Range<usize>) -> Result<Vec<f64>, Error> {
        let closes = inputs.closes;
        let scaled = |k: usize| ((closes[k] - self.least) / self.span) as f32;
        let x = inputs.rows(scaled, sessions.clone());
        let outputs = self.network.predict(x.view()).map_err(Error::Network)?;
        let price = |output: &f32| (self.least + self.span * f64::from(*output)).max(CENT);
        Ok(sessions
            .zip(&outputs)
            .map(|(k, output)| (price(output) / closes[k - 1]).ln())
            .collect())
    }
}
