//! Requests that a fault means.

use crate::answer::Parameters;

/// Subject of a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Request {
    pub(super) service: Service,
    /// The symbols, as they were asked for.
    pub(super) symbols: Vec<String>,
    /// The key that came with it; the vendor's refusals repeat it.
    pub(super) api_key: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    Daily,
    Intraday,
    News,
    Other,
}

impl Request {
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

    pub(crate) fn news(parameters: &Parameters) -> Self {
        let parameter = |name: &str| parameters.get(name).cloned().unwrap_or_default();
        Self {
            service: Service::News,
            symbols: parameter("tickers").split(',').map(str::to_owned).collect(),
            api_key: parameter("apikey"),
        }
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
            Some((service, symbol)) => (service, Some(symbol.to_owned())),
            None => (text, None),
        };
        let services: &[Service] = match service {
            "any" => &[
                Service::Daily,
                Service::Intraday,
                Service::News,
                Service::Other,
            ],
            "chart" => &[Service::Daily, Service::Intraday],
            "daily" => &[Service::Daily],
            "intraday" => &[Service::Intraday],
            "news" => &[Service::News],
            _ => {
                return Err(format!(
                    "{service:?} is none of any, chart, daily, intraday, news"
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
