//! Starts a display for browsers that need a window: a separate Xvfb that nobody sees and no other user can access.
//!
//! The display is only as large as the browser's toolbar, which is under the pointer in the middle of the display. The
//! window therefore has the focus while the pointer is over no part of the page. Pages are still drawn whole.

use std::{
    ffi::OsString,
    fs,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::Child,
};

use super::programs::in_own_group;
use crate::browser::{error::LaunchError, random::random_name};

/// How long Xvfb may take to report its display number.
const START_LIMIT: Duration = Duration::from_secs(20);
/// How many bytes a display number may have.
const LONGEST_NUMBER: u64 = 64;
/// Width and height in device pixels, and colour depth.
const SCREEN: &str = "16x8x24";
/// The name of this authentication method.
const COOKIE_NAME: &[u8] = b"MIT-MAGIC-COOKIE-1";
/// Makes a cookie valid for displays of any number on any machine.
const ANY_MACHINE: u16 = 0xFFFF;

/// A display and its process, which ends with this value.
#[derive(Debug)]
pub(super) struct Display {
    server: Child,
    number: u32,
    authority: PathBuf,
}

impl Display {
    /// Starts a display in its own process group. Its files are in `folder`, which is on its command line.
    pub(super) async fn start(
        program: &Path,
        folder: &Path,
        hidden: &[OsString],
    ) -> Result<Self, LaunchError> {
        let failed = |reason: String| LaunchError::DriverStart {
            path: program.to_owned(),
            reason,
        };
        let authority = folder.join("display.cookie");
        write_private(&authority, &cookie()).map_err(|error| failed(error.to_string()))?;
        let mut server = in_own_group(program, hidden)
            // Xvfb takes the first free display number and writes it to this file descriptor.
            .args(["-displayfd", "1", "-screen", "0", SCREEN])
            .args(["-nolisten", "tcp", "-noreset", "-auth"])
            .arg(&authority)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        let stdout = server.stdout.take().expect("stdout was asked for");
        let mut lines = BufReader::new(stdout.take(LONGEST_NUMBER)).lines();
        let line = tokio::time::timeout(START_LIMIT, lines.next_line()).await;
        let line = line.ok().and_then(Result::ok).flatten();
        let number = line.and_then(|line| line.trim().parse().ok());
        match number {
            Some(number) => Ok(Self {
                server,
                number,
                authority,
            }),
            None => Err(failed("it reported no display".to_owned())),
        }
    }

    /// The environment variables for programs that use the display.
    pub(super) fn variables(&self) -> [(&'static str, String); 2] {
        let authority = self.authority.to_string_lossy().into_owned();
        [
            ("DISPLAY", format!(":{}", self.number)),
            ("XAUTHORITY", authority),
        ]
    }

    /// The ID of the process group that it leads.
    pub(super) fn group(&self) -> Option<u32> {
        self.server.id()
    }

    /// Removes the socket that a killed display leaves behind. While the display is running, no other one uses its
    /// number.
    pub(super) fn remove_socket(&mut self) {
        if let Ok(None) = self.server.try_wait() {
            let _ = fs::remove_file(format!("/tmp/.X11-unix/X{}", self.number));
        }
    }

    /// Reaps its process.
    pub(super) fn reap(&mut self) {
        let _ = self.server.try_wait();
    }
}

/// An entry of an Xauthority file: a family, an address and a display (any, here), and a name with its secret.
fn cookie() -> Vec<u8> {
    let secret = random_name();
    let mut entry = ANY_MACHINE.to_be_bytes().to_vec();
    for field in [&b""[..], &b""[..], COOKIE_NAME, secret.as_bytes()] {
        let length = u16::try_from(field.len()).expect("all of them are short");
        entry.extend_from_slice(&length.to_be_bytes());
        entry.extend_from_slice(field);
    }
    entry
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options.open(path)?.write_all(bytes)
}
