//! The programs that drive and draw: found on this machine, and what a driver says when it starts.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
};

use super::error::LaunchError;
use crate::config::Browser;

/// The oldest chromedriver that has what we rely on (`responseStatus`, the one headless mode).
const OLDEST_CHROMEDRIVER: u32 = 115;

/// A program that hears and says nothing, leads a process group, and ends with whoever holds it.
pub(super) fn in_own_group(program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true);
    command
}

/// A browser on this machine, and its driver.
#[derive(Debug, Clone)]
pub(super) struct Programs {
    kind: Browser,
    pub(super) driver: PathBuf,
    pub(super) browser: PathBuf,
    /// What makes a display, for a browser that cannot do without one.
    pub(super) display: Option<PathBuf>,
}

impl Programs {
    /// Those that variables name, else those in PATH.
    pub(super) fn find(kind: Browser, headed: bool) -> Result<Self, LaunchError> {
        let (driver, browser) = match kind {
            Browser::Chrome => chrome(headed)?,
            Browser::Firefox => firefox()?,
            Browser::WebKit => webkit()?,
        };
        let display = match kind {
            Browser::WebKit if headed => some_display().map(|()| None)?,
            Browser::WebKit => Some(first_in_path(&["Xvfb"]).ok_or(LaunchError::NoXvfb)?),
            Browser::Chrome | Browser::Firefox => None,
        };
        Ok(Self {
            kind,
            driver,
            browser,
            display,
        })
    }

    /// Whether the driver says nothing when it starts, and takes no port but the one that it is given.
    pub(super) fn is_silent(&self) -> bool {
        self.kind == Browser::WebKit
    }

    /// Whether the browser is the small one that has no window.
    pub(super) fn is_shell(&self) -> bool {
        let name = self.browser.file_name().unwrap_or_default();
        name.to_string_lossy().contains("headless-shell")
    }

    /// The driver as people know it.
    pub(super) fn driver_name(&self) -> &'static str {
        match self.kind {
            Browser::Chrome => "chromedriver",
            Browser::Firefox => "geckodriver",
            Browser::WebKit => "WebKitWebDriver",
        }
    }

    /// On any free port, or on this one where the driver cannot look for one by itself, with everything that it
    /// writes below the folder. The folder stands on the command line, so that a later run can tell whose process it is.
    pub(super) fn driver_arguments(&self, folder: &Path, port: u16) -> Vec<OsString> {
        let words: Vec<OsString> = match self.kind {
            Browser::Chrome => {
                let log = folder.join("driver.log");
                vec![
                    "--port=0".into(),
                    format!("--log-path={}", log.display()).into(),
                ]
            }
            Browser::Firefox => vec![
                "--port=0".into(),
                // Its default is one port for all.
                "--websocket-port=0".into(),
                "--profile-root".into(),
                folder.into(),
            ],
            // Its display bears the folder.
            Browser::WebKit => vec![format!("--port={port}").into()],
        };
        words
    }
}

fn chrome(headed: bool) -> Result<(PathBuf, PathBuf), LaunchError> {
    let driver = named("TWINSHOT_CHROMEDRIVER")?
        .or_else(|| first_in_path(&["chromedriver"]))
        .or_else(|| existing("/usr/lib/chromium/chromedriver"))
        .ok_or(LaunchError::NoDriver)?;
    let shells: &[&str] = &["chromium-headless-shell", "chrome-headless-shell"];
    let browser = named("TWINSHOT_CHROME")?
        .or_else(|| if headed { None } else { first_in_path(shells) })
        .or_else(|| {
            first_in_path(&[
                "chromium",
                "chromium-browser",
                "google-chrome-stable",
                "google-chrome",
            ])
        })
        .or_else(|| existing("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"))
        .ok_or(LaunchError::NoBrowser)?;
    Ok((driver, browser))
}

fn firefox() -> Result<(PathBuf, PathBuf), LaunchError> {
    let driver = named("TWINSHOT_GECKODRIVER")?
        .or_else(|| first_in_path(&["geckodriver"]))
        .ok_or(LaunchError::NoGeckodriver)?;
    let browser = named("TWINSHOT_FIREFOX")?
        .or_else(|| first_in_path(&["firefox", "firefox-esr"]))
        .or_else(|| existing("/Applications/Firefox.app/Contents/MacOS/firefox"))
        .ok_or(LaunchError::NoFirefox)?;
    Ok((driver, browser))
}

