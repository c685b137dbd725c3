//! Failures of a network: bad settings, bad rows, a bad fit, a bad file.

use std::path::PathBuf;

use crate::InstructionSet;

/// An error of the network, its training or its file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A size or rate of the network or its training is out of range.
    #[error("setting `{name}` is {value}: it must be {must}")]
    Setting {
        /// The field's name.
        name: &'static str,
        /// Its value.
        value: String,
        /// The rule that it breaks.
        must: &'static str,
    },

    /// An array has not the shape that the network or the other array asks for.
    #[error("{what} has shape {found:?}, expected {expected:?}")]
    Shape {
        /// Name of the array.
        what: &'static str,
        /// The shape asked for.
        expected: Vec<usize>,
        /// The shape given.
        found: Vec<usize>,
    },

    /// There is nothing to train on.
    #[error("no rows to train on: {rows} given, {held_back} of them held back for validation")]
    NoRows {
        /// Rows given.
        rows: usize,
        /// Rows the early stopping keeps for itself.
        held_back: usize,
    },

    /// A row holds NaN or infinity; nothing was computed.
    #[error("{what} of row {row} is not a finite number: repair or leave out the row")]
    NotFinite {
        /// Name of the array.
        what: &'static str,
        /// The row, counted from 0.
        row: usize,
    },

    /// The weights to start from belong to a network of another shape.
    #[error("cannot start from these weights: they are of {found}, the fit is of {expected}")]
    WarmStart {
        /// The network asked for.
        expected: String,
        /// The network given.
        found: String,
    },

    /// This processor lacks the instruction set that was asked for.
    #[error("this processor has no {0}: choose another path, or leave the choice to the program")]
    UnsupportedPath(InstructionSet),

    /// The caller's callback asked to stop.
    #[error("fit cancelled after epoch {epoch}")]
    Cancelled {
        /// Epochs done.
        epoch: usize,
    },

    /// The loss or a weight ran out of the numbers; no model comes of it.
    #[error("fit diverged in epoch {epoch}: lower the learning rate or rescale the rows")]
    Diverged {
        /// The epoch in which it was noticed, counted from 1.
        epoch: usize,
    },

    /// The file could not be read or written.
    #[error("model file {}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },

    /// The file is not a model of ours.
    #[error("model file {}: not a closecall model", .0.display())]
    NotAModel(PathBuf),

    /// The file was written by a program with another format.
    #[error("model file {}: format {found}, this program reads {expected}; train it again", .path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The version it says it has.
        found: u32,
        /// The version read here.
        expected: u32,
    },

    /// The file ends too early.
    #[error("model file {}: truncated, {found} bytes of {expected}; copy or train it again", .path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Bytes there should be.
        expected: u64,
        /// Bytes there are.
        found: u64,
    },

    /// The file's content is not what was written.
    #[error("model file {}: corrupted ({reason}); copy or train it again", .path.display())]
    Corrupted {
        /// The file.
        path: PathBuf,
        /// The part that does not fit.
        reason: String,
    },

    /// The benchmark could not start its threads.
    #[error("cannot start {jobs} benchmark threads: {source}")]
    Threads {
        /// Threads asked for.
        jobs: usize,
        /// The system's reason.
        source: std::io::Error,
    },
}

impl Error {
    /// A setting out of range.
    pub(crate) fn setting(
        name: &'static str,
        value: impl std::fmt::Display,
        must: &'static str,
    ) -> Self {
        Self::Setting {
            name,
            value: value.to_string(),
            must,
        }
    }
}
