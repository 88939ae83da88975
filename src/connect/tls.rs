//! With the cargo feature `remote-tls`: http and https, by rustls.

use std::{error::Error, io, sync::Arc};

use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use tokio_rustls::rustls::{
    self, ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier, crypto::ring::default_provider,
};

pub(super) type Connector = HttpsConnector<HttpConnector>;

/// Trusts nobody, and reads no file for it.
pub(super) fn by_http() -> Connector {
    let trusted = configuration().with_root_certificates(RootCertStore::empty());
    connector(trusted.with_no_client_auth())
}

pub(super) fn by_https() -> Result<Connector, String> {
    let trusted = configuration().with_native_roots();
    let trusted = trusted.map_err(|error| error.to_string())?;
    Ok(connector(trusted.with_no_client_auth()))
}

fn configuration() -> ConfigBuilder<ClientConfig, WantsVerifier> {
    ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring offers what both versions need")
}

fn connector(config: ClientConfig) -> Connector {
    let mut http = super::http();
    http.enforce_http(false);
    HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_or_http()
        .enable_http1()
        .wrap_connector(http)
}

pub(super) fn tls_trouble(error: &(dyn Error + 'static)) -> Option<String> {
    find(error).map(described)
}

fn find<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    if let Some(trouble) = error.downcast_ref() {
        return Some(trouble);
    }
    // An I/O error names as its source what is below the error that it holds.
    let held = error.downcast_ref().and_then(io::Error::get_ref);
    match held {
        Some(held) => find(held),
        None => find(error.source()?),
    }
}

fn described(trouble: &rustls::Error) -> String {
    match trouble {
        rustls::Error::InvalidCertificate(_) => format!(
            "its certificate is not believed ({trouble}): name a file with its certificate authority in SSL_CERT_FILE"
        ),
        rustls::Error::InvalidMessage(_) => {
            format!("what answers there speaks no TLS ({trouble}): write `http://`")
        }
        _ => format!("no TLS connection ({trouble})"),
    }
}
