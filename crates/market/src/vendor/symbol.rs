//! The vendors' writing of a ticker.

use std::borrow::Cow;

use closecall_protocol::Ticker;

/// The symbol that vendors list a ticker under. Classes of shares are written with a dot by the
/// exchange and with a hyphen by the vendors (`BRK.B`, `BRK-B`), for whom a dot begins the name of
/// another exchange (`VOD.L`). A and B are no exchange's.
pub(crate) fn vendor_symbol(ticker: &Ticker) -> Cow<'_, str> {
    match ticker.as_str().rsplit_once('.') {
        Some((company, class @ ("A" | "B"))) => format!("{company}-{class}").into(),
        _ => ticker.as_str().into(),
    }
}

/// The symbol as exchanges write it, with a dot before a class of shares.
pub(crate) fn exchange_symbol(ticker: &Ticker) -> Cow<'_, str> {
    match ticker.as_str().rsplit_once('-') {
        Some((company, class @ ("A" | "B"))) => format!("{company}.{class}").into(),
        _ => ticker.as_str().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_of_shares_are_asked_with_a_hyphen_and_exchanges_with_a_dot() {
        for (ticker, symbol) in [
            ("BRK.B", "BRK-B"),
            ("BF.A", "BF-A"),
            ("BRK-B", "BRK-B"),
            ("VOD.L", "VOD.L"),
            ("AAPL", "AAPL"),
        ] {
            assert_eq!(vendor_symbol(&Ticker::new(ticker).unwrap()), symbol);
        }
        for ticker in ["BRK.B", "BRK-B"] {
            assert_eq!(exchange_symbol(&Ticker::new(ticker).unwrap()), "BRK.B");
        }
    }
}
