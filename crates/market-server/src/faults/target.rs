//! Requests that a fault means.

use closecall_protocol::Ticker;

use crate::answer::Parameters;
use crate::tiingo;

/// Subject of a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Request {
    pub(super) service: Service,
    /// The symbols, as they were asked for.
    pub(super) symbols: Vec<String>,
    /// The key that came with it; the vendor's refusals repeat it.
    pub(super) api_key: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Service {
    Daily,
    Intraday,
    AlpacaDaily,
    AlpacaIntraday,
    TiingoDaily,
    TiingoIntraday,
    News,
    Other,
}

impl Service {
    const ALL: [Self; 8] = [
        Self::Daily,
        Self::Intraday,
        Self::AlpacaDaily,
        Self::AlpacaIntraday,
        Self::TiingoDaily,
        Self::TiingoIntraday,
        Self::News,
        Self::Other,
    ];

    /// As a fault's text names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Intraday => "intraday",
            Self::AlpacaDaily => "alpaca-daily",
            Self::AlpacaIntraday => "alpaca-intraday",
            Self::TiingoDaily => "tiingo-daily",
            Self::TiingoIntraday => "tiingo-intraday",
            Self::News => "news",
            Self::Other => "other",
        }
    }
}

impl Request {
    pub(crate) fn service(&self) -> Service {
        self.service
    }

    pub(crate) fn chart(symbol: &str, parameters: &Parameters) -> Self {
        let daily = parameters
            .get("interval")
            .is_none_or(|interval| interval == "1d");
        Self {
            service: if daily {
                Service::Daily
            } else {
                Service::Intraday
            },
            symbols: vec![symbol.to_owned()],
            api_key: String::new(),
        }
    }

    /// Of Alpaca.
    pub(crate) fn bars(parameters: &Parameters) -> Self {
        let parameter = |name: &str| parameters.get(name).map_or("", String::as_str);
        let is_daily = matches!(parameter("timeframe"), "1Day" | "1D");
        Self {
            service: if is_daily {
                Service::AlpacaDaily
            } else {
                Service::AlpacaIntraday
            },
            symbols: parameter("symbols").split(',').map(str::to_owned).collect(),
            api_key: String::new(),
        }
    }

    /// Of Tiingo.
    pub(crate) fn prices(service: tiingo::Service, symbol: &str) -> Self {
        Self {
            service: match service {
                tiingo::Service::Daily => Service::TiingoDaily,
                tiingo::Service::Iex => Service::TiingoIntraday,
            },
            symbols: vec![symbol.to_owned()],
            api_key: String::new(),
        }
    }

    pub(crate) fn news(parameters: &Parameters) -> Self {
        let parameter = |name: &str| parameters.get(name).cloned().unwrap_or_default();
        Self {
            service: Service::News,
            symbols: parameter("tickers").split(',').map(str::to_owned).collect(),
            api_key: parameter("apikey"),
        }
    }

    /// The first symbol that was asked for.
    pub(crate) fn symbol(&self) -> Option<&str> {
        self.symbols.first().map(String::as_str)
    }

    pub(crate) fn other() -> Self {
        Self {
            service: Service::Other,
            symbols: Vec::new(),
            api_key: String::new(),
        }
    }
}

/// The requests that a fault means: services, and one symbol or all.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Target {
    services: &'static [Service],
    symbol: Option<String>,
}

impl Target {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (service, symbol) = match text.split_once('/') {
            Some((service, symbol)) => {
                let ticker = Ticker::new(symbol).map_err(|error| format!("{symbol:?}: {error}"))?;
                (service, Some(ticker.to_string()))
            }
            None => (text, None),
        };
        let services: &[Service] = match service {
            "any" => &Service::ALL,
            "chart" => &[Service::Daily, Service::Intraday],
            "daily" => &[Service::Daily],
            "intraday" => &[Service::Intraday],
            "alpaca" => &[Service::AlpacaDaily, Service::AlpacaIntraday],
            "alpaca-daily" => &[Service::AlpacaDaily],
            "alpaca-intraday" => &[Service::AlpacaIntraday],
            "tiingo" => &[Service::TiingoDaily, Service::TiingoIntraday],
            "tiingo-daily" => &[Service::TiingoDaily],
            "tiingo-intraday" => &[Service::TiingoIntraday],
            "news" => &[Service::News],
            _ => {
                return Err(format!(
                    "{service:?} is none of any, chart, daily, intraday, alpaca, tiingo, news"
                ));
            }
        };
        Ok(Self { services, symbol })
    }

    pub(super) fn means(&self, request: &Request) -> bool {
        let symbol = self.symbol.as_ref();
        self.services.contains(&request.service)
            && symbol.is_none_or(|symbol| request.symbols.contains(symbol))
    }
}
