//! Reads the raw serde types from a tree of nodes. Each error knows its node, and none hides the next: a bad node is
//! skipped and the rest is read again. A part of the tree can be held back and read later.

use std::{collections::BTreeSet, fmt, marker::PhantomData};

use serde::de::{
    self, Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer,
    MapAccess, SeqAccess, Visitor, value::StrDeserializer,
};

use super::{
    Diagnostic,
    diagnostic::{did_you_mean, listed},
    tree::{NodeId, Tree, Value},
};

const PLACE: &str = "$twinshot place";
const HELD: &str = "$twinshot held";
/// Each error costs one more reading. Nobody fixes this many errors at once.
const MOST_READINGS: usize = 100;

/// A value and the node it was read from.
#[derive(Debug, Clone)]
pub(crate) struct Place<T> {
    pub(crate) id: NodeId,
    pub(crate) value: T,
}

/// A node whose content is read later, as a `T`.
#[derive(Debug, Clone)]
pub(crate) struct Held<T> {
    pub(crate) id: NodeId,
    kind: PhantomData<T>,
}

/// A part of a tree that was read.
#[derive(Debug)]
pub(crate) struct Reading<T> {
    /// The part that could be read despite the errors.
    pub(crate) value: Option<T>,
    /// In the order of the file.
    pub(crate) errors: Vec<ReadError>,
}

/// A map from free names to `T`, in the order of the file.
#[derive(Debug, Clone)]
pub(crate) struct Entries<T>(pub(crate) Vec<Place<T>>);

/// A text, or a map for the details.
#[derive(Debug, Clone)]
pub(crate) enum TextOr<M> {
    Text(String),
    Map(M),
}

/// A text or a list of texts.
#[derive(Debug, Clone)]
pub(crate) enum Texts {
    One(String),
    Many(Vec<Place<String>>),
}

/// A text, a list of texts, or a map for the details.
#[derive(Debug, Clone)]
pub(crate) enum TextsOr<M> {
    Texts(Texts),
    Map(M),
}

/// A list of maps, or a map from names to texts.
#[derive(Debug, Clone)]
pub(crate) enum ListOrEntries<M> {
    List(Vec<Place<M>>),
    Entries(Entries<String>),
}

impl Texts {
    /// The nodes of its texts; `own` is the node of the one text.
    pub(crate) fn ids(&self, own: NodeId) -> Vec<NodeId> {
        match self {
            Self::One(_) => vec![own],
            Self::Many(places) => places.iter().map(|place| place.id).collect(),
        }
    }
}

/// No value: `- back:`.
#[derive(Debug, Clone)]
pub(crate) struct Nothing;

impl Tree {
    /// Reads the whole file.
    pub(crate) fn read_root<T: DeserializeOwned>(&self) -> Reading<T> {
        self.read(0)
    }

    /// Reads what was held back.
    pub(crate) fn read_held<T: DeserializeOwned>(&self, held: &Held<T>) -> Reading<T> {
        self.read(held.id)
    }

    fn read<T: DeserializeOwned>(&self, root: NodeId) -> Reading<T> {
        let mut errors: Vec<ReadError> = Vec::new();
        let mut passed_over = BTreeSet::new();
        let value = loop {
            let read = T::deserialize(Cursor {
                tree: self,
                passed_over: &passed_over,
                id: root,
                field: false,
            });
            let error = match read {
                Ok(value) => break Some(value),
                Err(error) => error.or_at(root),
            };
            let at = error.at.unwrap_or(root);
            if !self.is_consequence(&error, &errors) {
                errors.push(error);
            }
            passed_over.insert(at);
            if at == root || passed_over.len() >= MOST_READINGS {
                break None;
            }
        };
        errors.sort_by_key(|error| error.at);
        Reading { value, errors }
    }

    /// Whether a key is missing only because it was skipped or misspelt.
    fn is_consequence(&self, error: &ReadError, before: &[ReadError]) -> bool {
        let (Problem::Missing(missing), Some(map)) = (&error.kind, error.at) else {
            return false;
        };
        let misspelt = before.iter().any(|other| match &other.kind {
            Problem::UnknownKey { name, expected } => {
                let is_here = other.at.is_some_and(|at| self.entries(map).contains(&at));
                is_here && did_you_mean(name, expected.iter().copied()) == Some(missing)
            }
            _ => false,
        });
        misspelt || self.entry(map, missing).is_some()
    }

