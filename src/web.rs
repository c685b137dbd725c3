//! HTTP for operators: probes, metrics and the version, served from a thread that hosts no stage.
//!
//! Probes answer from the watchdog's last look, never from the stages themselves, so a stuck stage
//! cannot make a probe hang; a look that has grown old means that the watchdog itself is stuck, and
//! is answered as unhealthy.

mod metrics;
pub(crate) mod readings;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, HttpServer};
use anyhow::Context;
use closecall_supervision::{Health, StageState, Verdict};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::build_info;

pub(crate) use metrics::{Counts, Metrics, Reading};

/// Where operators look.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HttpSettings {
    /// Address and port; nothing is served without one.
    #[serde(default)]
    pub(crate) listen: Option<SocketAddr>,
}

/// A look older than this many of the watchdog's periods is stale.
const STALE_PERIODS: u32 = 5;

/// What the pages are answered from.
#[derive(Debug, Clone)]
pub(crate) struct Pages {
    pub(crate) health: watch::Receiver<Health>,
    /// How often the watchdog looks.
    pub(crate) every: Duration,
    pub(crate) metrics: Arc<Metrics>,
}

/// Serves until the process ends or the handle is dropped.
#[derive(Debug)]
pub(crate) struct Web {
    handle: ServerHandle,
}

impl Web {
    /// Listens and serves on a thread of its own.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub(crate) fn start(listen: SocketAddr, pages: Pages) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(listen).with_context(|| {
            format!("cannot listen on {listen}: set `http.listen` to a free address, \"\" for none")
        })?;
        let address = listener.local_addr()?;
        let data = Data::new(pages);
        let (started, handle) = std::sync::mpsc::channel();
        std::thread::Builder::new()
            .name("web".to_owned())
            .spawn(move || {
                actix_web::rt::System::new().block_on(async move {
                    let app = move || App::new().app_data(data.clone()).configure(routes);
                    let server = HttpServer::new(app)
                        .workers(1)
                        // One coordinator owns the signals, and it is not this server.
                        .disable_signals()
                        .shutdown_timeout(1)
                        .listen(listener)?
                        .run();
                    started.send(server.handle()).ok();
                    server.await
                })
            })?;
        let handle = handle.recv().context("the web server did not start")?;
        tracing::info!(%address, "serving /healthz /readyz /startupz /metrics /version");
        Ok(Self { handle })
    }

    /// Stops serving.
    pub(crate) async fn stop(self) {
        self.handle.stop(false).await;
    }
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/healthz", web::get().to(healthz))
        .route("/readyz", web::get().to(readyz))
        .route("/startupz", web::get().to(startupz))
        .route("/metrics", web::get().to(metrics_page))
        .route("/version", web::get().to(version_page));
}

impl Pages {
    /// The last look, or why there is none to go by.
    fn look(&self, judge: impl FnOnce(&Health) -> Verdict) -> Verdict {
        let health = self.health.borrow();
        let age = health.age();
        if age > self.every * STALE_PERIODS {
            let reason = format!("nobody has looked at the stages for {} ms", age.as_millis());
            return Verdict {
                ok: false,
                reasons: vec![reason],
            };
        }
        judge(&health)
    }
}

fn answer(verdict: &Verdict) -> HttpResponse {
    let mut response = if verdict.ok {
        HttpResponse::Ok()
    } else {
        HttpResponse::ServiceUnavailable()
    };
    response.json(verdict)
}

async fn healthz(pages: Data<Pages>) -> HttpResponse {
    answer(&pages.look(Health::live))
}

async fn readyz(pages: Data<Pages>) -> HttpResponse {
    answer(&pages.look(Health::ready))
}

/// Started: no stage is still on its way up for the first time.
async fn startupz(pages: Data<Pages>) -> HttpResponse {
    let started = |health: &Health| {
        let starting = health
            .stages
            .iter()
            .filter(|(_, s)| s.state == StageState::Starting);
        let reasons: Vec<String> = starting
            .map(|(name, _)| format!("{name}: starting"))
            .collect();
        Verdict {
            ok: reasons.is_empty(),
            reasons,
        }
    };
    answer(&pages.look(started))
}

async fn metrics_page(pages: Data<Pages>) -> HttpResponse {
    let health = pages.health.borrow().clone();
    match pages.metrics.text(&health) {
        Ok(text) => HttpResponse::Ok()
            .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
            .body(text),
        Err(error) => HttpResponse::InternalServerError().body(error.to_string()),
    }
}

async fn version_page() -> HttpResponse {
    HttpResponse::Ok().json(build_info::description())
}
