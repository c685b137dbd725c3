//! The `closecall` binary.

fn main() {}
