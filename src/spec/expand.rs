//! Checks the steps of a flow: replaces each `use` by the fragment's steps, and gives every picture a name.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use super::{
    Action, Definition, Flow, Login, Step, SuiteSettings,
    action::{self, Actions},
    names::twice,
    raw::{FlowYaml, FragmentYaml},
    step::{Defaults, Parsed, Section, Wish, wish},
};
use crate::yaml::{
    Diagnostic, Diagnostics,
    diagnostic::{Spot, did_you_mean, listed},
    interpolate::{Scope, has_variable},
    read::{Entries, Place},
    reader::Reader,
    tree::Tree,
};

/// Fragments that use fragments multiply. No flow written by a person has this many steps.
const MAX_STEPS: usize = 10_000;

/// Nor does it nest this many fragments.
const MAX_DEPTH: usize = 32;

/// The fragments of all files, by name.
pub(super) type Fragments<'f> = BTreeMap<&'f str, Fragment<'f>>;

/// Steps that `use` inserts.
pub(super) struct Fragment<'f> {
    pub(super) tree: &'f Tree,
    pub(super) yaml: &'f FragmentYaml,
    pub(super) steps: &'f [Parsed],
}

/// A checked step whose picture has no name yet.
struct Draft {
    step: Step,
    wish: Option<Wish>,
}

/// What holds for a list of steps.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) reader: Reader<'a>,
    pub(super) section: Section,
    pub(super) defaults: &'a Defaults,
    pub(super) timeout: Option<Duration>,
}

/// Replaces every `use`.
pub(super) struct Expander<'f> {
    fragments: &'f Fragments<'f>,
    pub(super) settings: &'f SuiteSettings,
    used: RefCell<BTreeSet<&'f str>>,
    steps: Cell<usize>,
}

impl<'f> Expander<'f> {
    pub(super) fn new(fragments: &'f Fragments<'f>, settings: &'f SuiteSettings) -> Self {
        Self {
            fragments,
            settings,
            used: RefCell::default(),
            steps: Cell::new(0),
        }
    }

    /// A checked flow, or nothing when its own keys are wrong.
    pub(super) fn flow(
        &self,
        reader: Reader<'_>,
        yaml: &FlowYaml,
        setup: &[Parsed],
        steps: &[Parsed],
        logins: &[Arc<Login>],
        problems: &mut Diagnostics,
    ) -> Option<Flow> {
        let header = self
            .header(reader, yaml)
            .map_err(|problem| problems.push(problem));
        let clock = reader
            .clock(yaml.clock.as_ref())
            .map_err(|problem| problems.push(problem));
        let ((viewports, defaults, timeout), clock) = header.ok().zip(clock.ok())?;
        let session = yaml.session.as_ref();
        let session = session.map(|name| self.settings.sessions.find(logins, reader, name));
        let session = session.transpose().unwrap_or_else(|problem| {
            problems.push(problem);
            None
        });
        self.steps.set(0);
        let context = |section| Context {
            reader,
            section,
            defaults: &defaults,
            timeout,
        };
        let mut found = Vec::new();
        let setup = self.expand(context(Section::Setup), setup, &mut Vec::new(), &mut found);
        let mut steps = self.expand(context(Section::Steps), steps, &mut Vec::new(), &mut found);
        before_dialogs(&mut steps, &mut found);
        name_shots(&mut steps, &mut found);
        found.into_iter().for_each(|problem| problems.push(problem));
        Some(Flow {
            name: yaml.flow.value.clone(),
            location: reader.tree.spot(yaml.flow.id).location().clone(),
            viewports,
            clock,
            session: session.flatten(),
            setup: setup.into_iter().map(|draft| draft.step).collect(),
            steps: steps.into_iter().map(Draft::finish).collect(),
            definition: Definition::default(),
        })
    }

    /// The steps that one step becomes where nothing is photographed.
    pub(super) fn unphotographed(
        &self,
        context: Context<'_>,
        step: &Parsed,
        problems: &mut Diagnostics,
    ) -> Vec<Step> {
        self.steps.set(0);
        let mut found = Vec::new();
        let steps = std::slice::from_ref(step);
        let drafts = self.expand(context, steps, &mut Vec::new(), &mut found);
        found.into_iter().for_each(|problem| problems.push(problem));
        drafts.into_iter().map(|draft| draft.step).collect()
    }

