//! Sources that a page is drawn from.

use crate::api::answer;
use crate::api::stages::StagesView;
use crate::guard::WebRequest;
use crate::problem::Problem;
use crate::record::TrackRecord;
use crate::site::Site;

/// Sources that every page is drawn from.
pub(crate) struct PageContext<'a> {
    pub(crate) site: &'a Site,
    pub(crate) stages: StagesView,
    pub(crate) asked: &'a WebRequest,
}

impl<'a> PageContext<'a> {
    /// The record, where this role has one.
    pub(crate) fn record(&self) -> Option<&'a TrackRecord> {
        self.site.record.as_deref()
    }

    /// The record, or the problem that there is none here or that it has not been read.
    pub(crate) fn need_record(&self) -> Result<&'a TrackRecord, Problem> {
        Ok(answer::record(self.site)?)
    }
}
