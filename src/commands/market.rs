//! `closecall market serve`: both vendors' wire formats on one address, from recorded data or from
//! a simulated market.

use std::net::SocketAddr;
use std::process::ExitCode;

use closecall_calendar::Clock;
use closecall_market_server::{Market, Replay, Server, Simulated, SimulatedSettings, Visibility};
use closecall_supervision::Signals;

use crate::cli::Serve;
use crate::exit::{Exit, OrExit};
use crate::settings::Settings;

pub(super) fn serve(settings: &Settings, args: &Serve) -> anyhow::Result<ExitCode> {
    let market = market(settings, args)?;
    let address = SocketAddr::new(args.host, args.port);
    let server = Server::bind(address, market).or_exit(Exit::CannotCreate)?;
    let address = server.address();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut signals = Signals::listen()?;
        // On standard output, so that a script which asked for port 0 can read it.
        super::print(format_args!("serving on http://{address}"))?;
        let stopped = async move {
            signals.next().await;
        };
        server.serve(stopped).await?;
        Ok(ExitCode::SUCCESS)
    })
}

fn market(settings: &Settings, args: &Serve) -> anyhow::Result<Market> {
    let calendar = settings.calendar.calendar();
    let clock = match args.as_of {
        Some(at) => Some(Clock::fixed(at)),
        None => args.clock.clock()?,
    };
    if let Some(directory) = &args.replay {
        let replay = Replay::load(directory, &calendar).or_exit(Exit::Data)?;
        let visibility = clock.map_or(Visibility::Everything, Visibility::Until);
        return Ok(Market::replay(replay, visibility, calendar));
    }
    let simulated = SimulatedSettings {
        predictability: args.predictability,
        ..SimulatedSettings::new(args.seed)
    };
    let simulated = Simulated::new(simulated, calendar).or_exit(Exit::Usage)?;
    // A simulated market has no end: without a clock of its own it goes by the system's.
    Ok(Market::simulated(
        simulated,
        clock.unwrap_or_else(Clock::system),
    ))
}
