//! The pages in a terminal, over the API: verdict, stages, the newest picks, and one pick's trace.
//!
//! Everything comes from `/api/v1` of a running program, so it works through a port-forward too.

mod api;
mod draw;
mod picks;
mod snapshot;
mod stages;
mod tables;
mod terminal;
mod trace;
mod view;
mod words;

pub use api::{Api, Error};
pub use snapshot::Snapshot;
pub use terminal::run;
