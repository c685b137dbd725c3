//! `closecall market serve`: both vendors' wire formats on one address, from recorded data or from
//! a simulated market.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand, ValueEnum};
use closecall_calendar::Clock;
use closecall_market_server::{
    FaultScript, Replay, ServedMarket, Server, SignalPart, Simulated, SimulatedSettings,
    TradedTickers, Visibility,
};
use closecall_supervision::Signals;

use super::flags::{ClockFlags, moment};
use super::market_record::RecordArgs;
use crate::exit::{Code, OrExit};
use crate::settings::Settings;

#[derive(Debug, Subcommand)]
pub(crate) enum MarketCommand {
    /// Serve the vendors' formats from recorded data or from a simulated market
    Serve(ServeArgs),
    /// Fetch prices, news and the newest session's bars, and write them as --replay reads them
    Record(RecordArgs),
}

/// Data to serve, their address, and the part of them that can be seen.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("source").required(true).args(["replay", "simulated"])))]
pub(crate) struct ServeArgs {
    /// Recorded data: DIR/prices/TICKER.csv and, where there are any, DIR/news/TICKER.csv,
    /// DIR/intraday/TICKER-15m.csv and DIR/splits/TICKER.csv
    #[arg(long, value_name = "DIR")]
    pub(crate) replay: Option<PathBuf>,
    /// A simulated market with known truth
    #[arg(long)]
    pub(crate) simulated: bool,
    /// Seed of the simulated market
    #[arg(long, default_value_t = 1, conflicts_with = "replay")]
    pub(crate) seed: u64,
    /// Share of tomorrow's variance that can be predicted in the simulated market, 0 to 0.9
    #[arg(
        long,
        default_value_t = 0.0,
        conflicts_with = "replay",
        value_name = "R2"
    )]
    pub(crate) predictability: f64,
    /// Part of a session's return that the predictable share moves
    #[arg(long, value_enum, default_value_t = SignalFlag::Session, conflicts_with = "replay")]
    pub(crate) signal: SignalFlag,
    /// Tickers that are traded, as a regular expression such as S[0-9]{3}; the ten largest by default
    #[arg(long, value_name = "PATTERN", conflicts_with = "replay")]
    pub(crate) tickers: Option<String>,
    /// Articles that a session of a ticker has on average, 1 to 5000; 28 by default
    #[arg(long, value_name = "N", conflicts_with = "replay")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=5000))]
    pub(crate) articles: Option<u16>,
    /// Misbehave, such as news:status=503:first=2, daily:late-close=40 or intraday:stale=15; may be
    /// repeated, the first that is due strikes
    ///
    /// WHERE: any, chart, daily, intraday (Yahoo's), alpaca, alpaca-daily, alpaca-intraday, tiingo,
    /// tiingo-daily, tiingo-intraday, news; with /TICKER for one ticker alone. WHAT, on the
    /// connection: status=503, status=429,retry-after=30, delay=2s, hang, silence=100, drip=1,
    /// truncate=100, abort=100, length=+10, garbage, html, text, encoding=br, bomb=gzip, redirect=URL;
    /// in a chart: null-rows=2, missing=last, missing=2023-06-29, late-close=40,
    /// corrected-close=1.5,30, split=4:1,2023-06-30,unapplied,announced, unit=0.01, doubled-bar,
    /// stale=15; of news: quota=25, quota-note, burst-note. WHEN: first=3, after=3, every=5, at=2,7,
    /// between=20230630T1400,20230630T1700; always where it is left out.
    #[arg(long = "fault", value_name = "WHERE:WHAT[:WHEN]")]
    pub(crate) faults: Vec<String>,
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    pub(crate) host: IpAddr,
    /// Port to listen on; 0 takes a free one and prints it
    #[arg(long, default_value_t = 8900)]
    pub(crate) port: u16,
    /// Show what could be seen at this moment
    #[arg(long, value_name = "TIME", value_parser = moment)]
    #[arg(conflicts_with_all = ["clock_start", "speed"])]
    pub(crate) as_of: Option<DateTime<Utc>>,
    #[command(flatten)]
    pub(crate) clock: ClockFlags,
}

