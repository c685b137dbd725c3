//! Yahoo's chart endpoint: daily bars and bars inside the session, in the vendor's form.

mod interval;
mod meta;
mod refusal;
mod rows;
mod window;

use hyper::StatusCode;
use serde_json::{Map, Value, json};

use closecall_protocol::Ticker;

use crate::answer::{Answer, Parameters};
use crate::market::ServedMarket;
use interval::Granularity;
use meta::Context;
use rows::ChartRow;
use window::{Now, Window};

/// Answers a request for a chart.
pub(crate) fn answer(market: &ServedMarket, symbol: &str, parameters: &Parameters) -> Answer {
    chart(market, symbol, parameters).unwrap_or_else(|refused| refused)
}

fn chart(market: &ServedMarket, symbol: &str, parameters: &Parameters) -> Result<Answer, Answer> {
    let ticker = Ticker::new(symbol)
        .ok()
        .filter(|ticker| market.has_prices(ticker))
        .ok_or_else(refusal::unknown_symbol)?;
    let interval = parameters.get("interval").map_or("1d", String::as_str);
    let interval = Granularity::parse(interval)?;
    let now = Now {
        as_of: market.as_of(&ticker).unwrap_or_default(),
        by_clock: market.goes_by_a_clock(),
    };
    let window = Window::parse(parameters, interval, now, market.calendar())?;
    let as_of = now.as_of;
    let rows = match interval {
        Granularity::Day => rows::daily(market, &ticker, &window, as_of),
        Granularity::Minutes(intraday) => rows::intraday(market, &ticker, intraday, &window, as_of),
    };
    let asked = |name: &str, text: &str| parameters.get(name).is_some_and(|v| v.contains(text));
    let context = Context {
        market,
        ticker: &ticker,
        interval,
        window: &window,
        as_of,
        extended: asked("includePrePost", "true"),
    };
    let mut result = json!({ "meta": meta::meta(&context, &rows) });
    if asked("events", "split") {
        let splits = splits(&context);
        if !splits.is_empty() {
            result["events"] = json!({ "splits": splits });
        }
    }
    columns(&mut result, &rows);
    let body = json!({ "chart": { "result": [result], "error": null } });
    Ok((StatusCode::OK, body))
}

/// The splits in the window, by the time of the opening from which each holds.
fn splits(context: &Context<'_>) -> Map<String, Value> {
    let Context {
        market,
        ticker,
        window,
        as_of,
        ..
    } = context;
    let in_window = market
        .splits(ticker, *as_of)
        .filter(|(opening, _)| (window.from..window.to).contains(opening));
    in_window
        .map(|(opening, split)| {
            let date = opening.timestamp();
            let (numerator, denominator) = (split.numerator, split.denominator);
            let value = json!({
                "date": date,
                "numerator": numerator,
                "denominator": denominator,
                "splitRatio": format!("{numerator}:{denominator}"),
            });
            (date.to_string(), value)
        })
        .collect()
}

fn columns(result: &mut Value, rows: &[ChartRow]) {
    if rows.is_empty() {
        // The vendor leaves the stamps away altogether.
        result["indicators"] = json!({ "quote": [{}] });
        return;
    }
    let column = |number: fn(&ChartRow) -> f64| rows.iter().map(number).collect::<Vec<f64>>();
    let volume: Vec<i64> = rows.iter().map(|row| row.volume as i64).collect();
    result["timestamp"] = rows.iter().map(|row| row.stamp.timestamp()).collect();
    result["indicators"] = json!({
        "quote": [{
            "open": column(|row| row.open),
            "high": column(|row| row.high),
            "low": column(|row| row.low),
            "close": column(|row| row.close),
            "volume": volume,
        }],
    });
    let adjusted: Option<Vec<f64>> = rows.iter().map(|row| row.adj_close).collect();
    if let Some(adjusted) = adjusted {
        result["indicators"]["adjclose"] = json!([{ "adjclose": adjusted }]);
    }
}
