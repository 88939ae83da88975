//! Reads one raw step into a checked action and its label.

use url::Url;

use super::{
    Action, Area, Condition, Cookie, DragTo, Expectation, Frame, Inject, KnownViewport, Scroll,
    SuiteSettings, Target, Viewport, Wait, Window,
    raw::{
        AreaYaml, CookiesYaml, DialogYaml, DragYaml, EvaluateYaml, ExpectYaml, GotoYaml,
        InjectYaml, PressYaml, ScrollYaml, StepYaml, WaitYaml,
    },
};
use crate::yaml::{
    Diagnostic, Text,
    address::is_host,
    diagnostic::{did_you_mean, is_unprintable, listed},
    read::{ListOrEntries, Place, TextOr, Texts, TextsOr, suggestion},
    reader::{Reader, parse_duration},
    tree::NodeId,
};

/// Longer labels are cut. Labels become names of shots, so there must be room for a number.
const LABEL_CHARS: usize = 80;
const LABEL_BYTES: usize = 180;

/// W3C names of keys beside single characters.
const KEYS: &[&str] = &[
    "Enter",
    "Tab",
    "Escape",
    "Backspace",
    "Delete",
    "Insert",
    "ArrowUp",
    "ArrowDown",
    "ArrowLeft",
    "ArrowRight",
    "Home",
    "End",
    "PageUp",
    "PageDown",
    "F1",
    "F2",
    "F3",
    "F4",
    "F5",
    "F6",
    "F7",
    "F8",
    "F9",
    "F10",
    "F11",
    "F12",
    "Space",
    "Shift",
    "Control",
    "Alt",
    "Meta",
];

/// An action, and the part of its label after the action's name.
type Named = (Action, String);

/// An action that needs only an element.
type OnTarget = fn(Target) -> Action;

/// Reads actions from the values of a file and from the configuration.
#[derive(Clone, Copy)]
pub(super) struct Actions<'a> {
    pub(super) reader: Reader<'a>,
    pub(super) settings: &'a SuiteSettings,
}

/// Every action but `use`, and its label. The caller made sure that there is exactly one.
pub(super) fn lower(
    actions: Actions<'_>,
    step: &StepYaml,
    name: &str,
) -> Result<(Action, String), Diagnostic> {
    let lowered = actions.pointer(step);
    let lowered = lowered.or_else(|| actions.input(step));
    let lowered = lowered.or_else(|| actions.page(step));
    let (action, about) = lowered.unwrap_or(Ok((plain(name), String::new())))?;
    Ok((action, label(name, &about)))
}

/// The actions without a value.
fn plain(name: &str) -> Action {
    match name {
        "back" => Action::Back,
        "forward" => Action::Forward,
        "mouse_up" => Action::MouseUp(None),
        _ => Action::Refresh,
    }
}

/// `click #move-source`, on one line and short.
pub(super) fn label(name: &str, about: &str) -> String {
    let words = about.split_whitespace().collect::<Vec<_>>().join(" ");
    let label = format!("{name} {words}");
    let label: String = label
        .trim()
        .chars()
        .filter(|c| !is_unprintable(*c))
        .collect();
    if label.chars().count() <= LABEL_CHARS && label.len() <= LABEL_BYTES {
        return label;
    }
    let ends = label.char_indices().map(|(at, c)| at + c.len_utf8());
    let end = ends
        .take(LABEL_CHARS - 1)
        .take_while(|end| *end < LABEL_BYTES - 3)
        .last();
    format!("{}…", &label[..end.unwrap_or(0)])
}

