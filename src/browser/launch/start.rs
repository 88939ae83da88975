//! Starts a driver on this machine and waits until it listens.

use std::{ffi::OsString, fs, path::Path, process::Stdio, time::Duration};

use super::{
    driver::{Driver, DriverProcess},
    last_words::LastWords,
    programs::{Programs, Startup, in_own_group, read_greeting},
    webkit,
};
use crate::browser::error::LaunchError;

/// How long a driver may take to print its port.
const START_LIMIT: Duration = Duration::from_secs(20);
/// How often to start a driver again when its port was not free.
const PORT_ATTEMPTS: u32 = 5;
/// Lets a driver choose a free port, if it can.
const ANY_PORT: u16 = 0;

/// Starts a driver, again if its port is taken: chromedriver chooses a free port for IPv4 or IPv6, and exits if that
/// port is taken for the other.
pub(super) async fn start_on_a_free_port(
    programs: &Programs,
    folder: &Path,
    scale: f64,
    hidden: &[OsString],
) -> Result<Driver, LaunchError> {
    let once = || async {
        match programs.startup {
            Startup::OnDisplay => webkit::start(programs, folder, scale, hidden).await,
            Startup::Greets => start(programs, folder, hidden).await,
        }
    };
    for _ in 1..PORT_ATTEMPTS {
        match once().await {
            Err(LaunchError::DriverStart { reason, .. }) if is_about_the_port(&reason) => {}
            other => return other,
        }
    }
    once().await
}

async fn start(
    programs: &Programs,
    folder: &Path,
    hidden: &[OsString],
) -> Result<Driver, LaunchError> {
    let failed = |reason: String| LaunchError::DriverStart {
        path: programs.driver.clone(),
        reason,
    };
    fs::create_dir_all(folder).map_err(|error| failed(error.to_string()))?;
    let mut child = in_own_group(&programs.driver, hidden)
        .args((programs.arguments)(folder, ANY_PORT))
        .env("TMPDIR", folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    let mut stdout = child.stdout.take().expect("stdout was asked for");
    let last_words = LastWords::of(child.stderr.take().expect("stderr was asked for"));
    let process = DriverProcess::new(child, folder, programs.driver_name, None);
    let greeting = tokio::time::timeout(START_LIMIT, read_greeting(&mut stdout)).await;
    let greeting = greeting.unwrap_or_else(|_| {
        let seconds = START_LIMIT.as_secs();
        Err(format!("it reported no port within {seconds} s"))
    });
    let greeting = match greeting {
        Ok(greeting) => greeting,
        Err(reason) => return Err(failed(last_words.after(reason).await)),
    };
    greeting.check(&programs.driver)?;
    // Some drivers and their browsers keep printing, and fail when the pipe is closed.
    tokio::spawn(async move { tokio::io::copy(&mut stdout, &mut tokio::io::sink()).await });
    Ok(Driver::at_port(greeting.port, process))
}

fn is_about_the_port(reason: &str) -> bool {
    reason.contains("port not available") || reason.contains("in use")
}