    /// A fragment that no flow uses is checked as well, as far as that goes without parameters.
    pub(super) fn unused_fragments(&self, scope: &Scope<'_>, problems: &mut Diagnostics) {
        let used = self.used.borrow().clone();
        let defaults = Defaults::default();
        for (name, fragment) in self.fragments {
            let params = fragment.yaml.params.as_ref();
            if used.contains(name) || params.is_some_and(|params| !params.value.is_empty()) {
                continue;
            }
            self.steps.set(0);
            let context = Context {
                reader: Reader {
                    tree: fragment.tree,
                    scope,
                },
                section: Section::Fragment,
                defaults: &defaults,
                timeout: None,
            };
            let mut found = Vec::new();
            self.expand(context, fragment.steps, &mut vec![name], &mut found);
            found.into_iter().for_each(|problem| problems.push(problem));
        }
    }

    fn header(
        &self,
        reader: Reader<'_>,
        yaml: &FlowYaml,
    ) -> Result<(Vec<String>, Defaults, Option<Duration>), Diagnostic> {
        let defaults = Defaults {
            masks: reader.masks(yaml.mask.as_ref())?,
            threshold: reader.threshold(yaml.threshold.as_ref())?,
            max_mismatch: reader.max_mismatch(yaml.max_mismatch.as_ref())?,
            at_least: reader.at_least(yaml.at_least.as_ref())?,
            settle: yaml.settle.unwrap_or_default(),
            allow: reader.allow(yaml.allow.as_ref())?,
        };
        if let Some((place, expected)) = yaml.at_least.as_ref().zip(defaults.at_least) {
            let max = defaults.max_mismatch.unwrap_or(self.settings.max_mismatch);
            reader.check_limits(place.id, expected, max)?;
        }
        let timeout = reader.maybe_timeout(yaml.timeout.as_ref())?;
        let viewports = match &yaml.viewports {
            Some(names) => self.viewports(reader, names)?,
            None => Vec::new(),
        };
        Ok((viewports, defaults, timeout))
    }

    fn viewports(
        &self,
        reader: Reader<'_>,
        names: &Place<Vec<Place<String>>>,
    ) -> Result<Vec<String>, Diagnostic> {
        if names.value.is_empty() {
            let error = reader.key_error(names.id, "`viewports` is empty");
            return Err(error.help("leave it off to run at every configured viewport"));
        }
        let mut chosen = Vec::new();
        for place in &names.value {
            let name = reader.text(place)?;
            let known = || {
                self.settings
                    .viewports
                    .iter()
                    .map(|named| named.name.as_str())
            };
            if !known().any(|known| known == name.value()) {
                let error = reader.error(place.id, format!("no viewport is named `{name}`"));
                return Err(match did_you_mean(name.value(), known()) {
                    Some(near) => error.help(format!("did you mean `{near}`?")),
                    None => error.help(format!("configured viewports: {}", listed(known()))),
                });
            }
            if chosen.iter().any(|known| known == name.value()) {
                return Err(reader.error(place.id, format!("`{name}` stands twice")));
            }
            chosen.push(name.value().to_owned());
        }
        Ok(chosen)
    }

