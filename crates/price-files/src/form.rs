//! The forms by their headers, and where each number then stands.

use std::fmt;

use csv::StringRecord;

use crate::Refusal;

/// A column form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Yahoo's own download.
    Yahoo,
    /// A frame of yfinance's `download`, with its three rows of headers.
    Yfinance,
    /// A frame of yfinance's `Ticker.history`.
    YfinanceHistory,
    /// AlphaVantage's TIME_SERIES_DAILY.
    Alphavantage,
    /// AlphaVantage's TIME_SERIES_DAILY_ADJUSTED.
    AlphavantageAdjusted,
    /// Stooq's download.
    Stooq,
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Yahoo => "Yahoo",
            Self::Yfinance => "yfinance",
            Self::YfinanceHistory => "yfinance's history",
            Self::Alphavantage => "AlphaVantage",
            Self::AlphavantageAdjusted => "AlphaVantage, adjusted",
            Self::Stooq => "Stooq",
        })
    }
}

/// Where the numbers of a row stand.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Columns {
    pub(crate) form: Form,
    pub(crate) date: usize,
    pub(crate) open: usize,
    pub(crate) high: usize,
    pub(crate) low: usize,
    pub(crate) close: usize,
    pub(crate) adj_close: Option<usize>,
    pub(crate) volume: usize,
    pub(crate) split: Option<usize>,
    /// Cells of a row at least.
    pub(crate) width: usize,
}

/// The forms of one header row, each with its columns in order.
const FORMS: [(Form, &[&str]); 5] = [
    (
        Form::Yahoo,
        &[
            "date",
            "open",
            "high",
            "low",
            "close",
            "adj close",
            "volume",
        ],
    ),
    (
        Form::YfinanceHistory,
        &[
            "date",
            "open",
            "high",
            "low",
            "close",
            "volume",
            "dividends",
            "stock splits",
        ],
    ),
    (
        Form::Alphavantage,
        &["timestamp", "open", "high", "low", "close", "volume"],
    ),
    (
        Form::AlphavantageAdjusted,
        &[
            "timestamp",
            "open",
            "high",
            "low",
            "close",
            "adjusted_close",
            "volume",
            "dividend_amount",
            "split_coefficient",
        ],
    ),
    (
        Form::Stooq,
        &["date", "open", "high", "low", "close", "volume"],
    ),
];

const KNOWN: &str = "the header is none of those of Yahoo, yfinance, AlphaVantage or Stooq, such as \
     Date,Open,High,Low,Close,Adj Close,Volume";

/// The columns that a header names; `next` gives the rows after it, of which one form has two more.
pub(crate) fn columns(
    header: &StringRecord,
    symbol: &str,
    next: &mut impl FnMut() -> Option<Result<StringRecord, Refusal>>,
) -> Result<Columns, Refusal> {
    let names: Vec<String> = header.iter().map(lower).collect();
    if names.first().is_some_and(|first| first == "price") {
        let mut after = |what: &str, line: u64| {
            let missing = || {
                Err((
                    line,
                    format!("the row {what} of yfinance's header is missing"),
                ))
            };
            let row = next().unwrap_or_else(missing)?;
            match row.get(0).map(lower) {
                Some(first) if first == what => Ok(row),
                _ => missing(),
            }
        };
        let tickers = after("ticker", 2)?;
        after("date", 3)?;
        return yfinance(&names, &tickers, symbol);
    }
    let found = FORMS.iter().find(|(_, form)| names.iter().eq(form.iter()));
    let (form, _) = found.ok_or((1, KNOWN.to_owned()))?;
    let place = |name: &str| names.iter().position(|other| other == name);
    placed(*form, names.len(), &place)
}

/// The columns of one ticker in a frame of several.
fn yfinance(names: &[String], tickers: &StringRecord, symbol: &str) -> Result<Columns, Refusal> {
    let is_own = |column: &usize| {
        tickers
            .get(*column)
            .is_some_and(|ticker| ticker.trim().eq_ignore_ascii_case(symbol))
    };
    if !(1..names.len()).any(|column| is_own(&column)) {
        return Err((2, format!("no column is of {symbol}")));
    }
    let place = |name: &str| match name {
        "date" => Some(0),
        _ => (1..names.len()).find(|column| names[*column] == name && is_own(column)),
    };
    placed(Form::Yfinance, names.len(), &place)
}

fn placed(
    form: Form,
    width: usize,
    place: &dyn Fn(&str) -> Option<usize>,
) -> Result<Columns, Refusal> {
    let needed =
        |name: &str| place(name).ok_or_else(|| (1, format!("the column {name} is missing")));
    Ok(Columns {
        form,
        date: place("date").or_else(|| place("timestamp")).unwrap_or(0),
        open: needed("open")?,
        high: needed("high")?,
        low: needed("low")?,
        close: needed("close")?,
        adj_close: place("adj close").or_else(|| place("adjusted_close")),
        volume: needed("volume")?,
        split: place("stock splits").or_else(|| place("split_coefficient")),
        width,
    })
}

fn lower(name: &str) -> String {
    name.trim().to_ascii_lowercase()
}
