//! closecall-supervision.
