//! One YAML file as a tree of nodes that know their place. Refuses what is too big, too deep or no YAML.

use std::{path::PathBuf, sync::Arc};

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::{Error, Spanned};

use super::{Diagnostic, Location, Source, diagnostic::Spot};

/// Larger files are no specs.
const MAX_BYTES: usize = 1 << 20;

/// The index of a node in its tree; a node comes before its children.
pub(crate) type NodeId = usize;

/// A parsed file.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) name: Arc<str>,
    pub(crate) folder: PathBuf,
    text: String,
    nodes: Vec<Node>,
}

/// One value and, in a map, its key.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) mark: Mark,
    pub(crate) key: Option<Key>,
}

/// The key of a map's entry.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: String,
    pub(crate) mark: Mark,
}

/// What a node holds. Scalars keep their spelling: `007` may be a number or a text.
#[derive(Debug)]
pub(crate) enum Value {
    Null,
    Bool(bool, String),
    Integer(i128, String),
    Float(f64, String),
    Text(String),
    List(Vec<NodeId>),
    Map(Vec<NodeId>),
}

/// A place in the text; line and column count from 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    pub(crate) line: u32,
    pub(crate) column: u32,
    /// Characters under the caret.
    pub(crate) width: u32,
}

impl Tree {
    /// The root is node 0.
    pub(crate) fn parse(source: &Source) -> Result<Self, Diagnostic> {
        let text = source.text.strip_prefix('\u{feff}').unwrap_or(&source.text);
        let mut tree = Self {
            name: source.name.as_str().into(),
            folder: source.folder.clone(),
            text: String::new(),
            nodes: Vec::new(),
        };
        if text.len() > MAX_BYTES {
            let message = format!("`{}` is larger than 1 MiB", source.name);
            return Err(Diagnostic::placeless(message).help("split it into several specs"));
        }
        tree.text = text.to_owned();
        match serde_yaml::from_str_with_options::<Spanned<Raw>>(text, options()) {
            Ok(root) => tree.add(root, None),
            Err(error) => return Err(tree.syntax_error(&error)),
        };
        Ok(tree)
    }

    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    /// The entries of a map; none of anything else.
    pub(crate) fn entries(&self, id: NodeId) -> &[NodeId] {
        match &self.nodes[id].value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The value of a map's key.
    pub(crate) fn entry(&self, id: NodeId, name: &str) -> Option<NodeId> {
        let mut entries = self.entries(id).iter().copied();
        entries.find(|entry| self.key(*entry) == name)
    }

    /// The key that a node stands under; empty in a list.
    pub(crate) fn key(&self, id: NodeId) -> &str {
        self.nodes[id].key.as_ref().map_or("", |key| &key.name)
    }

    pub(crate) fn spot(&self, id: NodeId) -> Spot {
        self.spot_of(self.nodes[id].mark)
    }

    /// The key's place, for problems with the whole entry.
    pub(crate) fn key_spot(&self, id: NodeId) -> Spot {
        let node = &self.nodes[id];
        self.spot_of(node.key.as_ref().map_or(node.mark, |key| key.mark))
    }

    pub(crate) fn spot_of(&self, mark: Mark) -> Spot {
        let location = Location {
            file: self.name.clone(),
            line: mark.line,
            column: mark.column,
        };
        Spot::new(location, self.line(mark.line), mark.width)
    }

    /// The place of `part` at or after a node, as it is spelt in the source.
    pub(crate) fn spot_within(&self, id: NodeId, part: &str) -> Spot {
        let mark = self.nodes[id].mark;
        let lines = (mark.line..).zip(self.text.lines().skip(mark.line as usize - 1));
        for (number, line) in lines.take(200) {
            let skipped = if number == mark.line {
                mark.column - 1
            } else {
                0
            };
            let start = line.char_indices().nth(skipped as usize);
            let start = start.map_or(line.len(), |(at, _)| at);
            if let Some(found) = line[start..].find(part) {
                return self.spot_of(Mark {
                    line: number,
                    column: line[..start + found].chars().count() as u32 + 1,
                    width: part.chars().count() as u32,
                });
            }
        }
        self.spot(id)
    }

    pub(crate) fn line(&self, number: u32) -> &str {
        let mut lines = self.text.lines();
        lines.nth((number as usize).saturating_sub(1)).unwrap_or("")
    }

    fn add(&mut self, raw: Spanned<Raw>, key: Option<Spanned<String>>) -> NodeId {
        let id = self.nodes.len();
        let spelling = self.spelling(&raw);
        let mark = Self::mark(raw.referenced);
        let key = key.map(|key| Key {
            mark: Self::mark(key.referenced),
            name: key.value,
        });
        let value = Value::Null;
        self.nodes.push(Node { value, mark, key });
        self.nodes[id].value = match raw.value {
            Raw::Null => Value::Null,
            Raw::Bool(value) => Value::Bool(value, spelling),
            Raw::Integer(value) => Value::Integer(value, spelling),
            Raw::Float(value) => Value::Float(value, spelling),
            Raw::Text(value) => Value::Text(value),
            Raw::List(items) => {
                Value::List(items.into_iter().map(|item| self.add(item, None)).collect())
            }
            Raw::Map(entries) => {
                let entries = entries.into_iter();
                Value::Map(
                    entries
                        .map(|(key, item)| self.add(item, Some(key)))
                        .collect(),
                )
            }
        };
        id
    }

    fn spelling(&self, raw: &Spanned<Raw>) -> String {
        let span = raw.defined.span();
        let range = span.byte_offset().zip(span.byte_len());
        let slice = range.and_then(|(start, len)| {
            let start = start as usize;
            self.text.get(start..start + len as usize)
        });
        slice.unwrap_or_default().trim().to_owned()
    }

    fn mark(at: serde_yaml::Location) -> Mark {
        let line = (at.line() as u32).max(1);
        let column = (at.column() as u32).max(1);
        let width = (at.span().len() as u32).max(1);
        Mark {
            line,
            column,
            width,
        }
    }

    fn syntax_error(&self, error: &Error) -> Diagnostic {
        let error = error.without_snippet();
        let mark = error.location().map_or(
            Mark {
                line: 1,
                column: 1,
                width: 1,
            },
            Self::mark,
        );
        if let Some(tab) = self.tab_indentation(mark.line) {
            let message = "a tab is used for indentation";
            return Diagnostic::new(message, self.spot_of(tab)).help("indent with spaces");
        }
        let (message, help) = explain(error);
        let line = self.line(mark.line);
        let help = help.or_else(|| line_help(&message, line));
        Diagnostic::new(message, self.spot_of(mark)).maybe_help(help)
    }

    /// The parser stumbles over a tab on its line or on the one after.
    fn tab_indentation(&self, line: u32) -> Option<Mark> {
        [line, line.saturating_sub(1)].into_iter().find_map(|line| {
            let text = self.line(line);
            let blank = text.chars().take_while(|c| c.is_whitespace());
            let tab = blank.collect::<Vec<_>>().iter().position(|c| *c == '\t')?;
            let column = tab as u32 + 1;
            Some(Mark {
                line,
                column,
                width: 1,
            })
        })
    }
}

/// What a YAML error means to the author of a spec.
fn explain(error: &Error) -> (String, Option<String>) {
    match error {
        Error::DuplicateMappingKey { key, .. } => {
            let key = key.as_deref().unwrap_or("…");
            (
                format!("duplicate key `{key}`"),
                Some(
                    "a key may stand once in a map; remove one, or start a new step with `-`"
                        .into(),
                ),
            )
        }
        Error::MultipleDocuments { .. } => (
            "a second YAML document begins here".into(),
            Some("one file holds one flow or one fragment; give each its own file".into()),
        ),
        Error::Budget { .. }
        | Error::AliasReplayCounterOverflow { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => too_much(),
        Error::NullIntoString { .. } | Error::Unexpected { .. } => {
            ("a key must be a text".into(), None)
        }
        Error::UnknownAnchor { .. } => (
            "unknown anchor".into(),
            Some("a value that begins with `*` is a YAML alias; quote it when it is a text".into()),
        ),
        Error::RecursiveReferencesRequireWeakTypes { .. } => {
            ("an anchor contains itself".into(), None)
        }
        other => plain_message(&other.to_string()),
    }
}

fn too_much() -> (String, Option<String>) {
    (
        "the file is nested too deeply or holds too much".into(),
        Some("at most 32 levels, 50000 values and 100 anchors".into()),
    )
}

/// The library's own sentence, without the place that we show anyway.
fn plain_message(text: &str) -> (String, Option<String>) {
    let text = text.rfind(" at line ").map_or(text, |at| &text[..at]);
    if text.contains("recursion limit") {
        return too_much();
    }
    let reserved = ['@', '`', '%']
        .iter()
        .any(|c| text.contains(&format!("`{c}'")));
    let quote = "a text cannot begin with this character; quote it";
    let text = text.replace("`\\u{0}'", "NUL");
    (
        format!("invalid YAML: {text}"),
        reserved.then(|| quote.into()),
    )
}

/// Traps of YAML that a spec's author falls into.
fn line_help(message: &str, line: &str) -> Option<String> {
    let help = if message.contains("a flow ") && line.contains("${") {
        "inside `{ }` or `[ ]`, a text with `${NAME}` must be quoted: \"${NAME}\""
    } else if message.contains("mapping values") {
        "quote a text that holds `: `; keys of one map begin in the same column"
    } else if message.contains("quote") {
        "a quote is not closed, here or above"
    } else {
        return None;
    };
    Some(help.into())
}

fn options() -> serde_yaml::Options {
    serde_yaml::options! {
        strict_booleans: true,
        with_snippet: false,
        reject_unsupported_tags: true,
        non_finite_float_policy: serde_yaml::NonFiniteFloatPolicy::PassThrough,
        alias_limits: serde_yaml::alias_limits! {
            max_total_replayed_events: 50_000,
        },
        budget: serde_yaml::budget! {
            max_depth: 32,
            max_nodes: 50_000,
            max_anchors: 100,
            max_total_scalar_bytes: 4 << 20,
        },
    }
}

/// A node as the YAML library hands it over.
enum Raw {
    Null,
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Integer(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Integer(value.into()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Raw, E> {
        Ok(Raw::Integer(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }
}
