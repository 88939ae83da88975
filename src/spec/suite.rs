//! Reads all files of a run into one `Suite`: tells flows from fragments, and checks that each name is used only once.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use super::{
    Definition, Flow, SpecFile, Suite, SuiteSettings,
    expand::{Expander, Fragment, Fragments},
    names::{check_name, twice},
    raw::{FlowYaml, FragmentYaml},
    step::{Parsed, read_steps},
};
use crate::{
    digest::text_digest,
    yaml::{
        Diagnostic, Diagnostics, Source, Variables,
        diagnostic::{Spot, did_you_mean},
        interpolate::{Scope, Used, is_name},
        read::Reading,
        reader::Reader,
        tree::{Tree, Value},
    },
};

/// A file that was read, its steps checked for names and types.
enum File {
    Flow(Box<FlowYaml>, Vec<Parsed>, Vec<Parsed>),
    Fragment(FragmentYaml, Vec<Parsed>),
}

impl Suite {
    /// Reads all files. All errors in all files are reported together.
    pub fn parse(
        sources: &[Source],
        variables: &Variables,
        settings: &SuiteSettings,
    ) -> Result<Self, Diagnostics> {
        let mut problems = Diagnostics::default();
        let files = read_files(sources, &mut problems);
        let fragments = collect_fragments(&files, &mut problems);
        let used = Used::default();
        let scope = Scope::new(variables, &used);
        let expander = Expander::new(&fragments, settings);
        let logins = settings.sessions.lower(&expander, &scope, &mut problems);
        let mut flows = Vec::new();
        for (tree, file) in &files {
            let File::Flow(yaml, setup, steps) = file else {
                continue;
            };
            let used_here = Used::default();
            let reader = Reader {
                tree,
                scope: &Scope::new(variables, &used_here),
            };
            let flow = expander.flow(reader, yaml, setup, steps, &logins, &mut problems);
            let (variables, has_secrets) = used_here.plain();
            used.merge(used_here);
            flows.extend(flow.map(|flow| Flow {
                definition: Definition {
                    digest: digest(tree, &files, sources),
                    variables,
                    has_secrets,
                },
                ..flow
            }));
        }
        unique_flows(&files, &mut problems);
        expander.unused_fragments(&scope, &mut problems);
        let flows: Vec<Flow> = flows;
        let secrets = used.into_secrets();
        let files = sources.iter().map(|source| SpecFile {
            name: source.name.clone(),
            digest: text_digest(&source.text),
        });
        let files = files.collect();
        problems.or(Self {
            flows,
            secrets,
            files,
        })
    }
}

/// Of a flow's file and of every fragment, whether the flow uses it or not.
fn digest(flow: &Tree, files: &[(Tree, File)], sources: &[Source]) -> String {
    let name = |tree: &Tree| tree.spot(0).location().file.clone();
    let fragments = files.iter().filter_map(|(tree, file)| match file {
        File::Fragment(..) => Some(tree),
        File::Flow(..) => None,
    });
    let files = [flow].into_iter().chain(fragments).map(name);
    crate::digest::digest(files.map(|file| {
        let source = sources.iter().find(|source| *source.name == *file);
        source.map_or("", |source| &source.text)
    }))
}