    /// The error as a diagnostic with its position and, if we know better, a hint.
    pub(crate) fn diagnose(&self, error: ReadError) -> Diagnostic {
        let at = error.at.unwrap_or(0);
        match error.kind {
            Problem::Custom(message) => Diagnostic::new(message, self.spot(at)),
            Problem::Wrong { expected } => self.wrong_type(at, &expected),
            Problem::UnknownKey { name, expected } => self.unknown_key(at, &name, expected),
            Problem::Missing(name) => {
                let owner = self.owner(at);
                let message = format!("{owner} needs `{name}`");
                Diagnostic::new(message, self.key_spot(at))
            }
            Problem::Unknown { name, expected } => {
                let message = format!("unknown value `{name}`");
                Diagnostic::new(message, self.spot(at)).maybe_help(suggestion(&name, expected))
            }
        }
    }

    /// What to call a map in a sentence.
    fn owner(&self, id: NodeId) -> String {
        match self.key(id) {
            "" if id == 0 => "the file".into(),
            "" => "this entry".into(),
            key => format!("`{key}`"),
        }
    }

    fn unknown_key(&self, entry: NodeId, name: &str, expected: &[&str]) -> Diagnostic {
        let map = self.parent(entry).unwrap_or(0);
        let place = match self.key(map) {
            "" => String::new(),
            key => format!(" in `{key}`"),
        };
        let message = format!("unknown key `{name}`{place}");
        Diagnostic::new(message, self.key_spot(entry)).maybe_help(suggestion(name, expected))
    }

    fn parent(&self, id: NodeId) -> Option<NodeId> {
        (0..id).rev().find(|map| self.entries(*map).contains(&id))
    }

    fn wrong_type(&self, id: NodeId, expected: &str) -> Diagnostic {
        let node = self.node(id);
        let subject = match self.key(id) {
            "" => String::new(),
            key => format!("`{key}`: "),
        };
        let expected = plain_type(expected);
        let found = describe(&node.value);
        let message = format!("{subject}expected {expected}, found {found}");
        let spot = match node.value {
            Value::Null => self.key_spot(id),
            _ => self.spot(id),
        };
        let text = expected.starts_with("a text");
        let help = self.quoting_help(id).filter(|_| text);
        Diagnostic::new(message, spot).maybe_help(help)
    }

    /// `#`, `[` and `{` have a meaning in YAML, so a selector that begins with one must be quoted.
    fn quoting_help(&self, id: NodeId) -> Option<String> {
        let node = self.node(id);
        let line = self.line(node.key.as_ref().map_or(node.mark, |key| key.mark).line);
        match &node.value {
            Value::Null if line.contains(" #") => {
                Some("`#` begins a comment in YAML; quote the text: \"#…\"".into())
            }
            Value::List(_) | Value::Map(_) if self.starts_with(id, &['[', '{']) => Some(
                "YAML reads `[…]` as a list and `{…}` as a map; quote it if it is a text".into(),
            ),
            _ => None,
        }
    }

    /// Whether the node's source begins with one of these characters.
    pub(crate) fn starts_with(&self, id: NodeId, chars: &[char]) -> bool {
        let mark = self.node(id).mark;
        let first = self.line(mark.line).chars().nth(mark.column as usize - 1);
        first.is_some_and(|c| chars.contains(&c))
    }
}

/// "did you mean", or all valid names if none is close.
pub(crate) fn suggestion(name: &str, expected: &[&str]) -> Option<String> {
    match did_you_mean(name, expected.iter().copied()) {
        Some(near) => Some(format!("did you mean `{near}`?")),
        None if expected.is_empty() => None,
        None => Some(format!(
            "expected one of {}",
            listed(expected.iter().copied())
        )),
    }
}

/// Serde's names of types in the words of YAML.
fn plain_type(expected: &str) -> &str {
    match expected {
        "a string" => "a text",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more",
        "i32" | "i64" => "a whole number",
        "f32" | "f64" => "a number",
        other if other.starts_with("struct ") => "a map",
        other => other,
    }
}

fn describe(value: &Value) -> String {
    match value {
        Value::Null => "nothing".into(),
        Value::Bool(..) => "a boolean".into(),
        Value::Integer(_, spelling) | Value::Float(_, spelling) => format!("the number {spelling}"),
        Value::Text(_) => "a text".into(),
        Value::List(_) => "a list".into(),
        Value::Map(_) => "a map".into(),
    }
}

/// Serde's error, and its node.
#[derive(Debug)]
pub(crate) struct ReadError {
    pub(crate) kind: Problem,
    pub(crate) at: Option<NodeId>,
}

#[derive(Debug)]
pub(crate) enum Problem {
    Custom(String),
    Wrong {
        expected: String,
    },
    UnknownKey {
        name: String,
        expected: &'static [&'static str],
    },
    Unknown {
        name: String,
        expected: &'static [&'static str],
    },
    Missing(&'static str),
}

impl ReadError {
    fn of(kind: Problem) -> Self {
        Self { kind, at: None }
    }

    fn or_at(mut self, id: NodeId) -> Self {
        self.at.get_or_insert(id);
        self
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.kind)
    }
}

