//! Listening, serving connections, stopping. What an answer says is decided in [`crate::route`].

use std::convert::Infallible;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use std::{io, thread};

use closecall_calendar::Clock;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use crate::counts::{self, RequestCounts};
use crate::error::Error;
use crate::faults::{FaultScript, Reply, ReplyBody, Wait};
use crate::market::ServedMarket;
use crate::route;

/// Longest wait of a stop for the requests in hand: an answer takes milliseconds, a client that
/// does not read may take for ever.
const LONGEST_STOP: Duration = Duration::from_secs(5);

/// Pause after a connection that could not be accepted: a system without free file
/// descriptors has some again when others are closed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A market server that is bound to its address and does not serve yet. Connections made meanwhile
/// wait.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    handler: Handler,
}

/// Answers requests.
#[derive(Debug)]
struct Handler {
    market: ServedMarket,
    faults: FaultScript,
    /// The time that faults go by.
    clock: Clock,
    counts: Arc<RequestCounts>,
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
    pub fn bind(address: SocketAddr, market: ServedMarket) -> Result<Self, Error> {
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
            handler: Handler {
                clock: market.clock().unwrap_or_else(Clock::system),
                market,
                faults: FaultScript::default(),
                counts: Arc::default(),
            },
        })
    }

    /// Misbehaves by a script.
    #[must_use]
    pub fn with_faults(mut self, faults: FaultScript) -> Self {
        self.handler.faults = faults;
        self
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
    /// [`Error::Serve`] when the runtime does not take the listener.
    ///
    /// # Cancel safety
    /// Dropping the future stops accepting; requests in hand may be cut off.
    pub async fn serve(
        self,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), Error> {
        let listener = tokio::net::TcpListener::from_std(self.listener).map_err(Error::Serve)?;
        let handler = Arc::new(self.handler);
        let open = GracefulShutdown::new();
        let mut shutdown = pin!(shutdown);
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => serve_connection(stream, Arc::clone(&handler), &open),
                    // A client that gave up while it waited, or no file descriptor left.
                    Err(error) => {
                        tracing::warn!(%error, "no connection accepted");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
                () = &mut shutdown => break,
            }
        }
        drop(listener);
        if tokio::time::timeout(LONGEST_STOP, open.shutdown())
            .await
            .is_err()
        {
            tracing::warn!("stopped with requests in hand");
        }
        Ok(())
    }

    /// Serves on a thread and a runtime of its own, so that neither waits for the caller's.
    ///
    /// # Errors
    /// [`Error::Serve`] when the thread or its runtime cannot be made.
    pub fn spawn(self) -> Result<RunningServer, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Error::Serve)?;
        let address = self.address;
        let counts = Arc::clone(&self.handler.counts);
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("market-server".to_owned())
            .spawn(move || {
                // A dropped sender means stop, too.
                runtime.block_on(self.serve(async { drop(stopped.await) }))
            })
            .map_err(Error::Serve)?;
        Ok(RunningServer {
            address,
            counts,
            stop,
            thread,
        })
    }
}

/// A market server on a thread of its own. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct RunningServer {
    address: SocketAddr,
    counts: Arc<RequestCounts>,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<Result<(), Error>>,
}

impl RunningServer {
    /// The address it serves on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Requests so far, by the names that a fault's text has for them.
    #[must_use]
    pub fn requests(&self) -> &RequestCounts {
        &self.counts
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

/// Serves the requests of one connection on a task of its own.
fn serve_connection(stream: TcpStream, handler: Arc<Handler>, open: &GracefulShutdown) {
    let service = service_fn(move |request: Request<Incoming>| {
        let handler = Arc::clone(&handler);
        async move { Ok::<_, Infallible>(handler.respond(&request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new()) // bounds how long a request's head may take
        .serve_connection(TokioIo::new(stream), service);
    let connection = open.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            // A client that hangs up or speaks something else is no failure of the server's; a
            // reply that was broken off by a script ends here, too.
            tracing::debug!(%error, "connection ended");
        }
    });
}

impl Handler {
    async fn respond(&self, request: &Request<Incoming>) -> Response<ReplyBody> {
        if request.uri().path() == counts::PATH {
            return Reply::of(self.counts.answer()).response;
        }
        let (method, target, headers) = (request.method(), request.uri(), request.headers());
        let (about, answer) = route::answer(&self.market, method, target, headers);
        let now = self.clock.now();
        self.counts.count(&self.market, &about, now);
        let reply = self.faults.reply(&about, answer, now);
        match reply.wait {
            Wait::None => {}
            Wait::For(span) => tokio::time::sleep(span).await,
            Wait::Forever => std::future::pending().await,
        }
        reply.response
    }
}
