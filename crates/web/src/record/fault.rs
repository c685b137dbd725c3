//! Faults of a ledger that cost it its readers' trust.

/// A ledger that is not believed.
#[derive(Debug, Clone)]
pub(crate) enum LedgerFault {
    /// It was changed after it was written.
    Changed(String),
    /// It cannot be opened: no database, of a newer format, or its rows are gone.
    Unreadable(String),
}

impl LedgerFault {
    /// The fault in a sentence.
    pub(crate) fn heading(&self) -> &'static str {
        match self {
            Self::Changed(_) => "The record was changed after it was written.",
            Self::Unreadable(_) => "The record cannot be read.",
        }
    }

    /// The finding, without its end mark.
    pub(crate) fn message(&self) -> &str {
        let (Self::Changed(message) | Self::Unreadable(message)) = self;
        message.trim_end_matches('.')
    }
}
