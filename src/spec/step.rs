//! One step of a file: its names and types, its one action, and the picture that it asks for.

use super::{
    Allowances, Area, AtLeast, MaxMismatch, Settle, Shot, Target,
    action::Actions,
    names::check_name,
    raw::{ACTIONS, BARE, OPTIONS, ShotYaml, StepYaml},
    strictness::Threshold,
};
use crate::yaml::{
    Diagnostic, Diagnostics,
    diagnostic::{Spot, did_you_mean},
    read::{Held, Place, Problem, ReadError, Reading, TextOr, suggestion},
    tree::{NodeId, Tree, Value},
};

/// What other tools call our actions.
const SYNONYMS: &[(&str, &str)] = &[
    ("visit", "goto"),
    ("open", "goto"),
    ("navigate", "goto"),
    ("load", "goto"),
    ("reload", "refresh"),
    ("tap", "click"),
    ("dblclick", "double_click"),
    ("fill", "type"),
    ("input", "type"),
    ("key", "press"),
    ("keys", "press"),
    ("sleep", "wait"),
    ("pause", "wait"),
    ("delay", "wait"),
    ("eval", "evaluate"),
    ("execute", "evaluate"),
    ("script", "evaluate"),
    ("assert", "expect"),
    ("include", "use"),
    ("screenshot", "shot"),
    ("name", "shot"),
    ("ignore", "mask"),
    ("min_mismatch", "at_least"),
    ("resize", "viewport"),
];

/// A step with valid names and types.
pub(super) struct Parsed {
    pub(super) id: NodeId,
    pub(super) yaml: StepYaml,
    /// The action's name.
    pub(super) action: String,
}

/// Reads a list of steps. An error in one step does not hide errors in the next.
pub(super) fn read_steps(
    tree: &Tree,
    steps: &Place<Vec<Held<StepYaml>>>,
    problems: &mut Diagnostics,
) -> Vec<Parsed> {
    if steps.value.is_empty() && tree.key(steps.id) == "steps" {
        problems.push(Diagnostic::new("`steps` is empty", tree.key_spot(steps.id)));
    }
    let steps = steps.value.iter();
    steps
        .filter_map(|held| read_step(tree, held, problems))
        .collect()
}

fn read_step(tree: &Tree, held: &Held<StepYaml>, problems: &mut Diagnostics) -> Option<Parsed> {
    if let Value::Text(text) = &tree.node(held.id).value {
        return problems.take(bare_step(tree, held.id, text));
    }
    let Reading { value, errors } = tree.read_held(held);
    let is_whole = errors.is_empty();
    let errors = errors.into_iter();
    problems.extend(errors.map(|error| diagnose(tree, held.id, error)));
    let value = value.filter(|_| is_whole)?;
    problems.take(whole_step(tree, held.id, value))
}

/// A key of the step itself is an action or an option.
fn diagnose(tree: &Tree, step: NodeId, error: ReadError) -> Diagnostic {
    match error {
        ReadError {
            kind: Problem::UnknownKey { name, .. },
            at: Some(at),
        } if tree.entries(step).contains(&at) => unknown_action(&name, tree.key_spot(at)),
        error => tree.diagnose(error),
    }
}

fn whole_step(tree: &Tree, step: NodeId, yaml: StepYaml) -> Result<Parsed, Diagnostic> {
    let action = only_action(tree, step, &yaml)?;
    if let (Some(with), true) = (&yaml.with, action != "use") {
        let message = format!("`with` belongs to `use`, not to `{action}`");
        return Err(Diagnostic::new(message, tree.key_spot(with.id)));
    }
    Ok(Parsed {
        id: step,
        action: action.to_owned(),
        yaml,
    })
}

/// `- back`
fn bare_step(tree: &Tree, id: NodeId, text: &str) -> Result<Parsed, Diagnostic> {
    if BARE.contains(&text) {
        return Ok(Parsed {
            id,
            yaml: StepYaml::default(),
            action: text.to_owned(),
        });
    }
    let word = text.split([' ', ':']).next().unwrap_or(text);
    if !ACTIONS.contains(&word) {
        return Err(unknown_action(word, tree.spot(id)));
    }
    let rest = text[word.len()..].trim_start_matches([' ', ':']);
    let message = match rest.is_empty() {
        true => format!("`{word}` needs a value"),
        false => format!("a colon and a space are missing after `{word}`"),
    };
    let value = if rest.is_empty() { "…" } else { rest };
    Err(Diagnostic::new(message, tree.spot(id)).help(format!("write `- {word}: {value}`")))
}

