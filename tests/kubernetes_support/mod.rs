//! Support of the manifests' tests. No test is here.

pub(crate) mod mutations;
pub(crate) mod objects;
pub(crate) mod render;
pub(crate) mod rules;
