//! Driver processes: found, started in a process group of their own, and never left behind.
//!
//! Everything that a driver and its browser write goes into the run's scratch folder. Whoever starts
//! next removes the folders of runs that were killed, with the processes that still name them.

use std::{
    borrow::Cow,
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use fantoccini::Client;
use rustix::process::{Pid, Signal, getuid, kill_process_group};
use tokio::process::Child;
use url::Url;

use super::{
    display::Display,
    document::without_credentials,
    error::LaunchError,
    pool::SessionTimes,
    programs::{Programs, in_own_group, read_greeting},
    remote::{Place, Remotes},
    session::end,
};
use crate::{
    config::Browser,
    connect::{self, Connector},
};

/// How long a driver may take to say which port it listens on.
const START_LIMIT: Duration = Duration::from_secs(20);
/// How often a driver is started anew because its port was not free after all.
const PORT_ATTEMPTS: u32 = 5;
/// Drivers that can look for one do.
const ANY_PORT: u16 = 0;
const SCRATCH_PREFIX: &str = "twinshot-run-";
const UNLOCKED_PREFIX: &str = "twinshot-new-";
const LOCK_NAME: &str = "owner.lock";

/// How browsers are started.
#[derive(Debug, Clone)]
pub(crate) struct LaunchOptions {
    /// Drivers that run already; ours when there are none.
    pub(crate) webdrivers: Vec<Url>,
    /// Opens connections to them.
    pub(crate) connector: Connector,
    /// How many sessions a flow takes, at least one.
    pub(crate) per_flow: usize,
    /// Shows the browser's window.
    pub(crate) headed: bool,
    /// Lets GIFs and their like move.
    pub(crate) moving_images: bool,
}

/// Knows how to start sessions; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Launcher {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// Those of each browser; none when running drivers were named.
    programs: Vec<(Browser, Programs)>,
    remotes: Remotes,
    options: LaunchOptions,
    scratch: Arc<RunFolder>,
    /// Numbers the folders of our drivers.
    folders: AtomicU32,
    times: Mutex<SessionTimes>,
    turn: tokio::sync::Mutex<()>,
}

impl Launcher {
    /// Finds the programs of these browsers, unless a running driver was named.
    pub(crate) fn new(
        options: LaunchOptions,
        browsers: &BTreeSet<Browser>,
        scratch: Arc<RunFolder>,
    ) -> Result<Self, LaunchError> {
        let remotes = Remotes::new(&options.webdrivers, options.per_flow, &options.connector);
        if !remotes.is_empty() && browsers.contains(&Browser::WebKit) {
            return Err(LaunchError::WebKitElsewhere);
        }
        let find = |&browser| Ok((browser, Programs::find(browser, options.headed)?));
        let programs = match remotes.is_empty() {
            true => browsers.iter().map(find).collect::<Result<_, _>>()?,
            false => Vec::new(),
        };
        let inner = Inner {
            programs,
            remotes,
            options,
            scratch,
            folders: AtomicU32::new(0),
            times: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Whether browsers show themselves on somebody's desktop.
    pub(crate) fn is_headed(&self) -> bool {
        self.inner.options.headed
    }

    /// Whether animated images may move.
    pub(super) fn has_moving_images(&self) -> bool {
        self.inner.options.moving_images
    }

    /// What starting and cleaning sessions has taken so far.
    pub(crate) fn times(&self) -> SessionTimes {
        *self.times_mut()
    }

    /// The same, to add to.
    pub(super) fn times_mut(&self) -> MutexGuard<'_, SessionTimes> {
        let times = self.inner.times.lock();
        times.unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether drivers were named that run already, which may be full.
    pub(crate) fn is_remote(&self) -> bool {
        !self.inner.remotes.is_empty()
    }

    /// Waits until no other flow asks drivers that may be full for its sessions. If several did, each could get one
    /// of the two that it needs, and wait for the other for ever. Our own drivers are never full.
    pub(crate) async fn turn(&self) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        match self.is_remote() {
            true => Some(self.inner.turn.lock().await),
            false => None,
        }
    }

    /// How many drivers can be asked for a session, one after the other.
    pub(super) fn drivers(&self) -> usize {
        self.inner.remotes.len().max(1)
    }

    /// A driver to ask for a session at this scale: a new process, or one of those that were named and not yet `asked`.
    pub(super) async fn driver(
        &self,
        browser: Browser,
        scale: f64,
        asked: &[Url],
    ) -> Result<Driver, LaunchError> {
        match self.programs(browser) {
            Some(programs) => {
                let number = self.inner.folders.fetch_add(1, Ordering::Relaxed);
                let folder = self.inner.scratch.subfolder(number)?;
                Driver::start_on_a_free_port(programs, &folder, scale).await
            }
            None => {
                let place = self.inner.remotes.place(asked);
                place.map(Driver::of_place).ok_or(LaunchError::NoDriver)
            }
        }
    }

    fn programs(&self, browser: Browser) -> Option<&Programs> {
        let mut all = self.inner.programs.iter();
        all.find(|it| it.0 == browser).map(|it| &it.1)
    }

    /// The browser's program, when we start its driver.
    pub(crate) fn binary(&self, browser: Browser) -> Option<Cow<'_, str>> {
        let programs = self.programs(browser)?;
        Some(programs.browser.to_string_lossy())
    }

