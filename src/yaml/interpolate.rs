//! Replaces `${NAME}` in a text, from a fragment's parameters first and then from the given environment variables.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use super::Secrets;

/// A variable whose name contains one of these words is secret even if it is not listed.
const SECRET_WORDS: [&str; 4] = ["PASSWORD", "SECRET", "TOKEN", "KEY"];

/// A string with its `${NAME}` parts filled in. People see only the source, never the value.
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    pub(super) source: String,
    pub(super) value: String,
}

/// The environment variables that files may use, and which of them are secret.
#[derive(Clone, Default)]
pub struct Variables {
    values: BTreeMap<String, String>,
    secret_names: BTreeSet<String>,
    /// Values in place of those that are missing.
    stand_ins: BTreeMap<String, String>,
}

impl Variables {
    /// Takes the environment variables as given and reads none itself.
    pub fn new(
        environment: impl IntoIterator<Item = (String, String)>,
        secret_names: &[String],
    ) -> Self {
        Self {
            values: environment.into_iter().collect(),
            secret_names: secret_names.iter().cloned().collect(),
            stand_ins: BTreeMap::new(),
        }
    }

    /// The same values, and one for a variable that is missing. It is never taken for a secret.
    pub(super) fn with_stand_in(&self, name: &str, value: String) -> Self {
        let mut variables = self.clone();
        variables.stand_ins.insert(name.to_owned(), value);
        variables
    }

    /// The same values with more secret names.
    pub fn with_secret_names(&self, names: &[String]) -> Self {
        let mut variables = self.clone();
        variables.secret_names.extend(names.iter().cloned());
        variables
    }

    /// The variables of a line that are set to nothing.
    pub(super) fn empty_ones<'l>(&self, line: &'l str) -> impl Iterator<Item = &'l str> {
        let names = pieces(line).filter_map(|piece| match piece {
            Ok(Piece::Variable(name)) => Some(name),
            _ => None,
        });
        names.filter(|name| {
            self.values
                .get(*name)
                .is_some_and(|value| value.trim().is_empty())
        })
    }

    /// Whether the variable is listed as secret, or its name says so.
    pub(crate) fn is_secret(&self, name: &str) -> bool {
        self.secret_names.contains(name) || SECRET_WORDS.iter().any(|word| name.contains(word))
    }
}

impl Text {
    /// The value for the browser. It must never be shown.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The text as written, for showing.
    pub fn source(&self) -> &str {
        &self.source
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({:?})", self.source)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Variables({} values)", self.values.len())
    }
}

/// The variables that were used while files were read.
#[derive(Default)]
pub(crate) struct Used {
    /// Values.
    secret: RefCell<BTreeSet<String>>,
    /// By name; the values may be shown.
    plain: RefCell<BTreeMap<String, String>>,
}

impl Used {
    pub(crate) fn into_secrets(self) -> Secrets {
        Secrets::new(self.secret.into_inner())
    }

    /// The variables that are no secrets, and whether there are secret ones.
    pub(crate) fn plain(&self) -> (BTreeMap<String, String>, bool) {
        (
            self.plain.borrow().clone(),
            !self.secret.borrow().is_empty(),
        )
    }

    /// Adds those of a part.
    pub(crate) fn merge(&self, part: Self) {
        self.secret.borrow_mut().extend(part.secret.into_inner());
        self.plain.borrow_mut().extend(part.plain.into_inner());
    }
}

/// The meaning of `${NAME}` at one place.
#[derive(Clone)]
pub(crate) struct Scope<'a> {
    variables: &'a Variables,
    params: BTreeMap<String, String>,
    used: &'a Used,
}

/// Why a text cannot be filled in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FillError {
    /// No such parameter or variable.
    Unset(String),
    /// `${` without a name and a closing brace; holds the part as it was written.
    Malformed(String),
}

