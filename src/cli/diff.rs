//! `twinshot diff`: compares two pictures, two folders of pictures, or pairs from stdin, without a browser.

mod claims;
mod folders;
mod limits;
mod out;
mod outcome;
mod pairs;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum, builder::ArgPredicate};
use serde_json::{Value, json};
use twinshot::{
    compare::{MAX_PIXELS, broken_words, count, is_match, percent},
    diff::{self, Antialiasing, Diff, DiffError, DiffWithOverlay, Metric, Options, Rect, Style},
    files::{Accepted, PictureFileError, read_picture},
    spec::{AtLeast, Limits, MaxMismatch},
};

use super::{
    Exit, Failure,
    terminal::{print, tell},
};

/// Means stdin, in place of the baseline.
const STDIN: &str = "-";

/// The arguments of `diff`.
#[derive(Debug, Clone, Args)]
#[command(override_usage = "twinshot diff [OPTIONS] <A> <B>\n       twinshot diff [OPTIONS] -")]
pub(crate) struct DiffArgs {
    /// The picture assumed good, or a folder of pictures. `-` as the only argument reads pairs from stdin.
    ///
    /// Each line of stdin is one pair: BASELINE<TAB>CANDIDATE, and optionally <TAB>OUT, the file for a picture of the
    /// difference. Each result is printed as soon as it and all results before it are known.
    #[arg(value_name = "A")]
    baseline: PathBuf,
    /// The picture under test, or a folder of pictures. Pictures are paired by their path in the folder.
    #[arg(value_name = "B")]
    candidate: Option<PathBuf>,
    /// How the distance of two colours is measured.
    #[arg(long, value_enum, default_value = "oklab")]
    metric: MetricArg,
    /// The distance, 0 to 1, above which a pixel is mismatched.
    #[arg(long, default_value = "0.1", value_parser = threshold)]
    threshold: f64,
    /// Whether pixels that differ only by anti-aliasing count.
    #[arg(long, value_enum, default_value = "ignore")]
    antialiasing: AntialiasingArg,
    /// Whether a pixel inside a flat area counts whatever the threshold if its colour changed visibly. Edges are not
    /// affected. `off` gives the counts of pixelmatch.
    #[arg(long, value_enum, default_value = "on")]
    tint: TintArg,
    /// How much may mismatch: pixels, a percentage such as 0.2%, window=40 (pixels in any 32×32 window), or several
    /// of these separated by commas. All must hold.
    #[arg(
        long,
        value_name = "LIMIT",
        default_value = "0",
        default_value_if("at_least", ArgPredicate::IsPresent, None),
        value_parser = limits::max_mismatch
    )]
    max_mismatch: Option<MaxMismatch>,
    /// How much must mismatch because a change is expected: pixels or a percentage. Then everything may mismatch, unless
    /// --max-mismatch is given too.
    #[arg(long, value_name = "AMOUNT", value_parser = limits::at_least)]
    at_least: Option<AtLeast>,
    /// An area to paint over on both sides. Can be given several times.
    #[arg(long = "mask", value_name = "X,Y,W,H", value_parser = mask)]
    masks: Vec<Rect>,
    /// The PNG file for a picture of the difference, if there is a difference; `-` writes it to stdout, and the result to
    /// stderr. For folders: a folder.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// What the picture of the difference shows.
    #[arg(long, value_enum, default_value = "overlay")]
    style: StyleArg,
    /// Refuse pictures with more pixels, before decoding them.
    #[arg(long, value_name = "PIXELS", default_value_t = MAX_PIXELS)]
    max_pixels: u64,
    /// The format of what is printed to stdout.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Show no progress bar, and print no line for a pair that matches.
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum StyleArg {
    /// The baseline faded, mismatched pixels red, anti-aliased pixels yellow, masks pale blue.
    Overlay,
    /// Mismatched pixels red, everything else transparent: one bit for each pixel.
    Mask,
    /// Baseline, overlay and candidate side by side.
    SideBySide,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MetricArg {
    /// Any difference in any channel, also in the lowest of 16 bits. The others round to 8 bits.
    Exact,
    /// The rule of pixelmatch 7.2.0.
    Yiq,
    /// The HyAB distance in OKLab.
    Oklab,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum AntialiasingArg {
    /// They do not count.
    Ignore,
    /// They count.
    Count,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TintArg {
    /// It counts.
    On,
    /// The threshold alone decides.
    Off,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One sentence for each pair.
    Text,
    /// One JSON object. For folders and stdin: an array with one object for each pair.
    Json,
    /// One line with a JSON object for each pair.
    Jsonl,
}

/// Runs the command.
pub(crate) fn run(arguments: &DiffArgs) -> Result<Exit, Failure> {
    limits::check(&arguments.limits())?;
    let baseline = &arguments.baseline;
    let candidate = match &arguments.candidate {
        Some(candidate) if baseline != Path::new(STDIN) => candidate,
        None if baseline == Path::new(STDIN) => return pairs::run(arguments),
        found => return Err(misused(found.is_some())),
    };
    if baseline.is_dir() && candidate.is_dir() {
        return folders::run(arguments, [baseline, candidate]);
    }
    let pair = [baseline.as_path(), candidate.as_path()];
    if let Some(out) = &arguments.out {
        out::check(out, pair)?;
    }
    let judged = arguments.judge(pair, arguments.out.as_deref(), Accepted::FilesAndPipes)?;
    let told = match arguments.format {
        Format::Text if arguments.quiet && judged.is_match => String::new(),
        Format::Text => judged.text(),
        Format::Json | Format::Jsonl => format!("{}\n", arguments.json(&judged)),
    };
    match &arguments.out {
        Some(out) if out::is_stdout(out) => told.lines().for_each(tell),
        _ => print(&told)?,
    }
    Ok(judged.exit())
}

fn misused(has_candidate: bool) -> Failure {
    let why = if has_candidate {
        "`-` reads pairs from stdin and takes no second picture; write `./-` for a file of that name"
    } else {
        "B, the picture under test, is missing"
    };
    Failure::Usage(format!(
        "{why}\n\nUsage: twinshot diff [OPTIONS] <A> <B>\n       twinshot diff [OPTIONS] -"
    ))
}

/// A comparison checked against the limits.
struct Judged {
    diff: Diff,
    is_match: bool,
    /// The broken limits, in words.
    broken_limits: Vec<String>,
    /// The file with the picture of the difference.
    picture: Option<PathBuf>,
}

impl DiffArgs {
    fn metric(&self) -> Metric {
        match self.metric {
            MetricArg::Exact => Metric::Exact,
            MetricArg::Yiq => Metric::Yiq,
            MetricArg::Oklab => Metric::Oklab,
        }
    }

    fn limits(&self) -> Limits {
        Limits {
            max_mismatch: self.max_mismatch.unwrap_or_default(),
            at_least: self.at_least.unwrap_or_default(),
        }
    }

    fn options(&self) -> Options {
        Options {
            metric: self.metric(),
            threshold: self.threshold,
            antialiasing: match self.antialiasing {
                AntialiasingArg::Ignore => Antialiasing::Ignore,
                AntialiasingArg::Count => Antialiasing::Count,
            },
            tint: self.tint == TintArg::On,
            masks: self.masks.clone(),
            densest_window: self.limits().max_mismatch.window.is_some(),
            max_pixels: self.max_pixels,
            style: match self.style {
                StyleArg::Overlay => Style::Overlay,
                StyleArg::Mask => Style::Mask,
                StyleArg::SideBySide => Style::SideBySide,
            },
        }
    }

    /// Compares two files and writes the picture of the difference to `out`.
    fn judge(
        &self,
        [baseline, candidate]: [&Path; 2],
        out: Option<&Path>,
        accepted: Accepted,
    ) -> Result<Judged, Failure> {
        let read = |path| {
            let read = read_picture(path, accepted, self.max_pixels);
            read.map_err(|error| unread(path, error))
        };
        let compared = self.compare([&read(baseline)?, &read(candidate)?], out.is_some());
        let compared = compared.map_err(|error| undecided(baseline, candidate, &error))?;
        if let (Some(path), Some(overlay)) = (out, &compared.overlay) {
            out::write(path, overlay)?;
        }
        let (diff, limits) = (compared.diff, self.limits());
        Ok(Judged {
            is_match: is_match(&diff, &limits),
            broken_limits: broken_words(&diff, &limits),
            picture: out
                .filter(|_| compared.overlay.is_some())
                .map(Path::to_owned),
            diff,
        })
    }

    /// Draws only on request: drawing takes about as long as comparing.
    fn compare(
        &self,
        [baseline, candidate]: [&[u8]; 2],
        wants_overlay: bool,
    ) -> Result<DiffWithOverlay, DiffError> {
        let options = self.options();
        if wants_overlay {
            return diff::compare_with_overlay(baseline, candidate, &options);
        }
        let diff = diff::compare(baseline, candidate, &options)?;
        Ok(DiffWithOverlay {
            diff,
            overlay: None,
        })
    }

    fn json(&self, judged: &Judged) -> Value {
        let diff = &judged.diff;
        let mut object = json!({
            "verdict": judged.verdict(),
            "metric": self.metric(),
            "threshold": self.threshold,
            "tint": self.tint == TintArg::On && self.metric() != Metric::Exact,
            "baseline_size": diff.baseline_size,
            "candidate_size": diff.candidate_size,
            "mismatched_pixels": diff.mismatched_pixels,
            "antialiased_pixels": diff.antialiased_pixels,
            "total_pixels": diff.total_pixels,
            "mismatch_ratio": diff.mismatch_ratio(),
            "regions": diff.regions,
        });
        if let Some(densest) = &diff.densest_window {
            object["densest_window"] = json!(densest);
        }
        if !judged.broken_limits.is_empty() {
            object["broken_limits"] = json!(judged.broken_limits);
        }
        object
    }
}

impl Judged {
    fn verdict(&self) -> &'static str {
        if self.is_match { "match" } else { "mismatch" }
    }

    fn exit(&self) -> Exit {
        if self.is_match {
            Exit::Clean
        } else {
            Exit::Differs
        }
    }

    /// One line.
    fn text(&self) -> String {
        let diff = &self.diff;
        let (before, after) = (diff.baseline_size, diff.candidate_size);
        let sizes = if before == after {
            String::new()
        } else {
            format!(", size {before} → {after}")
        };
        let broken = self.broken_limits.iter();
        let broken: String = broken.map(|words| format!("; {words}")).collect();
        format!(
            "{}: {} different, {} of {} pixels in {}{sizes}{broken}\n",
            self.verdict(),
            percent(diff.mismatch_ratio()),
            diff.mismatched_pixels,
            diff.total_pixels,
            count(diff.regions.len(), "region"),
        )
    }
}

fn unread(path: &Path, error: PictureFileError) -> Failure {
    match error {
        PictureFileError::Read(source) => Failure::Read {
            path: path.to_owned(),
            source,
        },
        PictureFileError::TooLong(_) => Failure::Undecided(format!("{}: {error}", path.display())),
    }
}

/// The error, with the file that it concerns.
fn undecided(baseline: &Path, candidate: &Path, error: &DiffError) -> Failure {
    Failure::Undecided(match error.input() {
        Some(diff::Input::Baseline) => format!("{}: {error}", baseline.display()),
        Some(diff::Input::Candidate) => format!("{}: {error}", candidate.display()),
        None => error.to_string(),
    })
}

fn threshold(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "it is not a number".to_owned())?;
    (0.0..=1.0)
        .contains(&value)
        .then_some(value)
        .ok_or_else(|| "it must be between 0 and 1".to_owned())
}

fn mask(text: &str) -> Result<Rect, String> {
    let numbers: Result<Vec<u32>, _> = text.split(',').map(|part| part.trim().parse()).collect();
    match numbers.as_deref() {
        Ok(&[x, y, width, height]) => Ok(Rect {
            x,
            y,
            width,
            height,
        }),
        _ => Err("it must be four whole numbers: x,y,width,height".to_owned()),
    }
}
