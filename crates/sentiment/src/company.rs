//! Names of companies in titles: whether an article is about a ticker, as far as its title shows.
//!
//! Vendors tag an article with every ticker that it mentions; of a large company's articles less
//! than half name it in the title.

use closecall_protocol::Ticker;

/// Names by ticker, in small letters. A ticker that is not here is known by its symbol alone.
const NAMES: [(&str, &[&str]); 11] = [
    ("AAPL", &["apple", "iphone"]),
    ("MSFT", &["microsoft"]),
    ("NVDA", &["nvidia"]),
    ("AMZN", &["amazon"]),
    ("GOOG", &["google", "alphabet"]),
    ("GOOGL", &["google", "alphabet"]),
    ("META", &["meta", "facebook"]),
    ("TSLA", &["tesla"]),
    ("TSM", &["tsmc", "taiwan semiconductor"]),
    ("NFLX", &["netflix"]),
    ("PG", &["procter"]),
];

/// Whether a title has the symbol or a name of the company in it, as whole words.
pub(crate) fn is_named(ticker: &Ticker, title: &str) -> bool {
    let is_letter = |c: char| c.is_alphanumeric();
    let symbol = ticker.as_str();
    // A symbol is written in capitals: `ON` is one, `on` is a word.
    if title
        .split(|c| !is_letter(c) && !matches!(c, '.' | '-'))
        .any(|word| word == symbol)
    {
        return true;
    }
    let names = NAMES.iter().find(|(of, _)| *of == symbol);
    let lower = title.to_lowercase();
    names.is_some_and(|(_, names)| {
        names.iter().any(|name| {
            lower.match_indices(name).any(|(at, found)| {
                let before = lower[..at].chars().next_back();
                let after = lower[at + found.len()..].chars().next();
                !before.is_some_and(is_letter) && !after.is_some_and(is_letter)
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_company_is_named_by_its_symbol_or_its_name_as_whole_words() {
        let named = |ticker: &str, title: &str| is_named(&Ticker::new(ticker).unwrap(), title);
        for (ticker, title) in [
            ("AAPL", "Apple's new phone"),
            ("AAPL", "Why (AAPL) fell"),
            ("TSM", "Taiwan Semiconductor, up"),
            ("ON", "ON Semi: buy ON now"),
            ("BRK-B", "BRK-B at a high"),
        ] {
            assert!(named(ticker, title), "{title}");
        }
        for (ticker, title) in [
            ("AAPL", "Pineapples are sold out"),
            ("AAPL", "Stocks fall"),
            ("ON", "Stocks on the rise"),
            ("META", "Metal prices"),
            ("NONE", "A company of which no name is known"),
        ] {
            assert!(!named(ticker, title), "{title}");
        }
    }
}
