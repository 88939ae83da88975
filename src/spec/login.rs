//! `sessions` of `twinshot.yaml`: logins that flows share. The configuration passes this part on unchecked, because the
//! fragments that it names are in the specs.

use std::{fmt, sync::Arc};

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Action, Step, Wait,
    action::{self, Actions},
    expand::{Context, Expander},
    names::{check_name, twice},
    raw::{StepYaml, WaitYaml},
    step::{Defaults, Parsed, Section},
};
use crate::yaml::{
    Diagnostic, Diagnostics, Location,
    diagnostic::{did_you_mean, listed},
    interpolate::Scope,
    read::{Entries, Place, TextsOr},
    reader::Reader,
    tree::Tree,
};

/// A login that flows share.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Session")]
pub(crate) struct LoginYaml {
    /// The fragment that logs in.
    r#use: Place<String>,
    /// The values of the fragment's parameters.
    with: Option<Place<Entries<String>>>,
    /// What shows on a flow's first page that somebody is logged in: a selector, or conditions as of `wait`.
    /// When absent, being sent to the login page shows that nobody is.
    check: Option<Place<TextsOr<WaitYaml>>>,
    /// How long each wait of the login may take, for example `10s`.
    timeout: Option<Place<String>>,
}

/// The logins of a configuration, not yet checked against the fragments.
#[derive(Clone, Default)]
pub struct Sessions(Option<Arc<(Arc<Tree>, Entries<LoginYaml>)>>);

/// A login that is done once for all flows that name it.
#[derive(Debug, Clone)]
pub struct Login {
    /// Its name.
    pub name: String,
    /// Where it is defined.
    pub location: Location,
    /// What logs in; never photographed.
    pub steps: Vec<Step>,
    /// The check, on a flow's first page, that the login is still valid.
    pub check: Option<Step>,
}

impl Sessions {
    pub(crate) fn new(tree: Arc<Tree>, logins: Entries<LoginYaml>) -> Self {
        Self(Some(Arc::new((tree, logins))))
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let logins = self.0.iter();
        logins.flat_map(|all| all.1.0.iter().map(|place| all.0.key(place.id)))
    }

    /// An error in one login does not hide errors in the next.
    pub(super) fn lower<'f>(
        &'f self,
        expander: &Expander<'f>,
        scope: &Scope<'_>,
        problems: &mut Diagnostics,
    ) -> Vec<Arc<Login>> {
        let Some(all) = &self.0 else {
            return Vec::new();
        };
        let reader = Reader {
            tree: &all.0,
            scope,
        };
        let mut logins = Vec::new();
        for (number, place) in all.1.0.iter().enumerate() {
            let checked = check_login_name(reader, &all.1.0[..number], place)
                .and_then(|()| login(expander, reader, place, problems));
            match checked {
                Ok(login) => logins.push(Arc::new(login)),
                Err(problem) => problems.push(problem),
            }
        }
        logins
    }

    /// The login that a flow names. `None` if that login itself is invalid, which is reported elsewhere.
    pub(super) fn find(
        &self,
        logins: &[Arc<Login>],
        reader: Reader<'_>,
        place: &Place<String>,
    ) -> Result<Option<Arc<Login>>, Diagnostic> {
        if self.names().any(|name| name == place.value) {
            let found = logins.iter().find(|login| login.name == place.value);
            return Ok(found.cloned());
        }
        let message = format!("no session is named `{}`", place.value);
        let error = reader.error(place.id, message);
        Err(match did_you_mean(&place.value, self.names()) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None if self.names().next().is_none() => error
                .help("add it under `sessions` in twinshot.yaml, with the fragment that logs in"),
            None => error.help(format!(
                "sessions in twinshot.yaml: {}",
                listed(self.names())
            )),
        })
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

/// Names are used as keys and in messages: they must be printable, and differ by more than case.
fn check_login_name(
    reader: Reader<'_>,
    before: &[Place<LoginYaml>],
    place: &Place<LoginYaml>,
) -> Result<(), Diagnostic> {
    let tree = reader.tree;
    let name = Place {
        id: place.id,
        value: tree.key(place.id).to_owned(),
    };
    check_name("session", tree, &name)?;
    let same =
        |other: &&Place<LoginYaml>| tree.key(other.id).to_lowercase() == name.value.to_lowercase();
    match before.iter().find(same) {
        Some(first) => Err(twice(
            "sessions",
            &name.value,
            tree.key_spot(place.id),
            tree.key_spot(first.id),
        )),
        None => Ok(()),
    }
}

fn login(
    expander: &Expander<'_>,
    reader: Reader<'_>,
    place: &Place<LoginYaml>,
    problems: &mut Diagnostics,
) -> Result<Login, Diagnostic> {
    let yaml = &place.value;
    let defaults = Defaults::default();
    let context = Context {
        reader,
        section: Section::Setup,
        defaults: &defaults,
        timeout: None,
    };
    let step = Parsed {
        id: place.id,
        action: "use".to_owned(),
        yaml: StepYaml {
            r#use: Some(yaml.r#use.clone()),
            with: yaml.with.clone(),
            timeout: yaml.timeout.clone(),
            ..StepYaml::default()
        },
    };
    let check = yaml.check.as_ref();
    Ok(Login {
        name: reader.tree.key(place.id).to_owned(),
        location: reader.tree.key_spot(place.id).location().clone(),
        check: check
            .map(|check| self::check(expander, reader, check))
            .transpose()?,
        steps: expander.unphotographed(context, &step, problems),
    })
}

/// A check must not be a pause.
fn check(
    expander: &Expander<'_>,
    reader: Reader<'_>,
    place: &Place<TextsOr<WaitYaml>>,
) -> Result<Step, Diagnostic> {
    let actions = Actions {
        reader,
        settings: expander.settings,
    };
    let (action, about) = actions.wait(place)?;
    if matches!(action, Action::Wait(Wait::Duration(_))) {
        let error = reader.error(place.id, "`check` is a condition, not a time");
        return Err(error.help("write what only those see who are logged in, such as `.avatar`"));
    }
    let timeout = match &place.value {
        TextsOr::Map(wait) => reader.maybe_timeout(wait.timeout.as_ref())?,
        TextsOr::Texts(_) => None,
    };
    Ok(Step {
        action,
        label: action::label("check", &about),
        location: reader.tree.key_spot(place.id).location().clone(),
        timeout,
        shot: None,
    })
}
