//! Driver and browser programs: finds them on this machine, and reads what a driver prints when it starts.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::Command,
};

use crate::browser::error::LaunchError;

/// The oldest chromedriver with the features that we need (`responseStatus`, the single headless mode).
const OLDEST_CHROMEDRIVER: u32 = 115;

/// How many bytes a driver may print before its port, and how many characters of that an error quotes.
const LONGEST_GREETING: u64 = 64 << 10;
const LONGEST_QUOTE: usize = 400;

/// A program that has no input and output, leads its own process group, and is killed when its handle is dropped.
/// It does not get the `hidden` variables.
pub(super) fn in_own_group(program: &Path, hidden: &[OsString]) -> Command {
    let mut command = Command::new(program);
    for name in hidden {
        command.env_remove(name);
    }
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
pub(crate) struct Programs {
    pub(crate) driver: PathBuf,
    pub(crate) browser: PathBuf,
    /// The Xvfb program, for a browser that needs a display.
    pub(crate) display: Option<PathBuf>,
    /// The driver's usual name.
    pub(crate) driver_name: &'static str,
    /// How the driver starts.
    pub(crate) startup: Startup,
    /// The driver's arguments, for a folder in which it puts all its files and a port. Port 0 is any free port.
    pub(crate) arguments: fn(&Path, u16) -> Vec<OsString>,
}

/// How a driver starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Startup {
    /// It chooses a port itself and prints it.
    Greets,
    /// It prints nothing, listens on the given port, and its browser needs a display.
    OnDisplay,
}

/// The program that an environment variable names.
pub(crate) fn named(variable: &'static str) -> Result<Option<PathBuf>, LaunchError> {
    match std::env::var_os(variable)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
    {
        Some(path) if path.is_file() => Ok(Some(path)),
        Some(path) => Err(LaunchError::NotThere { variable, path }),
        None => Ok(None),
    }
}

/// The first of these programs that is in PATH.
pub(crate) fn first_in_path(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    names.iter().find_map(|name| {
        std::env::split_paths(&path)
            .map(|folder| folder.join(name))
            .find(|file| file.is_file())
    })
}

/// The path, if it is a file.
pub(crate) fn existing(path: &str) -> Option<PathBuf> {
    Some(PathBuf::from(path)).filter(|path| path.is_file())
}

/// What a driver prints about itself on its first lines.
pub(super) struct Greeting {
    /// The driver's version, if it prints one.
    version: Option<String>,
    pub(super) port: u16,
}

/// Reads until the driver prints its port, or more than a driver says before that.
pub(super) async fn read_greeting(
    stdout: &mut tokio::process::ChildStdout,
) -> Result<Greeting, String> {
    let mut lines = BufReader::new(stdout.take(LONGEST_GREETING)).lines();
    let mut version = None;
    let mut said = String::new();
    while let Ok(Some(line)) = lines.next_line().await {
        version = version.or_else(|| version_of(&line));
        if let Some(port) = port_of(&line) {
            return Ok(Greeting { version, port });
        }
        if said.len() < LONGEST_QUOTE {
            said.extend(line.chars().take(LONGEST_QUOTE));
            said.push(' ');
        }
    }
    let said = said.trim();
    Err(if said.is_empty() {
        "it exited immediately".to_owned()
    } else {
        format!("it said: {said}")
    })
}

/// Reads the version from a line of chromedriver or msedgedriver.
fn version_of(line: &str) -> Option<String> {
    let names = [
        "Starting ChromeDriver ",
        "Starting Microsoft Edge WebDriver ",
    ];
    let rest = names.iter().find_map(|name| line.strip_prefix(name))?;
    rest.split_whitespace().next().map(str::to_owned)
}

/// Reads the port from a line of chromedriver, or of geckodriver, which starts its lines with a time.
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
    fn the_version_is_read_from_the_greeting() {
        let line = "Starting ChromeDriver 156.0.8078.73 (abc) on port 0";
        assert_eq!(version_of(line).as_deref(), Some("156.0.8078.73"));
        let line = "Starting Microsoft Edge WebDriver 108.0.1462.46 (abc) on port 0";
        assert_eq!(version_of(line).as_deref(), Some("108.0.1462.46"));
        assert_eq!(version_of("Only local connections are allowed."), None);
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
