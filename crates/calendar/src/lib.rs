//! closecall-calendar.
