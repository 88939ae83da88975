//! WebDriver BiDi: commands and answers over one WebSocket for each session, next to the driver's HTTP. Firefox offers
//! through it what Chrome offers through the DevTools protocol.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use fantoccini::error::ErrorStatus;
use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio::{net::TcpStream, sync::Mutex};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{self, Message},
};

use super::socket::{open, receive};
use crate::browser::{error::BrowserError, picture::ResourceKinds};

/// How long connecting may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(20);

/// The BiDi connection of one session.
#[derive(Debug)]
pub(crate) struct Bidi {
    channel: Mutex<Channel>,
    last_number: AtomicU64,
}

#[derive(Debug)]
struct Channel {
    socket: WebSocketStream<TcpStream>,
    /// Answers that were read on behalf of another caller, by command number. `None` marks an answer that has not
    /// arrived yet.
    awaited: HashMap<u64, Option<Value>>,
    /// The images, fonts, style sheets and scripts that are loading, by the browser's request ID.
    pending_resources: HashMap<String, PendingResource>,
    /// The kinds and URLs of those that failed in the document in front.
    failed_resources: Vec<(String, String)>,
    /// The windows whose document is being requested, by the browser's request ID.
    pending_documents: HashMap<String, String>,
}

/// A resource that is loading.
#[derive(Debug)]
struct PendingResource {
    url: String,
    destination: String,
}

/// The events that keep [`Bidi::missing_resources`] up to date.
const RESOURCE_EVENTS: [&str; 3] = [
    "network.beforeRequestSent",
    "network.responseCompleted",
    "network.fetchError",
];

/// A command that was sent and may still have to be answered.
#[derive(Debug)]
pub(crate) struct PendingAnswer {
    number: u64,
    method: &'static str,
}

impl Bidi {
    /// Connects to the `webSocketUrl` of a session.
    pub(crate) async fn connect(url: &str) -> Result<Self, BrowserError> {
        let connected = tokio::time::timeout(CONNECT_LIMIT, open(url)).await;
        let socket = match connected {
            Ok(Ok(socket)) => socket,
            Ok(Err(error)) => return Err(BrowserError::Lost(format!("{url}: {error}"))),
            Err(_) => return Err(BrowserError::Lost(format!("{url} does not answer"))),
        };
        Ok(Self {
            channel: Mutex::new(Channel {
                socket,
                awaited: HashMap::new(),
                pending_resources: HashMap::new(),
                failed_resources: Vec::new(),
                pending_documents: HashMap::new(),
            }),
            last_number: AtomicU64::new(0),
        })
    }

    /// Sends a command and waits for its answer.
    pub(crate) async fn command(
        &self,
        method: &'static str,
        params: &Value,
    ) -> Result<Value, BrowserError> {
        let sent = self.send(method, params).await?;
        self.answer(&sent).await
    }

    /// Sends a command whose answer may take long.
    pub(crate) async fn send(
        &self,
        method: &'static str,
        params: &Value,
    ) -> Result<PendingAnswer, BrowserError> {
        let number = self.last_number.fetch_add(1, Ordering::Relaxed) + 1;
        let command = json!({ "id": number, "method": method, "params": params });
        let mut channel = self.channel.lock().await;
        let message = Message::text(command.to_string());
        channel.socket.send(message).await.map_err(lost)?;
        channel.awaited.insert(number, None);
        Ok(PendingAnswer { number, method })
    }

    /// Waits for an answer. A caller that stops waiting may send other commands and wait again.
    pub(crate) async fn answer(&self, sent: &PendingAnswer) -> Result<Value, BrowserError> {
        let mut channel = self.channel.lock().await;
        loop {
            if let Some(Some(_)) = channel.awaited.get(&sent.number) {
                let answer = channel.awaited.remove(&sent.number).flatten();
                return outcome(sent.method, answer.unwrap_or_default());
            }
            let text = receive(&mut channel.socket).await.map_err(lost)?;
            let answer: Value = serde_json::from_str(&text)
                .map_err(|error| BrowserError::nonsense(sent.method, &error.to_string()))?;
            channel.hear(&answer);
            // Events have no number. Answers that nothing waits for are dropped.
            let number = answer["id"].as_u64().unwrap_or_default();
            if let Some(place) = channel.awaited.get_mut(&number) {
                *place = Some(answer);
            }
        }
    }

