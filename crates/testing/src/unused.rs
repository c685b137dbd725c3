//! Addresses at which no one listens, for servers that are down or come later.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// An address of this machine that is free now, and that the system gives to no one by itself: its
/// ports begin above these.
///
/// # Panics
/// When all of this process's ports are taken.
#[must_use]
pub fn unused_address() -> SocketAddr {
    /// Ports of one process, so that tests that run side by side have different ones.
    const EACH: u16 = 20;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let lane = u16::try_from(std::process::id() % 1_000).unwrap_or(0);
    for _ in 0..EACH {
        let port = 10_000 + lane * EACH + NEXT.fetch_add(1, Ordering::Relaxed) % EACH;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
    panic!("no unused port of {EACH} from {}", 10_000 + lane * EACH);
}
