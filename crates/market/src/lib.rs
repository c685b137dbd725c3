//! closecall-market.

pub mod server;
