//! closecall-sentiment.
