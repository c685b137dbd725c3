//! Errors of getting market data, and their class.

use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, Utc};
use closecall_protocol::{ErrorClass, Provider, Reason, Ticker};

use crate::vendor::VendorFault;

/// Rule for the chain of providers.
pub(crate) const NO_PROVIDER: &str = "none of them can be asked: give alpaca.key_id and \
    alpaca.secret_key, tiingo.api_key or files.folder, or name yahoo";

/// Errors of getting market data.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting that cannot be used.
    #[error("{name} is not usable: {rule}")]
    Settings {
        /// The setting.
        name: &'static str,
        /// The rule that it must meet.
        rule: &'static str,
    },
    /// The store cannot be opened, read or written.
    #[error("cannot {action} the market store {}: {problem}; check that its folder can be written and the disk is not full, or set another data_dir", path.display())]
    Store {
        /// Its file.
        path: PathBuf,
        /// The operation.
        action: &'static str,
        /// The problem.
        problem: String,
    },
    /// The data directory belongs to another source.
    #[error("the market store {} belongs to {holds} and takes no data from {wanted}: set another data_dir, or remove it", path.display())]
    OtherSource {
        /// Its file.
        path: PathBuf,
        /// The source whose data it has.
        holds: String,
        /// The source whose data were to be added.
        wanted: String,
    },
    /// A file of certificate authorities cannot be used.
    #[error("the certificate authorities in {} cannot be used: {problem}; check network.ca_file and SSL_CERT_FILE", path.display())]
    CertificateAuthority {
        /// The file.
        path: PathBuf,
        /// The problem.
        problem: String,
    },
    /// The HTTP client cannot be made.
    #[error("cannot make the HTTP client: {0}")]
    Client(String),
    /// The provider of prices does not know the ticker.
    #[error("{provider} does not know the ticker {ticker}: check its spelling; it is asked again from {} on", until.format("%Y-%m-%d %H:%M UTC"))]
    UnknownTicker {
        /// The provider.
        provider: Provider,
        /// As asked.
        ticker: Ticker,
        /// Until when the vendor is not asked about it again.
        until: DateTime<Utc>,
    },
    /// The ticker is traded somewhere else, or in another currency, or is no share.
    #[error(
        "{ticker} is {market}: only shares and exchange-traded funds in USD in sessions of America/New_York are forecast"
    )]
    OtherMarket {
        /// As asked.
        ticker: Ticker,
        /// The market that the vendor names.
        market: String,
    },
    /// The prices are on several bases or in several units, and no rule repairs them.
    #[error(
        "the prices of {ticker} cannot be trusted: {why}; compare them with the vendor's own page, and try again when they are corrected"
    )]
    Unsound {
        /// As asked.
        ticker: Ticker,
        /// The problem with them.
        why: String,
    },
    /// The vendor answered, and there is not one usable bar.
    #[error("there is no usable bar of {ticker} from {from} to {to}{}: is it traded there?", refused_rows(*unusable))]
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
    #[error("the newest bar of {ticker} is of {newest}, {sessions} sessions behind, where market.max_age allows {limit}{}{}{others}", refused_rows(*unusable), because(*provider, fault.as_ref()))]
    Stale {
        /// The first of the providers.
        provider: Provider,
        /// As asked.
        ticker: Ticker,
        /// The newest session there is.
        newest: NaiveDate,
        /// Number of finished sessions that came after it.
        sessions: usize,
        /// Number that may.
        limit: u32,
        /// Rows that came and could not be used.
        unusable: usize,
        /// The reason that nothing newer could be fetched, where that failed.
        fault: Option<VendorFault>,
        /// Outcome of the other providers.
        others: String,
    },
    /// No provider of prices can be used, and the store has nothing of the ticker.
    #[error(
        "no prices of {ticker}: {provider} cannot be used, {fault}{others}, and the store has none; {}, or try again later", remedy(*provider)
    )]
    Unavailable {
        /// The first of the providers.
        provider: Provider,
        /// As asked.
        ticker: Ticker,
        /// The reason.
        fault: VendorFault,
        /// Outcome of the other providers.
        others: String,
    },
}

/// The number of rows of an answer that could not be used, as a refusal adds it.
pub(crate) fn refused_rows(unusable: usize) -> String {
    if unusable == 0 {
        String::new()
    } else {
        format!(" ({unusable} rows were unusable)")
    }
}

fn because(provider: Provider, fault: Option<&VendorFault>) -> String {
    fault.map_or_else(String::new, |fault| {
        format!("; {provider} cannot be used, {fault}")
    })
}

/// The setting to look at when a provider cannot be used.
fn remedy(provider: Provider) -> String {
    match provider {
        Provider::Files => "check files.folder".to_owned(),
        _ => format!("check the network and {provider}.base_url"),
    }
}

impl Error {
    /// There is no provider to ask; the settings rule that out.
    pub(crate) fn no_provider() -> Self {
        Self::Settings {
            name: "prices.providers",
            rule: NO_PROVIDER,
        }
    }

    /// Whether it says that there is no such share, which no other provider can help.
    pub(crate) fn is_about_the_ticker(&self) -> bool {
        matches!(self, Self::UnknownTicker { .. } | Self::OtherMarket { .. })
    }

    /// Adds what came of another provider.
    pub(crate) fn add(&mut self, provider: Provider, error: &Self) {
        let (Self::Unavailable { others, .. } | Self::Stale { others, .. }) = self else {
            return;
        };
        others.push_str(&match error {
            Self::Unavailable { fault, .. } => format!("; {provider} cannot be used, {fault}"),
            Self::UnknownTicker { .. } => format!("; {provider} does not know it"),
            Self::Stale { newest, .. } => format!("; {provider} has bars up to {newest}"),
            Self::Unsound { .. } => format!("; {provider}'s prices cannot be trusted"),
            _ => format!("; {provider} has no usable bar"),
        });
    }

    /// Kind of the error, by which it is retried and a command's exit code chosen.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Settings { .. } | Self::CertificateAuthority { .. } => ErrorClass::Configuration,
            Self::Store { .. } | Self::OtherSource { .. } => ErrorClass::CannotCreate,
            Self::Client(_) => ErrorClass::NoConnection,
            Self::UnknownTicker { .. }
            | Self::OtherMarket { .. }
            | Self::Unsound { .. }
            | Self::NoData { .. } => ErrorClass::BadData,
            Self::Stale { fault, .. } => fault
                .as_ref()
                .map_or(ErrorClass::Unavailable, VendorFault::class),
            Self::Unavailable { fault, .. } => fault.class(),
        }
    }

    /// The dead-letter reason it stands for; `None` when it is not about one pick.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Self::UnknownTicker { .. } => Some(Reason::UnknownTicker),
            Self::OtherMarket { .. } | Self::Unsound { .. } | Self::NoData { .. } => {
                Some(Reason::NoData)
            }
            Self::Stale { .. } | Self::Unavailable { .. } => Some(Reason::Unavailable),
            _ => None,
        }
    }
}
