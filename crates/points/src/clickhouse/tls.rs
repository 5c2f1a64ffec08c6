//! TLS to ClickHouse: whose certificates are good, and what to do about one that isn't.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{CertificateError, RootCertStore};
use tokio_rustls::TlsConnector;

use super::{Address, Failure};

/// Trusts whom the address says, or else whom the system trusts.
pub(super) fn connector(address: &Address) -> Result<TlsConnector, Failure> {
    let mut roots = RootCertStore::empty();
    match &address.authority {
        Some(file) => only(file, &mut roots).map_err(|why| Failure::Authority(format!("{}: {why}", file.display())))?,
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::Unreachable(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

fn only(file: &Path, roots: &mut RootCertStore) -> Result<(), String> {
    let certificates = CertificateDer::pem_file_iter(file).map_err(|error| error.to_string())?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    if roots.is_empty() {
        return Err("it has no certificate".to_owned());
    }
    Ok(())
}

/// Why no connection was made, in words of who runs it.
pub(super) fn refusal(error: &io::Error) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    match inner {
        Some(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
            "its certificate is by nobody who is trusted here; --clickhouse-ca FILE names who made it".to_owned()
        }
        Some(rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        )) => "its certificate is for another host name than the one in --clickhouse".to_owned(),
        _ => error.to_string(),
    }
}
