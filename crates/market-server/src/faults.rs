//! Misbehaviour on command: what the vendors' services are known to do wrong, by a script.
//!
//! A script is a list of [`ScriptedFault`]s, each written `WHERE:WHAT[:WHEN]`:
//!
//! * WHERE: `any`, `chart`, `daily`, `intraday` (Yahoo's), `alpaca`, `alpaca-daily`,
//!   `alpaca-intraday`, `tiingo`, `tiingo-daily`, `tiingo-intraday` or `news`, and `/TICKER` for one
//!   ticker alone.
//! * WHAT, on the connection: `status=503`, `status=429,retry-after=30`, `delay=2s`, `hang`,
//!   `silence=100`, `drip=1`, `truncate=100`, `abort=100`, `length=+10`, `garbage`, `html`, `text`,
//!   `encoding=br`, `bomb=gzip`, `bomb=deflate,10` (GiB), `redirect=URL`.
//! * WHAT, in a chart: `null-rows=2`, `missing=last`, `missing=2023-06-29`, `late-close=40`
//!   (minutes), `corrected-close=1.5,30` (per cent, minutes), `split=4:1,2023-06-30,applied,announced`
//!   (or `unapplied`, `silent`), `unit=0.01`, `unit=100,1` (newest rows), `doubled-bar`, `stale=15`
//!   (minutes).
//! * WHAT, of news: `quota=25` (a day of UTC), `quota-note`, `burst-note`.
//! * WHEN, counted over the requests that WHERE means: `first=3`, `after=3`, `every=5`, `at=2,7`; by
//!   the server's clock: `between=20230630T1400,20230630T1700` (UTC, the end excluded); always where
//!   it is left out.
//!
//! The first fault of a script that is due is the one that strikes. Nothing of the product knows
//! any of this.

mod bomb;
mod chart;
mod refusals;
mod reply;
mod schedule;
mod spec;
mod target;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::answer::Answer;
pub(crate) use reply::{Reply, ReplyBody, Wait};
use schedule::Schedule;
use target::Target;
pub(crate) use target::{Request, Service};

/// One fault and when it strikes.
#[derive(Debug)]
struct ScriptedFault {
    target: Target,
    kind: Kind,
    schedule: Schedule,
}

/// The fault.
#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Reply(reply::ReplyFault),
    Chart(chart::ChartFault),
    Refusal(refusals::NewsRefusal),
}

/// A script of faults; empty for a server that behaves.
#[derive(Debug, Default)]
pub struct FaultScript(Vec<ScriptedFault>);

impl FaultScript {
    /// The reply to a request, given the answer that it would have had at `now`.
    pub(crate) fn reply(&self, request: &Request, answer: Answer, now: DateTime<Utc>) -> Reply {
        let Some(kind) = self.due(request, now) else {
            return Reply::of(answer);
        };
        tracing::debug!(?kind, "fault strikes");
        match kind {
            Kind::Reply(fault) => reply::spoil(fault, request.service, answer),
            Kind::Chart(fault) => {
                let (status, mut body) = answer;
                let result = body.pointer_mut("/chart/result/0");
                if let Some(result @ Value::Object(_)) = result {
                    chart::spoil(fault, result, now);
                }
                Reply::of((status, body))
            }
            Kind::Refusal(refusal) => Reply::of(refusal.answer(&request.api_key)),
        }
    }

    /// The first fault that is due. Every fault that means the request counts it.
    fn due(&self, request: &Request, now: DateTime<Utc>) -> Option<&Kind> {
        let mut due = None;
        for fault in self.0.iter().filter(|fault| fault.target.means(request)) {
            let strikes = fault.schedule.strikes(now);
            if strikes && due.is_none() {
                due = Some(&fault.kind);
            }
        }
        due
    }
}
