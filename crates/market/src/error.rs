//! Why market data cannot be had, and what follows from it.

use std::path::PathBuf;

use chrono::NaiveDate;
use closecall_protocol::{Reason, Ticker};

use crate::class::{ErrorClass, MarketFailure};
use crate::vendor::VendorFault;

/// Why market data cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting that cannot be used.
    #[error("{name} is not usable: {rule}")]
    Settings {
        /// The setting.
        name: &'static str,
        /// What holds for it.
        rule: &'static str,
    },
    /// The store cannot be opened, read or written.
    #[error("cannot {action} the market store {}: {problem}; check that its folder can be written and the disk is not full, or set another data_dir", path.display())]
    Store {
        /// Its file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What went wrong.
        problem: String,
    },
    /// The data directory belongs to another source.
    #[error("the market store {} belongs to {holds} and takes no data from {wanted}: set another data_dir, or remove it", path.display())]
    OtherSource {
        /// Its file.
        path: PathBuf,
        /// Whose data it has.
        holds: String,
        /// Whose data were to be added.
        wanted: String,
    },
    /// The HTTP client cannot be made.
    #[error("cannot make the HTTP client: {0}")]
    Client(String),
    /// The price vendor does not know the ticker.
    #[error("yahoo does not know the ticker {ticker}: check its spelling")]
    UnknownTicker {
        /// As asked.
        ticker: Ticker,
    },
    /// The vendor answered, and there is not one usable bar.
    #[error("there is no usable bar of {ticker} from {from} to {to}{}: is it traded there?", refused(*unusable))]
    NoData {
        /// As asked.
        ticker: Ticker,
        /// First day of the window.
        from: NaiveDate,
        /// Its last day.
        to: NaiveDate,
        /// Rows that came and could not be used.
        unusable: usize,
    },
    /// The newest bar there is lies too far back.
    #[error("the newest bar of {ticker} is of {newest}, {sessions} sessions behind, where market.max_age allows {limit}{}", because(fault.as_ref()))]
    Stale {
        /// As asked.
        ticker: Ticker,
        /// The newest session there is.
        newest: NaiveDate,
        /// How many finished sessions came after it.
        sessions: usize,
        /// How many may.
        limit: u32,
        /// Why nothing newer could be fetched, where that failed.
        fault: Option<VendorFault>,
    },
    /// The price vendor cannot be used, and the store has nothing of the ticker.
    #[error(
        "no prices of {ticker}: yahoo cannot be used, {fault}, and the store has none; check the network and yahoo.base_url, or try again later"
    )]
    Unavailable {
        /// As asked.
        ticker: Ticker,
        /// Why.
        fault: VendorFault,
    },
}

fn refused(unusable: usize) -> String {
    if unusable == 0 {
        String::new()
    } else {
        format!(" ({unusable} rows were unusable)")
    }
}

fn because(fault: Option<&VendorFault>) -> String {
    fault.map_or_else(String::new, |fault| {
        format!("; yahoo cannot be used, {fault}")
    })
}

impl Error {
    /// Whether another try can help.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Settings { .. }
            | Self::Store { .. }
            | Self::OtherSource { .. }
            | Self::Client(_) => ErrorClass::Fatal,
            Self::UnknownTicker { .. } | Self::NoData { .. } => ErrorClass::Permanent,
            Self::Stale { .. } => ErrorClass::Transient,
            Self::Unavailable { fault, .. } => fault.class(),
        }
    }

    /// The dead-letter reason it stands for; `None` when it is not about one pick.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Self::UnknownTicker { .. } => Some(Reason::UnknownTicker),
            Self::NoData { .. } => Some(Reason::NoData),
            Self::Stale { .. } | Self::Unavailable { .. } => Some(Reason::Unavailable),
            _ => None,
        }
    }

    /// What a command that ends on it reports.
    #[must_use]
    pub fn failure(&self) -> MarketFailure {
        match self {
            Self::Settings { .. } => MarketFailure::Configuration,
            Self::Store { .. } | Self::OtherSource { .. } => MarketFailure::CannotCreate,
            Self::Client(_) => MarketFailure::Unavailable,
            Self::UnknownTicker { .. } | Self::NoData { .. } => MarketFailure::BadData,
            Self::Stale { fault, .. } => fault
                .as_ref()
                .map_or(MarketFailure::Unavailable, VendorFault::failure),
            Self::Unavailable { fault, .. } => fault.failure(),
        }
    }
}
