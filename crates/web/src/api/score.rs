//! `/api/v1/score`: how good the forecasts are, against the price that each starts from, by the part
//! of the day. Counted are outcomes: the first forecast of each ticker, session and phase.

mod computed;
mod measures;
pub(crate) mod views;

pub(crate) use self::computed::ScoreView;
pub(crate) use self::views::{CoverageView, EstimateView, PhaseView, is_level};
use super::answer::{kept, of_ledger, record};
use crate::guard::WebRequest;
use crate::problem::{Kind, Problem};
use crate::query::Query;
use crate::reply::WebReply;
use crate::site::Site;

pub(crate) fn get(site: &Site, asked: &WebRequest) -> Result<WebReply, Problem> {
    let ticker = Query::parse(&asked.query, &["ticker"])?.ticker()?;
    if let Some(fault) = kept(site)?.fault() {
        let mut problem = Problem::new(Kind::BrokenLedger, fault.heading());
        problem.detail = Some(crate::text::short(fault.message(), 200).into());
        return Err(problem);
    }
    let record = record(site)?;
    let view = match &ticker {
        None => record.score(),
        Some(ticker) => record.score_of(ticker),
    };
    let view: &ScoreView = &view;
    of_ledger(site, asked, &view.head, || Ok(view))
}