fn read_files(sources: &[Source], problems: &mut Diagnostics) -> Vec<(Tree, File)> {
    let mut sources: Vec<&Source> = sources.iter().collect();
    sources.sort_by(|one, other| one.name.cmp(&other.name));
    let mut files = Vec::new();
    for source in sources {
        let tree = match Tree::parse(source) {
            Ok(tree) => tree,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        if let Some(file) = read_file(&tree, problems) {
            files.push((tree, file));
        }
    }
    files
}

fn read_file(tree: &Tree, problems: &mut Diagnostics) -> Option<File> {
    match (tree.entry(0, "flow"), tree.entry(0, "fragment")) {
        (Some(_), None) => read_flow(tree, problems),
        (None, Some(_)) => read_fragment(tree, problems),
        (Some(flow), Some(fragment)) => {
            let message = "a file is either a flow or a fragment";
            let error = Diagnostic::new(message, tree.key_spot(flow.max(fragment)));
            problems.push(error.help("move the fragment to a file of its own"));
            None
        }
        (None, None) => {
            problems.push(neither(tree));
            None
        }
    }
}

fn read_flow(tree: &Tree, problems: &mut Diagnostics) -> Option<File> {
    let (yaml, is_whole) = read_root::<Box<FlowYaml>>(tree, problems)?;
    let name = check_name("flow", tree, &yaml.flow);
    let setup = yaml.setup.as_ref();
    let setup = setup.map(|setup| read_steps(tree, setup, problems));
    let steps = read_steps(tree, &yaml.steps, problems);
    let is_named = problems.take(name).is_some();
    (is_whole && is_named).then(|| File::Flow(yaml, setup.unwrap_or_default(), steps))
}

fn read_fragment(tree: &Tree, problems: &mut Diagnostics) -> Option<File> {
    let (yaml, is_whole) = read_root::<FragmentYaml>(tree, problems)?;
    let head = check_name("fragment", tree, &yaml.fragment);
    let head = head.and_then(|()| check_params(tree, &yaml));
    let steps = read_steps(tree, &yaml.steps, problems);
    let is_named = problems.take(head).is_some();
    (is_whole && is_named).then_some(File::Fragment(yaml, steps))
}

/// The readable part of a file, and whether that is all of it.
fn read_root<T: DeserializeOwned>(tree: &Tree, problems: &mut Diagnostics) -> Option<(T, bool)> {
    let Reading { value, errors } = tree.read_root();
    let is_whole = errors.is_empty();
    problems.extend(errors.into_iter().map(|error| tree.diagnose(error)));
    Some((value?, is_whole))
}

fn neither(tree: &Tree) -> Diagnostic {
    let help = "begin with `flow: NAME` and `steps:`, or with `fragment: NAME` and `steps:`";
    match &tree.node(0).value {
        Value::Null => Diagnostic::new("the file is empty", tree.spot(0)).help(help),
        Value::Map(entries) => {
            let near = entries.iter().find_map(|id| {
                let near = did_you_mean(tree.key(*id), ["flow", "fragment"])?;
                Some((*id, near))
            });
            let Some((id, near)) = near else {
                let message = "the file has neither `flow` nor `fragment`";
                return Diagnostic::new(message, tree.key_spot(0)).help(help);
            };
            let message = format!("unknown key `{}`", tree.key(id));
            Diagnostic::new(message, tree.key_spot(id)).help(format!("did you mean `{near}`?"))
        }
        _ => Diagnostic::new("a spec is a map", tree.spot(0)).help(help),
    }
}

fn check_params(tree: &Tree, yaml: &FragmentYaml) -> Result<(), Diagnostic> {
    let mut known: Vec<&str> = Vec::new();
    for param in yaml.params.iter().flat_map(|params| &params.value) {
        let message = match is_name(&param.value) {
            false => format!("`{}` is no name for a parameter", param.value),
            true if known.contains(&param.value.as_str()) => {
                format!("the parameter `{}` stands twice", param.value)
            }
            true => {
                known.push(&param.value);
                continue;
            }
        };
        return Err(Diagnostic::new(message, tree.spot(param.id))
            .help("a name is made of letters, digits and `_`"));
    }
    Ok(())
}

fn collect_fragments<'f>(files: &'f [(Tree, File)], problems: &mut Diagnostics) -> Fragments<'f> {
    let mut fragments = Fragments::new();
    for (tree, file) in files {
        let File::Fragment(yaml, steps) = file else {
            continue;
        };
        let fragment = Fragment { tree, yaml, steps };
        let spot = tree.spot(yaml.fragment.id);
        match fragments.get(yaml.fragment.value.as_str()) {
            Some(first) => {
                let first = first.tree.spot(first.yaml.fragment.id);
                problems.push(twice("fragments", &yaml.fragment.value, spot, first));
            }
            None => {
                fragments.insert(&yaml.fragment.value, fragment);
            }
        }
    }
    fragments
}

fn unique_flows(files: &[(Tree, File)], problems: &mut Diagnostics) {
    let mut known: BTreeMap<String, Spot> = BTreeMap::new();
    for (tree, file) in files {
        let File::Flow(yaml, ..) = file else { continue };
        let (name, spot) = (&yaml.flow.value, tree.spot(yaml.flow.id));
        match known.get(&name.to_lowercase()) {
            Some(first) => problems.push(twice("flows", name, spot, first.clone())),
            None => {
                known.insert(name.to_lowercase(), spot);
            }
        }
    }
}
