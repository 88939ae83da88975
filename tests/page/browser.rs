//! A chromedriver for the whole run, and its sessions. All cases share them; each gets a page of its own.

use std::{
    io::{BufRead, BufReader},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Mutex, OnceLock},
    time::Duration,
};

use fantoccini::{Client, ClientBuilder, error::CmdError, wd::WebDriverCompatibleCommand};
use hyper_util::client::legacy::connect::HttpConnector;
use rustix::process::getuid;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use url::{ParseError, Url};

use crate::{
    scripts::{self, FIND, REACH},
    server::{Site, fixture},
};

/// How long any command may take.
const LIMIT: Duration = Duration::from_secs(60);
/// As for the product's Chrome.
const FRAMES_MS: u32 = 500;
/// The name that no page can guess.
pub(crate) const NAME: &str = "twinshot-of-the-tests";

/// What all cases share.
pub(crate) struct Shared {
    runtime: Runtime,
    pub(crate) site: Site,
    driver: Driver,
    idle: Mutex<Vec<Client>>,
}

/// Ends with this process, however that ends: it reads from a pipe that is closed then, and kills its group.
struct Driver {
    url: String,
    _process: Child,
    _pipe: ChildStdin,
}

/// A session, given back when it is dropped.
pub(crate) struct Session {
    client: Option<Client>,
}

impl Shared {
    pub(crate) fn get() -> &'static Self {
        static SHARED: OnceLock<Shared> = OnceLock::new();
        SHARED.get_or_init(|| Self {
            runtime: Runtime::new().expect("a runtime"),
            site: Site::of_folder(&fixture("")),
            driver: Driver::start(),
            idle: Mutex::default(),
        })
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Client>> {
        self.idle.lock().expect("nothing panics with it")
    }
}

impl Driver {
    fn start() -> Self {
        // The shell outlives its group's end just long enough to remove the profiles.
        const SCRIPT: &str = r#"TMPDIR=$(mktemp -d); export TMPDIR; trap '' TERM
            (trap - TERM; exec "$0" --port=0) & read -r _; kill 0; wait; rm -rf "$TMPDIR""#;
        use std::os::unix::process::CommandExt;
        let driver = program("TWINSHOT_CHROMEDRIVER", &["chromedriver"]);
        let driver = driver.expect("there is no chromedriver; `make setup` brings one");
        let mut process = Command::new("sh")
            .args(["-c", SCRIPT, &driver])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("a shell");
        let pipe = process.stdin.take().expect("it is piped");
        let said = BufReader::new(process.stdout.take().expect("it is piped"));
        let port = said.lines().map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("successfully on port ")?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        let port = port.expect("chromedriver says its port");
        Self {
            url: format!("http://127.0.0.1:{port}/"),
            _process: process,
            _pipe: pipe,
        }
    }
}

/// The program that the variable names, or the first of these in `PATH`.
fn program(variable: &str, names: &[&str]) -> Option<String> {
    let named = std::env::var(variable).ok();
    named.or_else(|| {
        let path = std::env::var_os("PATH")?;
        let folders: Vec<_> = std::env::split_paths(&path).collect();
        let mut files = names
            .iter()
            .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
        let found = files.find(|file| file.is_file())?;
        Some(found.to_string_lossy().into_owned())
    })
}

fn capabilities() -> serde_json::Map<String, Value> {
    const BROWSERS: &[&str] = &[
        "chromium-headless-shell",
        "chrome-headless-shell",
        "chromium",
        "chromium-browser",
        "google-chrome-stable",
        "google-chrome",
    ];
    let mut arguments = vec![
        "--headless",
        "--disable-gpu",
        "--hide-scrollbars",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-dev-shm-usage",
        "--mute-audio",
    ];
    if getuid().is_root() {
        arguments.push("--no-sandbox");
    }
    let mut options = json!({ "args": arguments });
    if let Some(browser) = program("TWINSHOT_CHROME", BROWSERS) {
        options["binary"] = browser.into();
    }
    let all = json!({ "browserName": "chrome", "goog:chromeOptions": options });
    all.as_object().expect("an object").clone()
}

