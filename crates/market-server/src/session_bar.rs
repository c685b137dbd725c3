//! One session of one ticker in numbers, as a source holds it: whole, whatever the clock says.

use closecall_calendar::Session;
use closecall_protocol::Ohlcv;

/// A session with its numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SessionBar {
    /// The session, with its opening and its close.
    pub session: Session,
    /// Its numbers.
    pub quote: Ohlcv,
}