impl std::error::Error for ReadError {}

impl de::Error for ReadError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::of(Problem::Custom(message.to_string()))
    }

    fn invalid_type(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let expected = expected.to_string();
        Self::of(Problem::Wrong { expected })
    }

    fn invalid_value(unexpected: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(unexpected, expected)
    }

    fn unknown_field(name: &str, expected: &'static [&'static str]) -> Self {
        let name = name.to_owned();
        Self::of(Problem::UnknownKey { name, expected })
    }

    fn unknown_variant(name: &str, expected: &'static [&'static str]) -> Self {
        let name = name.to_owned();
        Self::of(Problem::Unknown { name, expected })
    }

    fn missing_field(name: &'static str) -> Self {
        Self::of(Problem::Missing(name))
    }
}

/// Reads one node. `field`: it is the value of a struct's key, so that null is a value and not an absence.
#[derive(Clone, Copy)]
struct Cursor<'t> {
    tree: &'t Tree,
    /// Nodes that could not be read before.
    passed_over: &'t BTreeSet<NodeId>,
    id: NodeId,
    field: bool,
}

impl<'t> Cursor<'t> {
    fn item(self, id: NodeId) -> Self {
        Self {
            id,
            field: false,
            ..self
        }
    }

    /// The next node that is not passed over.
    fn next(self, ids: &mut std::slice::Iter<'_, NodeId>) -> Option<NodeId> {
        ids.copied().find(|id| !self.passed_over.contains(id))
    }

    fn value(self) -> &'t Value {
        &self.tree.node(self.id).value
    }

    fn list<'de, V: Visitor<'de>>(self, ids: &[NodeId], visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_seq(Items {
            cursor: self,
            ids: ids.iter(),
        })
    }

    fn map<'de, V: Visitor<'de>>(self, ids: &[NodeId], visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_map(Fields {
            cursor: self,
            ids: ids.iter(),
            current: None,
        })
    }
}

impl<'de> Deserializer<'de> for Cursor<'_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let read = match self.value() {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value, _) => visitor.visit_bool(*value),
            Value::Integer(value, _) => match i64::try_from(*value) {
                Ok(value) => visitor.visit_i64(value),
                Err(_) => visitor.visit_f64(*value as f64),
            },
            Value::Float(value, _) => visitor.visit_f64(*value),
            Value::Text(value) => visitor.visit_str(value),
            Value::List(ids) => self.list(ids, visitor),
            Value::Map(ids) => self.map(ids, visitor),
        };
        read.map_err(|error| error.or_at(self.id))
    }

    /// A number or a boolean where a text is wanted is the text that was written.
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.value() {
            Value::Bool(_, spelling) | Value::Integer(_, spelling) | Value::Float(_, spelling) => {
                let read = visitor.visit_str(spelling);
                read.map_err(|error: ReadError| error.or_at(self.id))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, ReadError> {
        if !self.field && matches!(self.value(), Value::Null) {
            return visitor.visit_none();
        }
        self.field = false;
        let id = self.id;
        visitor.visit_some(self).map_err(|error| error.or_at(id))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.field = false;
        match name {
            HELD => visitor.visit_u64(self.id as u64),
            PLACE => visitor.visit_seq(PlaceParts {
                cursor: self,
                part: 0,
            }),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let read = match self.value() {
            Value::Text(name) => visitor.visit_enum(StrDeserializer::<ReadError>::new(name)),
            _ => Err(ReadError::of(Problem::Wrong {
                expected: "a name".into(),
            })),
        };
        read.map_err(|error| error.or_at(self.id))
    }

    /// Serde would read a list as the fields in their order.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        if let Value::List(_) = self.value() {
            let expected = "a map".into();
            return Err(ReadError::of(Problem::Wrong { expected }).or_at(self.id));
        }
        self.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf
        unit unit_struct newtype_struct seq tuple map identifier ignored_any
    }
}

struct Items<'t, 'i> {
    cursor: Cursor<'t>,
    ids: std::slice::Iter<'i, NodeId>,
}

impl<'de> SeqAccess<'de> for Items<'_, '_> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ReadError> {
        let next = self.cursor.next(&mut self.ids);
        next.map(|id| seed.deserialize(self.cursor.item(id)))
            .transpose()
    }
}

struct Fields<'t, 'i> {
    cursor: Cursor<'t>,
    ids: std::slice::Iter<'i, NodeId>,
    current: Option<NodeId>,
}

impl<'de> MapAccess<'de> for Fields<'_, '_> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, ReadError> {
        self.current = self.cursor.next(&mut self.ids);
        let Some(id) = self.current else {
            return Ok(None);
        };
        let key = seed.deserialize(self.cursor.tree.key(id).into_deserializer());
        key.map(Some).map_err(|error: ReadError| error.or_at(id))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        let id = self.current.expect("serde asks for the key first");
        let mut cursor = self.cursor.item(id);
        cursor.field = true;
        seed.deserialize(cursor)
    }
}

