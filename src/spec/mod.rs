//! PURE. Reads YAML text into checked flows, with diagnostics that name file, line and column. No other module
//! validates them again.

mod action;
mod allow;
mod calm;
mod expand;
mod limit;
mod login;
mod names;
pub(crate) mod raw;
mod schema;
mod selector;
mod step;
mod strictness;
mod suite;
mod viewport;

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

pub(crate) use self::{allow::AllowYaml, login::LoginYaml};
pub use self::{
    allow::{Allowance, Allowances, Suspicion},
    calm::{Clock, Settle},
    limit::{Amount, AmountError, window_limit},
    login::{Login, Sessions},
    schema::spec_schema,
    strictness::{AntialiasingRule, Threshold},
    viewport::ViewportError,
};
use crate::yaml::secrets_in;
pub use crate::yaml::{Diagnostic, Diagnostics, Location, Secrets, Source, Text, Variables};

/// The parts of the configuration that specs need.
#[derive(Debug, Clone, Default)]
pub struct SuiteSettings {
    /// The configured viewports.
    pub viewports: Vec<KnownViewport>,
    /// The configured limit.
    pub max_mismatch: MaxMismatch,
    /// The configured logins.
    pub sessions: Sessions,
}

/// A configured viewport, as specs can name it.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownViewport {
    /// For example `desktop`.
    pub name: String,
    /// Its size.
    pub viewport: Viewport,
    /// Whether it sets more than a size. A flow cannot change to such a viewport midway.
    pub is_device: bool,
}

/// All flows of a run, in the order of their files' names.
#[derive(Debug, Clone)]
pub struct Suite {
    /// The flows.
    pub flows: Vec<Flow>,
    /// Values that must not appear in any output.
    pub secrets: Secrets,
    /// The files that were read.
    pub files: Vec<SpecFile>,
}

/// A file that was read, and what was in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecFile {
    /// As in [`Location::file`].
    pub name: String,
    /// BLAKE3 in hexadecimal.
    pub digest: String,
}

impl Suite {
    /// The values of the cookies that steps set, as far as they must not be shown, wherever they came from.
    pub fn secrets_of_cookies(&self) -> Secrets {
        let steps = self.flows.iter().flat_map(|flow| {
            let login = flow.session.iter().flat_map(|login| &login.steps);
            login.chain(&flow.setup).chain(&flow.steps)
        });
        let cookies = steps.filter_map(|step| match &step.action {
            Action::Cookies { set, .. } => Some(set),
            _ => None,
        });
        let secrets = cookies.flatten();
        let secrets = secrets.flat_map(|it| secrets_in(it.name.value(), it.value.value()));
        Secrets::new(secrets)
    }
}

/// One named script.
#[derive(Debug, Clone)]
pub struct Flow {
    /// Its unique name.
    pub name: String,
    /// Where the flow is defined.
    pub location: Location,
    /// The configured viewports that it runs at; all if empty.
    pub viewports: Vec<String>,
    /// The clock of its pages; the configuration's if absent.
    pub clock: Option<Clock>,
    /// The login that it starts with.
    pub session: Option<Arc<Login>>,
    /// Steps that run first on both sides and are never photographed.
    pub setup: Vec<Step>,
    /// The photographed steps.
    pub steps: Vec<Step>,
    /// What the flow was read from.
    pub definition: Definition,
}

impl Flow {
    /// The files that its steps name.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let steps = self.setup.iter().chain(&self.steps);
        let files = steps.flat_map(|step| match &step.action {
            Action::Upload { files, .. } => files.as_slice(),
            Action::Inject(Inject::File(file)) => std::slice::from_ref(file),
            _ => &[],
        });
        files.map(PathBuf::as_path)
    }
}

/// What a flow was read from. Equal definitions mean that two flows do the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Definition {
    /// BLAKE3 of its file and of every fragment, in hexadecimal.
    pub digest: String,
    /// The variables that it uses, except for secret ones.
    pub variables: BTreeMap<String, String>,
    /// Whether it also uses secret ones.
    pub has_secrets: bool,
}

/// One action of a flow, and the picture taken after it.
#[derive(Debug, Clone)]
pub struct Step {
    /// The action.
    pub action: Action,
    /// The label for people, for example `click #move-source`.
    pub label: String,
    /// Where the step is in its file.
    pub location: Location,
    /// How long its waits may take; the configuration's `timeout` when absent.
    pub timeout: Option<Duration>,
    /// The picture taken after it.
    pub shot: Option<Shot>,
}

/// A picture to take, and how it is compared.
#[derive(Debug, Clone)]
pub struct Shot {
    /// Its name, unique in its flow.
    pub name: String,
    /// How much of the page it shows.
    pub area: Area,
    /// A viewport for this picture only.
    pub viewport: Option<Viewport>,
    /// Elements that are painted over on both sides: first those that only the flow names, then those of the step.
    pub masks: Vec<Target>,
    /// How many of the masks only the flow names. Each of these need not match in every picture.
    pub flow_masks: usize,
    /// Overrides the configured threshold.
    pub threshold: Option<Threshold>,
    /// Overrides the configured limit.
    pub max_mismatch: Option<MaxMismatch>,
    /// The expected difference, if any.
    pub at_least: AtLeast,
    /// What is settled before the picture; the configuration's where absent.
    pub settle: Settle,
    /// The suspicions that it allows, in addition to the configuration's.
    pub allow: Allowances,
}

