//! Errors between us and a browser.

use std::{error::Error, path::PathBuf, time::Duration};

use fantoccini::error::{CmdError, ErrorStatus, NewSessionError, WebDriver};

use crate::connect::tls_trouble;

/// The reason when a script cannot finish.
pub(crate) const DEPARTED: &str = "the document went away while a script ran in it";
/// The beginning of the words for a command that the driver gave up without a reason: it waits for the page with each
/// command.
pub(crate) const GAVE_UP: &str = "the driver waited in vain for the page";
/// The status of a page whose process ended. It is no W3C error, so the client does not know it.
const CRASHED: &str = "tab crashed";
/// WebKit's message for a document that went away while a script ran in it.
const LEFT_UNDER_A_SCRIPT: &str = "Callback was not called before the unload event";

/// The browser could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// There is no driver on this machine.
    #[error(
        "chromedriver was not found in PATH: install it (Debian: apt-get install chromium-driver; \
         elsewhere: https://googlechromelabs.github.io/chrome-for-testing), name it in \
         TWINSHOT_CHROMEDRIVER, or give --webdriver URL"
    )]
    NoDriver,
    /// There is no browser on this machine.
    #[error(
        "no Chrome or Chromium was found in PATH: install one (Debian: apt-get install \
         chromium-headless-shell) or name it in TWINSHOT_CHROME"
    )]
    NoBrowser,
    /// There is no Edge driver on this machine.
    #[error(
        "msedgedriver was not found in PATH: install the version of your Edge (https://developer.microsoft.com/microsoft-edge/tools/webdriver), \
         name it in TWINSHOT_EDGEDRIVER, or give --webdriver URL"
    )]
    NoEdgeDriver,
    /// There is no Edge on this machine.
    #[error(
        "no Microsoft Edge was found in PATH: install it (https://www.microsoft.com/edge) or name it in TWINSHOT_EDGE"
    )]
    NoEdge,
    /// There is no Firefox driver on this machine.
    #[error(
        "geckodriver was not found in PATH: install it (cargo install geckodriver --locked; elsewhere: \
         https://github.com/mozilla/geckodriver/releases), name it in TWINSHOT_GECKODRIVER, or give \
         --webdriver URL"
    )]
    NoGeckodriver,
    /// There is no Firefox on this machine.
    #[error(
        "no Firefox was found in PATH: install it (Debian: apt-get install firefox-esr) or name it in \
         TWINSHOT_FIREFOX"
    )]
    NoFirefox,
    /// There is no WebKit driver on this machine.
    #[error(
        "WebKitWebDriver was not found in PATH: install it (Debian: apt-get install webkit2gtk-driver xvfb) or name \
         it in TWINSHOT_WEBKITDRIVER"
    )]
    NoWebKitDriver,
    /// There is no WebKit on this machine.
    #[error(
        "no MiniBrowser of WebKitGTK was found: install it (Debian: apt-get install webkit2gtk-driver xvfb) or name it \
         in TWINSHOT_WEBKIT"
    )]
    NoWebKit,
    /// WebKit cannot run without a window, and there is no program for a display.
    #[error(
        "Xvfb was not found in PATH, and WebKit needs a display: install it (Debian: apt-get install xvfb), or show \
         the browser on yours with --headed"
    )]
    NoXvfb,
    /// There is no display on which to show the window.
    #[error(
        "--headed shows WebKit on your display, but DISPLAY names none; without --headed Twinshot starts its own"
    )]
    NoDisplay,
    /// A WebKit driver that is already running cannot be used.
    #[error(
        "WebKit cannot be driven through `webdriver`: Twinshot must start its driver itself to reach WebKit's inspector; \
         run `webkit` separately"
    )]
    WebKitElsewhere,
    /// A path that the user gave is not a program.
    #[error("{variable} names {path}, which does not exist")]
    NotThere {
        /// The environment variable.
        variable: &'static str,
        /// Its value.
        path: PathBuf,
    },
    /// The driver is too old.
    #[error(
        "{path} is version {found}, too old: Twinshot needs chromedriver {needed} or newer, of \
         the same version as the browser"
    )]
    TooOld {
        /// The driver.
        path: PathBuf,
        /// Its version.
        found: String,
        /// The oldest major version that works.
        needed: u32,
    },
    /// The driver did not start.
    #[error("{path} did not start: {reason}")]
    DriverStart {
        /// The driver.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// The driver runs, but did not start a browser.
    #[error("{driver} did not start a browser: {reason}")]
    Session {
        /// The driver or its URL.
        driver: String,
        /// The driver's message.
        reason: String,
    },
    /// The environment's headers cannot be added to requests.
    #[error("the environment's `headers` cannot be sent with {driver}: {reason}")]
    Headers {
        /// The driver or its URL.
        driver: String,
        /// The reason.
        reason: String,
    },
    /// The scratch folder cannot be created.
    #[error("cannot make a scratch folder in {path}: {source}")]
    Scratch {
        /// The parent folder.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
}

impl LaunchError {
    /// Turns fantoccini's error into a sentence that says what to do next.
    pub(crate) fn session(driver: String, error: &NewSessionError) -> Self {
        let said = match error {
            NewSessionError::SessionNotCreated(refusal) => first_line(&refusal.message),
            NewSessionError::Failed(error) => unreached(error),
            NewSessionError::FailedC(error) => unreached(error),
            NewSessionError::Lost(error) => unreached(error),
            other => other.to_string(),
        };
        let reason = if said.contains("only supports Chrome version") {
            format!("{said}: install a chromedriver of the browser's version")
        } else {
            said
        };
        Self::Session { driver, reason }
    }
}

fn unreached(error: &(dyn Error + 'static)) -> String {
    tls_trouble(error).unwrap_or_else(|| "no WebDriver server answers there".to_owned())
}

/// A failed call to the driver.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BrowserError {
    /// Our own deadline has passed. The session is discarded.
    #[error("the driver did not answer `{command}` within {} s", limit.as_secs_f32())]
    Deadline {
        /// The command.
        command: &'static str,
        /// The time limit.
        limit: Duration,
    },
    /// The browser, its page or its driver is gone.
    #[error("the browser or its driver is gone: {0}")]
    Lost(String),
    /// The driver's answer is invalid.
    #[error("the driver's answer to `{command}` is invalid: {reason}")]
    Nonsense {
        /// The command.
        command: &'static str,
        /// Why it is invalid.
        reason: String,
    },
    /// The driver refused the command.
    #[error("{message}")]
    Refused {
        /// The W3C error.
        status: ErrorStatus,
        /// The first line of the driver's message.
        message: String,
    },
    /// A dialog of the browser stops the page's scripts and ours.
    #[error("a dialog is open{}; answer it with `dialog:`", quoted(text))]
    Dialog {
        /// The dialog's text.
        text: String,
    },
}

impl BrowserError {
    /// Decides whether the session is lost or only this command was refused.
    pub(crate) fn command(command: &'static str, error: CmdError) -> Self {
        match error {
            CmdError::Standard(refusal) if refusal.error == ErrorStatus::UnexpectedAlertOpen => {
                Self::Dialog {
                    text: dialog_text(&refusal),
                }
            }
            CmdError::Standard(refusal) => {
                Self::refused(refusal.error, &refusal.message).naming(command)
            }
            CmdError::NotJson(text) => Self::nonsense(command, &format!("not JSON: {text}")),
            CmdError::NotW3C(value) if is_crash(&value) => Self::Lost(format!(
                "the process of the page ended ({CRASHED}); memory may have run out"
            )),
            CmdError::NotW3C(value) => Self::nonsense(command, &format!("not WebDriver: {value}")),
            CmdError::Json(source) => Self::nonsense(command, &source.to_string()),
            other => Self::Lost(other.to_string()),
        }
    }

    /// A refusal with the driver's message.
    pub(crate) fn refused(status: ErrorStatus, message: &str) -> Self {
        let message = first_line(message);
        // Some drivers send only the kind of error.
        let message = match message.is_empty() {
            true => status.to_string(),
            false => message,
        };
        let message = ["javascript error:", "Error:"]
            .into_iter()
            .find_map(|prefix| message.strip_prefix(prefix))
            .map_or(&*message, str::trim_start)
            .to_owned();
        let message = match message.is_empty() {
            true => "a script threw an error without a message".to_owned(),
            false => message,
        };
        let message = own_error_page(&message).unwrap_or(message);
        let message = match message.starts_with(LEFT_UNDER_A_SCRIPT) {
            true => DEPARTED.to_owned(),
            false => message,
        };
        let gone = status == ErrorStatus::InvalidSessionId
            || [CRASHED, "disconnected", "not reachable", "session deleted"]
                .iter()
                .any(|sign| message.contains(sign));
        if gone {
            Self::Lost(message)
        } else {
            Self::Refused { status, message }
        }
    }

    /// The same refusal with the command, if the driver said no more than its kind.
    fn naming(self, command: &str) -> Self {
        match self {
            Self::Refused { status, message } if message == status.to_string() => {
                let message = match status {
                    ErrorStatus::Timeout => {
                        format!(
                            "{GAVE_UP} to load (`{command}`); it may load itself again and again"
                        )
                    }
                    _ => format!("the driver refused `{command}`: {message}"),
                };
                Self::Refused { status, message }
            }
            other => other,
        }
    }

    pub(crate) fn nonsense(command: &'static str, reason: &str) -> Self {
        let reason = reason.to_owned();
        Self::Nonsense { command, reason }
    }

    /// Whether the driver refused with this status.
    pub(crate) fn is(&self, wanted: ErrorStatus) -> bool {
        matches!(self, Self::Refused { status, .. } if *status == wanted)
    }

    /// Whether a dialog stopped the command.
    pub(crate) fn is_dialog(&self) -> bool {
        matches!(self, Self::Dialog { .. })
    }

    /// Whether the session cannot be used any more.
    pub(crate) fn is_fatal(&self) -> bool {
        !matches!(self, Self::Refused { .. } | Self::Dialog { .. })
    }
}

/// Whether a driver's answer says that the process of the page is gone.
fn is_crash(answer: &serde_json::Value) -> bool {
    let named = answer.as_str().or_else(|| answer["error"].as_str());
    named.is_some_and(|error| error.contains(CRASHED))
}

/// The text of the dialog in a driver's refusal. Some drivers have it in the message only.
fn dialog_text(refusal: &WebDriver) -> String {
    let text = refusal.data.as_ref().and_then(|data| data["text"].as_str());
    let told = || {
        let (_, rest) = refusal.message.split_once("{Alert text : ")?;
        Some(rest.rsplit_once('}').map_or(rest, |(text, _)| text))
    };
    text.or_else(told).unwrap_or_default().to_owned()
}

/// The dialog's text for a message: on one line, and not longer than anybody reads.
fn quoted(text: &str) -> String {
    const MOST_CHARACTERS: usize = 200;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST_CHARACTERS) {
        None if line.is_empty() => String::new(),
        None => format!(": \"{line}\""),
        Some((end, _)) => format!(": \"{}…\"", &line[..end]),
    }
}

/// Reads the name of Firefox's own error page. Its URL has the browser's whole message in it.
fn own_error_page(message: &str) -> Option<String> {
    let query = message.strip_prefix("Reached error page: about:")?;
    let trouble = query
        .split(['?', '&'])
        .find_map(|it| it.strip_prefix("e="))?;
    Some(format!("the browser shows its own error page ({trouble})"))
}

/// Drivers append stack traces and build details. Only the first line is useful in a message.
fn first_line(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    line.split("\n  (Session info")
        .next()
        .unwrap_or(line)
        .trim()
        .to_owned()
}
