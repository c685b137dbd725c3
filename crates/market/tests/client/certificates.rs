//! Certificates of an authority that only this machine trusts, as a company's proxy has.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use closecall_market::{Error, MarketSettings, VendorFault};
use closecall_protocol::ErrorClass;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::support::{AS_OF, chart, gather, market, settings};

fn file(name: &str) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tls");
    Path::new(folder).join(name)
}

/// A vendor behind TLS, by its address: a bare machine may know no name, not even `localhost`; and
/// how many connections came.
async fn vendor() -> (String, Arc<AtomicUsize>) {
    let chain: Vec<_> = CertificateDer::pem_file_iter(file("server.pem"))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let key = PrivateKeyDer::from_pem_file(file("server.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let connections = Arc::<AtomicUsize>::default();
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut stream = acceptor.accept(stream).await.ok()?;
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.ok()?);
                }
                let body = chart("AAPL", "2022-08-20", "2023-07-10").to_string();
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
                     connection: close\r\n\r\n",
                    body.len()
                );
                stream.write_all(head.as_bytes()).await.ok()?;
                stream.write_all(body.as_bytes()).await.ok()?;
                stream.shutdown().await.ok()
            });
        }
    });
    (format!("https://127.0.0.1:{port}"), connections)
}

fn trusting(url: &str, authority: Option<PathBuf>) -> MarketSettings {
    let mut settings = settings(url, "http://127.0.0.1:9");
    settings.network.ca_file = authority;
    settings
}

#[tokio::test]
async fn an_unknown_authority_is_named_with_the_setting_and_not_tried_again() {
    let (url, connections) = vendor().await;
    let dir = tempfile::tempdir().unwrap();
    let error = gather(&market(&trusting(&url, None), dir.path()), AS_OF)
        .await
        .unwrap_err();
    let Error::Unavailable { fault, .. } = &error else {
        panic!("{error}");
    };
    assert!(
        matches!(fault, VendorFault::UntrustedCertificate(_)),
        "{fault}"
    );
    assert_eq!(
        (error.class(), error.class().is_transient()),
        (ErrorClass::NoConnection, false)
    );
    assert!(error.to_string().contains("network.ca_file"), "{error}");
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_authority_from_a_file_is_trusted_beside_the_usual_ones() {
    let (url, _) = vendor().await;
    let dir = tempfile::tempdir().unwrap();
    let settings = trusting(&url, Some(file("ca.pem")));
    let scraped = gather(&market(&settings, dir.path()), AS_OF).await.unwrap();
    assert_eq!(scraped.bars.len(), 205);
}
