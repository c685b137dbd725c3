//! The listening socket and its bounds. It is served on a thread that hosts no stage.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;
use actix_web::http::KeepAlive;
use actix_web::web::Data;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};

use crate::events;
use crate::guard::{self, WebRequest};
use crate::problem::{Kind, Problem};
use crate::reply::WebReply;
use crate::routes;
use crate::settings::HttpSettings;
use crate::site::Site;

/// Connections at once. Those that send no head are dropped after [`HEAD_WITHIN`], so a crowd of
/// idle ones holds the others up for no longer than that.
const CONNECTIONS: usize = 512;

/// Time in which a new connection has to send its head.
const HEAD_WITHIN: Duration = Duration::from_secs(5);

/// Time that a connection is kept for another request.
const IDLE: Duration = Duration::from_secs(15);

/// Time that an answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Threads that draw pages and read the ledger.
const DRAWING_THREADS: usize = 4;

/// A socket that listens and is not served yet.
#[derive(Debug)]
pub struct Listening {
    listener: TcpListener,
    /// Where it listens.
    pub address: SocketAddr,
    /// The address that was taken, where another had to be found.
    pub instead_of: Option<SocketAddr>,
}

impl Listening {
    /// Takes the address of the settings; where that is the default one and is taken, a free port.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub fn bind(settings: &HttpSettings) -> io::Result<Option<Self>> {
        let Some(wanted) = settings.listen else {
            return Ok(None);
        };
        let (listener, instead_of) = match TcpListener::bind(wanted) {
            Err(error) if settings.any_port && error.kind() == io::ErrorKind::AddrInUse => {
                let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
                (free, Some(wanted))
            }
            other => (other?, None),
        };
        let address = listener.local_addr()?;
        Ok(Some(Self {
            listener,
            address,
            instead_of,
        }))
    }

    /// Whether others than this machine can reach it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.address.ip().is_loopback()
    }

    /// The address of the page, for people: `http://127.0.0.1:8316/`.
    #[must_use]
    pub fn url(&self) -> String {
        let mut shown = self.address;
        if shown.ip().is_unspecified() {
            shown.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        format!("http://{shown}/")
    }
}

/// Serves until it is stopped or the process ends.
#[derive(Debug)]
pub struct Web {
    handle: ServerHandle,
    site: Arc<Site>,
}

impl Web {
    /// Serves on a thread of its own.
    ///
    /// # Errors
    /// When the system gives no thread, or the server does not start.
    pub fn start(listening: Listening, site: Arc<Site>) -> io::Result<Self> {
        let data = Data::from(Arc::clone(&site));
        let (started, handle) = std::sync::mpsc::channel();
        std::thread::Builder::new()
            .name("web".to_owned())
            .spawn(move || {
                actix_web::rt::System::new().block_on(async move {
                    let app = move || {
                        App::new()
                            .app_data(data.clone())
                            .default_service(web::to(handle_request))
                    };
                    let server = HttpServer::new(app)
                        .workers(1)
                        .worker_max_blocking_threads(DRAWING_THREADS)
                        .max_connections(CONNECTIONS)
                        .client_request_timeout(HEAD_WITHIN)
                        .client_disconnect_timeout(Duration::from_secs(1))
                        .keep_alive(KeepAlive::Timeout(IDLE))
                        // One coordinator owns the signals, and it is not this server.
                        .disable_signals()
                        .shutdown_timeout(1)
                        .listen(listening.listener)?
                        .run();
                    started.send(server.handle()).ok();
                    server.await
                })
            })?;
        let handle = handle
            .recv()
            .map_err(|_| io::Error::other("the web server did not start"))?;
        Ok(Self { handle, site })
    }

    /// Ends the events and stops serving.
    pub async fn stop(self) {
        self.site.visitors.end();
        self.handle.stop(false).await;
    }
}

/// Every request comes through here.
async fn handle_request(request: HttpRequest, site: Data<Site>) -> HttpResponse {
    let asked = asked(&request);
    let gzip = asked.gzip;
    if let Err(problem) = guard::admit(&asked, &site.hosts) {
        return refused(problem, &asked).send(false);
    }
    if let Some((status, content_type, body)) = (site.priority)(&asked.path) {
        return WebReply::new(status, content_type, body)
            .with("cache-control", "no-store")
            .send(gzip);
    }
    if !site.page {
        return refused(
            Problem::not_found("the pages are switched off (`http.page`)"),
            &asked,
        )
        .send(false);
    }
    if asked.path == "/api/v1/events" {
        return match events::open(&site, &asked) {
            Ok(response) => response,
            Err(problem) => problem.reply(&asked.path).send(false),
        };
    }
    let path = asked.path.clone();
    let is_api = asked.is_api();
    let site = site.into_inner();
    let came = Instant::now();
    // What was given up while it waited for a thread is not drawn: it would hold up those after it.
    let drawn =
        web::block(move || (came.elapsed() < ANSWER_WITHIN).then(|| routes::answer(&site, &asked)));
    match tokio::time::timeout(ANSWER_WITHIN, drawn).await {
        Ok(Ok(Some(reply))) => reply.send(gzip),
        _ => {
            let problem = Problem::new(Kind::Busy, "the answer took longer than 2 s");
            if is_api {
                problem.reply(&path).send(false)
            } else {
                plain(&problem).send(false)
            }
        }
    }
}

/// Refusals before anything is looked up: plain text for people, a problem for programs.
fn refused(problem: Problem, asked: &WebRequest) -> WebReply {
    if asked.is_api() {
        return problem.reply(&asked.path);
    }
    plain(&problem)
}

fn plain(problem: &Problem) -> WebReply {
    let text = format!("{}\n", problem.title);
    let mut reply = WebReply::new(problem.status(), "text/plain; charset=utf-8", text);
    reply.header("cache-control", "no-store");
    if problem.kind == Kind::Method {
        reply.header("allow", "GET, HEAD");
    }
    reply
}

fn asked(request: &HttpRequest) -> WebRequest {
    let headers = request.headers();
    let text = |name: &str| Some(headers.get(name)?.to_str().ok()?.to_owned());
    let head_bytes = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum::<usize>()
        + request.uri().to_string().len();
    let accepts = text("accept-encoding").unwrap_or_default();
    let gzip = accepts.split(',').any(|coding| {
        let (name, rest) = coding.split_once(';').unwrap_or((coding, ""));
        name.trim().eq_ignore_ascii_case("gzip") && rest.trim() != "q=0"
    });
    WebRequest {
        method: request.method().to_string(),
        path: request.path().to_owned(),
        query: request.query_string().to_owned(),
        host: text("host").or_else(|| request.uri().host().map(str::to_owned)),
        fetch_site: text("sec-fetch-site"),
        fetch_mode: text("sec-fetch-mode"),
        if_none_match: text("if-none-match"),
        last_event_id: text("last-event-id"),
        gzip,
        head_bytes,
    }
}