    /// `trail` holds the names of the fragments around these steps.
    fn expand(
        &self,
        context: Context<'_>,
        steps: &[Parsed],
        trail: &mut Vec<&'f str>,
        found: &mut Vec<Diagnostic>,
    ) -> Vec<Draft> {
        let mut drafts = Vec::new();
        for step in steps {
            if self.steps.get() > MAX_STEPS {
                break;
            }
            let expanded = match step.yaml.r#use.as_ref() {
                Some(name) => self.use_fragment(context, step, name, trail, found),
                None => self.draft(context, step).map(|draft| vec![draft]),
            };
            match expanded {
                Ok(expanded) => drafts.extend(expanded),
                Err(problem) => found.push(problem),
            }
        }
        drafts
    }

    fn draft(&self, context: Context<'_>, parsed: &Parsed) -> Result<Draft, Diagnostic> {
        let tree = context.reader.tree;
        self.count_step()?;
        let actions = Actions {
            reader: context.reader,
            settings: self.settings,
        };
        let (action, label) = action::lower(actions, &parsed.yaml, &parsed.action)?;
        let own = context.reader.maybe_timeout(parsed.yaml.timeout.as_ref())?;
        let inner = parsed.yaml.wait_timeout();
        if let (Some(inner), true) = (inner, own.is_some()) {
            return Err(context
                .reader
                .key_error(inner.id, "`timeout` stands twice in this step"));
        }
        let inner = context.reader.maybe_timeout(inner)?;
        let wish = wish(actions, &parsed.yaml, context.section, context.defaults)?;
        Ok(Draft {
            wish: wish.map(|wish| Wish {
                label: label.clone(),
                ..wish
            }),
            step: Step {
                action,
                label,
                location: tree.spot(parsed.id).location().clone(),
                timeout: own.or(inner).or(context.timeout),
                shot: None,
            },
        })
    }

    /// Every `use` counts as well: fragments of nothing but `use` multiply, too.
    fn count_step(&self) -> Result<(), Diagnostic> {
        self.steps.set(self.steps.get() + 1);
        match self.steps.get() > MAX_STEPS {
            true => Err(Diagnostic::placeless(format!(
                "a flow has more than {MAX_STEPS} steps once its fragments are inserted"
            ))),
            false => Ok(()),
        }
    }

    fn use_fragment(
        &self,
        context: Context<'_>,
        parsed: &Parsed,
        name: &Place<String>,
        trail: &mut Vec<&'f str>,
        found: &mut Vec<Diagnostic>,
    ) -> Result<Vec<Draft>, Diagnostic> {
        let reader = context.reader;
        self.count_step()?;
        let (key, fragment) = self.find(reader, name, trail)?;
        self.used.borrow_mut().insert(key);
        let params = params(reader, name, parsed.yaml.with.as_ref(), fragment)?;
        let actions = Actions {
            reader,
            settings: self.settings,
        };
        let own = wish(actions, &parsed.yaml, context.section, context.defaults)?;
        let timeout = reader.maybe_timeout(parsed.yaml.timeout.as_ref())?;
        let scope = reader.scope.with_params(params);
        let inner = Context {
            reader: Reader {
                tree: fragment.tree,
                scope: &scope,
            },
            section: Section::Fragment,
            timeout: timeout.or(context.timeout),
            ..context
        };
        let mut inside = Vec::new();
        trail.push(key);
        let mut drafts = self.expand(inner, fragment.steps, trail, &mut inside);
        trail.pop();
        let at = reader.tree.spot(name.id).location().clone();
        let used_from = format!("used from {}:{}", at.file, at.line);
        found.extend(inside.into_iter().map(|problem| problem.note(&used_from)));
        if let (Some(own), Some(last)) = (own, drafts.last_mut()) {
            let label = action::label("use", &name.value);
            give(Wish { label, ..own }, last, reader.tree.key_spot(name.id))?;
        }
        Ok(drafts)
    }

    fn find(
        &self,
        reader: Reader<'_>,
        name: &Place<String>,
        trail: &[&'f str],
    ) -> Result<(&'f str, &'f Fragment<'f>), Diagnostic> {
        if has_variable(&name.value) {
            let error = reader.error(name.id, "the name of a fragment holds a variable");
            return Err(error.help("the steps of a flow must not depend on the environment"));
        }
        let Some((key, fragment)) = self.fragments.get_key_value(name.value.as_str()) else {
            let known = self.fragments.keys().copied();
            let error = reader.error(name.id, format!("no fragment is named `{}`", name.value));
            return Err(match did_you_mean(&name.value, known.clone()) {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None if self.fragments.is_empty() => error.help("no file begins with `fragment:`"),
                None => error.help(format!("known fragments: {}", listed(known))),
            });
        };
        if let Some(start) = trail.iter().position(|outer| outer == key) {
            let cycle: Vec<&str> = trail[start..].iter().copied().chain([*key]).collect();
            let message = format!(
                "fragments use each other in a circle: {}",
                cycle.join(" → ")
            );
            return Err(reader.error(name.id, message));
        }
        if trail.len() >= MAX_DEPTH {
            let message = format!("fragments use each other more than {MAX_DEPTH} levels deep");
            return Err(reader.error(name.id, message));
        }
        Ok((key, fragment))
    }
}