/// A part of a session's return.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SignalFlag {
    /// From the close before to the opening
    Overnight,
    /// From the opening to the close
    Session,
}

pub(super) fn serve(settings: &Settings, args: &ServeArgs) -> anyhow::Result<ExitCode> {
    let faults = FaultScript::parse(&args.faults).or_exit(Code::Usage)?;
    let market = market(settings, args)?;
    let address = SocketAddr::new(args.host, args.port);
    let server = Server::bind(address, market)
        .or_exit(Code::CannotCreate)?
        .with_faults(faults);
    let address = server.address();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut signals = Signals::listen()?;
        // On standard output, so that a script which asked for port 0 can read it.
        crate::stdout::print(format_args!("serving on http://{address}"))?;
        let stopped = async move {
            signals.next().await;
        };
        server.serve(stopped).await?;
        Ok(ExitCode::SUCCESS)
    })
}

fn market(settings: &Settings, args: &ServeArgs) -> anyhow::Result<ServedMarket> {
    let calendar = settings.calendar.calendar();
    let clock = match args.as_of {
        Some(at) => Some(Clock::fixed(at)),
        None => args.clock.clock()?,
    };
    if let Some(directory) = &args.replay {
        let replay = Replay::load(directory, &calendar).or_exit(Code::Data)?;
        let visibility = clock.map_or(Visibility::Everything, Visibility::Until);
        return Ok(ServedMarket::replay(replay, visibility, calendar));
    }
    let mut simulated = SimulatedSettings {
        predictability: args.predictability,
        signal: match args.signal {
            SignalFlag::Overnight => SignalPart::Overnight,
            SignalFlag::Session => SignalPart::Session,
        },
        ..SimulatedSettings::new(args.seed)
    };
    if let Some(mean) = args.articles.map(usize::from) {
        simulated.articles = mean - mean / 2..mean + mean / 2 + 1;
    }
    if let Some(pattern) = &args.tickers {
        simulated.tickers = TradedTickers::matching(pattern).or_exit(Code::Usage)?;
    }
    let simulated = Simulated::new(simulated, calendar).or_exit(Code::Usage)?;
    // A simulated market has no end: without a clock of its own it goes by the system's.
    Ok(ServedMarket::simulated(
        simulated,
        clock.unwrap_or_else(Clock::system),
    ))
}

#[cfg(test)]
mod tests {
    use clap::Args as _;
    use closecall_market_server::FaultScript;

    use super::ServeArgs;

    /// The help lists faults as they are typed: each of them is one.
    #[test]
    fn faults_that_the_help_lists_are_faults() {
        let command = ServeArgs::augment_args(clap::Command::new("serve"));
        let fault = command.get_arguments().find(|arg| arg.get_id() == "faults");
        let help = fault.unwrap().get_long_help().unwrap().to_string();
        let listed = |from: &str, to: &str| {
            let after = help.split_once(from).unwrap().1;
            after.split_once(to).unwrap().0.replace('\n', " ")
        };
        let parse = |fault: String| FaultScript::parse([&fault]).unwrap_or_else(|e| panic!("{e}"));
        for place in listed("WHERE:", ";").replace("(Yahoo's)", "").split(',') {
            parse(format!("{}:hang", place.trim()));
        }
        let of = |kind: &str, from: &str, to: &str| {
            for what in listed(from, to).split(", ") {
                let what = what.trim().replace("URL", "http://127.0.0.1:9/");
                parse(format!("{kind}:{what}"));
            }
        };
        of("any", "connection:", ";");
        of("daily", "a chart:", ";");
        of("news", "of news:", ". WHEN");
        for when in listed("WHEN:", ";").split(", ") {
            parse(format!("any:hang:{}", when.trim()));
        }
    }
}