/// How much of the page a shot shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Area {
    /// The whole page, however tall. If several boxes of it scroll, `scroller` is the one that shows all it holds.
    Page {
        /// The box that holds the page; found by itself if absent.
        scroller: Option<Target>,
    },
    /// What the viewport shows.
    Viewport,
    /// One element's border box.
    Element(Target),
}

impl Area {
    /// The whole page, whatever scrolls in it.
    pub const PAGE: Self = Self::Page { scroller: None };
}

/// How to find one element: alternatives, tried in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// At least one.
    pub alternatives: Vec<Selector>,
    /// The selector as written, for people.
    pub source: String,
}

/// One way to find an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// CSS. If there are several parts, each but the last is a shadow host (`host >>> inside`).
    Css(Vec<String>),
    /// The innermost element whose trimmed, space-collapsed text is exactly this (`text=…`).
    Text(String),
    /// `xpath=…`.
    XPath(String),
}

/// CSS width × height at a device pixel ratio, written `1400x1000` or `390x844@2`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Viewport {
    /// CSS pixels.
    pub width: u32,
    /// CSS pixels.
    pub height: u32,
    /// Device pixels for one CSS pixel.
    pub scale: f64,
}

/// How much of one shot may mismatch. All given limits must hold; if there is none, nothing may mismatch.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct MaxMismatch {
    /// Pixels.
    pub pixels: Option<u64>,
    /// Mismatched pixels per pixel of the union canvas, 0 to 1.
    pub ratio: Option<f64>,
    /// Pixels in any window of 32 × 32.
    pub window: Option<u64>,
}

/// How much of one shot must mismatch because a difference is expected. All given amounts must be reached.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct AtLeast {
    /// Pixels.
    pub pixels: Option<u64>,
    /// Mismatched pixels per pixel of the union canvas, 0 to 1.
    pub ratio: Option<f64>,
}

/// How much a shot may differ and how much it must.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Limits {
    /// The most.
    pub max_mismatch: MaxMismatch,
    /// The least. If no most is set, it is the only limit.
    pub at_least: AtLeast,
}

/// What a step does. The names are those in YAML.
#[derive(Debug, Clone)]
pub enum Action {
    /// Loads a page of the environment.
    Goto {
        /// Relative to the environment's URL, or absolute.
        url: Text,
        /// The expected HTTP status; any below 400 if absent.
        status: Option<u16>,
        /// A foreign host (`name` or `name:port`) on which the navigation may end.
        host: Option<Text>,
    },
    /// One page back in the session's history.
    Back,
    /// One page forward.
    Forward,
    /// Loads the page again.
    Refresh,
    /// A real click on the element's centre.
    Click(Target),
    /// A double click on the element's centre.
    DoubleClick(Target),
    /// Moves the pointer over the element.
    Hover(Target),
    /// Moves the pointer there and presses its button down.
    MouseDown(Target),
    /// Releases the button, over the element when one is given.
    MouseUp(Option<Target>),
    /// Selects and replaces what the field contains, with key events. An empty text clears it.
    Type {
        /// The field.
        into: Target,
        /// The text to type.
        text: Text,
        /// Keeps what the field contains and types at its end.
        append: bool,
    },
    /// Sets the value directly: with `input` and `change` events, without key events.
    Insert {
        /// The field.
        into: Target,
        /// The new value.
        text: Text,
    },
    /// Empties a field.
    Clear(Target),
    /// Presses keys, for example `Enter` or `Control+a`, on an element or where the focus is.
    Press {
        /// Chords, pressed one after the other; each is a list of key names held together.
        keys: Vec<Vec<String>>,
        /// The element that gets the focus first.
        on: Option<Target>,
    },
    /// Clicks a check box or radio button that is not checked.
    Check(Target),
    /// Clicks a check box that is checked.
    Uncheck(Target),
    /// Chooses options of a `<select>` by value or, failing that, by visible text.
    Select {
        /// The `<select>`.
        from: Target,
        /// Values or visible texts; several for a multiple select.
        options: Vec<Text>,
    },
    /// Gives files to an `<input type=file>`.
    Upload {
        /// The input.
        into: Target,
        /// Files, resolved against the spec file's folder.
        files: Vec<PathBuf>,
    },
    /// Presses on one element, moves, and releases on another or at an offset.
    Drag {
        /// The dragged element.
        from: Target,
        /// The target of the drag.
        to: DragTo,
    },
    /// Scrolls the page or an element in it, at once.
    Scroll(Scroll),
    /// Changes the viewport for the rest of the flow.
    Viewport(Viewport),
    /// Waits.
    Wait(Wait),
    /// Runs a script in the page. A promise is awaited; an error fails the step.
    Evaluate {
        /// The body of a function; `arguments` holds `args`.
        script: Text,
        /// JSON values.
        args: Vec<serde_json::Value>,
    },
    /// Adds a script or a style sheet to the page.
    Inject(Inject),
    /// Sets, deletes or clears cookies of the page's host.
    Cookies {
        /// Deletes all cookies first.
        clear: bool,
        /// Deletes these first.
        delete: Vec<Text>,
        /// Sets these.
        set: Vec<Cookie>,
    },
    /// Enters or leaves a frame.
    Frame(Frame),
    /// Switches to another window or closes this one.
    Window(Window),
    /// Answers an open dialog of the browser (alert, confirm, prompt).
    Dialog {
        /// OK, or Cancel.
        accept: bool,
        /// The text to type into a prompt.
        text: Option<Text>,
    },
    /// Expectations. Each one that does not hold fails the shot.
    Expect(Vec<Expectation>),
}