fn unknown_action(name: &str, spot: Spot) -> Diagnostic {
    let known = ACTIONS.iter().chain(OPTIONS).copied();
    let synonym = SYNONYMS
        .iter()
        .find(|(other, _)| name.eq_ignore_ascii_case(other));
    let near = match synonym {
        Some((_, ours)) => Some(*ours),
        None => did_you_mean(name, known),
    };
    let what = match near {
        Some(near) if OPTIONS.contains(&near) => "option",
        _ => "action",
    };
    let error = Diagnostic::new(format!("unknown {what} `{name}`"), spot);
    match near {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.maybe_help(suggestion(name, ACTIONS)),
    }
}

fn only_action<'t>(tree: &'t Tree, step: NodeId, yaml: &StepYaml) -> Result<&'t str, Diagnostic> {
    match yaml.actions()[..] {
        [] => Err(Diagnostic::new("the step has no action", tree.spot(step))
            .help("a step is one action, such as `- click: \"#save\"`, with its options below it")),
        [only] => Ok(tree.key(only)),
        [first, second, ..] => {
            let (first, second_key) = (tree.key(first), tree.key(second));
            let message =
                format!("a step has one action, but this one has `{first}` and `{second_key}`");
            Err(Diagnostic::new(message, tree.key_spot(second))
                .help(format!("begin a new step: `- {second_key}: …`")))
        }
    }
}

/// The defaults for every picture of a flow.
#[derive(Default)]
pub(super) struct Defaults {
    pub(super) masks: Vec<Target>,
    pub(super) threshold: Option<Threshold>,
    pub(super) max_mismatch: Option<MaxMismatch>,
    pub(super) at_least: Option<AtLeast>,
    pub(super) settle: Settle,
    pub(super) allow: Allowances,
}

/// A picture that a step asks for. If its name is empty, it gets one after all steps of the flow are known.
pub(super) struct Wish {
    pub(super) shot: Shot,
    /// The label from which a name is made if there is none.
    pub(super) label: String,
    /// Where it is asked for; absent if every step gets a picture.
    pub(super) asked: Option<Spot>,
}

/// The section in which a step stands. It decides whether the step gets a picture.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    /// Never photographed.
    Setup,
    /// Photographed unless told otherwise.
    Steps,
    /// Photographed where told.
    Fragment,
}

/// The picture after a step, if there is one.
pub(super) fn wish(
    actions: Actions<'_>,
    yaml: &StepYaml,
    section: Section,
    defaults: &Defaults,
) -> Result<Option<Wish>, Diagnostic> {
    let reader = actions.reader;
    let Some(place) = &yaml.shot else {
        return match section {
            Section::Steps => shot(actions, yaml, None, defaults).map(Some),
            Section::Setup | Section::Fragment => no_shot(actions, yaml).map(|()| None),
        };
    };
    match reader.is_bool(place.id) {
        Some(false) => return no_shot(actions, yaml).map(|()| None),
        Some(true) => {
            let error = reader.error(place.id, "`shot` is a name, `false` or a map");
            return Err(error.help("every step is followed by a shot; leave `shot: true` off"));
        }
        None => {}
    }
    if section == Section::Setup {
        let error = reader.key_error(place.id, "a setup step is never photographed");
        return Err(error.help("move the step to `steps`, or leave `shot` off"));
    }
    let mut wish = match &place.value {
        TextOr::Map(details) => shot(actions, yaml, Some(details), defaults)?,
        TextOr::Text(name) => {
            let name = Place {
                id: place.id,
                value: name.clone(),
            };
            check_name("shot", reader.tree, &name)?;
            if matches!(name.value.as_str(), "no" | "off" | "none" | "never") {
                let error = reader.error(name.id, format!("`{}` names the shot", name.value));
                return Err(error.help("write `shot: false` to take none"));
            }
            let mut wish = shot(actions, yaml, None, defaults)?;
            wish.shot.name = name.value;
            wish
        }
    };
    let asked = match &place.value {
        TextOr::Map(ShotYaml {
            name: Some(name), ..
        }) => name.id,
        _ => place.id,
    };
    wish.asked = Some(reader.tree.spot(asked));
    Ok(Some(wish))
}

