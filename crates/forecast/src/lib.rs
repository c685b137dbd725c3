//! Forecasts as plain functions of their input: the network and what surrounds it.
//!
//! No actors, no network access and no clock here; whoever calls brings rows and a seed.
//!
//! [`forecast`] is the way in: a dataset and [`ForecastSettings`] give a
//! [`CloseForecast`](closecall_protocol::CloseForecast).
//!
//! | module | responsible for |
//! |---|---|
//! | `forecast`, `settings`, `error`, `progress` | the way in, and what it is asked with |
//! | `series`, `features` | the dataset as returns, volatility and scaled rows |
//! | `closecall`, `ridge` under `gated` and `gate` | models that have to earn their move |
//! | `original` | the reference model, as it was |
//! | `outlook`, `conformal` | what a model says, and how sure that is |
//! | `evaluation` | error against persistence |
//!
//! The training engine is `closecall-gru`.

pub mod evaluation;

mod conformal;
mod error;
mod forecast;
mod gate;
mod network_ensemble;
mod network_features;
mod original;
mod point_forecast;
mod price_series;
mod progress;
mod ridge;
mod settings;
mod walk_forward;

pub use error::Error;
pub use forecast::{DIVERGED, INSUFFICIENT_DATA, forecast};
pub use progress::Progress;
pub use settings::{ForecastSettings, GateSettings, IntervalSettings, ModelKind, NetworkSettings};
