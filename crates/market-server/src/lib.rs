//! The market server: answers like the vendors, on one address, from recorded or simulated data.
//!
//! The product always fetches over HTTP; with the base addresses on this server, only the address
//! differs from a live run. `closecall market serve` runs it as a task, `closecall demo` on a
//! thread of its own.
//!
//! * [`Server`]: bind first, then serve; [`Server::spawn`] for a thread of its own.
//! * [`ServedMarket`]: a source of data and what of it can be seen ([`Visibility`]).
//! * [`Replay`]: a directory of recorded prices and headlines.
//! * [`Simulated`]: a market without end whose truth is known.
//! * `yahoo`, `alpaca`, `tiingo`, `alphavantage`: the vendors' wire formats; `route` chooses between
//!   them.
//!
//! * [`ReplayWriter`]: writes what was fetched as a replay reads it.
//! * [`FaultScript`]: misbehaviour on command.
//!
//! It is no copy of the vendors' quotas. It counts requests (`GET /requests` shows them by session,
//! service and ticker) and refuses none for their number without a fault script, and it checks no
//! key, except that a request without one gets the vendor's own answer where that vendor asks for
//! one.

mod alpaca;
mod alphavantage;
mod answer;
mod counts;
mod error;
mod faults;
mod market;
mod record;
mod replay;
mod route;
mod server;
mod session_bar;
mod simulated;
mod tape;
mod tiingo;
mod yahoo;

pub use counts::RequestCounts;
pub use error::Error;
pub use faults::FaultScript;
pub use market::{ServedMarket, Visibility};
pub use record::ReplayWriter;
pub use replay::{PriceAt, Replay};
pub use server::{RunningServer, Server};
pub use session_bar::SessionBar;
pub use simulated::{SignalPart, Simulated, SimulatedSettings, TradedTickers, Truth};
