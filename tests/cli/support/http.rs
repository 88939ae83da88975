//! The little of HTTP/1.1 that a WebDriver client speaks: requests with a length, connections kept alive.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// One request.
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Request {
    /// Of a name in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(it, _)| it == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// The next request of a connection; `None` when the client is done.
pub(super) fn read_request(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let head = read_line(stream)?;
    let mut words = head.split(' ').map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut length = 0;
    let mut headers = Vec::new();
    loop {
        let line = read_line(stream)?;
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            let (name, value) = (name.to_lowercase(), value.trim().to_owned());
            if name == "content-length" {
                length = value.parse().ok()?;
            }
            headers.push((name, value));
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(Request {
        method,
        path,
        headers,
        body,
    })
}

fn read_line(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    let length = stream.read_line(&mut line).ok()?;
    (length > 0).then(|| line.trim_end().to_owned())
}

/// The head of a response whose body is `length` bytes, wherever it really ends.
pub(super) fn head(status: u16, kind: &str, length: usize) -> String {
    format!("HTTP/1.1 {status} Said\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n")
}

/// Whether the client took it.
pub(super) fn write(stream: &mut BufReader<TcpStream>, head: &str, body: &[u8]) -> bool {
    let stream = stream.get_mut();
    stream.write_all(head.as_bytes()).is_ok() && stream.write_all(body).is_ok()
}
