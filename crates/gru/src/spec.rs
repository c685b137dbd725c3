//! Shape of a network and settings of its training; nothing here computes.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Error, InstructionSet};

/// The network: stacked GRU layers, a dense relu layer on the last state, dropout, one output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GruSpec {
    /// Values per step.
    pub features: usize,
    /// Steps per row.
    pub steps: usize,
    /// Units of each GRU layer, the one that reads the rows first.
    pub units: Vec<usize>,
    /// Units of the dense layer.
    pub dense: usize,
    /// Share of the dense layer's outputs left out at random in training, in [0, 1).
    pub dropout: f32,
}

/// Larger sizes are a mistake, and would only end in an allocation that fails.
const LARGEST: usize = 1 << 12;
const MOST_LAYERS: usize = 16;

impl GruSpec {
    /// Refuses sizes without meaning.
    ///
    /// # Errors
    /// [`Error::Setting`] with the first field that is out of range.
    pub fn validate(&self) -> Result<(), Error> {
        let sizes = [
            ("features", self.features),
            ("steps", self.steps),
            ("dense", self.dense),
        ];
        let units = self.units.iter().map(|&units| ("units", units));
        for (name, size) in sizes.into_iter().chain(units) {
            if !(1..=LARGEST).contains(&size) {
                return Err(Error::setting(name, size, "between 1 and 4096"));
            }
        }
        if !(1..=MOST_LAYERS).contains(&self.units.len()) {
            return Err(Error::setting(
                "units",
                self.units.len(),
                "a list of 1 to 16 layers",
            ));
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return Err(Error::setting(
                "dropout",
                self.dropout,
                "at least 0 and less than 1",
            ));
        }
        Ok(())
    }

    /// Width of what layer `index` reads, in values per step.
    pub(crate) fn inputs_of(&self, index: usize) -> usize {
        index
            .checked_sub(1)
            .map_or(self.features, |below| self.units[below])
    }

    /// Trainable numbers.
    #[must_use]
    pub fn parameters(&self) -> usize {
        let layers = self.units.iter().enumerate().map(|(index, &units)| {
            // Kernel, recurrent kernel and the two biases, each for three gates.
            3 * units * (self.inputs_of(index) + units + 2)
        });
        let last = self.units.last().copied().unwrap_or(0);
        layers.sum::<usize>() + (last + 1) * self.dense + self.dense + 1
    }

    /// Same weights fit in: everything but the dropout, which is only used in training, and the
    /// steps, which a recurrent network does not count.
    pub(crate) fn same_weights(&self, other: &Self) -> bool {
        (self.features, &self.units, self.dense) == (other.features, &other.units, other.dense)
    }
}

impl fmt::Display for GruSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} features", self.features)?;
        for units in &self.units {
            write!(f, " → GRU {units}")?;
        }
        write!(f, " → dense {} → 1", self.dense)
    }
}

/// Measure of error that training makes small.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// Mean squared error.
    Mse,
    /// Half the squared error up to `delta`, growing linearly beyond it: outliers pull less.
    Huber {
        /// Where the line begins, in units of the target.
        delta: f32,
    },
}

impl Loss {
    /// Loss of one error (output less target).
    pub(crate) fn value(self, error: f32) -> f32 {
        match self {
            Self::Mse => error * error,
            Self::Huber { delta } => {
                // Both are computed: which of them it is follows no pattern.
                let square = 0.5 * error * error;
                let line = delta * (error.abs() - 0.5 * delta);
                if error.abs() <= delta { square } else { line }
            }
        }
    }

    /// Its derivative by the output.
    pub(crate) fn slope(self, error: f32) -> f32 {
        match self {
            Self::Mse => 2.0 * error,
            Self::Huber { delta } => error.clamp(-delta, delta),
        }
    }
}

/// When to stop before the last epoch: the last rows are kept out of training and watched.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EarlyStopping {
    /// Share of the rows held back, taken from the end (the newest), in (0, 1).
    pub validation_fraction: f32,
    /// Epochs without a better validation loss after which training stops.
    pub patience: usize,
}

/// Settings of a training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainSettings {
    /// Passes over the rows, at most.
    pub epochs: usize,
    /// Rows per update.
    pub batch: usize,
    /// Adam's step size.
    pub learning_rate: f32,
    /// Decoupled decay of the weight matrices (not the biases), per unit of step size.
    pub weight_decay: f32,
    /// The measure that is made small.
    pub loss: Loss,
    /// Stop when the newest rows no longer gain, and return the best epoch's weights.
    pub early_stopping: Option<EarlyStopping>,
    /// Decides the starting weights, the order of rows and the dropout.
    pub seed: u64,
    /// Force an instruction set; `None` takes the fastest.
    pub path: Option<InstructionSet>,
}