impl Session {
    /// One that is idle, or a new one.
    pub(crate) fn take() -> Self {
        let shared = Shared::get();
        let idle = shared.idle().pop();
        let client = idle.unwrap_or_else(|| {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            builder.capabilities(capabilities());
            let connected = builder.connect(&shared.driver.url);
            shared.runtime.block_on(connected).expect("a session")
        });
        Self {
            client: Some(client),
        }
    }

    fn client(&self) -> &Client {
        self.client.as_ref().expect("it is given back on drop only")
    }

    fn wait<T>(&self, command: impl Future<Output = Result<T, CmdError>>) -> Result<T, String> {
        let limited = async { tokio::time::timeout(LIMIT, command).await };
        match Shared::get().runtime.block_on(limited) {
            Ok(answer) => answer.map_err(|error| error.to_string()),
            Err(_) => Err("the browser did not answer".to_owned()),
        }
    }

    pub(crate) fn devtools(&self, command: &str, params: Value) -> Result<Value, String> {
        let body = json!({ "cmd": command, "params": params });
        self.wait(self.client().issue_cmd(Post("goog/cdp/execute", body)))
    }

    pub(crate) fn resize(&self, width: u64, height: u64, scale: f64) -> Result<(), String> {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics)
            .map(drop)
    }

    /// Lets this script run in every document from now on. What it returns takes the script away again.
    pub(crate) fn add_preload(&self, source: &str) -> Result<Value, String> {
        let script = json!({ "source": source });
        self.devtools("Page.addScriptToEvaluateOnNewDocument", script)
    }

    pub(crate) fn remove_preload(&self, added: &Value) -> Result<(), String> {
        let script = json!({ "identifier": added["identifier"] });
        self.devtools("Page.removeScriptToEvaluateOnNewDocument", script)
            .map(drop)
    }

    pub(crate) fn open(&self, url: &str) -> Result<(), String> {
        // The client's own `goto` asks the page before for its address, which a hostile one refuses.
        let url = json!({ "url": url });
        self.wait(self.client().issue_cmd(Post("url", url)))
            .map(drop)
    }

    /// What the page's own script returns or resolves to.
    pub(crate) fn in_page(&self, body: &str) -> Result<Value, String> {
        let expression = format!("(async () => {{ {body} }})()");
        self.evaluate(json!({ "expression": expression }))
    }

    /// What one of our functions gives in a world of our own, as the product calls it.
    pub(crate) fn call(&self, function: &str, argument: &Value) -> Result<Value, String> {
        let tree = self.devtools("Page.getFrameTree", json!({}))?;
        let frame = &tree["frameTree"]["frame"]["id"];
        let world = json!({ "frameId": frame, "worldName": "twinshot" });
        let world = self.devtools("Page.createIsolatedWorld", world)?;
        let library = scripts::library(NAME, FRAMES_MS);
        let expression = format!("(() => {{ {library}\nreturn ours.{function}({argument}); }})()");
        let context = &world["executionContextId"];
        self.evaluate(json!({ "expression": expression, "contextId": context }))
    }

    fn evaluate(&self, mut evaluation: Value) -> Result<Value, String> {
        evaluation["awaitPromise"] = json!(true);
        evaluation["returnByValue"] = json!(true);
        let mut answer = self.devtools("Runtime.evaluate", evaluation)?;
        match answer.get("exceptionDetails") {
            None => Ok(answer["result"]["value"].take()),
            Some(details) => Err(details["exception"]["description"].to_string()),
        }
    }

    /// What a script of a step returns, which has the functions of `find.js` and `reach.js`.
    pub(crate) fn step_script(&self, body: &str, argument: &Value) -> Result<Value, String> {
        let script = format!("{FIND}{REACH}\n{body}");
        self.wait(self.client().execute(&script, vec![argument.clone()]))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // After a failure nobody knows what the browser is busy with.
        if !std::thread::panicking() {
            Shared::get().idle().extend(self.client.take());
        }
    }
}

/// A command by the end of its path, with its body.
#[derive(Debug)]
struct Post(&'static str, Value);

impl WebDriverCompatibleCommand for Post {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        let session = session.unwrap_or_default();
        base.join(&format!("session/{session}/{}", self.0))
    }

    fn method_and_body(&self, _: &Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.1.to_string()))
    }
}
