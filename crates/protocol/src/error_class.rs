//! The one question that every error of the workspace answers: can another try help, and if not, is
//! it the input, or something that a person has to mend? Exit codes follow from the answer alone.

/// Kind of an error, by what can be done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// A vendor, broker or disk does not answer: later it may.
    Unavailable,
    /// A quota is used up, or a host asks to be left alone: later it goes.
    TryLater,
    /// The answer that came cannot be read; the next one may be whole.
    Garbled,
    /// The input cannot be used: the same again gives the same.
    BadData,
    /// Stored data are damaged: nothing goes until they are replaced.
    Damaged,
    /// A folder, file or store cannot be made, written or shared.
    CannotCreate,
    /// A credential or right is refused.
    Refused,
    /// No connection can be made or trusted until something is changed on this machine.
    NoConnection,
    /// A setting cannot be used.
    Configuration,
}

impl ErrorClass {
    /// Whether another try, later, can end differently.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        matches!(self, Self::Unavailable | Self::TryLater | Self::Garbled)
    }

    /// Whether the input itself is refused, so that the same again gives the same.
    #[must_use]
    pub const fn is_permanent(self) -> bool {
        matches!(self, Self::BadData)
    }
}
