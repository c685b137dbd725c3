//! Options of one run, as its command line gives them.

use closecall_calendar::{Clock, Timetable};
use closecall_supervision::FaultPoints;

use crate::console::Format;
use crate::page::Notice;
use crate::role::Role;

/// Options of one run.
#[derive(Debug)]
pub(crate) struct RunOptions {
    pub(crate) clock: Clock,
    /// The roles of this process; all of them where none is named.
    pub(crate) roles: Vec<Role>,
    /// End by itself after this number of picks.
    pub(crate) picks: Option<u64>,
    /// Pick at these moments in place of all slots.
    pub(crate) timetable: Option<Timetable>,
    pub(crate) faults: FaultPoints,
    pub(crate) format: Format,
    /// Notice of the pages about a market that is not the real one.
    pub(crate) notice: Option<Notice>,
    /// A line for people at the start.
    pub(crate) greeting: Option<&'static str>,
}

impl RunOptions {
    pub(crate) fn has(&self, role: Role) -> bool {
        self.roles.is_empty() || self.roles.contains(&role)
    }

    /// The roles of this process, for people.
    pub(crate) fn role_names(&self) -> String {
        if self.roles.is_empty() {
            return "whole pipeline".to_owned();
        }
        let names: Vec<&str> = self.roles.iter().map(|role| role.name()).collect();
        names.join(" and ")
    }
}
