//! The one question that every error of the workspace answers: can another try help?

/// Whether another try can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// Later it may go.
    Transient,
    /// The same again gives the same.
    Permanent,
    /// Nothing goes until somebody changes something.
    Fatal,
}
