//! Listening, routing, stopping. What an answer says is decided in `chart` and `news`.

use std::collections::HashMap;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::{io, thread};

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use serde_json::Value;
use tokio::sync::oneshot;

use crate::error::Error;
use crate::market::Market;
use crate::{chart, news};

/// A request's parameters; of one given twice the last counts.
pub(super) type Parameters = HashMap<String, String>;

/// An answer: status and JSON body.
pub(super) type Answer = (StatusCode, Value);

/// A market server that is bound to its address and does not serve yet. Connections made meanwhile
/// wait.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    market: Market,
}

impl Server {
    /// The address on this machine alone; port 0 takes any free one.
    #[must_use]
    pub fn loopback(port: u16) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, port))
    }

    /// Binds `address`.
    ///
    /// # Errors
    /// [`Error::PortInUse`], or [`Error::Listen`] when the system refuses for another reason.
    pub fn bind(address: SocketAddr, market: Market) -> Result<Self, Error> {
        let listen = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => Error::PortInUse { address },
            _ => Error::Listen { address, source },
        };
        let listener = TcpListener::bind(address).map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        Ok(Self {
            listener,
            address,
            market,
        })
    }

    /// The address it is bound to, with the port that was found for port 0.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` resolves, then finishes the requests in hand and returns. Must run
    /// inside a tokio runtime with I/O.
    ///
    /// # Errors
    /// [`Error::Serve`] when the listener fails.
    ///
    /// # Cancel safety
    /// Dropping the future stops accepting; requests in hand may be cut off.
    pub async fn serve(
        self,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), Error> {
        let listener = tokio::net::TcpListener::from_std(self.listener).map_err(Error::Serve)?;
        let app = Router::new()
            .route("/v8/finance/chart/{symbol}", get(answer_chart))
            .route("/query", get(answer_query))
            .with_state(Arc::new(self.market));
        axum::serve(listener, app)
            .with_graceful_shutdown(shutdown)
            .await
            .map_err(Error::Serve)
    }

    /// Serves on a thread and a runtime of its own, so that neither waits for the caller's.
    ///
    /// # Errors
    /// [`Error::Serve`] when the thread or its runtime cannot be made.
    pub fn spawn(self) -> Result<Running, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Error::Serve)?;
        let address = self.address;
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("market-server".to_owned())
            .spawn(move || {
                // A dropped sender means stop, too.
                runtime.block_on(self.serve(async { drop(stopped.await) }))
            })
            .map_err(Error::Serve)?;
        Ok(Running {
            address,
            stop,
            thread,
        })
    }
}

/// A market server on a thread of its own. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<Result<(), Error>>,
}

impl Running {
    /// The address it serves on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it and waits until the requests in hand are answered.
    ///
    /// # Errors
    /// What it stopped with, when it had stopped by itself.
    pub fn stop(self) -> Result<(), Error> {
        drop(self.stop);
        let panicked = |_| Err(Error::Serve(io::Error::other("its thread panicked")));
        self.thread.join().unwrap_or_else(panicked)
    }
}

async fn answer_chart(
    State(market): State<Arc<Market>>,
    Path(symbol): Path<String>,
    Query(parameters): Query<Parameters>,
) -> impl IntoResponse {
    write(chart::answer(&market, &symbol, &parameters))
}

async fn answer_query(
    State(market): State<Arc<Market>>,
    Query(parameters): Query<Parameters>,
) -> impl IntoResponse {
    write((StatusCode::OK, news::answer(&market, &parameters)))
}

fn write((status, body): Answer) -> impl IntoResponse {
    let headers = [(header::CONTENT_TYPE, "application/json;charset=utf-8")];
    (status, headers, body.to_string())
}
