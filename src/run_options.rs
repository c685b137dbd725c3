//! Options of one run, as its command line gives them.

use chrono::TimeDelta;
use closecall_actors::PickerSettings;
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

    /// Length of a slot.
    pub(crate) fn slot(&self, picker: &PickerSettings) -> TimeDelta {
        match &self.timetable {
            Some(_) => Timetable::STEP,
            None => TimeDelta::from_std(picker.every).unwrap_or(TimeDelta::MAX),
        }
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

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use closecall_calendar::Calendar;

    use super::*;
    use crate::settings::{Inputs, Settings};

    #[test]
    fn a_demos_slots_are_those_of_its_timetable() {
        let picker = Settings::resolve(&Inputs::default())
            .unwrap()
            .settings
            .picker;
        let day = NaiveDate::from_ymd_opt(2025, 1, 5).unwrap();
        let options = |timetable| RunOptions {
            clock: Clock::system(),
            roles: Vec::new(),
            picks: None,
            timetable,
            faults: FaultPoints::default(),
            format: Format::Text,
            notice: None,
            greeting: None,
        };
        let of_a_demo = Timetable::after_day(Calendar::default(), day);
        assert_eq!(options(Some(of_a_demo)).slot(&picker).num_minutes(), 15);
        assert_eq!(options(None).slot(&picker).num_minutes(), 3);
    }
}
