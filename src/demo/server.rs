//! Serving the site: on a given listener, or on a port of its own until dropped.

use std::{future::Future, io, net::SocketAddr};

use tokio::{net::TcpListener, sync::oneshot};

use super::{Release, router};

/// Serves one release on `listener` until `shutdown` resolves; requests in progress are finished.
pub async fn serve(
    release: Release,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    axum::serve(listener, router(release))
        .with_graceful_shutdown(shutdown)
        .await
}

/// One release of the demo site, served by a tokio task until this value is dropped.
#[derive(Debug)]
pub struct DemoServer {
    address: SocketAddr,
    release: Release,
    // Never sent on: dropping it is the signal to stop.
    _stop: oneshot::Sender<()>,
}

impl DemoServer {
    /// Starts the site on a free port of 127.0.0.1. Needs a running tokio runtime.
    pub async fn start(release: Release) -> io::Result<Self> {
        Self::start_on(release, SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// Starts the site on `address`; port 0 takes a free one. Needs a running tokio runtime.
    pub async fn start_on(release: Release, address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(serve(release, listener, async {
            let _ = stopped.await;
        }));
        Ok(Self {
            address,
            release,
            _stop: stop,
        })
    }

    /// The base URL, without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Which release it serves.
    pub const fn release(&self) -> Release {
        self.release
    }
}
