//! The ground that settings stand on: the file of their defaults, spans of time, shares, names to choose
//! from, and waits that grow.
//!
//! Each part of the program owns its settings; this crate gives them what they have in common. It
//! reads no file and no environment: that is the binary's part.

mod backoff;
pub mod choice;
mod defaults;
mod share;
pub mod span;

pub use backoff::{Backoff, UnusableBackoff};
pub use defaults::{DEFAULTS, changed, section};
pub use share::{NoShare, Share};
