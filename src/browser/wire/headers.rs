//! Adds an environment's own headers to requests to its own hosts. On a separate connection, the browser asks about
//! every such request from any page, frame, worker or window. It asks again after a redirect, so no header is sent to
//! another host.
//!
//! The driver's own way to add headers sends them to every host, and its WebDriver BiDi answers nothing while a page
//! loads. The browser must therefore be one that this machine can connect to.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::SinkExt;
use http::{HeaderMap, Request};
use http_body_util::BodyExt;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};
use tokio::{net::TcpStream, task::JoinHandle, time::timeout};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};
use url::Url;

use super::socket::{open, receive};
use crate::browser::{address::is_on_own_host, options::SessionOptions};

/// How long the browser may take to confirm.
const START_LIMIT: Duration = Duration::from_secs(10);
/// The number of our first command. Later commands need no answer.
const ENABLE: u64 = 1;

type Socket = WebSocketStream<TcpStream>;

/// Adds headers until it is dropped.
#[derive(Debug)]
pub(super) struct HeaderSender {
    task: JoinHandle<()>,
    is_over: Arc<AtomicBool>,
}

impl Drop for HeaderSender {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl HeaderSender {
    /// Returns when the browser asks about every request to the environment's hosts.
    pub(super) async fn start(address: &str, options: &SessionOptions) -> Result<Self, String> {
        let own = HeaderRule::new(options);
        let connected = timeout(START_LIMIT, connect(address, &own)).await;
        let mut socket = connected.unwrap_or_else(|_| Err("it does not answer".to_owned()))?;
        let is_over = Arc::new(AtomicBool::new(false));
        let sign = Arc::clone(&is_over);
        let task = tokio::spawn(async move {
            serve(&mut socket, &own).await;
            sign.store(true, Ordering::Relaxed);
        });
        Ok(Self { task, is_over })
    }

    /// Whether requests are now sent without our headers.
    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }
}

/// The hosts and headers of an environment.
struct HeaderRule {
    base: Url,
    hosts: Vec<String>,
    headers: HeaderMap,
}

impl HeaderRule {
    fn new(options: &SessionOptions) -> Self {
        Self {
            base: options.base.clone(),
            hosts: options.hosts.clone(),
            headers: options.headers.clone(),
        }
    }

    fn has(&self, url: &Url) -> bool {
        is_on_own_host(url, &self.base, &self.hosts)
    }

    /// The URL patterns that the browser asks about, including URLs with a password. They may match too much: each
    /// request is checked again.
    fn patterns(&self) -> Value {
        let base = self.base.host_str().into_iter().map(str::to_owned);
        let hosts = base.chain(self.hosts.iter().cloned());
        let patterns = hosts.flat_map(|host| {
            let host = host.to_lowercase();
            ["http://", "https://", "http://*@", "https://*@"]
                .map(|before| json!({ "urlPattern": format!("{before}{host}*") }))
        });
        patterns.collect()
    }

    /// The answer to a request that the browser asks about.
    fn answer(&self, paused: &Value) -> Value {
        let request = &paused["request"];
        let mut params = json!({ "requestId": paused["requestId"] });
        let url = request["url"].as_str().and_then(|url| Url::parse(url).ok());
        if url.is_some_and(|url| self.has(&url)) {
            params["headers"] = self.with_ours(&request["headers"]);
        }
        params
    }

    fn with_ours(&self, theirs: &Value) -> Value {
        let theirs = theirs.as_object().into_iter().flatten();
        let theirs = theirs.filter(|(name, _)| !self.headers.contains_key(name.as_str()));
        let theirs = theirs.map(|(name, value)| json!({ "name": name, "value": value }));
        let ours = self.headers.iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            json!({ "name": name.as_str(), "value": value })
        });
        theirs.chain(ours).collect()
    }
}

async fn connect(address: &str, own: &HeaderRule) -> Result<Socket, String> {
    let mut socket = open(&socket_url(address).await?).await?;
    let params = json!({ "patterns": own.patterns() });
    send_command(&mut socket, ENABLE, "Fetch.enable", &params).await?;
    while let Some(message) = receive_message(&mut socket).await {
        if message["id"] == json!(ENABLE) {
            return match message.get("error") {
                None => Ok(socket),
                Some(error) => Err(error["message"].to_string()),
            };
        }
    }
    Err("it closed the connection".to_owned())
}

/// The address of the browser's own socket, not of one of its pages.
async fn socket_url(address: &str) -> Result<String, String> {
    let version = ask_browser(address, "/json/version").await?;
    let url = version["webSocketDebuggerUrl"].as_str();
    url.map(str::to_owned)
        .ok_or_else(|| "it reported no address".to_owned())
}

/// Asks the browser at its debugger's address.
pub(super) async fn ask_browser(address: &str, path: &str) -> Result<Value, String> {
    let client = Client::builder(TokioExecutor::new()).build::<_, String>(HttpConnector::new());
    let request = Request::get(format!("http://{address}{path}"));
    let request = request
        .body(String::new())
        .map_err(|error| error.to_string())?;
    let answer = client
        .request(request)
        .await
        .map_err(|error| error.to_string())?;
    let body = answer
        .into_body()
        .collect()
        .await
        .map_err(|error| error.to_string())?;
    serde_json::from_slice(&body.to_bytes()).map_err(|error| error.to_string())
}

/// Serves until the browser disconnects or rejects an answer. A rejected request would wait forever.
async fn serve(socket: &mut Socket, own: &HeaderRule) {
    let mut number = ENABLE;
    while let Some(message) = receive_message(socket).await {
        if let Some(error) = message.get("error") {
            // The page and its request went away before we answered.
            let is_gone = error["message"]
                .as_str()
                .is_some_and(|said| said.contains("InterceptionId"));
            if is_gone {
                continue;
            }
            return;
        }
        if message["method"] == json!("Fetch.requestPaused") {
            number += 1;
            let answer = own.answer(&message["params"]);
            if send_command(socket, number, "Fetch.continueRequest", &answer)
                .await
                .is_err()
            {
                return;
            }
        }
    }
}

async fn send_command(
    socket: &mut Socket,
    id: u64,
    method: &str,
    params: &Value,
) -> Result<(), String> {
    let message = json!({ "id": id, "method": method, "params": params }).to_string();
    let said = socket.send(Message::text(message)).await;
    said.map_err(|error| error.to_string())
}

/// The next message; `None` when the connection has ended.
async fn receive_message(socket: &mut Socket) -> Option<Value> {
    let text = receive(socket).await.ok()?;
    serde_json::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(base: &str) -> HeaderRule {
        HeaderRule {
            base: Url::parse(base).expect("a URL"),
            hosts: vec!["login.example.com".into(), "cdn.example.com:8443".into()],
            headers: HeaderMap::new(),
        }
    }

    #[test]
    fn only_own_hosts_get_headers() {
        let own = own("https://example.com");
        let has = |url: &str| own.has(&Url::parse(url).expect("a URL"));
        for url in [
            "https://example.com/a",
            "https://example.com:443/a",
            "https://login.example.com/",
            "https://login.example.com:4443/",
            "https://cdn.example.com:8443/",
        ] {
            assert!(has(url), "{url}");
        }
        for url in [
            "http://example.com/",
            "https://example.com:8443/",
            "http://login.example.com/",
            "https://cdn.example.com/",
            "https://example.com.evil.test/",
            "https://evil.test/?https://example.com/",
            "https://example.com@evil.test/",
            "data:text/html,x",
        ] {
            assert!(!has(url), "{url}");
        }
    }
}
