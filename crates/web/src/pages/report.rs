//! The newest backtest report of the data directory.

use super::{Context, Page};
use crate::problem::Problem;
use maud::html;

pub(crate) fn page(context: &Context<'_>, name: Option<&str>) -> Result<Page, Problem> {
    let _ = (context, name);
    let main = html! {
        div.lede {
            h1 { "No report yet." }
            p { "A backtest forecasts recorded sessions, each from what was known then." }
        }
    };
    Ok(Page::new("Report", "/report", main))
}
