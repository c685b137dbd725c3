//! closecall-forecast.
