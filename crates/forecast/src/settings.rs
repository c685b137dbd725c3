//! Settings that decide a forecast beside its dataset. Every number here changes forecasts, and those that
//! do are named in the forecast's model spec.

use std::fmt;

use closecall_settings::section;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

use crate::Error;
use closecall_gru::bench::Workload;
use closecall_gru::{GruSpec, InstructionSet, Loss, TrainSettings};

/// The model that forecasts.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[strum(
    serialize_all = "lowercase",
    parse_err_ty = Error,
    parse_err_fn = Error::unknown_model
)]
pub enum ModelKind {
    /// The product's: Bayesian regression and networks on log returns and news, half and half.
    Closecall,
    /// The reference: the original program's network on scaled closes.
    Original,
    /// The linear comparison: ridge regression on the networks' features, under a share of its own.
    Ridge,
    /// The newest price again.
    Persistence,
}

impl ModelKind {
    /// All of them.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// Its name, as `--model` takes it and forecasts carry it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Settings of forecasts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForecastSettings {
    /// The model that forecasts.
    #[serde(with = "closecall_settings::choice")]
    pub model: ModelKind,
    /// Decides starting weights, row order and dropout.
    pub seed: u64,
    /// Forces an instruction set (`avx512`, `avx2`, `plain`); the fastest there is where it is left out.
    pub path: Option<InstructionSet>,
    /// Fewer training rows whose close moved than this, and the forecast is persistence marked
    /// "insufficient data".
    pub min_rows: usize,
    /// The product's network.
    pub network: EnsembleSettings,
    /// The prediction intervals.
    pub interval: IntervalSettings,
}

impl Default for ForecastSettings {
    fn default() -> Self {
        section("forecast")
    }
}

/// The product's network: what a row is, its size and its training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnsembleSettings {
    /// Sessions that a row looks back on.
    pub window: usize,
    /// A session's mean sentiment of n articles counts n / (n + this).
    pub news_shrinkage: f64,
    /// Units of each GRU layer.
    pub units: Vec<usize>,
    /// Units of the dense layer.
    pub dense: usize,
    /// Share of the dense layer's outputs left out in training.
    pub dropout: f32,
    /// Passes over the rows.
    pub epochs: usize,
    /// Rows an update.
    pub batch: usize,
    /// Adam's step size.
    pub learning_rate: f32,
    /// Decoupled weight decay.
    pub weight_decay: f32,
    /// Networks, of consecutive seeds, whose outputs are averaged.
    pub members: usize,
}

impl Default for EnsembleSettings {
    fn default() -> Self {
        section("forecast.network")
    }
}

/// The adaptive conformal intervals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntervalSettings {
    /// Nominal coverages, rising.
    pub levels: Vec<f64>,
    /// Distance by which a hit or a miss moves the working miss rate.
    pub step: f64,
}

impl Default for IntervalSettings {
    fn default() -> Self {
        section("forecast.interval")
    }
}

impl ForecastSettings {
    /// Refuses settings without meaning.
    ///
    /// # Errors
    /// [`Error::Setting`] with the first field that is out of range; [`Error::Network`] for one of
    /// the engine's.
    pub fn validate(&self) -> Result<(), Error> {
        let Self {
            network, interval, ..
        } = self;
        let ensure = |holds: bool, name, value: &dyn fmt::Display, must| {
            if holds {
                Ok(())
            } else {
                Err(Error::setting(name, value, must))
            }
        };
        let share = |x: f64| x > 0.0 && x < 1.0;
        ensure(
            (20..=100_000).contains(&self.min_rows),
            "min_rows",
            &self.min_rows,
            "20 or more",
        )?;
        ensure(
            (2..=250).contains(&network.window),
            "network.window",
            &network.window,
            "2 to 250",
        )?;
        let shrinkage = network.news_shrinkage;
        ensure(
            shrinkage >= 0.0 && shrinkage.is_finite(),
            "network.news_shrinkage",
            &shrinkage,
            "0 or greater",
        )?;
        ensure(
            (1..=100).contains(&network.members),
            "network.members",
            &network.members,
            "1 to 100",
        )?;
        let rising = interval.levels.windows(2).all(|pair| pair[0] < pair[1]);
        ensure(
            rising && interval.levels.iter().all(|&level| share(level)),
            "interval.levels",
            &format!("{:?}", interval.levels),
            "rising numbers between 0 and 1",
        )?;
        ensure(
            (0.0..=0.2).contains(&interval.step),
            "interval.step",
            &interval.step,
            "0 to 0.2",
        )?;
        self.spec().validate().map_err(Error::Network)?;
        self.training(0).validate().map_err(Error::Network)
    }

    /// Name of the instruction-set path that they lead to on this processor.
    pub(crate) fn instruction_set(&self) -> &'static str {
        self.path.unwrap_or_else(InstructionSet::best).name()
    }

    /// The first 16 hexadecimal digits of their hash: equal settings have an equal one on every
    /// machine.
    #[must_use]
    pub fn hash(&self) -> String {
        let digest = Sha256::digest(format!("{self:?}"));
        digest[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// One member's fit on the rows of a window of 300 days, as `closecall bench train` measures it.
    #[must_use]
    pub fn workload(&self) -> Workload {
        Workload {
            spec: self.spec(),
            training: self.training(0),
            rows: 206 - crate::network_features::NetworkFeatures::first_row(self.network.window),
        }
    }

    /// The product's network as the engine wants it.
    pub(crate) fn spec(&self) -> GruSpec {
        GruSpec {
            features: crate::network_features::FEATURES,
            steps: self.network.window,
            units: self.network.units.clone(),
            dense: self.network.dense,
            dropout: self.network.dropout,
        }
    }

    /// Settings by which the engine trains member number `member`.
    pub(crate) fn training(&self, member: u64) -> TrainSettings {
        TrainSettings {
            epochs: self.network.epochs,
            batch: self.network.batch,
            learning_rate: self.network.learning_rate,
            weight_decay: self.network.weight_decay,
            // Targets are standardised, and heavy-tailed: a crash teaches a direction, not a size.
            loss: Loss::Huber { delta: 1.5 },
            early_stopping: None,
            seed: self.seed.wrapping_add(member),
            path: self.path,
        }
    }
}
