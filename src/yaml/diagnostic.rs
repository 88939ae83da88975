//! Errors in files and how they are shown: position, source line, caret, help. Shows only source text, never a value
//! that was filled in.

use std::fmt::{self, Write as _};

use super::{Location, address::with_dotted_credentials};

/// How many problems are shown. The rest is only counted.
const SHOWN: usize = 50;
/// Source lines are cut to about this many characters around the caret.
const LINE_WIDTH: usize = 100;

/// All problems in the files that were read, in file order.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
}

/// One problem of a spec or a configuration.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    message: String,
    spot: Option<Box<Spot>>,
    notes: Vec<Note>,
    help: Vec<String>,
    /// The variable that is not set, if that is the problem.
    unset: Option<String>,
    /// Whether it is no error.
    is_note: bool,
}

#[derive(Debug, Clone)]
struct Note {
    text: String,
    spot: Option<Spot>,
}

/// A position and its source line.
#[derive(Debug, Clone)]
pub(crate) struct Spot {
    location: Location,
    line: String,
    caret: usize,
    width: usize,
}

impl Diagnostic {
    pub(crate) fn new(message: impl Into<String>, spot: Spot) -> Self {
        Self {
            spot: Some(Box::new(spot)),
            ..Self::placeless(message)
        }
    }

    pub(crate) fn placeless(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            spot: None,
            notes: Vec::new(),
            help: Vec::new(),
            unset: None,
            is_note: false,
        }
    }

    /// Says that the problem is that this variable is not set.
    pub(crate) fn unset(mut self, name: String) -> Self {
        self.unset = Some(name);
        self
    }

    pub(super) fn unset_variable(&self) -> Option<&str> {
        self.unset.as_deref()
    }

    /// The line of the file that the problem is in, as it is shown.
    pub(super) fn line(&self) -> &str {
        self.spot.as_ref().map_or("", |spot| &spot.line)
    }

    /// The same, but no error.
    pub(super) fn into_note(mut self) -> Self {
        self.is_note = true;
        self
    }

    /// A note at this place that a variable is set to nothing.
    pub(super) fn into_note_of_empty(self, name: &str) -> Self {
        Self {
            spot: self.spot,
            ..Self::placeless(format!("variable `{name}` is empty"))
        }
        .into_note()
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    pub(crate) fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help.extend(help);
        self
    }

    pub(crate) fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(Note {
            text: text.into(),
            spot: None,
        });
        self
    }

    pub(crate) fn note_at(mut self, text: impl Into<String>, spot: Spot) -> Self {
        self.notes.push(Note {
            text: text.into(),
            spot: Some(spot),
        });
        self
    }

    /// The problem in one line.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The position, unless the problem has none in a file.
    pub fn location(&self) -> Option<&Location> {
        self.spot.as_ref().map(|spot| &spot.location)
    }

    /// Suggestions for fixing the problem.
    pub fn helps(&self) -> impl Iterator<Item = &str> {
        self.help.iter().map(String::as_str)
    }

    /// Two uses of a fragment report the same problem twice.
    fn same_as(&self, other: &Self) -> bool {
        self.message == other.message && self.location() == other.location()
    }

    fn gutter(&self) -> usize {
        let notes = self.notes.iter().filter_map(|note| note.spot.as_ref());
        let own = self.spot.as_deref();
        let lines = own.into_iter().chain(notes).map(|spot| spot.location.line);
        lines.max().unwrap_or(0).to_string().len() + 1
    }
}

impl Spot {
    /// `line` is the raw source line; the column counts its characters from 1.
    pub(crate) fn new(location: Location, line: &str, width: u32) -> Self {
        let before = location.column.saturating_sub(1) as usize;
        let (line, caret, width) = excerpt(
            &with_dotted_credentials(line),
            before,
            (width as usize).max(1),
        );
        Self {
            location,
            line,
            caret,
            width,
        }
    }

