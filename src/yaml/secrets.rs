//! Keeps secret values out of everything that is shown or stored.
//!
//! A text is decoded in every way that is in use, again and again, and each result is searched. Each decoded byte knows its
//! place in the text, so that only what holds a secret becomes dots, however it is written there.

mod escapes;
mod finder;
mod runs;
mod spellings;
mod view;

use std::{
    fmt,
    ops::Range,
    sync::{Arc, OnceLock},
};

use finder::Finder;
use view::View;

/// What stands in place of a secret.
const DOTS: &str = "••••••";

/// How often one text is decoded: percent twice within base64 twice is found.
const MOST_DECODINGS: usize = 4;

/// Values that never appear in any output, in any of their usual encodings.
#[derive(Clone, Default)]
pub struct Secrets {
    parts: Vec<Arc<Part>>,
}

/// Values that became known together. What is searched for them is made when it is first needed.
struct Part {
    values: Vec<String>,
    finder: OnceLock<Finder>,
}

impl Secrets {
    /// Empty values are ignored: they would match everywhere.
    pub fn new(values: impl IntoIterator<Item = String>) -> Self {
        let mut values: Vec<String> = values.into_iter().collect();
        values.retain(|value| !value.trim().is_empty());
        values.sort_unstable();
        values.dedup();
        let part = Part {
            values,
            finder: OnceLock::new(),
        };
        let is_empty = part.values.is_empty();
        Self {
            parts: if is_empty { vec![] } else { vec![part.into()] },
        }
    }

    /// Adds what another part of the run found secret.
    pub fn merge(&mut self, other: &Self) {
        for part in &other.parts {
            let is_known =
                |known: &Arc<Part>| Arc::ptr_eq(known, part) || known.values == part.values;
            if !self.parts.iter().any(is_known) {
                self.parts.push(Arc::clone(part));
            }
        }
    }

    /// The text with every secret, in any of its usual encodings, replaced by dots.
    pub fn redact(&self, text: &str) -> String {
        let finders: Vec<&Finder> = self.parts.iter().map(|part| part.finder()).collect();
        // No spelling is longer than what it is read from.
        if finders.iter().all(|finder| finder.shortest() > text.len()) {
            return text.to_owned();
        }
        let places = |are_wanted| {
            let mut found = Vec::new();
            let view = View::of(text, are_wanted);
            search(&view, &finders, MOST_DECODINGS, &mut found);
            found
        };
        match places(false).is_empty() {
            true => text.to_owned(),
            false => dotted(text, places(true)),
        }
    }

    /// Whether the text holds a secret as it is. A short one must be all of the text: it stands in others by chance.
    pub(crate) fn are_in(&self, text: &str) -> bool {
        const SHORT: usize = 4;
        let is_in = |value: &String| match value.len() < SHORT {
            true => text == value,
            false => text.contains(value.as_str()),
        };
        self.parts.iter().flat_map(|part| &part.values).any(is_in)
    }

    /// Whether there is nothing to hide.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }
}

impl Part {
    fn finder(&self) -> &Finder {
        self.finder.get_or_init(|| Finder::new(&self.values))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count: usize = self.parts.iter().map(|part| part.values.len()).sum();
        write!(f, "Secrets({count} values)")
    }
}

/// Finds the places of all secrets in a view, and in what it decodes to.
fn search(view: &View<'_>, finders: &[&Finder], decodings: usize, found: &mut Vec<Range<usize>>) {
    for finder in finders {
        finder.find(view, found);
    }
    if decodings == 0 {
        return;
    }
    let mut search_in = |decoded: Option<View<'_>>| {
        if let Some(decoded) = decoded {
            search(&decoded, finders, decodings - 1, found);
        }
    };
    search_in(escapes::decoded(view, escapes::ALL));
    if finders.iter().any(|finder| finder.has_mistakable()) {
        for one in escapes::EACH {
            search_in(escapes::decoded(view, one));
        }
    }
    let shortest = finders
        .iter()
        .filter_map(|finder| finder.shortest_in_runs());
    let Some(shortest) = shortest.min() else {
        return;
    };
    search_in(runs::spaced_hex(view, shortest));
    for start in 0..runs::HEX_STARTS {
        search_in(runs::hex(view, start, shortest));
    }
    for start in 0..runs::BASE64_STARTS {
        search_in(runs::base64(view, start, shortest));
    }
}

/// The text with dots for each of these places. Places that overlap become one.
fn dotted(text: &str, mut places: Vec<Range<usize>>) -> String {
    places.sort_unstable_by_key(|place| (place.start, place.end));
    let mut shown = String::with_capacity(text.len());
    let mut at = 0;
    let mut places = places.into_iter().peekable();
    while let Some(mut place) = places.next() {
        while let Some(next) = places.next_if(|next| next.start < place.end) {
            place.end = place.end.max(next.end);
        }
        let whole = whole_characters(text, place);
        shown.push_str(&text[at..whole.start.max(at)]);
        shown.push_str(DOTS);
        at = whole.end;
    }
    shown.push_str(&text[at..]);
    shown
}

fn whole_characters(text: &str, mut place: Range<usize>) -> Range<usize> {
    while !text.is_char_boundary(place.start) {
        place.start -= 1;
    }
    while !text.is_char_boundary(place.end) {
        place.end += 1;
    }
    place
}
