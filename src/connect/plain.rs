//! Without the cargo feature `remote-tls`: http only. What needs https was refused before.

use std::error::Error;

use hyper_util::client::legacy::connect::HttpConnector;

pub(super) type Connector = HttpConnector;

pub(super) fn by_http() -> Connector {
    super::http()
}

pub(super) fn by_https() -> Result<Connector, String> {
    Err("this Twinshot was built without the cargo feature `remote-tls`".to_owned())
}

pub(super) fn tls_trouble(_: &(dyn Error + 'static)) -> Option<String> {
    None
}