    pub(crate) fn location(&self) -> &Location {
        &self.location
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, arrow: &str, gutter: usize) -> fmt::Result {
        let shown = Location {
            file: escape(&self.location.file).into(),
            ..self.location.clone()
        };
        writeln!(f, "{:gutter$}{arrow} {shown}", "")?;
        writeln!(f, "{:gutter$} |", "")?;
        writeln!(f, "{:>gutter$} | {}", self.location.line, self.line)?;
        let carets = "^".repeat(self.width);
        write!(
            f,
            "{:gutter$} | {:caret$}{carets}",
            "",
            "",
            caret = self.caret
        )
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gutter = self.gutter();
        let level = if self.is_note { "note" } else { "error" };
        write!(
            f,
            "{level}: {}",
            escape(&with_dotted_credentials(&self.message))
        )?;
        if let Some(spot) = &self.spot {
            f.write_char('\n')?;
            spot.write(f, "-->", gutter)?;
            if !self.help.is_empty() || !self.notes.is_empty() {
                write!(f, "\n{:gutter$} |", "")?;
            }
        }
        for note in &self.notes {
            write!(f, "\n{:gutter$} = note: {}", "", escape(&note.text))?;
            if let Some(spot) = &note.spot {
                f.write_char('\n')?;
                spot.write(f, ":::", gutter)?;
            }
        }
        for help in &self.help {
            write!(f, "\n{:gutter$} = help: {}", "", escape(help))?;
        }
        Ok(())
    }
}

impl Diagnostics {
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        if !self.list.iter().any(|known| known.same_as(&diagnostic)) {
            self.list.push(diagnostic);
        }
    }

    /// Adds all of them.
    pub(crate) fn extend(&mut self, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        diagnostics.into_iter().for_each(|it| self.push(it));
    }

    /// The value; `None` if there was a problem instead, which is then added.
    pub(crate) fn take<T>(&mut self, result: Result<T, Diagnostic>) -> Option<T> {
        result.map_err(|problem| self.push(problem)).ok()
    }

    /// The value, unless a problem was added before.
    pub(crate) fn or<T>(self, value: T) -> Result<T, Self> {
        match self.list.is_empty() {
            true => Ok(value),
            false => Err(self.sorted()),
        }
    }

    /// By file and line.
    pub(crate) fn sorted(mut self) -> Self {
        self.list.sort_by_key(|diagnostic| {
            diagnostic
                .location()
                .map(|at| (at.file.clone(), at.line, at.column))
        });
        self
    }

    /// How many problems there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Never true inside of an `Err`.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The problems, by file and line.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self {
            list: vec![diagnostic],
        }
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.list.iter().take(SHOWN).enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            diagnostic.fmt(f)?;
        }
        match self.list.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "\n\nerror: {more} more"),
        }
    }
}

impl std::error::Error for Diagnostics {}

/// The part of a line around the caret, safe for a terminal, with the caret's offset and width in it.
fn excerpt(line: &str, before: usize, width: usize) -> (String, usize, usize) {
    let chars: Vec<char> = line.chars().collect();
    let before = before.min(chars.len());
    let start = match chars.len() > LINE_WIDTH {
        true => before.saturating_sub(LINE_WIDTH / 2),
        false => 0,
    };
    let end = chars.len().min(start + LINE_WIDTH);
    let shown = |range: std::ops::Range<usize>| escape(&chars[range].iter().collect::<String>());
    let lead = if start > 0 { "…" } else { "" };
    let left = format!("{lead}{}", shown(start..before));
    let under = shown(before..end.min(before + width));
    let tail = if end < chars.len() { "…" } else { "" };
    let right = shown(end.min(before + width)..end);
    let (caret, width) = (left.chars().count(), under.chars().count().max(1));
    (format!("{left}{under}{right}{tail}"), caret, width)
}

/// Control characters, and those that reorder text, as visible escapes.
pub(crate) fn escape(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match is_unprintable(c) {
            true => shown.extend(c.escape_default()),
            false => shown.push(c),
        }
    }
    shown
}

/// Control characters, line separators, and the marks that change the direction of text.
pub(crate) fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The candidate that was probably meant.
pub(crate) fn did_you_mean<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let plain = plain(name);
    let scored = candidates.into_iter().map(|candidate| {
        let distance = strsim::damerau_levenshtein(&plain, &self::plain(candidate));
        (distance, candidate)
    });
    let best = scored.min_by_key(|(distance, _)| *distance)?;
    let longest = plain.chars().count().max(best.1.chars().count());
    (best.0 <= longest.div_ceil(3).min(3) && best.0 < longest).then_some(best.1)
}

/// Names of other tools are spelt `doubleClick` or `double-click`.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| !matches!(c, '_' | '-' | ' '));
    letters.take(64).flat_map(char::to_lowercase).collect()
}

/// `a`, `b` and `c`, for a sentence.
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}
