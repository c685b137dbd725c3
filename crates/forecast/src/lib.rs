//! Forecasts as plain functions of their input: the newest price, what is expected of the rest of
//! the session, and how sure that is.
//!
//! No actors, no network access and no clock here; the caller brings rows and a seed.
//!
//! [`forecast`] is the way in: a dataset and [`ForecastSettings`] give a
//! [`CloseForecast`](closecall_protocol::CloseForecast). [`forecast_with_cache`] remembers what
//! earlier forecasts of the same rows have learned.
//!
//! ```
//! use std::ops::ControlFlow;
//!
//! use chrono::{DateTime, Utc};
//! use closecall_forecast::{Error, ForecastSettings, forecast};
//! use closecall_protocol::{CloseForecast, DatasetBuilt};
//!
//! /// The forecast, with a line for each epoch. The example `call` makes a dataset for it.
//! fn call(dataset: &DatasetBuilt, now: DateTime<Utc>) -> Result<CloseForecast, Error> {
//!     forecast(dataset, &ForecastSettings::default(), now, &mut |progress| {
//!         println!("{} of {}", progress.done, progress.total);
//!         ControlFlow::Continue(())
//!     })
//! }
//! ```
//!
//! | module | responsible for |
//! |---|---|
//! | `forecast`, `settings`, `error`, `progress` | the way in, and what it is asked with |
//! | `price_series`, `target`, `volatility` | the dataset as prices, moves, and what was expected of them |
//! | `reference`, `scale`, `range_so_far` | the price to start from, and how far the close may lie from it |
//! | `bayes_regression`, `regression_features`, `moments` | the regression averaged over strength |
//! | `network_ensemble`, `ridge`, `network_features` | the estimators, under `estimator` and `walk_forward` |
//! | `move_blend`, `soft_share`, `drift`, `noise` | regression, estimator and drift as one move |
//! | `pooled`, `model_row_shape`, `model_file` | learning from many tickers, the shape of its rows, and the file that keeps it |
//! | `original` | the reference model, as it was |
//! | `fit`, `fit_cache` | what is learned of finished sessions, and remembered |
//! | `point_forecast`, `nowcast`, `conformal`, `probability` | a move as bands and probabilities |
//!
//! The training engine is `closecall-gru`.

mod bayes_regression;
mod conformal;
mod drift;
mod error;
mod estimator;
mod fit;
mod fit_cache;
mod forecast;
mod model_file;
mod model_row_shape;
mod moments;
mod move_blend;
mod network_ensemble;
mod network_features;
mod news;
mod noise;
mod nowcast;
mod original;
mod point_forecast;
mod pooled;
mod price_series;
mod probability;
mod progress;
mod range_so_far;
mod reference;
mod regression_features;
mod ridge;
mod scale;
mod settings;
mod soft_share;
mod target;
#[cfg(test)]
mod testing;
mod volatility;
mod walk_forward;

pub use error::Error;
pub use fit::{DIVERGED, INSUFFICIENT_DATA};
pub use fit_cache::FitCache;
pub use forecast::{forecast, forecast_with_cache, forecast_with_model};
pub use model_file::{ModelFileError, PooledModel, Training, WalkedForward};
pub use pooled::{PooledMove, PooledPart, PooledProgress, PooledRows};
pub use progress::FitProgress;
pub use regression_features::REGRESSION_FEATURES;
pub use settings::{EnsembleSettings, ForecastSettings, IntervalSettings, ModelKind};
