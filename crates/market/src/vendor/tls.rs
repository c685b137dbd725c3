//! Whom the vendors' certificates are checked against: the roots compiled in, since a slim container
//! has none of its own, and further certificate authorities from files.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::Error;

/// TLS as every client of a vendor uses it.
#[derive(Debug, Clone)]
pub(crate) struct Tls(ClientConfig);

impl Tls {
    /// Trusts the compiled-in roots and the authorities in these PEM files.
    ///
    /// # Errors
    /// [`Error::CertificateAuthority`] for a file that cannot be read or holds no certificate,
    /// [`Error::Client`] when TLS cannot be set up.
    pub(crate) fn new<'a>(files: impl IntoIterator<Item = &'a Path>) -> Result<Self, Error> {
        let mut roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        for path in files {
            add(&mut roots, path).map_err(|problem| Error::CertificateAuthority {
                path: path.to_path_buf(),
                problem,
            })?;
        }
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::Client(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self(config))
    }

    pub(crate) fn client(&self) -> ClientConfig {
        self.0.clone()
    }
}

fn add(roots: &mut RootCertStore, path: &Path) -> Result<(), String> {
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| error.to_string())?;
    let (added, _) = roots.add_parsable_certificates(certificates);
    if added == 0 {
        return Err("it holds no certificate in PEM form".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_holds_no_authority_is_refused_by_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let absent = dir.path().join("absent.pem");
        let empty = dir.path().join("empty.pem");
        std::fs::write(&empty, "no certificate").unwrap();
        for path in [absent, empty] {
            let error = Tls::new([path.as_path()]).unwrap_err();
            assert!(
                error.to_string().contains(&path.display().to_string()),
                "{error}"
            );
            assert_eq!(error.class(), closecall_protocol::ErrorClass::Configuration);
        }
    }
}
