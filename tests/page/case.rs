//! One case: a page, and what is done with it in which order.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    browser::{NAME, Session, Shared},
    expected::mismatch,
    scripts::{self, NEAREST_TEXTS, Scrollbars},
    server::fixture,
};

/// The seed of the page's random numbers, if it has a clock.
const SEED: u32 = 0x5eed;
/// How the case stands in its page.
const OPENING: &str = "<script type=\"application/json\" id=\"case\">";

/// A page and its steps.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// Width and height.
    #[serde(default = "desktop")]
    viewport: (u64, u64),
    /// The browser shows scrollbars, as WebKit.
    #[serde(default)]
    with_scrollbars: bool,
    /// The time of the page's clock.
    clock: Option<u64>,
    /// What a login stored, by origin. `$ORIGIN` is the page's.
    storage: Option<BTreeMap<String, BTreeMap<String, String>>>,
    /// The file of the same folder in which the opposite holds.
    twin: Option<String>,
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Step {
    /// One of our functions.
    Call {
        call: String,
        #[serde(default)]
        with: Value,
        gives: Value,
    },
    /// One of our functions that must throw an error with these words.
    Refused {
        call: String,
        #[serde(default)]
        with: Value,
        throws: String,
    },
    /// A script of the page.
    Page {
        page: String,
        #[serde(default)]
        gives: Value,
    },
    /// Milliseconds.
    Wait { wait: u64 },
    /// Width and height of the window.
    Resize { resize: (u64, u64) },
    /// Loads the page again.
    Reload { reload: () },
}

fn desktop() -> (u64, u64) {
    (800, 600)
}

/// Runs every case of a folder, and panics with what was wrong in which.
pub(crate) fn run_folder(folder: &str) {
    let mut files: Vec<PathBuf> = fs::read_dir(fixture(folder))
        .unwrap_or_else(|error| panic!("{folder}: {error}"))
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "html")
        })
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{folder} has no case");
    let session = Session::take();
    let wrong: Vec<String> = files
        .iter()
        .filter_map(|file| {
            let name = format!("{folder}/{}", file.file_name()?.to_string_lossy());
            let error = run(&session, &name, file).err()?;
            Some(format!("{name}: {error}"))
        })
        .collect();
    // What fails here says nothing about the browser.
    drop(session);
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

fn run(session: &Session, name: &str, file: &Path) -> Result<(), String> {
    let site = Shared::get().site.url();
    let case = read(file, &site)?;
    session.resize(case.viewport.0, case.viewport.1, 1.0)?;
    let preload = session.add_preload(&case.preload())?;
    let done = case.run(session, &format!("{site}/{name}"));
    session.remove_preload(&preload)?;
    done
}

fn read(file: &Path, origin: &str) -> Result<Case, String> {
    let page = fs::read_to_string(file).map_err(|error| error.to_string())?;
    let (_, rest) = page.split_once(OPENING).ok_or("there is no case in it")?;
    let (text, _) = rest.split_once("</script>").ok_or("its case has no end")?;
    let text = text.replace("$ORIGIN", origin);
    let case: Case = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    match &case.twin {
        Some(twin) if !file.with_file_name(twin).is_file() => {
            Err(format!("there is no twin `{twin}`"))
        }
        _ => Ok(case),
    }
}

impl Case {
    fn run(&self, session: &Session, url: &str) -> Result<(), String> {
        session.open(url)?;
        for (number, step) in self.steps.iter().enumerate() {
            let done = step.run(session, url);
            done.map_err(|error| format!("step {}: {error}", number + 1))?;
        }
        Ok(())
    }

    fn preload(&self) -> String {
        let scrollbars = if self.with_scrollbars {
            Scrollbars::HiddenByScript
        } else {
            Scrollbars::HiddenByBrowser
        };
        let mut script = scripts::preload(NAME, scrollbars);
        if let Some(time) = self.clock {
            script.push_str(&scripts::clock(NAME, time, SEED));
        }
        if let Some(storage) = &self.storage {
            script.push_str(&scripts::login_state(NAME, &storage.iter().collect()));
        }
        script
    }
}

impl Step {
    fn run(&self, session: &Session, url: &str) -> Result<(), String> {
        match self {
            Self::Call { call, with, gives } => agree(gives, &call_ours(session, call, with)?),
            Self::Refused { call, with, throws } => match call_ours(session, call, with) {
                Err(error) if error.contains(throws.as_str()) => Ok(()),
                Err(error) => Err(format!("threw {error}, expected {throws}")),
                Ok(found) => Err(format!("gave {found}, expected the error {throws}")),
            },
            Self::Page { page, gives } => agree(gives, &session.in_page(page)?),
            Self::Wait { wait } => {
                thread::sleep(Duration::from_millis(*wait));
                Ok(())
            }
            Self::Resize { resize } => session.resize(resize.0, resize.1, 1.0),
            Self::Reload { reload: () } => session.open(url),
        }
    }
}

fn agree(expected: &Value, found: &Value) -> Result<(), String> {
    mismatch(expected, found).map_or(Ok(()), Err)
}

fn call_ours(session: &Session, function: &str, with: &Value) -> Result<Value, String> {
    // Elements are told by their ids.
    let body = match function {
        "findAll" => {
            "return findAll(arguments[0]).map((element) => element.id || element.localName);"
        }
        "findOne" => {
            "const found = findOne(arguments[0]); return found && [found.id, canBeSeen(found)];"
        }
        "pageText" => "return pageText();",
        "nearestTexts" => {
            let body = format!("{NEAREST_TEXTS}\nreturn nearestTexts(arguments[0]);");
            return session.step_script(&body, with);
        }
        "boxState" => "return boxState(findOne([{ css: [arguments[0]] }]));",
        "hindranceOf" => {
            "return hindranceOf(findOne([{ css: [arguments[0].of] }]), arguments[0].kind);"
        }
        "reach" => REACH_CALL,
        "reachBoth" => REACH_BOTH_CALL,
        _ => return session.call(function, &argument(function, with)),
    };
    session.step_script(body, with)
}

/// `with` is the options, and the target as `of`. The point is told from the one to which WebDriver moves the pointer.
const REACH_CALL: &str = "return (async () => {
    const { of, ...options } = arguments[0];
    const found = await reach(findOne([{ css: [of] }]), options);
    const where = ({ element, x, y, plain }) => ({ on: element.id, x, y, plain });
    return found.free ? { free: where(found.free) } : found; })();";
const REACH_BOTH_CALL: &str = "return (async () => {
    const [from, to] = arguments[0].map((css) => findOne([{ css: [css] }]));
    const found = await reachBoth(from, to);
    return found.free ? { free: found.free.map(({ element }) => element.id) } : found; })();";

/// What the case does not say is as in a flow that says nothing.
pub(crate) fn argument(function: &str, with: &Value) -> Value {
    let mut argument = match function {
        "settle" => json!({ "budget": 5000, "wholePage": false, "hurry": false, "mustDraw": true }),
        "hasRested" => json!({ "wholePage": false }),
        "scrollThrough" => json!({ "limit": 20_000 }),
        "hold" | "letGo" => json!({}),
        _ => return with.clone(),
    };
    argument["parts"] =
        json!({ "animations": true, "fonts": true, "images": true, "requests": true });
    for (key, value) in with.as_object().into_iter().flatten() {
        match value.as_object() {
            Some(parts) => {
                for (part, is_on) in parts {
                    argument[key][part] = is_on.clone();
                }
            }
            None => argument[key] = value.clone(),
        }
    }
    argument
}
