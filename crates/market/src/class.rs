//! What a command reports that ends on an error.

/// What a command reports that ends on an error; the binary maps it to an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarketFailure {
    /// A vendor is down, and the store has nothing usable.
    Unavailable,
    /// The data are unusable, or there are none.
    BadData,
    /// The store cannot be made or written.
    CannotCreate,
    /// A quota is spent: later it goes again.
    TryLater,
    /// The credential is refused.
    Credential,
    /// A setting cannot be used.
    Configuration,
}