/// A piece of a text.
enum Piece<'a> {
    Literal(&'a str),
    Variable(&'a str),
}

impl<'a> Scope<'a> {
    pub(crate) fn new(variables: &'a Variables, used: &'a Used) -> Self {
        Self {
            variables,
            params: BTreeMap::new(),
            used,
        }
    }

    /// The scope of a fragment's steps.
    pub(crate) fn with_params(&self, params: BTreeMap<String, String>) -> Self {
        Self {
            params,
            ..self.clone()
        }
    }

    /// The text with every `${NAME}` replaced.
    pub(crate) fn fill(&self, source: &str) -> Result<String, FillError> {
        let mut filled = String::with_capacity(source.len());
        for piece in pieces(source) {
            match piece? {
                Piece::Literal(text) => filled.push_str(text),
                Piece::Variable(name) => filled.push_str(self.lookup(name)?),
            }
        }
        Ok(filled)
    }

    fn lookup(&self, name: &str) -> Result<&str, FillError> {
        if let Some(value) = self.params.get(name) {
            return Ok(value);
        }
        if let Some(value) = self.variables.stand_ins.get(name) {
            return Ok(value);
        }
        let value = self.variables.values.get(name);
        let value = value.ok_or_else(|| FillError::Unset(name.to_owned()))?;
        if self.variables.is_secret(name) {
            self.used.secret.borrow_mut().insert(value.clone());
        } else {
            let mut plain = self.used.plain.borrow_mut();
            plain.insert(name.to_owned(), value.clone());
        }
        Ok(value)
    }
}

/// Whether the text depends on a variable.
pub(crate) fn has_variable(source: &str) -> bool {
    pieces(source).any(|piece| !matches!(piece, Ok(Piece::Literal(_))))
}

/// Cuts a text at `${NAME}`; `$${` is a literal `${`.
fn pieces(source: &str) -> impl Iterator<Item = Result<Piece<'_>, FillError>> {
    let mut rest = source;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some(after) = rest.strip_prefix("$${") {
            rest = after;
            return Some(Ok(Piece::Literal("${")));
        }
        if let Some(after) = rest.strip_prefix("${") {
            let Some((name, after)) = after.split_once('}').filter(|(name, _)| is_name(name))
            else {
                let part = after.split('}').next().unwrap_or(after);
                let part: String = part.lines().next().unwrap_or("").chars().take(20).collect();
                rest = "";
                return Some(Err(FillError::Malformed(format!("${{{part}"))));
            };
            rest = after;
            return Some(Ok(Piece::Variable(name)));
        }
        let end = next_mark(rest);
        let (text, after) = rest.split_at(end);
        rest = after;
        Some(Ok(Piece::Literal(text)))
    })
}

/// Where the next `${` or `$${` begins.
fn next_mark(text: &str) -> usize {
    match text.find("${") {
        Some(at) if at > 0 && text.as_bytes()[at - 1] == b'$' => at - 1,
        Some(at) => at,
        None => text.len(),
    }
}

/// `[A-Za-z_][A-Za-z0-9_]*`
pub(crate) fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(source: &str) -> Result<String, FillError> {
        let environment = [("USER", "jane"), ("_x1", "")];
        let environment = environment.map(|(name, value)| (name.into(), value.into()));
        let variables = Variables::new(environment, &[]);
        Scope::new(&variables, &Used::default()).fill(source)
    }

    #[test]
    fn fills_names_and_keeps_the_rest() {
        for (source, value) in [
            ("", ""),
            ("a", "a"),
            ("$", "$"),
            ("$5 {x} $x", "$5 {x} $x"),
            ("${USER}", "jane"),
            ("a${USER}${_x1}b", "ajaneb"),
            ("$${USER}", "${USER}"),
            ("$$${USER}", "$${USER}"),
            ("é$${", "é${"),
        ] {
            assert_eq!(fill(source).as_deref(), Ok(value), "{source}");
        }
    }

    #[test]
    fn says_what_is_missing() {
        assert_eq!(fill("a ${NONE}"), Err(FillError::Unset("NONE".into())));
        for source in ["${", "${}", "${a b}", "${1a}", "${a.b}", "x ${USER"] {
            assert!(
                matches!(fill(source), Err(FillError::Malformed(_))),
                "{source}"
            );
        }
    }
}