/// The values of a fragment's parameters, all of them and no others.
fn params(
    reader: Reader<'_>,
    name: &Place<String>,
    with: Option<&Place<Entries<String>>>,
    fragment: &Fragment<'_>,
) -> Result<BTreeMap<String, String>, Diagnostic> {
    let declared = fragment.yaml.params.iter().flat_map(|params| &params.value);
    let declared: Vec<&Place<String>> = declared.collect();
    let names = || declared.iter().map(|param| param.value.as_str());
    let mut values = BTreeMap::new();
    for place in with.iter().flat_map(|with| &with.value.0) {
        let key = reader.tree.key(place.id);
        if !names().any(|known| known == key) {
            let message = format!("fragment `{}` has no parameter `{key}`", name.value);
            let error = reader.key_error(place.id, message);
            return Err(match (did_you_mean(key, names()), declared.is_empty()) {
                (Some(near), _) => error.help(format!("did you mean `{near}`?")),
                (None, true) => error.help("it declares no `params`"),
                (None, false) => error.help(format!("its parameters: {}", listed(names()))),
            });
        }
        values.insert(key.to_owned(), reader.text(place)?.value().to_owned());
    }
    match declared
        .iter()
        .find(|param| !values.contains_key(&param.value))
    {
        None => Ok(values),
        Some(missing) => {
            let missing_name = &missing.value;
            let message = format!("fragment `{}` needs `{missing_name}`", name.value);
            Err(reader
                .error(name.id, message)
                .note_at(
                    "the parameter is declared here",
                    fragment.tree.spot(missing.id),
                )
                .help(format!("add `with: {{ {missing_name}: … }}` to the step")))
        }
    }
}

/// The picture of a `use` is taken after its last step, unless the fragment asks for one there itself.
fn give(own: Wish, last: &mut Draft, spot: Spot) -> Result<(), Diagnostic> {
    let inner = last.wish.as_ref().and_then(|wish| wish.asked.clone());
    match (inner, &own.asked) {
        (Some(_), None) => {}
        (None, _) => last.wish = Some(own),
        (Some(inner), Some(_)) => {
            let message = "the last step of the fragment takes a shot of its own";
            return Err(Diagnostic::new(message, spot)
                .note_at("it is asked for here", inner)
                .help("leave one of the two off"));
        }
    }
    Ok(())
}

/// While a dialog is open, no browser takes a picture.
fn before_dialogs(drafts: &mut [Draft], found: &mut Vec<Diagnostic>) {
    for index in 1..drafts.len() {
        if !matches!(drafts[index].step.action, Action::Dialog { .. }) {
            continue;
        }
        if let Some(Wish {
            asked: Some(spot), ..
        }) = drafts[index - 1].wish.take()
        {
            let message = "a `dialog` step follows, and an open dialog cannot be photographed";
            found.push(Diagnostic::new(message, spot).help("put the shot on the `dialog` step"));
        }
    }
}

/// Named shots come first; the others are named after their steps and numbered where that is taken.
fn name_shots(drafts: &mut [Draft], found: &mut Vec<Diagnostic>) {
    let mut taken: HashMap<String, Spot> = HashMap::new();
    for wish in drafts.iter().filter_map(|draft| draft.wish.as_ref()) {
        let Some(spot) = wish.asked.clone().filter(|_| !wish.shot.name.is_empty()) else {
            continue;
        };
        match taken.get(&wish.shot.name.to_lowercase()) {
            Some(first) if first.location() == spot.location() => {
                let message = format!("two shots are named `{}`", wish.shot.name);
                found.push(Diagnostic::new(message, spot).help(
                    "the flow uses this fragment twice; name the shots on the `use` steps instead",
                ));
            }
            Some(first) => found.push(twice("shots", &wish.shot.name, spot, first.clone())),
            None => {
                taken.insert(wish.shot.name.to_lowercase(), spot);
            }
        }
    }
    let mut taken: BTreeSet<String> = taken.into_keys().collect();
    let mut counts: HashMap<String, u32> = HashMap::new();
    for wish in drafts.iter_mut().filter_map(|draft| draft.wish.as_mut()) {
        if !wish.shot.name.is_empty() {
            continue;
        }
        let count = counts.entry(wish.label.to_lowercase()).or_insert(0);
        loop {
            *count += 1;
            let name = match *count {
                1 => wish.label.clone(),
                number => format!("{} ({number})", wish.label),
            };
            if taken.insert(name.to_lowercase()) {
                wish.shot.name = name;
                break;
            }
        }
    }
}

impl Draft {
    fn finish(self) -> Step {
        Step {
            shot: self.wish.map(|wish| wish.shot),
            ..self.step
        }
    }
}
