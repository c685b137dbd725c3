//! A simulated market in the test's own process, on the test's clock, that misbehaves by a script.

use closecall_calendar::{Calendar, Clock};
use closecall_market_server::{
    FaultScript, RunningServer, ServedMarket, Server, Simulated, SimulatedSettings,
};

/// Serves on a free port until it is dropped.
pub(crate) fn serve(
    seed: u64,
    clock: &Clock,
    script: impl IntoIterator<Item = &'static str>,
) -> RunningServer {
    let simulated = Simulated::new(SimulatedSettings::new(seed), Calendar::default()).unwrap();
    let market = ServedMarket::simulated(simulated, clock.clone());
    Server::bind(Server::loopback(0), market)
        .unwrap()
        .with_faults(FaultScript::parse(script).unwrap())
        .spawn()
        .unwrap()
}
