//! The actors of the pipeline: thin shells around the domain crates.
