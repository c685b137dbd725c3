//! closecall-market.
