//! Rules for every rendered overlay, as lists of complaints: none means that all holds.
//! Each module keeps one subject; what an overlay is expected to contain is here.

mod files;
mod kafka;
mod network;
mod pods;
mod presence;
mod probes;
mod scaling;
mod state;

use serde_json::Value;

/// Properties of an overlay that the rules cannot see from its objects alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Overlay {
    pub(crate) name: &'static str,
    /// The operator's Kafka (components/strimzi) in place of the single node.
    pub(crate) strimzi: bool,
    pub(crate) keda: bool,
    pub(crate) monitoring: bool,
    /// A model file (components/model-file), which may be missing.
    pub(crate) model: bool,
    /// A certificate authority beside the usual ones (components/network-ca).
    pub(crate) authority: bool,
    /// Live vendors, in place of the simulated market.
    pub(crate) live: bool,
    /// The shortest time, in seconds, before a surplus trainer may be taken away.
    pub(crate) patience: i64,
}

impl Overlay {
    pub(crate) fn of(name: &'static str) -> Self {
        let prod = name == "prod";
        Self {
            name,
            strimzi: prod,
            keda: name != "dev",
            monitoring: prod,
            model: name != "dev",
            authority: name == "test",
            live: prod,
            // The longest fit takes 180 s.
            patience: if prod { 180 } else { 0 },
        }
    }
}

/// The four roles.
pub(crate) const ROLES: [&str; 4] = ["ticker-picker", "scraper", "gru-trainer", "reporter"];

/// Everything that is wrong with an overlay's objects.
pub(crate) fn violations(overlay: Overlay, objects: &[Value]) -> Vec<String> {
    let mut found = Vec::new();
    presence::check(overlay, objects, &mut found);
    pods::check(objects, &mut found);
    probes::check(objects, &mut found);
    state::check(overlay, objects, &mut found);
    files::check(overlay, objects, &mut found);
    network::check(overlay, objects, &mut found);
    scaling::check(overlay, objects, &mut found);
    kafka::check(overlay, objects, &mut found);
    found
}
