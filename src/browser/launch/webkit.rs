//! Starts WebKitGTK's driver and its browser with a display, style and language that are the same on every machine. One
//! driver has one session.

use std::{
    ffi::OsString,
    fs,
    io::Read as _,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    time::{Duration, Instant},
};

use rustix::process::Pid;
use tokio::{net::TcpStream, process::Command};

use super::{
    display::Display,
    driver::{Driver, DriverProcess},
    programs::{Programs, in_own_group},
};
use crate::browser::error::LaunchError;

/// How long the driver may take until it listens.
const START_LIMIT: Duration = Duration::from_secs(20);
/// How often to check whether it does.
const POLL: Duration = Duration::from_millis(10);
/// The variable that tells the browser where its inspector server listens.
const INSPECTOR_SERVER: &str = "WEBKIT_INSPECTOR_SERVER=";

/// Allows a toolbar as narrow as a phone. Pages are not affected.
const STYLE: &str =
    "* { font-size: 1px; min-width: 0; min-height: 0; padding: 0; margin: 0; border-width: 0; }\n";

/// The same font rendering on every machine, regardless of the desktop's settings.
const SETTINGS: &str = "[Settings]
gtk-theme-name = Adwaita
gtk-application-prefer-dark-theme = false
gtk-font-name = Sans 10
gtk-overlay-scrolling = true
gtk-cursor-blink = false
gtk-xft-antialias = 1
gtk-xft-hinting = 0
gtk-xft-hintstyle = hintnone
gtk-xft-rgba = none
gtk-xft-dpi = 98304
";

/// Keep the browser from using a desktop's settings, its D-Bus and its language.
const QUIET_VARIABLES: &[(&str, &str)] = &[
    ("LC_ALL", "en_US.UTF-8"),
    ("LANGUAGE", "en_US"),
    ("GTK_THEME", "Adwaita"),
    ("GTK_A11Y", "none"),
    ("NO_AT_BRIDGE", "1"),
    ("GIO_USE_VFS", "local"),
    ("GSETTINGS_BACKEND", "memory"),
    ("DBUS_SESSION_BUS_ADDRESS", "disabled:"),
    // The CPU draws the pixels, the same on every machine. Without a graphics card, frames are also twice as fast this
    // way.
    ("WEBKIT_SKIA_ENABLE_CPU_RENDERING", "1"),
    ("WEBKIT_DISABLE_DMABUF_RENDERER", "1"),
];

/// How often to check whether a starting browser is still running.
const WATCH_POLL: Duration = Duration::from_millis(500);

/// Starts the driver with its display. All pages of the session have this scale.
pub(super) async fn start(
    programs: &Programs,
    folder: &Path,
    scale: f64,
    hidden: &[OsString],
) -> Result<Driver, LaunchError> {
    let failed = |reason: String| LaunchError::DriverStart {
        path: programs.driver.clone(),
        reason,
    };
    let io_failed = |error: std::io::Error| failed(error.to_string());
    let folder = &folder.join(scale.to_string());
    write_settings(folder).map_err(io_failed)?;
    let display = match &programs.display {
        Some(program) => Some(Display::start(program, folder, hidden).await?),
        None => None,
    };
    let port = free_port().map_err(io_failed)?;
    let child = command(programs, folder, port, scale, display.as_ref(), hidden)
        .spawn()
        .map_err(io_failed)?;
    let process = DriverProcess::new(child, folder, programs.driver_name, display);
    let driver = Driver::at_port(port, process);
    wait_until_it_listens(&driver).await.map_err(failed)?;
    Ok(driver)
}

async fn wait_until_it_listens(driver: &Driver) -> Result<(), String> {
    let port = driver.url.port().expect("it was given a port");
    let began = Instant::now();
    while began.elapsed() < START_LIMIT {
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .await
            .is_ok()
        {
            return Ok(());
        }
        tokio::time::sleep(POLL).await;
    }
    let seconds = START_LIMIT.as_secs();
    Err(format!(
        "it did not listen on port {port} within {seconds} s"
    ))
}

/// Returns when the browser that the driver started has ended. The driver itself does not report that.
pub(crate) async fn browser_end(driver: &Driver) {
    while inspector_address(driver).is_none() {
        tokio::time::sleep(WATCH_POLL).await;
    }
    while inspector_address(driver).is_some() {
        tokio::time::sleep(WATCH_POLL).await;
    }
}

/// The address of the browser's inspector server. The driver passes it only in an environment variable.
pub(crate) fn inspector_address(driver: &Driver) -> Option<SocketAddr> {
    let group = driver.group()?;
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let all = processes.map(|process| process.path());
    let mut ours = all.filter(|process| group_of(process) == Some(group));
    ours.find_map(|process| inspector_address_in(&process.join("environ")))
}

/// Reads the third word after the program's name, which may contain anything.
fn group_of(process: &Path) -> Option<Pid> {
    let status = fs::read_to_string(process.join("stat")).ok()?;
    let (_, words) = status.rsplit_once(')')?;
    let group = words.split_whitespace().nth(2)?;
    Pid::from_raw(group.parse().ok()?)
}

fn inspector_address_in(environment: &Path) -> Option<SocketAddr> {
    let mut bytes = Vec::new();
    let mut file = fs::File::open(environment).ok()?;
    file.read_to_end(&mut bytes).ok()?;
    let mut variables = bytes.split(|byte| *byte == 0);
    let value = variables.find_map(|it| it.strip_prefix(INSPECTOR_SERVER.as_bytes()))?;
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// Finds a port that is free now. The driver cannot choose one itself.
fn free_port() -> std::io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

fn write_settings(folder: &Path) -> std::io::Result<()> {
    for version in ["gtk-3.0", "gtk-4.0"] {
        let place = folder.join("config").join(version);
        fs::create_dir_all(&place)?;
        fs::write(place.join("gtk.css"), STYLE)?;
        fs::write(place.join("settings.ini"), SETTINGS)?;
    }
    Ok(())
}

fn command(
    programs: &Programs,
    folder: &Path,
    port: u16,
    scale: f64,
    display: Option<&Display>,
    hidden: &[OsString],
) -> Command {
    let mut command = in_own_group(&programs.driver, hidden);
    command
        .args((programs.arguments)(folder, port))
        .envs(QUIET_VARIABLES.iter().copied())
        .env("TMPDIR", folder)
        .env("XDG_CONFIG_HOME", folder.join("config"))
        .env("XDG_CACHE_HOME", folder.join("cache"))
        .env("GDK_SCALE", scale.to_string())
        .env_remove("GDK_DPI_SCALE");
    if let Some(display) = display {
        command
            .envs(display.variables())
            .env("GDK_BACKEND", "x11")
            .env_remove("WAYLAND_DISPLAY")
            .process_group(
                display
                    .group()
                    .and_then(|id| i32::try_from(id).ok())
                    .unwrap_or(0),
            );
    }
    command
}
