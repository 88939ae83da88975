//! EFFECT. How Twinshot itself reaches drivers and the addresses of `ready`: by http, and by https where it was built
//! with the cargo feature `remote-tls`. Browsers reach their pages by themselves.

#[cfg(not(feature = "remote-tls"))]
mod plain;
#[cfg(feature = "remote-tls")]
mod tls;

use std::{error::Error, time::Duration};

use hyper_util::client::legacy::connect::HttpConnector;

#[cfg(not(feature = "remote-tls"))]
use plain as scheme;
#[cfg(feature = "remote-tls")]
use tls as scheme;

/// How long a server may take to be reached.
const REACH_LIMIT: Duration = Duration::from_secs(60);

/// Opens connections; cheap to clone.
pub(crate) type Connector = scheme::Connector;

/// Why no server can be trusted.
#[derive(Debug, thiserror::Error)]
#[error(
    "no certificate authority is known ({0}): install the system's (Debian: apt-get install ca-certificates), or name \
     a file of them in SSL_CERT_FILE"
)]
pub struct NoAuthority(String);

/// A connector for http.
pub(crate) fn by_http() -> Connector {
    scheme::by_http()
}

/// A connector for http and https. The certificate authorities are the system's, or those in SSL_CERT_FILE.
///
/// # Errors
/// When there are none.
pub(crate) fn by_https() -> Result<Connector, NoAuthority> {
    scheme::by_https().map_err(NoAuthority)
}

/// What is wrong with the TLS of a server that was to be reached, if it is that.
pub(crate) fn tls_trouble(error: &(dyn Error + 'static)) -> Option<String> {
    scheme::tls_trouble(error)
}

fn http() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.set_connect_timeout(Some(REACH_LIMIT));
    connector
}
