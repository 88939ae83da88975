//! `twinshot demo`: serves both releases of the embedded site until Ctrl-C.

use std::net::{Ipv4Addr, SocketAddr};

use clap::Args;
use twinshot::demo::{DemoServer, Release};

use super::{Exit, Failure, terminal::print};

/// The arguments of `demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// The port of production. Staging gets the next one. Default: two free ports.
    #[arg(long, value_name = "PORT", env = "TWINSHOT_DEMO_PORT", value_parser = clap::value_parser!(u16).range(1..65535))]
    port: Option<u16>,
}

/// Runs the command.
pub(crate) fn run(arguments: &DemoArgs) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| Failure::Undecided(error.to_string()))?;
    runtime.block_on(async {
        let production = start(Release::Production, arguments.port).await?;
        let staging = start(Release::Staging, arguments.port.map(|port| port + 1)).await?;
        print(&format!(
            "production  {}\nstaging     {}\nlog in as jane@example.com with the password demo; press Ctrl-C to stop\n",
            production.url(),
            staging.url()
        ))?;
        tokio::signal::ctrl_c().await.map_err(|error| Failure::Undecided(error.to_string()))?;
        Ok(Exit::Clean)
    })
}

async fn start(release: Release, port: Option<u16>) -> Result<DemoServer, Failure> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port.unwrap_or(0)));
    DemoServer::start_on(release, address)
        .await
        .map_err(|error| {
            Failure::Undecided(format!(
                "cannot serve {release} on {address}: {error}; try another --port"
            ))
        })
}