fn webkit() -> Result<(PathBuf, PathBuf), LaunchError> {
    let driver = named("TWINSHOT_WEBKITDRIVER")?
        .or_else(|| first_in_path(&["WebKitWebDriver"]))
        .ok_or(LaunchError::NoWebKitDriver)?;
    let browser = named("TWINSHOT_WEBKIT")?
        .or_else(|| first_in_path(&["MiniBrowser"]))
        .or_else(mini_browser)
        .ok_or(LaunchError::NoWebKit)?;
    Ok((driver, browser))
}

/// Without one the driver waits for its browser for ever.
fn some_display() -> Result<(), LaunchError> {
    let names_one = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_there = ["DISPLAY", "WAYLAND_DISPLAY"].into_iter().any(names_one);
    is_there.then_some(()).ok_or(LaunchError::NoDisplay)
}

/// WebKitGTK's own browser stands beside its library: on Debian in a folder of the machine's kind, elsewhere not.
fn mini_browser() -> Option<PathBuf> {
    const VERSIONS: [&str; 3] = ["webkit2gtk-4.1", "webkit2gtk-4.0", "webkitgtk-6.0"];
    let kind = format!("/usr/lib/{}-linux-gnu", std::env::consts::ARCH);
    let folders = [kind.as_str(), "/usr/libexec", "/usr/lib", "/usr/lib64"];
    VERSIONS.iter().find_map(|version| {
        let paths = folders.map(|folder| format!("{folder}/{version}/MiniBrowser"));
        paths.iter().find_map(|path| existing(path))
    })
}

fn named(variable: &'static str) -> Result<Option<PathBuf>, LaunchError> {
    match std::env::var_os(variable)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
    {
        Some(path) if path.is_file() => Ok(Some(path)),
        Some(path) => Err(LaunchError::NotThere { variable, path }),
        None => Ok(None),
    }
}

fn first_in_path(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    names.iter().find_map(|name| {
        std::env::split_paths(&path)
            .map(|folder| folder.join(name))
            .find(|file| file.is_file())
    })
}

fn existing(path: &str) -> Option<PathBuf> {
    Some(PathBuf::from(path)).filter(|path| path.is_file())
}

/// What a driver says of itself on its first lines.
pub(super) struct Greeting {
    /// Where the driver tells it there.
    version: Option<String>,
    pub(super) port: u16,
}

/// Reads until the driver names its port.
pub(super) async fn read_greeting(
    stdout: &mut tokio::process::ChildStdout,
) -> Result<Greeting, String> {
    let mut lines = BufReader::new(stdout).lines();
    let mut version = None;
    let mut said = String::new();
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(rest) = line.strip_prefix("Starting ChromeDriver ") {
            version = rest.split_whitespace().next().map(str::to_owned);
        }
        if let Some(port) = port_of(&line) {
            return Ok(Greeting { version, port });
        }
        said.push_str(&line);
        said.push(' ');
    }
    let said = said.trim();
    Err(if said.is_empty() {
        "it ended at once".to_owned()
    } else {
        format!("it said: {said}")
    })
}

/// Chromedriver's words, or geckodriver's, which log with a time before them.
fn port_of(line: &str) -> Option<u16> {
    let port = match line.split("started successfully on port ").nth(1) {
        Some(port) => port.trim_end_matches('.'),
        None => line.split("Listening on ").nth(1)?.rsplit(':').next()?,
    };
    port.trim().parse().ok()
}

impl Greeting {
    /// Refuses a chromedriver that is too old.
    pub(super) fn check(&self, path: &Path) -> Result<(), LaunchError> {
        let Some(version) = &self.version else {
            return Ok(());
        };
        let major = version
            .split('.')
            .next()
            .and_then(|major| major.parse::<u32>().ok());
        match major {
            Some(major) if major < OLDEST_CHROMEDRIVER => Err(LaunchError::TooOld {
                path: path.to_owned(),
                found: version.clone(),
                needed: OLDEST_CHROMEDRIVER,
            }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_read_from_the_greeting() {
        let line = "ChromeDriver was started successfully on port 39211.";
        assert_eq!(port_of(line), Some(39211));
        assert_eq!(port_of("Only local connections are allowed."), None);
        let line = "1795269060822\tgeckodriver\tINFO\tListening on 127.0.0.1:43413";
        assert_eq!(port_of(line), Some(43413));
    }

    #[test]
    fn an_old_driver_is_refused() {
        let greeting = Greeting {
            version: Some("89.0.4389.23".to_owned()),
            port: 1,
        };
        let error = greeting
            .check(Path::new("/usr/bin/chromedriver"))
            .unwrap_err();
        assert!(error.to_string().contains("too old"), "{error}");
    }
}
