//! The measurement of the bridge: its relay is started beside the bare loop, and both are driven.

use std::sync::mpsc;

use closecall_calendar::Clock;
use closecall_kafka::bench::{BareLoop, BenchTopics, BridgeReport, RouteDriver, drive};
use closecall_kafka::{Error, KafkaSettings};
use closecall_supervision::SupervisionSettings;

mod relay;

use relay::RelayPipeline;

/// Measures `records` records through either way. Makes topics and groups of its own and deletes
/// them, also where it fails. To be called within an actix system.
///
/// # Errors
/// When no broker is configured or reached, or a record does not come through within a minute.
pub async fn measure(
    settings: &KafkaSettings,
    supervision: SupervisionSettings,
    clock: &Clock,
    records: usize,
) -> Result<BridgeReport, Error> {
    let topics = BenchTopics::named(settings, clock)?;
    let measured = match topics.make().await {
        Ok(()) => run(&topics, supervision, clock, records).await,
        Err(error) => Err(error),
    };
    topics.delete().await;
    measured
}

async fn run(
    topics: &BenchTopics,
    supervision: SupervisionSettings,
    clock: &Clock,
    records: usize,
) -> Result<BridgeReport, Error> {
    let (bridge_entered, entered) = mpsc::channel();
    let bridge_driver = RouteDriver::new(&topics.bridge, "the bridge", entered)?;
    let (bare_entered, entered) = mpsc::channel();
    let bare_driver = RouteDriver::new(&topics.bare, "the bare loop", entered)?;
    let bare = BareLoop::start(&topics.bare, clock, bare_entered)?;
    let bridged = RelayPipeline::start(&topics.bridge, supervision, clock, bridge_entered)?;
    // It blocks; the system's own thread stays free.
    let driven =
        tokio::task::spawn_blocking(move || drive(bridge_driver, bare_driver, records)).await;
    bridged.end().await;
    bare.end()?;
    driven.unwrap_or_else(|error| {
        Err(Error::Unsettled {
            what: "the measurement".into(),
            reason: error.to_string(),
        })
    })
}
