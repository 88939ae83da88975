//! WebSockets to browsers and drivers. They have no TLS, as they never leave the machine.

use futures_util::StreamExt;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{self, Message, protocol::WebSocketConfig},
};
use url::Url;

/// Opens a WebSocket without a limit on message size.
pub(super) async fn open(url: &str) -> Result<WebSocketStream<TcpStream>, String> {
    let parsed = Url::parse(url).map_err(|error| error.to_string())?;
    if parsed.scheme() != "ws" {
        return Err("Twinshot speaks to drivers without TLS only".to_owned());
    }
    let host = parsed.host_str().unwrap_or_default();
    let host = host.trim_matches(['[', ']']);
    let port = parsed.port_or_known_default().unwrap_or(80);
    let stream = TcpStream::connect((host, port))
        .await
        .map_err(|error| error.to_string())?;
    stream
        .set_nodelay(true)
        .map_err(|error| error.to_string())?;
    // A picture is one message.
    let config = WebSocketConfig::default()
        .max_message_size(None)
        .max_frame_size(None);
    let opened = client_async_with_config(url, stream, Some(config)).await;
    opened
        .map(|(socket, _)| socket)
        .map_err(|error| error.to_string())
}

/// Reads the next text; answers pings on the way.
pub(super) async fn receive(
    socket: &mut WebSocketStream<TcpStream>,
) -> Result<String, tungstenite::Error> {
    while let Some(message) = socket.next().await {
        if let Message::Text(text) = message? {
            return Ok(text.as_str().to_owned());
        }
    }
    Err(tungstenite::Error::ConnectionClosed)
}
