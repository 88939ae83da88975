//! Compares pairs from stdin, one on each line, on all cores. Results come in the order of the lines, each as soon as it
//! and all results before it are known. Other programs keep this open and send one pair after the other.
//!
//! A separate thread reads lines and hands them to the workers. The caller waits for the results in order. The queue
//! between them is bounded, so of past lines only the names of their files stay in memory.
//!
//! All lines that are there already are checked together before the first of them is compared, so that none writes over a
//! file of another.

use std::{
    ffi::OsStr,
    io::{self, BufRead, BufReader, Read},
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
use super::claims::{Claim, Claims};
use super::outcome::{Outcome, Tally};
use super::{DiffArgs, Format, STDIN, out};
use twinshot::files::Accepted;

/// How many pairs may be in work, or wait until earlier ones are printed.
const IN_FLIGHT: usize = 256;
/// Longer than three of the longest paths.
const MAX_LINE_BYTES: u64 = 64 << 10;

/// How far stdin is read ahead: as many lines as lists usually have.
const AHEAD_BYTES: usize = 8 << 20;

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
    /// What it writes, or why its files must not be used.
    claim: Result<Option<Claim>, String>,
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
        let claims = Claims::default();
        rayon::in_place_scope(|workers| read_all(&arguments, &claims, workers, &send));
    });
    queue
}

/// Hands each line to a worker, until stdin ends or the caller is gone.
fn read_all<'a>(
    arguments: &'a DiffArgs,
    claims: &'a Claims,
    workers: &Scope<'a>,
    queue: &SyncSender<Result<Receiver<Told>, Failure>>,
) {
    let mut lines = Lines::new(io::stdin().lock());
    while !lines.have_ended {
        let (batch, failure) = lines.next_batch();
        let begun: Vec<_> = lines.begun().collect();
        claims.read(lines.count + 1, begun.iter().map(PathBuf::as_path));
        for line in checked(claims, batch) {
            let (done, result) = channel();
            if queue.send(Ok(result)).is_err() {
                return;
            }
            workers.spawn(move |_| compare(arguments, claims, line, &done));
        }
        if let Some(failure) = failure {
            return drop(queue.send(Err(failure)));
        }
    }
}

/// Checks lines against each other and against all lines before them.
fn checked(claims: &Claims, mut batch: Vec<Line>) -> Vec<Line> {
    for line in &batch {
        if let Ok(pair) = &line.pair {
            claims.read(line.number, pair.inputs());
        }
    }
    for line in &mut batch {
        let Ok(pair) = &line.pair else { continue };
        let checked = claims.check(pair.inputs());
        line.claim = checked.and_then(|()| pair.claim(line.number, claims));
    }
    batch
}

/// The lines of stdin.
struct Lines<R: Read> {
    stdin: BufReader<R>,
    /// How many were read.
    count: usize,
    have_ended: bool,
}

impl<R: Read> Lines<R> {
    fn new(stdin: R) -> Self {
        Self {
            stdin: BufReader::with_capacity(AHEAD_BYTES, stdin),
            count: 0,
            have_ended: false,
        }
    }

    /// Waits for a line, and takes all lines with it that are there already. An error comes after the lines before it.
    fn next_batch(&mut self) -> (Vec<Line>, Option<Failure>) {
        let mut batch = Vec::new();
        while batch.is_empty() || self.stdin.buffer().contains(&b'\n') {
            match self.next_line() {
                Ok(Some(line)) => batch.push(line),
                Ok(None) => self.have_ended = true,
                Err(failure) => return (batch, Some(failure)),
            }
            if self.have_ended {
                break;
            }
        }
        (batch, None)
    }

    /// The pictures of the line that has begun, as far as it is there. It may be the last one, without a line end.
    fn begun(&self) -> impl Iterator<Item = PathBuf> {
        let text = self.stdin.buffer();
        let text = &text[..text.len().min(MAX_LINE_BYTES as usize)];
        fields(text).take(2)
    }

    fn next_line(&mut self) -> Result<Option<Line>, Failure> {
        let Some(mut text) = next_line(&mut self.stdin)? else {
            return Ok(None);
        };
        self.count += 1;
        if self.count == 1 {
            text = unmarked(text)?;
        }
        // The start of the line after one that is too long is unknown.
        self.have_ended = text.len() as u64 > MAX_LINE_BYTES;
        Ok(Some(Line::parse(self.count, &text)))
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

fn compare(arguments: &DiffArgs, claims: &Claims, line: Line, done: &Sender<Told>) {
    let outcome = match (&line.pair, &line.claim) {
        (Err(why), _) | (_, Err(why)) => Outcome::Undecided(format!("line {}: {why}", line.number)),
        (Ok(pair), Ok(_)) => {
            let out = pair.out.as_deref();
            Outcome::of(arguments.judge(pair.inputs(), out, Accepted::Files))
        }
    };
    if let Ok(Some(claim)) = &line.claim {
        claims.release(claim);
    }
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
        Self {
            number,
            pair,
            claim: Ok(None),
        }
    }
}

impl Pair {
    fn inputs(&self) -> [&Path; 2] {
        [&self.baseline, &self.candidate]
    }

    fn claim(&self, number: usize, claims: &Claims) -> Result<Option<Claim>, String> {
        let Some(out) = &self.out else {
            return Ok(None);
        };
        out::check_of_line(out, self.inputs())?;
        claims.write(number, out).map(Some)
    }

    /// A path can contain any byte except tabs and line ends.
    fn parse(text: &[u8]) -> Result<Self, String> {
        if text.contains(&b'\r') {
            return Err("its line end is CR alone; write LF or CRLF".to_owned());
        }
        let fields: Vec<PathBuf> = fields(text).collect();
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

fn fields(line: &[u8]) -> impl Iterator<Item = PathBuf> {
    let fields = line.split(|byte| *byte == b'\t');
    fields.map(|field| PathBuf::from(OsStr::from_bytes(field)))
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
