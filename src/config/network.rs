//! How a browser connects to its environment: through a proxy, and with certificates that are not trusted.

use url::Url;

use super::EnvironmentYaml;
use crate::yaml::{Diagnostic, address::is_host, read::Place, reader::Reader};

/// How a browser reaches an environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Network {
    /// The proxy between them.
    pub proxy: Option<Proxy>,
    /// Whether untrusted certificates, such as self-signed ones, are accepted.
    pub ignore_certificate_errors: bool,
}

/// A proxy between a browser and its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Whether it speaks SOCKS 5; HTTP otherwise.
    pub is_socks: bool,
    /// `host:port`.
    pub address: String,
    /// Hosts that are connected to directly.
    pub except: Vec<String>,
}

/// Checks the form only. Whether the proxy exists shows during the run.
pub(super) fn network(reader: Reader<'_>, yaml: &EnvironmentYaml) -> Result<Network, Diagnostic> {
    let mut proxy = yaml
        .proxy
        .as_ref()
        .map(|place| proxy(reader, place))
        .transpose()?;
    if let Some(place) = &yaml.no_proxy {
        let Some(proxy) = &mut proxy else {
            let error = reader.key_error(place.id, "`no_proxy` has no effect without a `proxy`");
            return Err(error.help("add `proxy: http://proxy.example.com:3128`"));
        };
        for host in &place.value {
            proxy.except.push(exception(reader, host)?);
        }
    }
    Ok(Network {
        proxy,
        ignore_certificate_errors: yaml.ignore_certificate_errors.unwrap_or_default(),
    })
}

/// Shows the source text: the value may hold a password.
fn proxy(reader: Reader<'_>, place: &Place<String>) -> Result<Proxy, Diagnostic> {
    let text = reader.some_text(place)?;
    let refused = |message: &str| reader.key_error(place.id, message);
    let url = Url::parse(text.value().trim()).ok().filter(Url::has_host);
    let url = url.filter(|url| matches!(url.scheme(), "http" | "socks5"));
    let Some(url) = url else {
        let error = refused("`proxy` is not the URL of a proxy");
        return Err(error.help("write `http://proxy.example.com:3128` or `socks5://…`, for pages with and without https"));
    };
    if !url.username().is_empty() || url.password().is_some() {
        let error = refused("a `proxy` cannot have a user and a password");
        return Err(error
            .help("no driver hands them to a browser; let a proxy without them pass requests on"));
    }
    let is_bare =
        matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    if !is_bare {
        return Err(refused("a `proxy` has no path").help("write its host and port alone"));
    }
    let is_socks = url.scheme() == "socks5";
    let port = url.port().unwrap_or(if is_socks { 1080 } else { 80 });
    let host = url.host_str().unwrap_or_default();
    Ok(Proxy {
        is_socks,
        address: format!("{host}:{port}"),
        except: Vec::new(),
    })
}

/// A host, one with its port, or all hosts that end so (`*.example.com`, `.example.com`).
fn exception(reader: Reader<'_>, place: &Place<String>) -> Result<String, Diagnostic> {
    let text = reader.some_text(place)?;
    let value = text.value().trim();
    let bare = value.trim_start_matches('*').trim_start_matches('.');
    if is_host(bare) && (bare.len() == value.len() || value.ends_with(&format!(".{bare}"))) {
        return Ok(value.to_owned());
    }
    let error = reader.error(place.id, format!("`{text}` is not a host"));
    Err(error.help("write `name`, `name:port` or `*.example.com`"))
}