impl Action {
    /// The HTTP status that an `expect` step expects.
    pub(crate) fn expected_status(&self) -> Option<u16> {
        let Self::Expect(expectations) = self else {
            return None;
        };
        expectations
            .iter()
            .find_map(|expectation| match expectation {
                Expectation::Status(status) => Some(*status),
                _ => None,
            })
    }
}

/// Where a drag ends.
#[derive(Debug, Clone)]
pub enum DragTo {
    /// The middle of an element.
    Element(Target),
    /// CSS pixels from where the drag started.
    Offset {
        /// To the right.
        x: i32,
        /// Downwards.
        y: i32,
    },
}

/// Where to scroll.
#[derive(Debug, Clone)]
pub enum Scroll {
    /// Until the element is in the middle of the viewport.
    IntoView(Target),
    /// To a position in CSS pixels, of the page or of a scrolling element.
    To {
        /// The scrolling element; the page when absent.
        within: Option<Target>,
        /// From the left.
        x: u32,
        /// From the top.
        y: u32,
    },
    /// To the top of the page.
    Top,
    /// To the bottom of the page.
    Bottom,
}

/// What to wait for. Everything except `Duration` ends at the step's timeout.
#[derive(Debug, Clone)]
pub enum Wait {
    /// A time.
    Duration(Duration),
    /// All of these at once.
    Until(Vec<Condition>),
}

/// One condition of a `wait`.
#[derive(Debug, Clone)]
pub enum Condition {
    /// An element exists and is visible.
    Visible(Target),
    /// An element exists and is not visible, or is gone.
    Hidden(Target),
    /// No element exists.
    Gone(Target),
    /// The page's visible text contains this.
    Text(Text),
    /// The URL contains this or, if it has a `*`, matches it.
    Url(Text),
    /// The expression's value is true.
    Js(Text),
}

/// One expectation of an `expect`.
#[derive(Debug, Clone)]
pub enum Expectation {
    /// An element exists.
    Exists(Target),
    /// An element is visible.
    Visible(Target),
    /// This many elements exist.
    Count {
        /// Which.
        of: Target,
        /// How many.
        equals: u32,
    },
    /// The text (of an element, or of the page) contains this.
    Text {
        /// The element; the page's body when absent.
        of: Option<Target>,
        /// The text, spaces collapsed.
        contains: Text,
    },
    /// The title is this.
    Title(Text),
    /// The URL, relative to the environment's base URL, is this; `*` matches anything.
    Url(Text),
    /// The URL's path is this; `*` matches anything.
    Path(Text),
    /// The document's HTTP status is this.
    Status(u16),
}

/// What `inject` adds.
#[derive(Debug, Clone)]
pub enum Inject {
    /// JavaScript source.
    Js(Text),
    /// A style sheet.
    Css(Text),
    /// A file, resolved against the spec file's folder. The extension (`.js` or `.css`) tells which kind it is.
    File(PathBuf),
}

/// A cookie to set.
#[derive(Debug, Clone)]
pub struct Cookie {
    /// Its name.
    pub name: Text,
    /// Its value.
    pub value: Text,
    /// `/` when absent.
    pub path: Option<Text>,
    /// The page's host when absent.
    pub domain: Option<Text>,
    /// Only sent over https.
    pub secure: bool,
    /// Not visible to scripts.
    pub http_only: bool,
}

/// Which frame the following steps act in.
#[derive(Debug, Clone)]
pub enum Frame {
    /// A frame of the current one.
    Enter(Target),
    /// The frame around the current one.
    Parent,
    /// The page itself.
    Top,
}

/// Which window the following steps act in.
#[derive(Debug, Clone)]
pub enum Window {
    /// The last opened window.
    Newest,
    /// The window in which the flow started.
    First,
    /// The one whose title or URL contains this.
    Matching(Text),
    /// Closes the current one and goes back to the first.
    Close,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

impl fmt::Display for Viewport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)?;
        if self.scale != 1.0 {
            write!(f, "@{}", self.scale)?;
        }
        Ok(())
    }
}
