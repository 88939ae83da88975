//! Finds all spellings of some values in one pass.

use std::{borrow::Cow, collections::HashMap, ops::Range};

use aho_corasick::AhoCorasick;

use super::{
    escapes,
    spellings::{self, Spelling},
    view::View,
};

/// A longer spelling is found by its beginning, so that values of megabytes take little memory.
const LONGEST_BEGINNING: usize = 128;

pub(super) struct Finder {
    spellings: Vec<Spelling>,
    beginnings: AhoCorasick,
    has_mistakable: bool,
}

impl Finder {
    pub(super) fn new(values: &[String]) -> Self {
        let spellings = values.iter().flat_map(|value| spellings::of(value));
        let mut spellings: Vec<Spelling> = spellings.collect();
        spellings.sort_unstable();
        spellings.dedup();
        let beginnings = spellings.iter().map(|spelling| {
            let length = spelling.bytes().len().min(LONGEST_BEGINNING);
            without_plus(&spelling.bytes()[..length]).into_owned()
        });
        let beginnings = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(beginnings)
            .expect("spellings are few and their beginnings short");
        Self {
            spellings,
            beginnings,
            has_mistakable: values.iter().any(|value| escapes::is_mistakable(value)),
        }
    }

    /// Whether a value would be lost where all that looks like an escape is decoded.
    pub(super) fn has_mistakable(&self) -> bool {
        self.has_mistakable
    }

    /// The length of the shortest text in which anything is found.
    pub(super) fn shortest(&self) -> usize {
        self.beginnings.min_pattern_len()
    }

    /// How many bytes a run of digits must mean to hold a spelling, if any is looked for there.
    pub(super) fn shortest_in_runs(&self) -> Option<usize> {
        let lengths = self.spellings.iter().filter_map(|spelling| match spelling {
            Spelling::Anywhere(bytes) => Some(bytes.len()),
            Spelling::WholeRun(bytes) => Some(bytes.len() - 2),
            Spelling::InText(_) => None,
        });
        lengths.min()
    }

    /// Adds the places in the text of all that a view holds.
    pub(super) fn find(&self, view: &View<'_>, found: &mut Vec<Range<usize>>) {
        let searched = without_plus(view.bytes());
        // A value that repeats itself would be compared to its end at each of its letters.
        let mut compared: HashMap<usize, usize> = HashMap::new();
        for hit in self.beginnings.find_overlapping_iter(&*searched) {
            let index = hit.pattern().as_usize();
            let spelling = self.spellings[index].bytes();
            let mut end = hit.end();
            if spelling.len() > LONGEST_BEGINNING {
                if compared.get(&index).is_some_and(|end| hit.start() < *end) {
                    continue;
                }
                end += same(&searched[end..], &spelling[LONGEST_BEGINNING..]);
                compared.insert(index, end);
            }
            let read = &view.bytes()[hit.start()..end];
            let place = match &self.spellings[index] {
                Spelling::Anywhere(_) => hit.start()..end,
                Spelling::InText(bytes) if !view.is_of_runs() && is_exactly(read, bytes) => {
                    hit.start()..end
                }
                Spelling::WholeRun(bytes) if view.is_of_runs() && is_exactly(read, bytes) => {
                    hit.start() + 1..end - 1
                }
                Spelling::InText(_) | Spelling::WholeRun(_) => continue,
            };
            found.push(view.place(place));
        }
    }
}

/// For how many bytes what was read goes on as a spelling does.
fn same(read: &[u8], spelling: &[u8]) -> usize {
    let spelling = without_plus(spelling);
    let pairs = read.iter().zip(&*spelling);
    pairs
        .take_while(|(read, meant)| read.eq_ignore_ascii_case(meant))
        .count()
}

/// A plus may mean a space, but a space is no plus here.
fn is_exactly(read: &[u8], meant: &[u8]) -> bool {
    let pairs = read.iter().zip(meant);
    let is_same = |(read, meant): (&u8, &u8)| read == meant || (*read, *meant) == (b'+', b' ');
    read.len() == meant.len() && pairs.into_iter().all(is_same)
}

/// Forms write a plus for a space, and pages read a space for a plus.
fn without_plus(bytes: &[u8]) -> Cow<'_, [u8]> {
    if !bytes.contains(&b'+') {
        return Cow::Borrowed(bytes);
    }
    let plain = bytes
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte });
    Cow::Owned(plain.collect())
}