    /// What Chrome is told beside the standard's capabilities.
    pub(super) fn chrome_options(&self) -> serde_json::Value {
        let mut options = serde_json::json!({ "args": self.arguments() });
        if let Some(binary) = self.binary(Browser::Chrome) {
            options["binary"] = binary.into();
        }
        options
    }

    fn arguments(&self) -> Vec<String> {
        let mut arguments: Vec<String> = QUIET_ARGUMENTS.iter().map(|&a| a.to_owned()).collect();
        if !self.inner.options.headed {
            arguments.push("--headless".to_owned());
        }
        if !self.inner.options.moving_images {
            arguments.push(STILL_IMAGES.to_owned());
        }
        if shared_memory_is_small() {
            arguments.push("--disable-dev-shm-usage".to_owned());
        }
        if getuid().is_root() {
            arguments.push("--no-sandbox".to_owned());
        }
        if self
            .programs(Browser::Chrome)
            .is_some_and(Programs::is_shell)
        {
            arguments.push(IN_MEMORY.to_owned());
        }
        arguments
    }
}

/// Keeps storage in memory, where emptying it takes 2 ms instead of 60. The shell does nothing else
/// differently for it; the whole browser would.
const IN_MEMORY: &str = "--incognito";

/// Images that move (GIF, WebP, APNG) stay at their first picture, wherever they are on the page, and SVG
/// drawings as they are without what moves them.
const STILL_IMAGES: &str = "--blink-settings=imageAnimationPolicy=2";

/// Containers often give 64 MB, on which Chromium crashes with tall pages.
fn shared_memory_is_small() -> bool {
    const ENOUGH: u64 = 512 << 20;
    rustix::fs::statvfs("/dev/shm").is_ok_and(|shm| shm.f_blocks * shm.f_frsize < ENOUGH)
}

/// Whether browsers are started without their sandbox, which Chromium refuses to use as root.
pub(crate) fn sandbox_is_off() -> bool {
    getuid().is_root()
}

/// Keeps the browser from talking to anyone, from asking anything, and from drawing by taste.
const QUIET_ARGUMENTS: &[&str] = &[
    "--disable-gpu",
    // A change repaints whole tiles: at the edge of a repainted part, smooth corners come out a shade different.
    "--disable-partial-raster",
    // No tile is drawn without its large images, to be drawn again when they are decoded.
    "--disable-checker-imaging",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-features=Translate,MediaRouter,OptimizationHints,AutofillServerCommunication",
    "--disable-quic",
    "--disable-search-engine-choice-screen",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
    "--mute-audio",
    "--force-color-profile=srgb",
    "--disable-lcd-text",
    "--font-render-hinting=none",
    "--hide-scrollbars",
    "--lang=en-US",
];

/// Where to ask for a session, and the process to end with it when it is ours.
#[derive(Debug)]
pub(super) struct Driver {
    pub(super) url: Url,
    held: Held,
}

/// What ends with a driver.
#[derive(Debug)]
enum Held {
    /// Our own process.
    Process(Box<DriverProcess>),
    /// The session's place at somebody else's driver.
    Place(Place),
}

