//! Compares pairs from stdin, one on each line, on all cores. Results come in the order of the lines, each as soon as it
//! and all results before it are known. Other programs keep this open and send one pair after the other.
//!
//! A separate thread reads lines and hands them to the workers. The caller waits for the results in order. The queue
//! between them is bounded, so memory does not grow with the number of lines.

use std::{
    ffi::OsStr,
    io::{self, BufRead, Read},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    thread,
};

use rayon::Scope;
use serde_json::Value;

use super::super::{
    Exit, Failure,
    terminal::{complain, print, print_to_reader},
};
use super::outcome::{Outcome, Tally};
use super::{DiffArgs, Format, STDIN, out};
use twinshot::files::Accepted;

/// How many pairs may be in work, or wait until earlier ones are printed.
const IN_FLIGHT: usize = 256;
/// Longer than three of the longest paths.
const MAX_LINE_BYTES: u64 = 64 << 10;

/// The byte order mark that some editors write at the beginning of UTF-8, and those of UTF-16.
const MARK: &[u8] = b"\xef\xbb\xbf";
const WIDE_MARKS: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// A line and its result.
struct Told {
    line: Line,
    outcome: Outcome,
}

/// The content of a line.
struct Line {
    number: usize,
    /// The pair, or why the line is wrong.
    pair: Result<Pair, String>,
}

struct Pair {
    baseline: PathBuf,
    candidate: PathBuf,
    out: Option<PathBuf>,
}

/// Results in the order of their lines; each arrives when it is ready.
type Queue = Receiver<Result<Receiver<Told>, Failure>>;

/// Compares the pairs on stdin until its end.
pub(super) fn run(arguments: &DiffArgs) -> Result<Exit, Failure> {
    if arguments.out.is_some() {
        let why = "with `-`, each line names its own file: BASELINE<TAB>CANDIDATE<TAB>OUT";
        return Err(Failure::Usage(format!("--out cannot be used here: {why}")));
    }
    let mut tally = Tally::default();
    let mut array = Vec::new();
    for result in start(arguments) {
        let told = result?.recv().expect("a worker sends unless it panicked");
        tally.add(&told.outcome);
        match arguments.format {
            Format::Text => print_to_reader(&told.text(arguments.quiet))?,
            Format::Jsonl => print_to_reader(&format!("{}\n", told.json(arguments)))?,
            Format::Json => array.push(told.json(arguments)),
        }
    }
    if arguments.format == Format::Json {
        print(&format!("{}\n", Value::Array(array)))?;
    }
    if tally.exit() == Exit::NothingSelected {
        complain("there is no pair on stdin");
    }
    Ok(tally.exit())
}

/// Starts the reading thread. Nobody joins it: if a result cannot be printed, stdin may still be open.
fn start(arguments: &DiffArgs) -> Queue {
    let (send, queue) = sync_channel(IN_FLIGHT);
    let arguments = arguments.clone();
    thread::spawn(move || {
        rayon::in_place_scope(|workers| read_lines(&arguments, workers, &send));
    });
    queue
}

/// Hands each line to a worker, until stdin ends or the caller is gone.
fn read_lines<'a>(
    arguments: &'a DiffArgs,
    workers: &Scope<'a>,
    queue: &SyncSender<Result<Receiver<Told>, Failure>>,
) {
    let mut stdin = io::stdin().lock();
    for number in 1.. {
        let text = next_line(&mut stdin);
        let text = match number {
            1 => text.and_then(|text| text.map(unmarked).transpose()),
            _ => text,
        };
        let text = match text {
            Ok(Some(text)) => text,
            Ok(None) => return,
            Err(failure) => return drop(queue.send(Err(failure))),
        };
        let is_too_long = text.len() as u64 > MAX_LINE_BYTES;
        let line = Line::parse(number, &text);
        let (done, result) = channel();
        if queue.send(Ok(result)).is_err() {
            return;
        }
        workers.spawn(move |_| compare(arguments, line, &done));
        // The start of the next line is unknown.
        if is_too_long {
            return;
        }
    }
}

