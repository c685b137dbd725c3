//! The companies of the simulated market: names for headlines, and the scale of prices and moves.

use closecall_protocol::Ticker;

/// Symbol, name in headlines (the lexicon likes the word Amazon: not with its domain), price around
/// which it moves, standard deviation of a daily return.
const TOP_TEN: [(&str, &str, f64, f64); 10] = [
    ("AAPL", "Apple", 190.0, 0.017),
    ("MSFT", "Microsoft", 380.0, 0.016),
    ("NVDA", "Nvidia", 120.0, 0.029),
    ("AMZN", "Amazon.com", 170.0, 0.021),
    ("GOOG", "Alphabet", 150.0, 0.019),
    ("META", "Meta Platforms", 420.0, 0.024),
    ("TSLA", "Tesla", 240.0, 0.034),
    ("TSM", "TSMC", 140.0, 0.020),
    ("NFLX", "Netflix", 550.0, 0.025),
    ("PG", "P&G", 150.0, 0.011),
];

/// One company.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Company {
    pub(super) name: String,
    pub(super) price: f64,
    pub(super) volatility: f64,
}

pub(super) fn top_ten() -> Vec<Ticker> {
    let tickers = TOP_TEN.iter().map(|(symbol, ..)| Ticker::new(symbol));
    tickers.filter_map(Result::ok).collect()
}

/// The company behind a ticker. A symbol that is not among the ten may be an English word that
/// has a sentiment of its own (`FUN`): with the exchange before it, it has none.
pub(super) fn company(ticker: &Ticker) -> Company {
    let known = TOP_TEN.iter().find(|(s, ..)| *s == ticker.as_str());
    match known {
        Some((_, name, price, volatility)) => Company {
            name: (*name).to_owned(),
            price: *price,
            volatility: *volatility,
        },
        None => Company {
            name: format!("NYSE:{ticker}"),
            price: 100.0,
            volatility: 0.02,
        },
    }
}
