//! closecall-protocol.