impl Actions<'_> {
    /// Actions of the pointer.
    fn pointer(self, step: &StepYaml) -> Option<Result<Named, Diagnostic>> {
        let simple: [(&Option<Place<Texts>>, OnTarget); 7] = [
            (&step.click, Action::Click),
            (&step.double_click, Action::DoubleClick),
            (&step.hover, Action::Hover),
            (&step.mouse_down, Action::MouseDown),
            (&step.clear, Action::Clear),
            (&step.check, Action::Check),
            (&step.uncheck, Action::Uncheck),
        ];
        let simple = simple
            .into_iter()
            .find_map(|(place, action)| place.as_ref().zip(Some(action)));
        if let Some((place, action)) = simple {
            return Some(self.on_target(place, action));
        }
        let up = step.mouse_up.as_ref().map(|place| self.mouse_up(place));
        let drag = || step.drag.as_ref().map(|place| self.drag(&place.value));
        up.or_else(drag)
    }

    fn on_target(self, place: &Place<Texts>, action: OnTarget) -> Result<Named, Diagnostic> {
        let target = self.reader.target(place)?;
        let about = target.source.clone();
        Ok((action(target), about))
    }

    fn mouse_up(self, place: &Place<Option<Texts>>) -> Result<Named, Diagnostic> {
        let Some(texts) = place.value.clone() else {
            return Ok((Action::MouseUp(None), String::new()));
        };
        let place = Place {
            id: place.id,
            value: texts,
        };
        self.on_target(&place, |target| Action::MouseUp(Some(target)))
    }

    fn drag(self, drag: &DragYaml) -> Result<Named, Diagnostic> {
        let from = self.reader.target(&drag.from)?;
        let (to, end) = match &drag.to.value {
            TextsOr::Map(offset) => {
                let (x, y) = (offset.x, offset.y);
                (DragTo::Offset { x, y }, format!("{x},{y}"))
            }
            TextsOr::Texts(texts) => {
                let target = self.target_at(drag.to.id, texts)?;
                let source = target.source.clone();
                (DragTo::Element(target), source)
            }
        };
        let about = format!("{from} to {end}");
        Ok((Action::Drag { from, to }, about))
    }

    fn target_at(self, id: NodeId, texts: &Texts) -> Result<Target, Diagnostic> {
        match texts {
            Texts::One(source) => self.reader.single(id, source),
            Texts::Many(sources) => self.reader.chain(id, sources),
        }
    }

    /// Actions that enter something.
    fn input(self, step: &StepYaml) -> Option<Result<Named, Diagnostic>> {
        if let Some(Place { value, .. }) = &step.r#type {
            return Some(self.typed(&value.into, &value.text, Some(value.append)));
        }
        if let Some(Place { value, .. }) = &step.insert {
            return Some(self.typed(&value.into, &value.text, None));
        }
        if let Some(place) = &step.press {
            return Some(self.press(place));
        }
        if let Some(Place { value, .. }) = &step.select {
            return Some(self.select(&value.from, &value.option));
        }
        let upload = step.upload.as_ref()?;
        Some(self.upload(&upload.value.into, &upload.value.file))
    }

    /// `type` has `append`, `insert` does not.
    fn typed(
        self,
        into: &Place<Texts>,
        text: &Place<String>,
        append: Option<bool>,
    ) -> Result<Named, Diagnostic> {
        let into = self.reader.target(into)?;
        let text = self.reader.text(text)?;
        let about = into.source.clone();
        let action = match append {
            Some(append) => Action::Type { into, text, append },
            None => Action::Insert { into, text },
        };
        Ok((action, about))
    }

    fn press(self, place: &Place<TextsOr<PressYaml>>) -> Result<Named, Diagnostic> {
        let (keys, on) = match &place.value {
            TextsOr::Texts(texts) => (
                Place {
                    id: place.id,
                    value: texts.clone(),
                },
                None,
            ),
            TextsOr::Map(press) => (
                press.keys.clone(),
                self.reader.maybe_target(press.on.as_ref())?,
            ),
        };
        let texts = self.reader.texts(&keys)?;
        let ids = keys.value.ids(keys.id);
        let chords = texts.iter().zip(ids);
        let chords = chords.map(|(text, id)| self.chord(id, text));
        let chords = chords.collect::<Result<_, _>>()?;
        let mut about = texts.iter().map(Text::source).collect::<Vec<_>>().join(" ");
        if let Some(on) = &on {
            about = format!("{about} on {on}");
        }
        Ok((Action::Press { keys: chords, on }, about))
    }

    /// `Control+a` is two keys held together; `Control++` ends with the plus key.
    fn chord(self, id: NodeId, text: &Text) -> Result<Vec<String>, Diagnostic> {
        let value = match text.value() {
            " " => "Space",
            value => value.trim(),
        };
        if value.is_empty() {
            return Err(self.reader.error(id, "`press` is empty"));
        }
        let (held, last) = match value.strip_suffix('+') {
            Some(held) => (held.strip_suffix('+').unwrap_or(held), "+"),
            None => value.rsplit_once('+').unwrap_or(("", value)),
        };
        if value.ends_with('+') && value.len() > 1 && !value.ends_with("++") {
            return Err(self
                .reader
                .error(id, format!("`{text}` lacks a key after the `+`")));
        }
        let held = held.split('+').filter(|_| !held.is_empty());
        let mut chord = Vec::new();
        for key in held.chain([last]) {
            if !KEYS.contains(&key) && key.chars().count() != 1 {
                return Err(self.unknown_key(id, text, key));
            }
            chord.push(key.to_owned());
        }
        Ok(chord)
    }

    fn unknown_key(self, id: NodeId, text: &Text, key: &str) -> Diagnostic {
        let help = "a key is a single character or a W3C name such as `Enter`, `ArrowUp` or `F5`";
        if text.source() != text.value() {
            let error = self.reader.error(id, format!("unknown key `{text}`"));
            return error.help(help);
        }
        let error = self.reader.error(id, format!("unknown key `{key}`"));
        let near = match key.to_lowercase().as_str() {
            "ctrl" => Some("Control"),
            "cmd" | "command" | "super" => Some("Meta"),
            "esc" => Some("Escape"),
            "return" => Some("Enter"),
            "up" | "down" | "left" | "right" => KEYS.iter().copied().find(|name| {
                name.strip_prefix("Arrow")
                    .is_some_and(|way| way.eq_ignore_ascii_case(key))
            }),
            _ => did_you_mean(key, KEYS.iter().copied()),
        };
        match near {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help(help),
        }
    }

    fn select(self, from: &Place<Texts>, option: &Place<Texts>) -> Result<Named, Diagnostic> {
        let from = self.reader.target(from)?;
        let options = self.reader.texts(option)?;
        let about = from.source.clone();
        Ok((Action::Select { from, options }, about))
    }

    fn upload(self, into: &Place<Texts>, file: &Place<Texts>) -> Result<Named, Diagnostic> {
        let into = self.reader.target(into)?;
        let mut files = Vec::new();
        for text in self.reader.texts(file)? {
            if text.value().is_empty() {
                return Err(self.reader.error(file.id, "the file's name is empty"));
            }
            files.push(self.reader.tree.folder.join(text.value()));
        }
        let about = into.source.clone();
        Ok((Action::Upload { into, files }, about))
    }

    /// Actions on the page, the window and the session.
    fn page(self, step: &StepYaml) -> Option<Result<Named, Diagnostic>> {
        None.or_else(|| step.goto.as_ref().map(|place| self.goto(place)))
            .or_else(|| step.scroll.as_ref().map(|place| self.scroll(place)))
            .or_else(|| {
                step.viewport
                    .as_ref()
                    .map(|place| self.viewport_action(place))
            })
            .or_else(|| step.wait.as_ref().map(|place| self.wait(place)))
            .or_else(|| step.evaluate.as_ref().map(|place| self.evaluate(place)))
            .or_else(|| step.inject.as_ref().map(|place| self.inject(place)))
            .or_else(|| step.cookies.as_ref().map(|place| self.cookies(place)))
            .or_else(|| step.frame.as_ref().map(|place| self.frame(place)))
            .or_else(|| step.window.as_ref().map(|place| self.window(place)))
            .or_else(|| step.dialog.as_ref().map(|place| self.dialog(place)))
            .or_else(|| step.expect.as_ref().map(|place| self.expect(place)))
    }

    fn goto(self, place: &Place<TextOr<GotoYaml>>) -> Result<Named, Diagnostic> {
        let (url, status, host) = match &place.value {
            TextOr::Text(source) => (self.url(place.id, source)?, None, None),
            TextOr::Map(goto) => (
                self.url(goto.url.id, &goto.url.value)?,
                self.status(goto.status.as_ref())?,
                goto.host.as_ref().map(|host| self.host(host)).transpose()?,
            ),
        };
        let about = url.source().to_owned();
        Ok((Action::Goto { url, status, host }, about))
    }

    fn url(self, id: NodeId, source: &str) -> Result<Text, Diagnostic> {
        let place = Place {
            id,
            value: source.to_owned(),
        };
        let url = self.reader.some_text(&place)?;
        let value = url.value().trim();
        let relative = value.starts_with(['/', '?', '#']) && !value.starts_with("//");
        let absolute = Url::parse(value).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https") && url.has_host() || value == "about:blank"
        });
        match relative || absolute {
            true => Ok(url),
            false => Err(self
                .reader
                .error(id, format!("`{url}` is neither a path nor an http(s) URL"))
                .help(
                    "a path of the environment begins with `/`; another site needs its whole URL",
                )),
        }
    }

    fn host(self, place: &Place<String>) -> Result<Text, Diagnostic> {
        let host = self.reader.some_text(place)?;
        match is_host(host.value()) {
            true => Ok(host),
            false => Err(self
                .reader
                .error(place.id, format!("`{host}` is not a host"))
                .help("write `name` or `name:port`, without `https://` and without a path")),
        }
    }

    fn status(self, place: Option<&Place<u16>>) -> Result<Option<u16>, Diagnostic> {
        match place {
            Some(place) if !(100..=599).contains(&place.value) => Err(self
                .reader
                .error(place.id, "an HTTP status is a number from 100 to 599")),
            place => Ok(place.map(|place| place.value)),
        }
    }

    fn scroll(self, place: &Place<TextsOr<ScrollYaml>>) -> Result<Named, Diagnostic> {
        match &place.value {
            TextsOr::Texts(Texts::One(word)) if word == "top" => {
                Ok((Action::Scroll(Scroll::Top), word.clone()))
            }
            TextsOr::Texts(Texts::One(word)) if word == "bottom" => {
                Ok((Action::Scroll(Scroll::Bottom), word.clone()))
            }
            TextsOr::Texts(texts) => {
                let target = self.target_at(place.id, texts)?;
                let about = target.source.clone();
                Ok((Action::Scroll(Scroll::IntoView(target)), about))
            }
            TextsOr::Map(to) => self.scroll_to(place.id, to),
        }
    }

    fn scroll_to(self, id: NodeId, to: &ScrollYaml) -> Result<Named, Diagnostic> {
        if self
            .reader
            .tree
            .entry(id, "x")
            .or(self.reader.tree.entry(id, "y"))
            .is_none()
        {
            return Err(self.reader.key_error(id, "`scroll` needs `x` or `y`"));
        }
        let within = self.reader.maybe_target(to.within.as_ref())?;
        let (x, y) = (to.x, to.y);
        let about = match &within {
            Some(within) => format!("{within} to {x},{y}"),
            None => format!("to {x},{y}"),
        };
        Ok((Action::Scroll(Scroll::To { within, x, y }), about))
    }

    fn viewport_action(self, place: &Place<String>) -> Result<Named, Diagnostic> {
        let viewport = self.viewport(place)?;
        Ok((Action::Viewport(viewport), place.value.clone()))
    }

    /// A size, or a name from the configuration.
    pub(super) fn viewport(self, place: &Place<String>) -> Result<Viewport, Diagnostic> {
        let text = self.reader.text(place)?;
        let named = self
            .settings
            .viewports
            .iter()
            .find(|named| named.name == text.value());
        if let Some(named) = named {
            return match named.is_device {
                false => Ok(named.viewport),
                true => Err(self.another_device(place, named)),
            };
        }
        text.value().parse().map_err(|error: super::ViewportError| {
            let names = || {
                self.settings
                    .viewports
                    .iter()
                    .map(|named| named.name.as_str())
            };
            let problem = self
                .reader
                .error(place.id, format!("`{text}` is no viewport: {error}"));
            match did_you_mean(text.value(), names()) {
                _ if error == super::ViewportError::Range => problem,
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None if names().next().is_none() => problem,
                None => problem.help(format!("configured viewports: {}", listed(names()))),
            }
        })
    }

    /// A page that is already loaded keeps the old device's layout.
    fn another_device(self, place: &Place<String>, named: &KnownViewport) -> Diagnostic {
        let (name, size) = (&named.name, named.viewport);
        let message = format!("`{name}` is another device, not only another size");
        let error = self.reader.error(place.id, message);
        error.help(format!(
            "write its size, `{size}`, or let a flow of its own run at it: `viewports: [{name}]`"
        ))
    }

    pub(super) fn wait(self, place: &Place<TextsOr<WaitYaml>>) -> Result<Named, Diagnostic> {
        match &place.value {
            TextsOr::Texts(Texts::One(source)) => self.wait_text(place.id, source),
            TextsOr::Texts(texts) => {
                let target = self.target_at(place.id, texts)?;
                let about = target.source.clone();
                Ok((until(vec![Condition::Visible(target)]), about))
            }
            TextsOr::Map(wait) => self.wait_map(place.id, wait),
        }
    }

    /// A selector never starts with a digit, so text that does is a time.
    fn wait_text(self, id: NodeId, source: &str) -> Result<Named, Diagnostic> {
        let text = self.reader.text_at(id, source)?;
        if let Some(duration) = parse_duration(text.value()) {
            return Ok((Action::Wait(Wait::Duration(duration)), source.to_owned()));
        }
        if text
            .value()
            .trim()
            .starts_with(|c: char| c.is_ascii_digit())
        {
            return Err(self.reader.no_duration(id, &text));
        }
        let target = self.reader.single(id, source)?;
        Ok((until(vec![Condition::Visible(target)]), source.to_owned()))
    }

    fn wait_map(self, id: NodeId, wait: &WaitYaml) -> Result<Named, Diagnostic> {
        let reader = self.reader;
        let text = |place: &Option<Place<String>>| match place {
            Some(place) => reader.some_text(place).map(Some),
            None => Ok(None),
        };
        let mut all = Vec::new();
        all.extend(
            reader
                .maybe_target(wait.visible.as_ref())?
                .map(Condition::Visible),
        );
        all.extend(
            reader
                .maybe_target(wait.hidden.as_ref())?
                .map(Condition::Hidden),
        );
        all.extend(
            reader
                .maybe_target(wait.gone.as_ref())?
                .map(Condition::Gone),
        );
        all.extend(text(&wait.text)?.map(Condition::Text));
        all.extend(text(&wait.url)?.map(Condition::Url));
        all.extend(text(&wait.js)?.map(Condition::Js));
        let Some(first) = all.first() else {
            let names = ["visible", "hidden", "gone", "text", "url", "js"];
            let message = format!("`{}` has nothing to wait for", reader.tree.key(id));
            let error = reader.key_error(id, message);
            return Err(error.help(format!("give at least one of {}", listed(names))));
        };
        let about = match first {
            Condition::Visible(target) => format!("visible {target}"),
            Condition::Hidden(target) => format!("hidden {target}"),
            Condition::Gone(target) => format!("gone {target}"),
            Condition::Text(text) => format!("text {text}"),
            Condition::Url(text) => format!("url {text}"),
            Condition::Js(text) => format!("js {text}"),
        };
        Ok((until(all), about))
    }

    fn evaluate(self, place: &Place<TextOr<EvaluateYaml>>) -> Result<Named, Diagnostic> {
        let (script, args) = match &place.value {
            TextOr::Text(source) => (
                Place {
                    id: place.id,
                    value: source.clone(),
                },
                None,
            ),
            TextOr::Map(evaluate) => (evaluate.script.clone(), evaluate.args.as_ref()),
        };
        let script = self.reader.some_text(&script)?;
        let mut values = Vec::new();
        if let Some(args) = args {
            for arg in &args.value {
                values.push(self.reader.json(args.id, arg)?);
            }
        }
        let about = script.source().to_owned();
        Ok((
            Action::Evaluate {
                script,
                args: values,
            },
            about,
        ))
    }

    fn inject(self, place: &Place<InjectYaml>) -> Result<Named, Diagnostic> {
        let InjectYaml { js, css, file } = &place.value;
        match (js, css, file) {
            (Some(js), None, None) => Ok((
                Action::Inject(Inject::Js(self.reader.some_text(js)?)),
                "js".into(),
            )),
            (None, Some(css), None) => Ok((
                Action::Inject(Inject::Css(self.reader.some_text(css)?)),
                "css".into(),
            )),
            (None, None, Some(file)) => self.inject_file(file),
            _ => {
                let message = "`inject` needs exactly one of `js`, `css`, `file`";
                Err(self.reader.key_error(place.id, message))
            }
        }
    }

    fn inject_file(self, place: &Place<String>) -> Result<Named, Diagnostic> {
        let name = self.reader.some_text(place)?;
        let path = self.reader.tree.folder.join(name.value());
        let extension = path.extension().and_then(|extension| extension.to_str());
        if !matches!(extension, Some("js" | "css")) {
            let message = format!("`{name}` is neither a `.js` nor a `.css` file");
            return Err(self.reader.error(place.id, message));
        }
        Ok((Action::Inject(Inject::File(path)), name.source().to_owned()))
    }

    fn cookies(self, place: &Place<TextOr<CookiesYaml>>) -> Result<Named, Diagnostic> {
        let cookies = match &place.value {
            TextOr::Map(cookies) => cookies,
            TextOr::Text(word) if word == "clear" => return Ok((clear_cookies(), word.clone())),
            TextOr::Text(word) => {
                let error = self
                    .reader
                    .error(place.id, format!("`cookies` cannot be `{word}`"));
                return Err(
                    error.help("write `clear`, or a map with `set`, `delete` or `clear: true`")
                );
            }
        };
        let delete = cookies
            .delete
            .as_ref()
            .map(|names| self.reader.texts(names))
            .transpose()?;
        let delete = delete.unwrap_or_default();
        let set = match &cookies.set {
            Some(set) => self.set_cookies(&set.value)?,
            None => Vec::new(),
        };
        let clear = cookies.clear;
        if !clear && delete.is_empty() && set.is_empty() {
            let error = self.reader.key_error(place.id, "`cookies` does nothing");
            return Err(error.help("give at least one of `set`, `delete` or `clear: true`"));
        }
        let names = set.iter().map(|cookie| &cookie.name).chain(&delete);
        let names = names.map(Text::source).collect::<Vec<_>>().join(" ");
        let about = if names.is_empty() {
            "clear".into()
        } else {
            names
        };
        Ok((Action::Cookies { clear, delete, set }, about))
    }

    fn set_cookies(
        self,
        set: &ListOrEntries<super::raw::CookieYaml>,
    ) -> Result<Vec<Cookie>, Diagnostic> {
        let reader = self.reader;
        match set {
            ListOrEntries::List(cookies) => {
                let cookies = cookies.iter().map(|place| &place.value);
                cookies
                    .map(|cookie| {
                        Ok(Cookie {
                            name: reader.some_text(&cookie.name)?,
                            value: reader.text(&cookie.value)?,
                            path: reader.maybe_text(cookie.path.as_ref())?,
                            domain: reader.maybe_text(cookie.domain.as_ref())?,
                            secure: cookie.secure,
                            http_only: cookie.http_only,
                        })
                    })
                    .collect()
            }
            ListOrEntries::Entries(entries) => {
                let entries = entries.0.iter();
                entries
                    .map(|value| {
                        Ok(Cookie {
                            name: reader.text_at(value.id, reader.tree.key(value.id))?,
                            value: reader.text(value)?,
                            path: None,
                            domain: None,
                            secure: false,
                            http_only: false,
                        })
                    })
                    .collect()
            }
        }
    }

    fn frame(self, place: &Place<Texts>) -> Result<Named, Diagnostic> {
        match &place.value {
            Texts::One(word) if word == "parent" => {
                Ok((Action::Frame(Frame::Parent), word.clone()))
            }
            Texts::One(word) if word == "top" => Ok((Action::Frame(Frame::Top), word.clone())),
            _ => self.on_target(place, |target| Action::Frame(Frame::Enter(target))),
        }
    }

    fn window(self, place: &Place<String>) -> Result<Named, Diagnostic> {
        let window = match place.value.as_str() {
            "newest" => Window::Newest,
            "first" => Window::First,
            "close" => Window::Close,
            _ => Window::Matching(self.reader.some_text(place)?),
        };
        Ok((Action::Window(window), place.value.clone()))
    }

    fn dialog(self, place: &Place<TextOr<DialogYaml>>) -> Result<Named, Diagnostic> {
        let (accept, text) = match &place.value {
            TextOr::Map(dialog) => (true, Some(self.reader.text(&dialog.accept)?)),
            TextOr::Text(word) if word == "accept" => (true, None),
            TextOr::Text(word) if word == "dismiss" => (false, None),
            TextOr::Text(word) => {
                let error = self
                    .reader
                    .error(place.id, format!("`dialog` cannot be `{word}`"));
                return Err(error.maybe_help(suggestion(word, &["accept", "dismiss"])));
            }
        };
        let about = if accept { "accept" } else { "dismiss" };
        Ok((Action::Dialog { accept, text }, about.into()))
    }

    fn expect(self, place: &Place<ExpectYaml>) -> Result<Named, Diagnostic> {
        let (reader, expect) = (self.reader, &place.value);
        let mut all = Vec::new();
        all.extend(
            reader
                .maybe_target(expect.exists.as_ref())?
                .map(Expectation::Exists),
        );
        all.extend(
            reader
                .maybe_target(expect.visible.as_ref())?
                .map(Expectation::Visible),
        );
        if let Some(count) = &expect.count {
            let equals = count.value.equals;
            let of = match (&count.value.of, &count.value.selector) {
                (Some(of), None) | (None, Some(of)) => reader.target(of)?,
                _ => {
                    return Err(
                        reader.key_error(count.id, "`count` needs either `of` or `selector`")
                    );
                }
            };
            all.push(Expectation::Count { of, equals });
        }
        if let Some(text) = &expect.text {
            all.push(self.expect_text(text)?);
        }
        all.extend(
            reader
                .maybe_text(expect.title.as_ref())?
                .map(Expectation::Title),
        );
        all.extend(
            reader
                .maybe_text(expect.url.as_ref())?
                .map(Expectation::Url),
        );
        all.extend(
            reader
                .maybe_text(expect.path.as_ref())?
                .map(Expectation::Path),
        );
        all.extend(
            self.status(expect.status.as_ref())?
                .map(Expectation::Status),
        );
        if all.is_empty() {
            return Err(reader.key_error(place.id, "`expect` expects nothing"));
        }
        let keys = reader
            .tree
            .entries(place.id)
            .iter()
            .map(|id| reader.tree.key(*id));
        let about = keys.collect::<Vec<_>>().join(" ");
        Ok((Action::Expect(all), about))
    }

    fn expect_text(
        self,
        place: &Place<TextOr<super::raw::ContainsYaml>>,
    ) -> Result<Expectation, Diagnostic> {
        let (of, contains) = match &place.value {
            TextOr::Text(source) => (
                None,
                Place {
                    id: place.id,
                    value: source.clone(),
                },
            ),
            TextOr::Map(text) => (
                self.reader.maybe_target(text.of.as_ref())?,
                text.contains.clone(),
            ),
        };
        let contains = self.reader.some_text(&contains)?;
        Ok(Expectation::Text { of, contains })
    }

    /// `page`, `viewport`, one element, or the page of a box that scrolls.
    pub(super) fn area(self, place: &Place<TextsOr<AreaYaml>>) -> Result<Area, Diagnostic> {
        match &place.value {
            TextsOr::Texts(Texts::One(word)) if word == "page" => Ok(Area::PAGE),
            TextsOr::Texts(Texts::One(word)) if word == "viewport" => Ok(Area::Viewport),
            TextsOr::Texts(texts) => {
                let place = Place {
                    id: place.id,
                    value: texts.clone(),
                };
                self.reader.target(&place).map(Area::Element)
            }
            TextsOr::Map(AreaYaml { scroll }) => {
                let scroller = Some(self.reader.target(scroll)?);
                Ok(Area::Page { scroller })
            }
        }
    }
}

fn until(conditions: Vec<Condition>) -> Action {
    Action::Wait(Wait::Until(conditions))
}

fn clear_cookies() -> Action {
    Action::Cookies {
        clear: true,
        delete: Vec::new(),
        set: Vec::new(),
    }
}