    /// Subscribes to the browser's network events.
    pub(crate) async fn watch_resources(&self) -> Result<(), BrowserError> {
        let events = json!({ "events": RESOURCE_EVENTS });
        self.command("session.subscribe", &events).await.map(drop)
    }

    /// The URLs of the resources of these kinds that are loading, and the kinds and URLs of those that failed.
    pub(crate) async fn missing_resources(
        &self,
        kinds: ResourceKinds,
    ) -> Result<(Vec<String>, Vec<(String, String)>), BrowserError> {
        // The answer arrives after the events of everything that happened before.
        self.command("session.status", &json!({})).await?;
        let channel = self.channel.lock().await;
        let pending = channel.pending_resources.values();
        let wanted = pending.filter(|resource| kinds.include(&resource.destination));
        let wanted = wanted.map(|resource| resource.url.clone()).collect();
        Ok((wanted, channel.failed_resources.clone()))
    }

    /// Whether the document of a window is being requested.
    pub(crate) async fn is_navigating(&self, window: &str) -> Result<bool, BrowserError> {
        self.command("session.status", &json!({})).await?;
        let channel = self.channel.lock().await;
        let mut windows = channel.pending_documents.values();
        Ok(windows.any(|pending| pending == window))
    }

    /// Drops the answer when it arrives.
    pub(crate) async fn forget(&self, sent: PendingAnswer) {
        self.channel.lock().await.awaited.remove(&sent.number);
    }
}

impl Channel {
    /// Updates the resources that are loading.
    fn hear(&mut self, event: &Value) {
        let request = &event["params"]["request"];
        let Some(name) = request["request"].as_str() else {
            return;
        };
        if event["method"] != RESOURCE_EVENTS[0] {
            self.pending_documents.remove(name);
            let resource = self.pending_resources.remove(name);
            // The page itself gave up on a request that was aborted.
            let reason = event["params"]["errorText"].as_str();
            if let (Some(PendingResource { url, destination }), Some(reason)) = (resource, reason)
                && !reason.contains("ABORTED")
            {
                self.failed_resources.push((destination, url));
            }
            return;
        }
        let text = |key: &str| request[key].as_str().unwrap_or_default().to_owned();
        let (url, destination) = (text("url"), text("destination"));
        if destination == "document" {
            // Requests of the previous document are never answered.
            self.pending_resources.clear();
            self.failed_resources.clear();
            let window = event["params"]["context"].as_str().unwrap_or_default();
            let window = window.to_owned();
            self.pending_documents.retain(|_, other| *other != window);
            self.pending_documents.insert(name.to_owned(), window);
        } else if ResourceKinds::ALL.include(&destination) {
            let resource = PendingResource { url, destination };
            self.pending_resources.insert(name.to_owned(), resource);
        }
    }
}

fn lost(error: tungstenite::Error) -> BrowserError {
    BrowserError::Lost(error.to_string())
}

fn outcome(method: &'static str, mut answer: Value) -> Result<Value, BrowserError> {
    match answer["type"].as_str() {
        Some("success") => Ok(answer["result"].take()),
        _ => Err(refusal(method, &answer)),
    }
}

