//! closecall-ledger.
