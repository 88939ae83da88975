//! What a server behind https has before it: takes connections to `localhost`, and passes on what was said in them.

use std::{net::Ipv4Addr, path::PathBuf, sync::Arc};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring::default_provider,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

/// It ends with this value, and every connection with it.
pub(crate) struct TlsFront {
    port: u16,
    _runtime: Runtime,
}

impl TlsFront {
    /// Before the server at an `http://` URL of the loopback.
    pub(crate) fn before(url: &str) -> Self {
        let server = url.trim_start_matches("http://").trim_end_matches('/');
        let server = server.to_owned();
        let runtime = Runtime::new().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
        let listener = listener.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        runtime.spawn(serve(listener, server));
        Self {
            port,
            _runtime: runtime,
        }
    }

    /// As its certificate names it.
    pub(crate) fn host(&self) -> String {
        format!("localhost:{}", self.port)
    }

    pub(crate) fn certificates(name: &str) -> PathBuf {
        fixture(&format!("{name}.pem"))
    }
}

async fn serve(listener: TcpListener, server: String) {
    let acceptor = TlsAcceptor::from(Arc::new(config()));
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, server) = (acceptor.clone(), server.clone());
        tokio::spawn(async move {
            // Whoever does not believe the certificate hangs up.
            let Ok(mut client) = acceptor.accept(stream).await else {
                return;
            };
            if let Ok(mut server) = TcpStream::connect(server).await {
                let _ = copy_bidirectional(&mut client, &mut server).await;
            }
        });
    }
}

fn config() -> ServerConfig {
    let certificate = CertificateDer::from_pem_file(fixture("server.pem")).expect("our own");
    let key = PrivateKeyDer::from_pem_file(fixture("server.key")).expect("our own");
    ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has them")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("the key is the certificate's")
}

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/cli/tls")
        .join(name)
}