fn refusal(method: &'static str, answer: &Value) -> BrowserError {
    let error = answer["error"].as_str().unwrap_or_default();
    let message = answer["message"].as_str().unwrap_or(error);
    if error == "unknown command" {
        let message = format!("the browser does not know `{method}`: install a newer one");
        return BrowserError::refused(ErrorStatus::UnknownCommand, &message);
    }
    let status = error.parse().unwrap_or(ErrorStatus::UnknownError);
    BrowserError::refused(status, message)
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;
    use tokio::net::TcpListener;

    use super::*;

    /// A browser that answers every command with these texts; `ID` stands for the command's number.
    async fn connected(answers: &'static [&'static str]) -> Bidi {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/session/1", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
            while let Some(Ok(Message::Text(command))) = socket.next().await {
                let command: Value = serde_json::from_str(&command).unwrap();
                for answer in answers {
                    let text = answer.replace("ID", &command["id"].to_string());
                    socket.send(Message::text(text)).await.unwrap();
                }
                if answers.is_empty() {
                    return;
                }
            }
        });
        Bidi::connect(&url).await.unwrap()
    }

    #[tokio::test]
    async fn what_is_no_answer_to_the_command_is_passed_over() {
        let bidi = connected(&[
            r#"{"type": "event", "method": "log.entryAdded", "params": {}}"#,
            r#"{"type": "success", "id": 4711, "result": "another's"}"#,
            r#"{"type": "success", "id": ID, "result": {"number": ID}}"#,
        ])
        .await;
        for number in 1..=2 {
            let answer = bidi.command("session.status", &json!({})).await.unwrap();
            assert_eq!(answer["number"], number);
        }
    }

    #[tokio::test]
    async fn what_is_under_way_is_told_by_events() {
        let bidi = connected(&[
            r#"{"method": "network.beforeRequestSent", "params": {"request": {"request": "1", "url": "a.png", "destination": "image"}}}"#,
            r#"{"method": "network.beforeRequestSent", "params": {"request": {"request": "2", "destination": "document"}}}"#,
            r#"{"method": "network.beforeRequestSent", "params": {"request": {"request": "3", "url": "b.png", "destination": "image"}}}"#,
            r#"{"method": "network.beforeRequestSent", "params": {"request": {"request": "4", "url": "c.css", "destination": "style"}}}"#,
            r#"{"method": "network.beforeRequestSent", "params": {"request": {"request": "5", "url": "d.woff2", "destination": "font"}}}"#,
            r#"{"method": "network.beforeRequestSent", "params": {"request": {"request": "6", "url": "e.json", "destination": ""}}}"#,
            r#"{"method": "network.beforeRequestSent", "params": {"request": {"request": "7", "url": "f.js", "destination": "script"}}}"#,
            r#"{"method": "network.responseCompleted", "params": {"request": {"request": "3"}}}"#,
            r#"{"method": "network.fetchError", "params": {"request": {"request": "4"}}}"#,
            r#"{"type": "success", "id": ID, "result": {}}"#,
        ])
        .await;
        let (mut pending, _) = bidi.missing_resources(ResourceKinds::ALL).await.unwrap();
        pending.sort();
        assert_eq!(pending, ["d.woff2", "f.js"]);
    }

    #[tokio::test]
    async fn an_answer_may_be_read_by_others_and_forgotten() {
        let bidi = connected(&[r#"{"type": "success", "id": ID, "result": ID}"#]).await;
        let first = bidi.send("session.status", &json!({})).await.unwrap();
        let left = bidi.send("session.status", &json!({})).await.unwrap();
        bidi.forget(left).await;
        let third = bidi.command("session.status", &json!({})).await.unwrap();
        assert_eq!(third, json!(3));
        assert_eq!(bidi.answer(&first).await.unwrap(), json!(1));
        assert!(bidi.channel.lock().await.awaited.is_empty());
    }

    #[tokio::test]
    async fn a_refusal_keeps_its_status_and_its_words() {
        let bidi = connected(&[
            r#"{"type": "error", "id": ID, "error": "no such frame", "message": "it is gone"}"#,
        ])
        .await;
        let answer = bidi.command("session.status", &json!({})).await;
        let error = answer.unwrap_err();
        assert!(error.is(ErrorStatus::NoSuchFrame) && !error.is_fatal());
        assert_eq!(error.to_string(), "it is gone");
    }

    #[tokio::test]
    async fn a_command_that_the_browser_does_not_know_asks_for_a_newer_one() {
        let bidi = connected(&[
            r#"{"type": "error", "id": ID, "error": "unknown command", "message": "x"}"#,
        ])
        .await;
        let answer = bidi
            .command("emulation.setLocaleOverride", &json!({}))
            .await;
        let error = answer.unwrap_err().to_string();
        assert!(
            error.contains("does not know `emulation.setLocaleOverride`"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_connection_that_ends_is_a_lost_session() {
        let bidi = connected(&[]).await;
        let answer = bidi.command("session.status", &json!({})).await;
        assert!(answer.unwrap_err().is_fatal());
    }

    #[tokio::test]
    async fn only_plain_addresses_are_spoken_to() {
        let error = Bidi::connect("wss://127.0.0.1:1/").await.unwrap_err();
        assert!(error.to_string().contains("without TLS"), "{error}");
    }
}
