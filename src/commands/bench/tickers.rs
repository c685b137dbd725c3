//! Tickers that a bench makes up.

use closecall_protocol::Ticker;

/// The tickers of a bench: `B0000`, `B0001` and so on.
pub(super) struct Tickers(pub(super) Vec<Ticker>);

impl Tickers {
    /// Tickers that the market trades, as given.
    pub(super) const PATTERN: &str = "B[0-9]{4}";

    pub(super) fn first(count: u16) -> anyhow::Result<Self> {
        let named = (0..count).map(|number| Ticker::new(&format!("B{number:04}")));
        Ok(Self(named.collect::<Result<_, _>>()?))
    }

    /// As `--tickers` takes them.
    pub(super) fn joined(&self) -> String {
        let names: Vec<&str> = self.0.iter().map(Ticker::as_str).collect();
        names.join(",")
    }
}
