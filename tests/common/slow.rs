//! A slow line: every connection waits before it gets through to where it leads.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// Leads to one address; its threads end with the connections.
pub(crate) struct SlowLine {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl SlowLine {
    /// To a server such as `http://127.0.0.1:8900`.
    pub(crate) fn to(server: &str, wait: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server: SocketAddr = server.strip_prefix("http://").unwrap().parse().unwrap();
        let connections = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&connections);
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::SeqCst);
                thread::spawn(move || {
                    thread::sleep(wait);
                    // A client that hangs up early ends it.
                    join(near, server).ok();
                });
            }
        });
        Self {
            address,
            connections,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

fn join(near: TcpStream, server: SocketAddr) -> io::Result<()> {
    let far = TcpStream::connect(server)?;
    let (mut from_near, mut to_far) = (near.try_clone()?, far.try_clone()?);
    let there = thread::spawn(move || {
        io::copy(&mut from_near, &mut to_far).ok();
        to_far.shutdown(Shutdown::Write).ok();
    });
    let (mut from_far, mut to_near) = (far, near);
    io::copy(&mut from_far, &mut to_near)?;
    to_near.shutdown(Shutdown::Write)?;
    there.join().ok();
    Ok(())
}
