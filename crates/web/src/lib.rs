//! The pages, the API and the events: what people and programs look at.
//!
//! Everything here reads: the ledger (through a follower and readers of its own), the health of the
//! stages, and the counts that other parts keep. Nothing is written, and a slow or dead visitor
//! slows no stage. A page is drawn from the same values that the API serialises, so whatever is
//! shown can be had as JSON.
//!
//! | module | what it is |
//! |---|---|
//! | `server` | the listening socket and its bounds |
//! | `guard` | who may ask: host, method, cross-site, size of the head |
//! | `routes` | which path answers what |
//! | `record` | the ledger followed: outcomes, score, newest forecasts, verification |
//! | `api` | the values that are served as JSON, and their description |
//! | `pages` | the same values as HTML |
//! | `events` | server-sent events |
//! | `process` | what this process knows of its stages |
//! | `peers` | what the other roles' processes say of theirs |

mod api;
mod assets;
mod events;
mod guard;
mod pages;
mod peers;
mod problem;
mod process;
mod query;
mod record;
mod reply;
mod report_file;
mod routes;
mod server;
mod settings;
mod site;
mod text;

pub use api::openapi::document as openapi;
pub use api::verdict::{ScoreVerdict, VerdictKind};
pub use peers::{PeerStage, Peers};
pub use process::{Lag, PriorityPath, ProcessSource, ProcessStatus, VendorRequests};
pub use record::{TrackRecord, judge};
pub use server::{Listening, Web};
pub use settings::HttpSettings;
pub use site::{Site, SiteDescription};

/// The name of a stage for people.
#[must_use]
pub fn stage_title(name: &str) -> String {
    api::stages::title(name)
}