impl Default for TrainSettings {
    fn default() -> Self {
        Self {
            epochs: 50,
            batch: 32,
            learning_rate: 1e-3,
            weight_decay: 0.0,
            loss: Loss::Mse,
            early_stopping: None,
            seed: 0,
            path: None,
        }
    }
}

impl TrainSettings {
    /// Refuses settings without meaning.
    ///
    /// # Errors
    /// [`Error::Setting`] with the first field that is out of range.
    pub fn validate(&self) -> Result<(), Error> {
        if self.epochs == 0 {
            return Err(Error::setting("epochs", self.epochs, "at least 1"));
        }
        if !(1..=LARGEST).contains(&self.batch) {
            return Err(Error::setting("batch", self.batch, "between 1 and 4096"));
        }
        if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) {
            return Err(Error::setting(
                "learning_rate",
                self.learning_rate,
                "greater than 0",
            ));
        }
        if !(self.weight_decay >= 0.0 && self.weight_decay.is_finite()) {
            return Err(Error::setting(
                "weight_decay",
                self.weight_decay,
                "0 or greater",
            ));
        }
        if let Loss::Huber { delta } = self.loss
            && !(delta > 0.0 && delta.is_finite())
        {
            return Err(Error::setting("loss.huber.delta", delta, "greater than 0"));
        }
        if let Some(EarlyStopping {
            validation_fraction: fraction,
            patience,
        }) = self.early_stopping
        {
            if !(fraction > 0.0 && fraction < 1.0) {
                return Err(Error::setting(
                    "validation_fraction",
                    fraction,
                    "between 0 and 1",
                ));
            }
            if patience == 0 {
                return Err(Error::setting("patience", patience, "at least 1"));
            }
        }
        Ok(())
    }

    /// Of `rows` rows, how many at the end are held back.
    pub(crate) fn held_back(&self, rows: usize) -> usize {
        self.early_stopping.map_or(0, |stopping| {
            (rows as f64 * f64::from(stopping.validation_fraction)).round() as usize
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn original() -> GruSpec {
        GruSpec {
            features: 1,
            steps: 11,
            units: vec![64, 64],
            dense: 32,
            dropout: 0.5,
        }
    }

    #[test]
    fn counts_the_parameters_of_the_reference() {
        assert_eq!(original().parameters(), 39_937);
    }

    #[test]
    fn refuses_sizes_without_meaning() {
        assert!(original().validate().is_ok());
        for broken in [
            GruSpec {
                features: 0,
                ..original()
            },
            GruSpec {
                steps: 0,
                ..original()
            },
            GruSpec {
                units: vec![],
                ..original()
            },
            GruSpec {
                units: vec![8, 0],
                ..original()
            },
            GruSpec {
                dense: 1 << 30,
                ..original()
            },
            GruSpec {
                dropout: 1.0,
                ..original()
            },
            GruSpec {
                dropout: f32::NAN,
                ..original()
            },
        ] {
            assert!(
                matches!(broken.validate(), Err(Error::Setting { .. })),
                "{broken:?}"
            );
        }
    }

    #[test]
    fn refuses_settings_without_meaning() {
        let good = TrainSettings::default;
        assert!(good().validate().is_ok());
        let stopping = |validation_fraction, patience| {
            Some(EarlyStopping {
                validation_fraction,
                patience,
            })
        };
        for broken in [
            TrainSettings {
                epochs: 0,
                ..good()
            },
            TrainSettings { batch: 0, ..good() },
            TrainSettings {
                learning_rate: f32::NAN,
                ..good()
            },
            TrainSettings {
                weight_decay: -1.0,
                ..good()
            },
            TrainSettings {
                loss: Loss::Huber { delta: 0.0 },
                ..good()
            },
            TrainSettings {
                early_stopping: stopping(1.0, 3),
                ..good()
            },
            TrainSettings {
                early_stopping: stopping(0.2, 0),
                ..good()
            },
        ] {
            assert!(
                matches!(broken.validate(), Err(Error::Setting { .. })),
                "{broken:?}"
            );
        }
    }

    #[test]
    fn huber_is_smooth_where_the_line_begins() {
        let loss = Loss::Huber { delta: 0.5 };
        assert!((loss.value(0.5) - 0.125).abs() < 1e-7);
        assert!((loss.value(2.0) - 0.875).abs() < 1e-7);
        assert_eq!(loss.slope(-2.0), -0.5);
        assert_eq!(loss.slope(0.25), 0.25);
    }
}
