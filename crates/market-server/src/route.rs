//! The vendor whose form a request is answered in: decided by its path alone.

use hyper::header::HeaderMap;
use hyper::{Method, StatusCode, Uri};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::answer::{Answer, Parameters};
use crate::faults::Request;
use crate::market::ServedMarket;
use crate::tiingo::Service;
use crate::{alpaca, alphavantage, tiingo, yahoo};

/// The chart service's path up to the symbol.
const CHART: &str = "/v8/finance/chart/";
/// Where bars of one vendor are, whatever their symbols.
const BARS: &str = "/v2/stocks/bars";
/// The services of another up to the symbol, and what follows it.
const PRICES: [(&str, Service); 2] = [("/tiingo/daily/", Service::Daily), ("/iex/", Service::Iex)];
const OF_PRICES: &str = "/prices";

/// Says what a request is about and answers it. What no vendor has a form for gets an error of
/// this server's own.
pub(crate) fn answer(
    market: &ServedMarket,
    method: &Method,
    target: &Uri,
    headers: &HeaderMap,
) -> (Request, Answer) {
    if !matches!(*method, Method::GET | Method::HEAD) {
        let refused = own_error(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered here");
        return (Request::other(), refused);
    }
    let parameters = parameters(target);
    let path = target.path();
    if let Some(symbol) = path.strip_prefix(CHART).filter(|s| !s.contains('/')) {
        // What is not UTF-8 is no symbol either.
        let symbol = percent_decode_str(symbol).decode_utf8_lossy();
        let answer = yahoo::answer(market, &symbol, &parameters);
        return (Request::chart(&symbol, &parameters), answer);
    }
    if path == "/query" {
        let answer = (StatusCode::OK, alphavantage::answer(market, &parameters));
        return (Request::news(&parameters), answer);
    }
    if path == BARS {
        let answer = alpaca::answer(market, headers, &parameters);
        return (Request::bars(&parameters), answer);
    }
    for (before, service) in PRICES {
        let symbol = path
            .strip_prefix(before)
            .and_then(|rest| rest.strip_suffix(OF_PRICES));
        if let Some(symbol) = symbol.filter(|symbol| !symbol.contains('/')) {
            let symbol = percent_decode_str(symbol).decode_utf8_lossy();
            let answer = tiingo::answer(market, service, &symbol, headers, &parameters);
            return (Request::prices(service, &symbol), answer);
        }
    }
    let unknown = own_error(
        StatusCode::NOT_FOUND,
        "no such path: charts are at /v8/finance/chart/TICKER, news at /query, other prices at \
         /v2/stocks/bars, /tiingo/daily/TICKER/prices and /iex/TICKER/prices",
    );
    (Request::other(), unknown)
}

fn parameters(target: &Uri) -> Parameters {
    form_urlencoded::parse(target.query().unwrap_or_default().as_bytes())
        .into_owned()
        .collect()
}

fn own_error(status: StatusCode, description: &str) -> Answer {
    let body: Value = json!({ "error": description });
    (status, body)
}
