//! A receiver of alerts on loopback that is down, refuses, hangs up or is slow as told.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Behaviour of a receiver towards one request.
#[derive(Debug, Clone, Copy)]
pub enum Way {
    /// Takes it.
    Takes,
    /// Answers 500.
    Refuses,
    /// Takes it and answers after a while.
    Slow,
    /// Ends the connection without an answer.
    HangsUp,
}

/// Takes requests; the first ones in the ways that it was told.
#[derive(Debug)]
pub struct Receiver {
    taken: Arc<Mutex<Vec<String>>>,
    asked: Arc<AtomicUsize>,
}

impl Receiver {
    /// Listens at `address`, and is there until the process ends.
    ///
    /// # Panics
    /// When it cannot listen there.
    #[must_use]
    pub fn listen(address: SocketAddr, ways: &'static [Way]) -> Self {
        let listener = TcpListener::bind(address)
            .unwrap_or_else(|error| panic!("no receiver at {address}: {error}"));
        let (taken, asked) = (Arc::default(), Arc::<AtomicUsize>::default());
        let (took, counted) = (Arc::clone(&taken), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let asked = counted.fetch_add(1, Ordering::SeqCst);
                let way = ways.get(asked).copied().unwrap_or(Way::Takes);
                // A sender that goes away is no matter.
                answer(stream, way, &took).ok();
            }
        });
        Self { taken, asked }
    }

    /// Bodies of the requests that were taken.
    #[must_use]
    pub fn taken(&self) -> Vec<String> {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.clone()
    }

    /// Number of requests.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn answer(mut stream: TcpStream, way: Way, taken: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or_default();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let status = match way {
        Way::HangsUp => return Ok(()),
        Way::Refuses => "500 Internal Server Error",
        Way::Takes | Way::Slow => {
            if let Way::Slow = way {
                std::thread::park_timeout(Duration::from_secs(2));
            }
            let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
            taken.push(String::from_utf8_lossy(&body).into_owned());
            "204 No Content"
        }
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
}
