//! Connections of TLS, for who puts no proxy before the server.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;

/// A certificate chain and its key.
#[derive(Debug)]
pub struct Tls(Arc<ServerConfig>);

impl Tls {
    /// Reads a certificate chain, that of the server first, and its key, both PEM.
    pub fn read(chain: &Path, key: &Path) -> Result<Self, String> {
        let said =
            |path: &Path, why: &dyn std::fmt::Display| format!("`{}`: {why}", path.display());
        let certificates: Result<Vec<CertificateDer<'static>>, _> =
            CertificateDer::pem_file_iter(chain)
                .map_err(|error| said(chain, &error))?
                .collect();
        let certificates = certificates.map_err(|error| said(chain, &error))?;
        let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| said(key, &error))?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_no_client_auth()
            .with_single_cert(certificates, secret)
            .map_err(|error| said(chain, &error))?;
        Ok(Self(Arc::new(config)))
    }

    pub(super) fn into_acceptor(self) -> TlsAcceptor {
        self.0.into()
    }
}