/// The next line without its line end, LF or CRLF, or `None` at the end of stdin. A line that is too long is cut off.
fn next_line(stdin: &mut impl BufRead) -> Result<Option<Vec<u8>>, Failure> {
    let mut line = Vec::new();
    let mut limited = stdin.take(MAX_LINE_BYTES + 1);
    let read = limited.read_until(b'\n', &mut line);
    let read = read.map_err(|source| Failure::Read {
        path: PathBuf::from("stdin"),
        source,
    })?;
    let has_end = line.pop_if(|last| *last == b'\n').is_some();
    if has_end || line.len() as u64 <= MAX_LINE_BYTES {
        line.pop_if(|last| *last == b'\r');
    }
    Ok((read > 0).then_some(line))
}

/// The first line without the mark of UTF-8.
fn unmarked(mut line: Vec<u8>) -> Result<Vec<u8>, Failure> {
    if WIDE_MARKS.iter().any(|mark| line.starts_with(mark)) {
        let why = "stdin is UTF-16; write the list as UTF-8";
        return Err(Failure::Usage(why.to_owned()));
    }
    if line.starts_with(MARK) {
        line.drain(..MARK.len());
    }
    Ok(line)
}

fn compare(arguments: &DiffArgs, line: Line, done: &Sender<Told>) {
    let outcome = match &line.pair {
        Err(why) => Outcome::Undecided(format!("line {}: {why}", line.number)),
        Ok(pair) => {
            let paths = [pair.baseline.as_path(), pair.candidate.as_path()];
            let out = pair.out.as_deref();
            match out.map_or(Ok(()), |out| out::check_of_line(out, paths)) {
                Err(why) => Outcome::Undecided(format!("line {}: {why}", line.number)),
                Ok(()) => Outcome::of(arguments.judge(paths, out, Accepted::Files)),
            }
        }
    };
    // The caller is gone if printing failed.
    let _ = done.send(Told { line, outcome });
}

impl Line {
    fn parse(number: usize, text: &[u8]) -> Self {
        let pair = if text.len() as u64 > MAX_LINE_BYTES {
            Err(format!(
                "it is longer than {MAX_LINE_BYTES} bytes; the lines after it are not read"
            ))
        } else {
            Pair::parse(text)
        };
        Self { number, pair }
    }
}

impl Pair {
    /// A path can contain any byte except tabs and line ends.
    fn parse(text: &[u8]) -> Result<Self, String> {
        let fields: Vec<PathBuf> = text
            .split(|byte| *byte == b'\t')
            .map(|field| PathBuf::from(OsStr::from_bytes(field)))
            .collect();
        let is_named = |path: &&PathBuf| !path.as_os_str().is_empty();
        let is_complete = fields.iter().filter(is_named).count() == fields.len();
        match fields.as_slice() {
            [baseline, candidate, out @ ..] if is_complete && out.len() <= 1 => Ok(Self {
                baseline: baseline.clone(),
                candidate: candidate.clone(),
                out: out.first().cloned(),
            }),
            _ => Err(
                "it must be BASELINE<TAB>CANDIDATE or BASELINE<TAB>CANDIDATE<TAB>OUT".to_owned(),
            ),
        }
    }
}

impl Told {
    fn text(&self, is_quiet: bool) -> String {
        match &self.line.pair {
            Ok(pair) => {
                let names = [&pair.baseline, &pair.candidate].map(|path| path.to_string_lossy());
                self.outcome.text(&names.join(" → "), is_quiet)
            }
            Err(_) => self.outcome.text(STDIN, is_quiet),
        }
    }

    fn json(&self, arguments: &DiffArgs) -> Value {
        let mut object = self.outcome.json(arguments);
        object["line"] = self.line.number.into();
        if let Ok(pair) = &self.line.pair {
            object["baseline"] = shown(&pair.baseline);
            object["candidate"] = shown(&pair.candidate);
        }
        if let Outcome::Compared(judged) = &self.outcome {
            object["picture"] = judged.picture.as_deref().map_or(Value::Null, shown);
        }
        object
    }
}

fn shown(path: &Path) -> Value {
    path.to_string_lossy().into()
}
