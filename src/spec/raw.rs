//! The shape of a spec file, as serde reads it and as the JSON Schema describes it. Nothing is checked here
//! but names and types.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{allow::AllowYaml, calm::Settle, strictness::Threshold};
use crate::yaml::read::{Entries, Held, ListOrEntries, Nothing, Place, TextOr, Texts, TextsOr};

/// A spec file: one flow or one fragment.
#[derive(JsonSchema)]
#[schemars(untagged, title = "Twinshot spec")]
#[expect(
    dead_code,
    reason = "only its schema is used; the file's first key says which of the two is read"
)]
pub(super) enum SpecYaml {
    /// A script that runs on both sides.
    Flow(Box<FlowYaml>),
    /// Steps that flows share with `use`.
    Fragment(FragmentYaml),
}

/// A selector (CSS, `text=…` or `xpath=…`; ` >>> ` pierces a shadow root), or a list of alternatives that
/// are tried in order.
pub(super) type TargetYaml = Place<Texts>;

/// A script that runs on both sides; each of its steps is followed by a picture.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Flow")]
pub(super) struct FlowYaml {
    /// The flow's unique name.
    pub(super) flow: Place<String>,
    /// Names of the configured viewports it runs at; all when absent.
    pub(super) viewports: Option<Place<Vec<Place<String>>>>,
    /// The name of a session of twinshot.yaml, whose login the flow begins with.
    pub(super) session: Option<Place<String>>,
    /// Runs first on both sides and is never photographed.
    pub(super) setup: Option<Place<Vec<Held<StepYaml>>>>,
    /// The photographed steps.
    pub(super) steps: Place<Vec<Held<StepYaml>>>,
    /// Elements painted over in every picture of the flow: a selector or a list of them.
    pub(super) mask: Option<Place<Texts>>,
    /// Colour distance, 0 to 1, above which one pixel is mismatched, or `auto`.
    pub(super) threshold: Option<Place<Threshold>>,
    /// How much of one picture may mismatch: pixels (`12`), a ratio (`"0.2%"`), or a map of limits.
    pub(super) max_mismatch: Option<Place<TextOr<LimitYaml>>>,
    /// How much of each picture must mismatch, because a change is expected: pixels, a ratio, or both.
    pub(super) at_least: Option<Place<TextOr<AtLeastYaml>>>,
    /// Which parts of settling the page are done before its pictures.
    pub(super) settle: Option<Settle>,
    /// Suspicions that its pictures may raise, each with the reason.
    pub(super) allow: Option<Place<AllowYaml>>,
    /// `fixed` (every page's time begins when the flow did), `off`, or the moment at which it begins.
    pub(super) clock: Option<Place<String>>,
    /// How long each wait may take, for example `10s`.
    pub(super) timeout: Option<Place<String>>,
}

/// Steps that flows share with `use`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Fragment")]
pub(super) struct FragmentYaml {
    /// The fragment's unique name.
    pub(super) fragment: Place<String>,
    /// Names that each `use` must give a value `with`.
    pub(super) params: Option<Place<Vec<Place<String>>>>,
    /// What stands in place of the `use`.
    pub(super) steps: Place<Vec<Held<StepYaml>>>,
}