/// The two elements of a `Place`: the node's index, then its content.
struct PlaceParts<'t> {
    cursor: Cursor<'t>,
    part: usize,
}

impl<'de> SeqAccess<'de> for PlaceParts<'_> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ReadError> {
        self.part += 1;
        match self.part {
            1 => seed
                .deserialize((self.cursor.id as u64).into_deserializer())
                .map(Some),
            _ => seed.deserialize(self.cursor).map(Some),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Place<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Parts<T> {
            type Value = Place<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value with a place")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Place<T>, A::Error> {
                let absent = || de::Error::custom("a place has two parts");
                let id: u64 = parts.next_element()?.ok_or_else(absent)?;
                let value = parts.next_element()?.ok_or_else(absent)?;
                let id = id as NodeId;
                Ok(Place { id, value })
            }
        }
        deserializer.deserialize_tuple_struct(PLACE, 2, Parts(PhantomData))
    }
}

impl<'de, T> Deserialize<'de> for Held<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Index<T>(PhantomData<T>);
        impl<T> Visitor<'_> for Index<T> {
            type Value = Held<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a node")
            }

            fn visit_u64<E>(self, id: u64) -> Result<Held<T>, E> {
                Ok(Held {
                    id: id as NodeId,
                    kind: PhantomData,
                })
            }
        }
        deserializer.deserialize_tuple_struct(HELD, 1, Index(PhantomData))
    }
}

/// Reads all items of a list.
fn collect<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(mut items: A) -> Result<Vec<T>, A::Error> {
    let mut list = Vec::new();
    while let Some(item) = items.next_element()? {
        list.push(item);
    }
    Ok(list)
}

/// Reads all values of a map; each knows its key through its node.
fn collect_values<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    mut map: A,
) -> Result<Entries<T>, A::Error> {
    let mut list = Vec::new();
    while map.next_key::<String>()?.is_some() {
        list.push(map.next_value()?);
    }
    Ok(Entries(list))
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for All<T> {
            type Value = Entries<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Entries<T>, A::Error> {
                collect_values(map)
            }
        }
        deserializer.deserialize_map(All(PhantomData))
    }
}

impl<'de, M: Deserialize<'de>> Deserialize<'de> for TextOr<M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<M>(PhantomData<M>);
        impl<'de, M: Deserialize<'de>> Visitor<'de> for Either<M> {
            type Value = TextOr<M>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a map")
            }

            fn visit_str<E>(self, text: &str) -> Result<TextOr<M>, E> {
                Ok(TextOr::Text(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<TextOr<M>, A::Error> {
                M::deserialize(de::value::MapAccessDeserializer::new(map)).map(TextOr::Map)
            }
        }
        deserializer.deserialize_str(Either(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Texts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E>(self, text: &str) -> Result<Texts, E> {
                Ok(Texts::One(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Texts, A::Error> {
                collect(items).map(Texts::Many)
            }
        }
        deserializer.deserialize_str(OneOrMany)
    }
}

impl<'de, M: Deserialize<'de>> Deserialize<'de> for TextsOr<M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any<M>(PhantomData<M>);
        impl<'de, M: Deserialize<'de>> Visitor<'de> for Any<M> {
            type Value = TextsOr<M>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a list of texts or a map")
            }

            fn visit_str<E>(self, text: &str) -> Result<TextsOr<M>, E> {
                Ok(TextsOr::Texts(Texts::One(text.to_owned())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<TextsOr<M>, A::Error> {
                collect(items).map(Texts::Many).map(TextsOr::Texts)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<TextsOr<M>, A::Error> {
                M::deserialize(de::value::MapAccessDeserializer::new(map)).map(TextsOr::Map)
            }
        }
        deserializer.deserialize_str(Any(PhantomData))
    }
}

impl<'de, M: Deserialize<'de>> Deserialize<'de> for ListOrEntries<M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<M>(PhantomData<M>);
        impl<'de, M: Deserialize<'de>> Visitor<'de> for Either<M> {
            type Value = ListOrEntries<M>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of maps, or a map")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<ListOrEntries<M>, A::Error> {
                collect(items).map(ListOrEntries::List)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ListOrEntries<M>, A::Error> {
                collect_values(map).map(ListOrEntries::Entries)
            }
        }
        deserializer.deserialize_any(Either(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Nothing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Empty;
        impl Visitor<'_> for Empty {
            type Value = Nothing;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("nothing after it")
            }

            fn visit_unit<E>(self) -> Result<Nothing, E> {
                Ok(Nothing)
            }
        }
        deserializer.deserialize_any(Empty)
    }
}
