//! Alerts to a webhook: raised once, cleared once, whatever becomes of the receiver.
//!
//! * [`Rules`] say what is to be raised and cleared. Pure: what was seen and how long the process has
//!   run go in, alerts come out.
//! * [`Alert::body`] writes one for a receiver: JSON, Slack, Discord or ntfy.
//! * [`Notifier`] looks once a second and sends from a queue, in order, until each was taken.
//!   What stands and what is still to be sent lies in `alerts.json` beside the ledger, so a program
//!   that is killed goes on where it was.
//!
//! No text of a vendor, a headline or a record is in an alert: only closed words, names of stages, numbers,
//! and the system's reason that the ledger cannot be written.

mod client;
mod error;
mod kind;
mod message;
mod notifier;
mod rules;
mod settings;
mod state;

pub use client::Client;
pub use error::Error;
pub use kind::AlertKind;
pub use message::{Alert, AlertState};
pub use notifier::{AlertCounts, Look, Notifier};
pub use rules::{Observation, Rules, StageSeen};
pub use settings::{AlertFormat, AlertSettings};