#[derive(Debug)]
struct DriverProcess {
    child: Child,
    /// What it draws on, when that is ours.
    display: Option<Display>,
    folder: PathBuf,
    /// As people know the program.
    name: &'static str,
}

impl Driver {
    /// Chromedriver takes a free port of one protocol and gives up when the other's is not free.
    async fn start_on_a_free_port(
        programs: &Programs,
        folder: &Path,
        scale: f64,
    ) -> Result<Self, LaunchError> {
        let start = || async {
            match programs.is_silent() {
                true => Self::start_webkit(programs, folder, scale).await,
                false => Self::start(programs, folder).await,
            }
        };
        for _ in 1..PORT_ATTEMPTS {
            match start().await {
                Err(LaunchError::DriverStart { reason, .. }) if is_about_the_port(&reason) => {}
                other => return other,
            }
        }
        start().await
    }

    /// What is known of a driver that was just started, once it listens there.
    pub(super) fn of_process(
        port: u16,
        child: Child,
        folder: &Path,
        name: &'static str,
        display: Option<Display>,
    ) -> Self {
        let process = DriverProcess {
            child,
            display,
            folder: folder.to_owned(),
            name,
        };
        Self::at_port(port, process)
    }

    fn at_port(port: u16, process: DriverProcess) -> Self {
        let url = Url::parse(&format!("http://127.0.0.1:{port}/"));
        Self {
            url: url.expect("a port makes a valid URL"),
            held: Held::Process(Box::new(process)),
        }
    }

    /// The process group of our own driver and its browser.
    pub(super) fn group(&self) -> Option<Pid> {
        match &self.held {
            Held::Process(process) => process.group(),
            Held::Place(_) => None,
        }
    }

    async fn start(programs: &Programs, folder: &Path) -> Result<Self, LaunchError> {
        let failed = |reason: String| LaunchError::DriverStart {
            path: programs.driver.clone(),
            reason,
        };
        fs::create_dir_all(folder).map_err(|error| failed(error.to_string()))?;
        let mut child = in_own_group(&programs.driver)
            .args(programs.driver_arguments(folder, ANY_PORT))
            .env("TMPDIR", folder)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        let mut stdout = child.stdout.take().expect("stdout was asked for");
        let name = programs.driver_name();
        let process = DriverProcess {
            child,
            display: None,
            folder: folder.to_owned(),
            name,
        };
        let greeting = tokio::time::timeout(START_LIMIT, read_greeting(&mut stdout))
            .await
            .map_err(|_| {
                failed(format!(
                    "it named no port within {} s",
                    START_LIMIT.as_secs()
                ))
            })?
            .map_err(failed)?;
        greeting.check(&programs.driver)?;
        // Some drivers and their browsers go on talking, and stumble over a closed pipe.
        tokio::spawn(async move { tokio::io::copy(&mut stdout, &mut tokio::io::sink()).await });
        Ok(Self::at_port(greeting.port, process))
    }

    fn of_place(place: Place) -> Self {
        Self {
            url: place.url().clone(),
            held: Held::Place(place),
        }
    }

    /// Remembers that it gave no session, so that others are asked before it for a while.
    pub(super) fn was_refused(&self) {
        if let Held::Place(place) = &self.held {
            place.was_refused();
        }
    }

    /// Ends a session of somebody else's driver on a connection of its own, past a command that it may
    /// still be busy with. Our own driver's sessions end with its processes.
    pub(super) async fn forget(&self, session: &str) {
        if !self.is_ours() {
            let again = Client::with_existing_session(self.url.as_str(), session, self.connector());
            if let Ok(client) = again.await {
                end(&client).await;
            }
        }
    }

    /// Opens connections to it.
    pub(super) fn connector(&self) -> Connector {
        match &self.held {
            Held::Process(_) => connect::by_http(),
            Held::Place(place) => place.connector(),
        }
    }

    /// Whether its processes end with this value.
    pub(super) fn is_ours(&self) -> bool {
        matches!(self.held, Held::Process(_))
    }

    /// Whether its browser can be talked to from here.
    pub(super) fn is_on_this_machine(&self) -> bool {
        let host = self.url.host_str().unwrap_or_default();
        self.is_ours() || matches!(host, "127.0.0.1" | "localhost" | "[::1]")
    }

