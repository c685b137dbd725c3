//! One event, as readers get it of a row of the ledger or of what is not in it.

use closecall_ledger::{Happening, LedgerEvent, State};

use crate::api::entry::{EventEntry, ForecastEntry};

/// One event as readers get it.
#[derive(Debug, Clone)]
pub(crate) struct ServedEvent {
    /// Number of the row; what is not in the ledger has none.
    pub(crate) id: Option<i64>,
    pub(crate) kind: &'static str,
    pub(crate) data: String,
}

impl ServedEvent {
    /// The event that readers get of a row.
    pub(crate) fn of(row: &LedgerEvent) -> Self {
        let (kind, data) = match &row.happening {
            Happening::Recorded(entry) if entry.state == State::DeadLetter => (
                "dead-letter",
                serde_json::to_string(&ForecastEntry::of(entry)),
            ),
            Happening::Recorded(entry) => {
                ("forecast", serde_json::to_string(&ForecastEntry::of(entry)))
            }
            Happening::Scored(score) => {
                ("score", serde_json::to_string(&EventEntry::of(row, score)))
            }
        };
        Self {
            id: Some(row.seq),
            kind,
            data: data.unwrap_or_default(),
        }
    }

    /// Its text on the stream.
    pub(super) fn text(&self) -> String {
        let id = self.id.map(|id| format!("id: {id}\n")).unwrap_or_default();
        format!("{id}event: {}\ndata: {}\n\n", self.kind, self.data)
    }
}
