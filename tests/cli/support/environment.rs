//! An environment that is deployed to while somebody watches: a page server on a free port of the loopback
//! whose every answer a test chooses.

use std::{
    io::{BufReader, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// One request, as the server saw it.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// How many requests came before.
    pub(crate) number: usize,
    /// Since the server began.
    pub(crate) age: Duration,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(it, _)| it == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What is answered.
#[derive(Debug, Clone)]
pub(crate) enum Said {
    /// Status, further header lines that each end with `\r\n`, and the body.
    Text(u16, &'static str, String),
    /// These bytes and no more, whatever they are.
    Raw(&'static str),
    /// These bytes, and then nothing until the test is over.
    Hang(&'static str),
    /// A body of so many bytes.
    Long(usize),
}

impl Said {
    pub(crate) fn release(release: &str) -> Self {
        Self::Text(200, "", format!("{{\"release\": \"{release}\"}}"))
    }
}

type Answer = dyn Fn(&Asked) -> Said + Send + Sync;

struct Shared {
    answer: Box<Answer>,
    asked: Mutex<Vec<Asked>>,
    written: Mutex<usize>,
    began: Instant,
    closing: AtomicBool,
}

/// The server; it ends with this value.
pub(crate) struct FakeEnvironment {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl FakeEnvironment {
    pub(crate) fn new(answer: impl Fn(&Asked) -> Said + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let shared = Arc::new(Shared {
            answer: Box::new(answer),
            asked: Mutex::default(),
            written: Mutex::default(),
            began: Instant::now(),
            closing: AtomicBool::new(false),
        });
        let server = Arc::clone(&shared);
        thread::spawn(move || server.accept(&listener));
        Self { address, shared }
    }

    /// One that always serves this release.
    pub(crate) fn serving(release: &'static str) -> Self {
        Self::new(move |_| Said::release(release))
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().expect("no panic").clone()
    }

    /// How many bytes of bodies were taken by those who asked.
    pub(crate) fn written(&self) -> usize {
        *self.shared.written.lock().expect("no panic")
    }
}

impl Drop for FakeEnvironment {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        for stream in listener.incoming().flatten() {
            if self.closing.load(Ordering::SeqCst) {
                return;
            }
            let server = Arc::clone(self);
            // Whoever hangs up in the middle does so on purpose.
            thread::spawn(move || server.serve(stream).ok());
        }
    }

    fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream);
        let Some(request) = super::http::read_request(&mut reader) else {
            return Ok(());
        };
        let mut all = self.asked.lock().expect("no panic");
        let asked = Asked {
            path: request.path,
            headers: request.headers,
            number: all.len(),
            age: self.began.elapsed(),
        };
        all.push(asked.clone());
        drop(all);
        let said = (self.answer)(&asked);
        let mut stream = reader.into_inner();
        self.say(&mut stream, said)?;
        stream.shutdown(Shutdown::Both)
    }

    fn say(&self, stream: &mut TcpStream, said: Said) -> std::io::Result<()> {
        match said {
            Said::Text(status, headers, body) => write!(
                stream,
                "HTTP/1.1 {status} Said\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            ),
            Said::Raw(bytes) => stream.write_all(bytes.as_bytes()),
            Said::Hang(bytes) => {
                stream.write_all(bytes.as_bytes())?;
                while !self.closing.load(Ordering::SeqCst) {
                    thread::sleep(Duration::from_millis(20));
                }
                Ok(())
            }
            Said::Long(length) => {
                write!(
                    stream,
                    "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n"
                )?;
                let chunk = [b'x'; 64 * 1024];
                for _ in 0..length / chunk.len() {
                    stream.write_all(&chunk)?;
                    *self.written.lock().expect("no panic") += chunk.len();
                }
                Ok(())
            }
        }
    }
}