/// Options of a picture that is not taken are a mistake.
fn no_shot(actions: Actions<'_>, yaml: &StepYaml) -> Result<(), Diagnostic> {
    let mask = yaml.mask.as_ref().map(|place| place.id);
    let threshold = yaml.threshold.as_ref().map(|place| place.id);
    let limit = yaml.max_mismatch.as_ref().map(|place| place.id);
    let expected = yaml.at_least.as_ref().map(|place| place.id);
    let allow = yaml.allow.as_ref().map(|place| place.id);
    match mask.or(threshold).or(limit).or(expected).or(allow) {
        None => Ok(()),
        Some(id) => {
            let key = actions.reader.tree.key(id);
            let message = format!("`{key}` has no effect: no shot is taken after this step");
            Err(actions.reader.key_error(id, message))
        }
    }
}

fn shot(
    actions: Actions<'_>,
    yaml: &StepYaml,
    details: Option<&ShotYaml>,
    defaults: &Defaults,
) -> Result<Wish, Diagnostic> {
    let reader = actions.reader;
    let mut allow = defaults.allow.clone();
    allow.extend(reader.allow(yaml.allow.as_ref())?);
    let mut shot = Shot {
        name: String::new(),
        area: Area::PAGE,
        viewport: None,
        masks: defaults.masks.clone(),
        flow_masks: defaults.masks.len(),
        threshold: reader
            .threshold(yaml.threshold.as_ref())?
            .or(defaults.threshold),
        max_mismatch: reader
            .max_mismatch(yaml.max_mismatch.as_ref())?
            .or(defaults.max_mismatch),
        at_least: reader
            .at_least(yaml.at_least.as_ref())?
            .or(defaults.at_least)
            .unwrap_or_default(),
        settle: defaults.settle,
        allow,
    };
    add_masks(&mut shot, reader.masks(yaml.mask.as_ref())?);
    if let Some(details) = details {
        refine(actions, details, &mut shot)?;
    }
    if let Some(id) = limit_at(yaml, details) {
        let max = shot.max_mismatch.unwrap_or(actions.settings.max_mismatch);
        reader.check_limits(id, shot.at_least, max)?;
    }
    Ok(Wish {
        shot,
        label: String::new(),
        asked: None,
    })
}

/// Where a limit of this step stands, that of `at_least` before others; what is inherited was checked before.
fn limit_at(yaml: &StepYaml, details: Option<&ShotYaml>) -> Option<NodeId> {
    let of_shot = details.and_then(|details| details.at_least.as_ref());
    let expected = of_shot.or(yaml.at_least.as_ref()).map(|place| place.id);
    let of_shot = details.and_then(|details| details.max_mismatch.as_ref());
    let max = of_shot.or(yaml.max_mismatch.as_ref());
    expected.or(max.map(|place| place.id))
}

/// A flow's mask may be repeated by a step, and is the step's then.
fn add_masks(shot: &mut Shot, more: Vec<Target>) {
    for mask in more {
        match shot.masks.iter().position(|known| *known == mask) {
            None => shot.masks.push(mask),
            Some(at) if at < shot.flow_masks => {
                shot.flow_masks -= 1;
                shot.masks.remove(at);
                shot.masks.push(mask);
            }
            Some(_) => {}
        }
    }
}

fn refine(actions: Actions<'_>, details: &ShotYaml, shot: &mut Shot) -> Result<(), Diagnostic> {
    let reader = actions.reader;
    if let Some(name) = &details.name {
        check_name("shot", reader.tree, name)?;
        shot.name = name.value.clone();
    }
    if let Some(area) = &details.area {
        shot.area = actions.area(area)?;
    }
    if let Some(viewport) = &details.viewport {
        shot.viewport = Some(actions.viewport(viewport)?);
    }
    add_masks(shot, reader.masks(details.mask.as_ref())?);
    shot.threshold = reader
        .threshold(details.threshold.as_ref())?
        .or(shot.threshold);
    shot.max_mismatch = reader
        .max_mismatch(details.max_mismatch.as_ref())?
        .or(shot.max_mismatch);
    if let Some(expected) = reader.at_least(details.at_least.as_ref())? {
        shot.at_least = expected;
    }
    shot.settle = details.settle.unwrap_or_default().or(shot.settle);
    Ok(())
}