macro_rules! step {
    ($($(#[$note:meta])* $action:ident: $kind:ty,)*) => {
        /// One action and the options of the picture taken after it.
        #[derive(Debug, Default, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        #[schemars(rename = "Step", extend("minProperties" = 1))]
        pub(super) struct StepYaml {
            $($(#[$note])* pub(super) $action: Option<Place<$kind>>,)*
            /// The picture's name, `false` for no picture, or a map for the details.
            pub(super) shot: Option<Place<ShotOr>>,
            /// Elements painted over in this picture: a selector or a list of them.
            pub(super) mask: Option<Place<Texts>>,
            /// Colour distance, 0 to 1, above which one pixel is mismatched, or `auto`.
            pub(super) threshold: Option<Place<Threshold>>,
            /// How much of the picture may mismatch: pixels (`12`), a ratio (`"0.2%"`), or a map of limits.
            pub(super) max_mismatch: Option<Place<TextOr<LimitYaml>>>,
            /// How much of the picture must mismatch, because a change is expected: pixels, a ratio, or both.
            pub(super) at_least: Option<Place<TextOr<AtLeastYaml>>>,
            /// Suspicions that this picture may raise, each with the reason.
            pub(super) allow: Option<Place<AllowYaml>>,
            /// How long this step may wait, for example `10s`.
            pub(super) timeout: Option<Place<String>>,
            /// The values of a fragment's parameters; only beside `use`.
            pub(super) with: Option<Place<Entries<String>>>,
        }

        impl StepYaml {
            /// The nodes of the actions that were given, in the order of the file.
            pub(super) fn actions(&self) -> Vec<usize> {
                let mut ids = Vec::new();
                $(ids.extend(self.$action.as_ref().map(|place| place.id));)*
                ids.sort_unstable();
                ids
            }
        }

        /// The names of all actions.
        pub(super) const ACTIONS: &[&str] = &[$(action_name(stringify!($action))),*];
    };
}

/// `r#type` is `type` in YAML.
const fn action_name(field: &str) -> &str {
    match field.as_bytes() {
        [b'r', b'#', ..] => field.split_at(2).1,
        _ => field,
    }
}

/// What may stand beside an action.
pub(super) const OPTIONS: &[&str] = &[
    "shot",
    "mask",
    "threshold",
    "max_mismatch",
    "at_least",
    "allow",
    "timeout",
    "with",
];

/// Actions that may stand alone, without a colon.
pub(super) const BARE: &[&str] = &["back", "forward", "refresh", "mouse_up"];

step! {
    /// Loads a page: `/path`, or a map.
    goto: TextOr<GotoYaml>,
    /// One page back in the history.
    back: Nothing,
    /// One page forward.
    forward: Nothing,
    /// Loads the page again.
    refresh: Nothing,
    /// Clicks the middle of an element.
    click: Texts,
    /// Clicks it twice.
    double_click: Texts,
    /// Moves the pointer over an element.
    hover: Texts,
    /// Moves the pointer there and presses its button down.
    mouse_down: Texts,
    /// Releases the button, over an element when one is given.
    mouse_up: Option<Texts>,
    /// Types a text into a field, replacing what it holds.
    r#type: TypeYaml,
    /// Sets a field's value at once, without key events.
    insert: InsertYaml,
    /// Empties a field.
    clear: Texts,
    /// Presses keys: `Enter`, `Control+a`, a list of them, or a map.
    press: TextsOr<PressYaml>,
    /// Checks a check box or radio button.
    check: Texts,
    /// Unchecks a check box.
    uncheck: Texts,
    /// Chooses options of a `<select>`.
    select: SelectYaml,
    /// Gives files to a file input.
    upload: UploadYaml,
    /// Drags an element onto another or by an offset.
    drag: DragYaml,
    /// Scrolls: `top`, `bottom`, a selector, or a position.
    scroll: TextsOr<ScrollYaml>,
    /// Changes the viewport for the rest of the flow: `1400x1000`, `390x844@2` or a configured name.
    viewport: String,
    /// Waits: a time (`500ms`), a selector, or a map of conditions.
    wait: TextsOr<WaitYaml>,
    /// Runs a script in the page.
    evaluate: TextOr<EvaluateYaml>,
    /// Adds a script or a style sheet to the page.
    inject: InjectYaml,
    /// Sets, deletes or clears cookies.
    cookies: TextOr<CookiesYaml>,
    /// Goes into a frame (a selector), or to `parent` or `top`.
    frame: Texts,
    /// Goes to the `newest` or `first` window, closes this one (`close`), or goes to the one whose title or
    /// URL contains the text.
    window: String,
    /// Answers an open dialog: `accept`, `dismiss`, or a map.
    dialog: TextOr<DialogYaml>,
    /// What must be so.
    expect: ExpectYaml,
    /// Inserts the steps of a fragment.
    r#use: String,
}

impl StepYaml {
    /// The timeout inside a `wait`.
    pub(super) fn wait_timeout(&self) -> Option<&Place<String>> {
        match &self.wait.as_ref()?.value {
            TextsOr::Map(wait) => wait.timeout.as_ref(),
            TextsOr::Texts(_) => None,
        }
    }
}

/// A shot's name, `false` for none, or its details.
pub(super) type ShotOr = TextOr<ShotYaml>;

/// The details of a picture.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Shot")]
pub(super) struct ShotYaml {
    /// Its name, unique in the flow.
    pub(super) name: Option<Place<String>>,
    /// `page` (default), `viewport`, the selector of one element, or a map.
    pub(super) area: Option<Place<TextsOr<AreaYaml>>>,
    /// A viewport for this picture only: a size or a configured name.
    pub(super) viewport: Option<Place<String>>,
    /// Elements painted over: a selector or a list of them.
    pub(super) mask: Option<Place<Texts>>,
    /// Colour distance, 0 to 1, above which one pixel is mismatched, or `auto`.
    pub(super) threshold: Option<Place<Threshold>>,
    /// How much of the picture may mismatch.
    pub(super) max_mismatch: Option<Place<TextOr<LimitYaml>>>,
    /// How much of the picture must mismatch, because a change is expected.
    pub(super) at_least: Option<Place<TextOr<AtLeastYaml>>>,
    /// Which parts of settling the page are done before it.
    pub(super) settle: Option<Settle>,
}

/// The whole page, when one of several boxes that scroll holds it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Area")]
pub(super) struct AreaYaml {
    /// The selector of the box that shows all that it holds.
    pub(super) scroll: TargetYaml,
}

/// How much of a picture may mismatch; all limits that are given must hold.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MaxMismatch")]
pub(crate) struct LimitYaml {
    /// Pixels.
    pub(super) pixels: Option<Place<u64>>,
    /// A ratio with a percent sign: `"0.1%"`.
    pub(super) ratio: Option<Place<String>>,
    /// Pixels in any window of 32 × 32, at most 1023.
    pub(super) window: Option<Place<u64>>,
}

/// How much of a picture must mismatch; all that is given must be reached.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AtLeast")]
pub(super) struct AtLeastYaml {
    /// Pixels.
    pub(super) pixels: Option<Place<u64>>,
    /// A ratio with a percent sign: `"0.1%"`.
    pub(super) ratio: Option<Place<String>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Goto")]
pub(super) struct GotoYaml {
    /// A path of the environment, or a whole URL.
    pub(super) url: Place<String>,
    /// The expected HTTP status; any below 400 when absent.
    pub(super) status: Option<Place<u16>>,
    /// A foreign host (`name` or `name:port`) that the page may end on.
    pub(super) host: Option<Place<String>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Type")]
pub(super) struct TypeYaml {
    /// The field.
    pub(super) into: TargetYaml,
    /// What is typed.
    pub(super) text: Place<String>,
    /// Keeps what the field holds.
    #[serde(default)]
    pub(super) append: bool,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Insert")]
pub(super) struct InsertYaml {
    /// The field.
    pub(super) into: TargetYaml,
    /// The new value.
    pub(super) text: Place<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Press")]
pub(super) struct PressYaml {
    /// `Enter`, `Control+a`, or a list of them.
    pub(super) keys: Place<Texts>,
    /// The element that gets the focus first.
    pub(super) on: Option<TargetYaml>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Select")]
pub(super) struct SelectYaml {
    /// The `<select>`.
    pub(super) from: TargetYaml,
    /// A value or visible text, or a list of them.
    pub(super) option: Place<Texts>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Upload")]
pub(super) struct UploadYaml {
    /// The `<input type=file>`.
    pub(super) into: TargetYaml,
    /// A file, or a list of them, relative to this spec.
    pub(super) file: Place<Texts>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Drag")]
pub(super) struct DragYaml {
    /// What is dragged.
    pub(super) from: TargetYaml,
    /// A selector, or an offset.
    pub(super) to: Place<TextsOr<OffsetYaml>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Offset")]
pub(super) struct OffsetYaml {
    /// CSS pixels to the right.
    pub(super) x: i32,
    /// CSS pixels downwards.
    pub(super) y: i32,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Scroll")]
pub(super) struct ScrollYaml {
    /// The scrolling element; the page when absent.
    pub(super) within: Option<TargetYaml>,
    /// CSS pixels from the left.
    #[serde(default)]
    pub(super) x: u32,
    /// CSS pixels from the top.
    #[serde(default)]
    pub(super) y: u32,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Wait")]
pub(crate) struct WaitYaml {
    /// An element can be seen.
    pub(super) visible: Option<TargetYaml>,
    /// An element cannot be seen, or is gone.
    pub(super) hidden: Option<TargetYaml>,
    /// No such element is there.
    pub(super) gone: Option<TargetYaml>,
    /// The page's visible text contains this.
    pub(super) text: Option<Place<String>>,
    /// The URL contains this; `*` stands for anything.
    pub(super) url: Option<Place<String>>,
    /// The expression is true.
    pub(super) js: Option<Place<String>>,
    /// How long this may take.
    pub(super) timeout: Option<Place<String>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Evaluate")]
pub(super) struct EvaluateYaml {
    /// The body of a function; `arguments` holds `args`.
    pub(super) script: Place<String>,
    /// JSON values.
    pub(super) args: Option<Place<Vec<serde_json::Value>>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Inject", extend("minProperties" = 1, "maxProperties" = 1))]
pub(super) struct InjectYaml {
    /// JavaScript source.
    pub(super) js: Option<Place<String>>,
    /// A style sheet.
    pub(super) css: Option<Place<String>>,
    /// A `.js` or `.css` file, relative to this spec.
    pub(super) file: Option<Place<String>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Cookies")]
pub(super) struct CookiesYaml {
    /// Deletes all of them first.
    #[serde(default)]
    pub(super) clear: bool,
    /// Names of cookies to delete.
    pub(super) delete: Option<Place<Texts>>,
    /// Cookies to set: a list, or a map from names to values.
    pub(super) set: Option<Place<ListOrEntries<CookieYaml>>>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Cookie")]
pub(super) struct CookieYaml {
    /// Its name.
    pub(super) name: Place<String>,
    /// Its value.
    pub(super) value: Place<String>,
    /// `/` when absent.
    pub(super) path: Option<Place<String>>,
    /// The page's host when absent.
    pub(super) domain: Option<Place<String>>,
    /// Only sent over https.
    #[serde(default)]
    pub(super) secure: bool,
    /// Not visible to scripts.
    #[serde(default)]
    pub(super) http_only: bool,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Dialog")]
pub(super) struct DialogYaml {
    /// What is typed into the prompt before OK.
    pub(super) accept: Place<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Expect", extend("minProperties" = 1))]
pub(super) struct ExpectYaml {
    /// An element is there.
    pub(super) exists: Option<TargetYaml>,
    /// An element can be seen.
    pub(super) visible: Option<TargetYaml>,
    /// So many elements are there.
    pub(super) count: Option<Place<CountYaml>>,
    /// The page's text, or an element's, contains this.
    pub(super) text: Option<Place<TextOr<ContainsYaml>>>,
    /// The title is this.
    pub(super) title: Option<Place<String>>,
    /// The URL is this; `*` stands for anything.
    pub(super) url: Option<Place<String>>,
    /// The URL's path is this; `*` stands for anything.
    pub(super) path: Option<Place<String>>,
    /// The document's HTTP status is this.
    pub(super) status: Option<Place<u16>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Count")]
pub(super) struct CountYaml {
    /// Which elements.
    pub(super) of: Option<TargetYaml>,
    /// The same as `of`.
    pub(super) selector: Option<TargetYaml>,
    /// How many.
    pub(super) equals: u32,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Contains")]
pub(super) struct ContainsYaml {
    /// The element; the page's body when absent.
    pub(super) of: Option<TargetYaml>,
    /// The text, spaces collapsed.
    pub(super) contains: Place<String>,
}
