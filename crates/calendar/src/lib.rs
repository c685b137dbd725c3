//! Trading time: which days the New York Stock Exchange trades ([`Calendar`]), which session a
//! moment or a piece of news belongs to, and the [`Clock`] from which every part takes its time.
//!
//! Nothing here does I/O, and nothing else in the product decides what "today's close" means.

mod clock;
mod holidays;
mod news_rows;
mod sessions;
mod timetable;

pub use clock::{Clock, ClockError};
pub use news_rows::NewsRows;
pub use sessions::{Calendar, Session};
pub use timetable::Timetable;