    /// What it is called in messages.
    pub(super) fn describe(&self) -> String {
        match &self.held {
            Held::Process(process) => process.name.to_owned(),
            Held::Place(_) => format!("the driver at {}", without_credentials(&self.url)),
        }
    }
}

impl DriverProcess {
    /// That of the display is the driver's too.
    fn group(&self) -> Option<Pid> {
        let leader = match &self.display {
            Some(display) => display.group(),
            None => self.child.id(),
        };
        leader
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw)
    }
}

/// The driver and every process that it started share its group; none outlives this value.
impl Drop for DriverProcess {
    fn drop(&mut self) {
        if let Some(display) = &mut self.display {
            display.remove_socket();
        }
        if let Some(group) = self.group() {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.try_wait();
        if let Some(display) = &mut self.display {
            display.reap();
        }
        remove_folder(&self.folder);
    }
}

/// A browser that is being killed may still write for an instant; the run's sweep gets what stays.
fn remove_folder(folder: &Path) {
    for _ in 0..3 {
        if fs::remove_dir_all(folder).is_ok() || !folder.exists() {
            return;
        }
    }
}

fn is_about_the_port(reason: &str) -> bool {
    reason.contains("port not available") || reason.contains("in use")
}

/// The scratch folder of one run, in the system's folder for such; its owner holds a lock in it.
#[derive(Debug)]
pub(crate) struct RunFolder {
    path: PathBuf,
    _lock: fs::File,
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        remove_folder(&self.path);
    }
}

impl RunFolder {
    /// Sweeps what killed runs left behind, then makes this run's folder.
    pub(crate) fn create() -> Result<Self, LaunchError> {
        let base = std::env::temp_dir();
        sweep(&base);
        Self::create_in(&base).map_err(|source| LaunchError::Scratch { path: base, source })
    }

    /// The folder gets the name that sweeps look for only once its lock is held.
    fn create_in(base: &Path) -> std::io::Result<Self> {
        let unlocked = tempfile::Builder::new()
            .prefix(UNLOCKED_PREFIX)
            .tempdir_in(base)?;
        let lock = fs::File::create(unlocked.path().join(LOCK_NAME))?;
        lock.lock()?;
        let chance = unlocked
            .path()
            .file_name()
            .unwrap_or_default()
            .to_string_lossy();
        let chance = chance.trim_start_matches(UNLOCKED_PREFIX);
        let path = base.join(format!("{SCRATCH_PREFIX}{}-{chance}", getuid().as_raw()));
        fs::rename(unlocked.path(), &path)?;
        // It is not there any more under its first name.
        let _ = unlocked.keep();
        Ok(Self { path, _lock: lock })
    }

    /// Ends every process that works in this folder, and removes what it holds, at once.
    pub(crate) fn clear(&self) {
        end_processes_naming(&self.path);
        remove_folder(&self.path);
    }

    fn subfolder(&self, number: u32) -> Result<PathBuf, LaunchError> {
        let path = self.path.join(number.to_string());
        fs::create_dir(&path)
            .map(|()| path.clone())
            .map_err(|source| LaunchError::Scratch { path, source })
    }
}

/// Ends the processes and removes the folders of our runs whose Twinshot is gone.
fn sweep(base: &Path) {
    let prefix = format!("{SCRATCH_PREFIX}{}-", getuid().as_raw());
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        let ours = entry
            .file_name()
            .to_str()
            .is_some_and(|name| name.starts_with(&prefix));
        if ours && is_abandoned(&entry.path()) {
            end_processes_naming(&entry.path());
            remove_folder(&entry.path());
        }
    }
}

/// Nobody holds the lock.
fn is_abandoned(folder: &Path) -> bool {
    let lock = fs::File::open(folder.join(LOCK_NAME));
    lock.is_ok_and(|lock| lock.try_lock().is_ok())
}

/// Kills the process groups of all processes that have the folder on their command line.
fn end_processes_naming(folder: &Path) {
    let needle = folder.to_string_lossy().into_owned();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse::<i32>().ok())
        else {
            continue;
        };
        let command = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        if !String::from_utf8_lossy(&command).contains(&needle) {
            continue;
        }
        if let Some(group) =
            Pid::from_raw(pid).and_then(|pid| rustix::process::getpgid(Some(pid)).ok())
        {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
