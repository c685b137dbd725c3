//! Server-sent events: what is recorded, as it is recorded. A reader that falls behind is asked to
//! fetch all again; it never holds up another.

mod served;
mod visitors;

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::Bytes;
use futures_util::stream;
use tokio::sync::{broadcast, watch};

pub(crate) use self::served::ServedEvent;
use self::visitors::Seat;
pub(crate) use self::visitors::Visitors;
use crate::guard::WebRequest;
use crate::problem::{Kind, Problem};
use crate::query::Query;
use crate::record::TrackRecord;
use crate::reply;
use crate::site::Site;

/// Rows that are sent again to a reader that comes back; one that missed more fetches all again.
const MISSED: i64 = 1_000;

/// Pause after which a silent stream shows that it lives.
const BEAT: Duration = Duration::from_secs(15);

/// Pause between two looks at what is not in the ledger.
const LOOK: Duration = Duration::from_secs(1);

/// Opens a stream for a reader.
pub(crate) fn open(site: &Arc<Site>, asked: &WebRequest) -> Result<HttpResponse, Problem> {
    Query::parse(&asked.query, &[])?;
    let Some(seat) = site.visitors.enter() else {
        return Err(Problem::new(
            Kind::Busy,
            "32 readers follow the events already",
        ));
    };
    let mut opening = "retry: 3000\n\n".to_owned();
    let live = site.record.as_ref().map(|record| record.subscribe());
    if let (Some(record), Some(last)) = (&site.record, last_event(asked)?) {
        opening += &missed(record, last);
    }
    let mut response = reply::builder(200);
    response
        .insert_header(("content-type", "text/event-stream"))
        .insert_header(("cache-control", "no-store"))
        .insert_header(("x-accel-buffering", "no"));
    if asked.method == "HEAD" {
        return Ok(response.finish());
    }
    let reader = EventReader {
        _seat: seat,
        site: Arc::clone(site),
        live,
        end: site.visitors.until_end(),
        opening: Some(opening),
        stages: None,
        silent: Duration::ZERO,
    };
    let stream = stream::unfold(reader, |mut reader| async move {
        let text = reader.next().await?;
        Some((Ok::<_, actix_web::Error>(Bytes::from(text)), reader))
    });
    Ok(response.streaming(Box::pin(stream)))
}

fn last_event(asked: &WebRequest) -> Result<Option<i64>, Problem> {
    let Some(text) = &asked.last_event_id else {
        return Ok(None);
    };
    match text.parse() {
        Ok(id) if id >= 0 => Ok(Some(id)),
        _ => Err(Problem::parameter(
            "Last-Event-ID",
            "the number of a row",
            text,
        )),
    }
}

/// Events recorded while a reader was away, or the word that it should fetch all again.
fn missed(record: &TrackRecord, last: i64) -> String {
    let reset = ServedEvent {
        id: None,
        kind: "reset",
        data: "{}".to_owned(),
    };
    match record.events_after(last, MISSED) {
        Some(events) => events.iter().map(ServedEvent::text).collect(),
        None => reset.text(),
    }
}

struct EventReader {
    _seat: Seat,
    site: Arc<Site>,
    live: Option<broadcast::Receiver<ServedEvent>>,
    end: watch::Receiver<bool>,
    opening: Option<String>,
    /// The stages as last sent.
    stages: Option<Vec<(String, String)>>,
    silent: Duration,
}

impl EventReader {
    /// The next event to send; nothing more once the server ends.
    async fn next(&mut self) -> Option<String> {
        if let Some(opening) = self.opening.take() {
            return Some(opening);
        }
        loop {
            let recorded = async {
                match &mut self.live {
                    Some(live) => live.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                event = recorded => return Some(match event {
                    Ok(event) => { self.silent = Duration::ZERO; event.text() }
                    Err(broadcast::error::RecvError::Lagged(_)) => "event: reset\ndata: {}\n\n".to_owned(),
                    // The follower has ended with the ledger's writer.
                    Err(broadcast::error::RecvError::Closed) => { self.live = None; continue; }
                }),
                ended = self.end.wait_for(|end| *end) => { drop(ended); return None; }
                () = tokio::time::sleep(LOOK) => {}
            }
            self.silent += LOOK;
            if let Some(text) = self.changed_stages() {
                self.silent = Duration::ZERO;
                return Some(text);
            }
            if self.silent >= BEAT {
                self.silent = Duration::ZERO;
                return Some(": still here\n\n".to_owned());
            }
        }
    }

    /// Stages whose state, restarts or errors are not what was last said.
    fn changed_stages(&mut self) -> Option<String> {
        let view = crate::api::stages::view(&self.site);
        let now: Vec<(String, String)> = view
            .stages
            .iter()
            .map(|stage| (stage.name.clone(), stage.essence()))
            .collect();
        let before = self.stages.replace(now.clone())?;
        let events: String = view
            .stages
            .iter()
            .zip(&now)
            .filter(|(_, now)| !before.contains(now))
            .map(|(stage, _)| {
                let data = serde_json::to_string(stage).unwrap_or_default();
                ServedEvent {
                    id: None,
                    kind: "stage",
                    data,
                }
                .text()
            })
            .collect();
        (!events.is_empty()).then_some(events)
    }
}
