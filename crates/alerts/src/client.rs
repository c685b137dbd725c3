//! The way to a receiver: https beyond this machine, no redirect, 5 s.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use reqwest::redirect::Policy;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use secrecy::{ExposeSecret as _, SecretString};

use crate::error::Error;
use crate::message::Alert;
use crate::settings::AlertFormat;

/// Time that a receiver may take.
const WITHIN: Duration = Duration::from_secs(5);

/// Topic of ntfy where the address names none.
const TOPIC: &str = "closecall";

/// Sends alerts to one receiver.
#[derive(Debug, Clone)]
pub struct Client {
    client: reqwest::Client,
    url: SecretString,
    /// The address's path, which is as secret as the address.
    topic: SecretString,
    format: AlertFormat,
    page: String,
}

impl Client {
    /// A client for the receiver at this address; `page` is where the pages are.
    ///
    /// # Errors
    /// For an address that is none or would carry its secret in the open, and where TLS cannot be
    /// set up.
    pub fn new(url: &SecretString, format: AlertFormat, page: &str) -> Result<Self, Error> {
        let mut address = Url::parse(url.expose_secret().trim()).map_err(|_| Error::Address)?;
        match (address.scheme(), is_loopback(&address)) {
            ("https", _) | ("http", true) => {}
            ("http", false) => return Err(Error::Open),
            _ => return Err(Error::Address),
        }
        let topic = match address.path().trim_matches('/') {
            "" => TOPIC.to_owned(),
            topic => topic.to_owned(),
        };
        if format == AlertFormat::Ntfy {
            // Its JSON goes to the server's root and names the topic itself.
            address.set_path("/");
        }
        let roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::Client(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut builder = reqwest::Client::builder()
            .timeout(WITHIN)
            .redirect(Policy::none())
            .tls_backend_preconfigured(tls);
        if is_loopback(&address) {
            builder = builder.no_proxy();
        }
        let page = if page.ends_with('/') {
            page.to_owned()
        } else {
            format!("{page}/")
        };
        Ok(Self {
            client: builder
                .build()
                .map_err(|error| Error::Client(error.without_url().to_string()))?,
            url: address.to_string().into(),
            topic: topic.into(),
            format,
            page,
        })
    }

    /// Sends one alert: once, and either it was taken or not.
    ///
    /// # Errors
    /// When the receiver cannot be reached, or answers otherwise than with 2xx.
    pub async fn send(&self, alert: &Alert) -> Result<(), Error> {
        let body = alert.body(self.format, &self.page, self.topic.expose_secret());
        let request = self.client.post(self.url.expose_secret()).json(&body);
        let answer = request.send().await.map_err(|_| Error::Unreachable)?;
        if answer.status().is_success() {
            return Ok(());
        }
        Err(Error::Status(answer.status().as_u16()))
    }
}

fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else {
        return false;
    };
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || literal
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_sent_in_the_open() {
        let client = |url: &str| Client::new(&url.into(), AlertFormat::Json, "http://p");
        for good in [
            "https://hooks.example/T0/B0/secret",
            "http://127.0.0.1:9/x",
            "http://[::1]/",
            "http://localhost/x",
        ] {
            assert!(client(good).is_ok(), "{good}");
        }
        assert!(matches!(
            client("http://hooks.example/secret"),
            Err(Error::Open)
        ));
        for bad in ["", "hooks", "ftp://x/", "file:///etc/passwd"] {
            let error = client(bad).unwrap_err();
            assert!(matches!(error, Error::Address), "{bad}");
        }
        let shown = format!("{:?}", client("https://hooks.example/T0/secret").unwrap());
        assert!(!shown.contains("secret"), "{shown}");
    }
}
