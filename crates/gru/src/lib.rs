//! The stacked-GRU regressor: training and forecasts on one thread, as fast as the processor
//! allows.
//!
//! A network is GRU layers on top of each other (the "reset after" form with two biases), a dense
//! relu layer on the last state, dropout, and one output. Training is back-propagation through
//! all steps with Adam, in f32, and the same bits for the same seed, rows and [`InstructionSet`].
//!
//! | file | responsible for |
//! |---|---|
//! | `spec`, `error`, `instruction_set` | what is asked for, and how it is refused |
//! | `model`, `train`, `file` | forecasts, the fit, the model file |
//! | `rows`, `init`, `weights`, `layout` | data checked, starting weights, their names and places |
//! | `activations`, `gradients`, `optimizer` | forward pass, backward pass, update |
//! | `kernel` | the arithmetic of each instruction set; all unsafe code |
//! | `bench` | a fit against the processor's peak |
//!
//! Features, scalers and targets are the caller's: nothing here knows what a price is.

mod activations;
pub mod bench;
mod buffer;
mod error;
mod file;
mod gradients;
mod init;
mod instruction_set;
mod kernel;
mod layout;
mod model;
mod optimizer;
mod rng;
mod rows;
mod spec;
#[cfg(test)]
mod tests;
mod train;
mod weights;

pub use error::Error;
pub use file::{SavedModel, TrainingRange};
pub use instruction_set::{InstructionSet, UnknownPath};
pub use model::Gru;
pub use spec::{EarlyStopping, GruSpec, Loss, TrainSettings};
pub use train::{Epoch, FitOutcome};
