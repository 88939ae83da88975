//! `twinshot diff A B`: two pictures, without a browser.

use std::{fs, path::PathBuf};

use clap::{Args, ValueEnum};
use serde_json::json;
use twinshot::{
    compare::{MAX_PIXELS, allowed_pixels, count, percent},
    diff::{self, Antialiasing, Diff, Metric, Options, Rect},
    spec::MaxMismatch,
};

use super::{Exit, Failure, terminal::print};

/// The arguments of `diff`.
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The picture assumed good.
    #[arg(value_name = "A")]
    baseline: PathBuf,
    /// The picture under test.
    #[arg(value_name = "B")]
    candidate: PathBuf,
    /// How far apart two colours are.
    #[arg(long, value_enum, default_value = "oklab")]
    metric: MetricArg,
    /// Distance, 0 to 1, above which one pixel is mismatched.
    #[arg(long, default_value = "0.1", value_parser = threshold)]
    threshold: f64,
    /// Whether pixels that differ by anti-aliasing only are counted.
    #[arg(long, value_enum, default_value = "ignore")]
    antialiasing: AntialiasingArg,
    /// How much may mismatch: pixels, or a percentage such as 0.2%.
    #[arg(long, value_name = "LIMIT", default_value = "0", value_parser = limit)]
    max_mismatch: MaxMismatch,
    /// An area that is painted over on both sides; may be given again.
    #[arg(long = "mask", value_name = "X,Y,W,H", value_parser = mask)]
    masks: Vec<Rect>,
    /// Where the overlay is written when something differs.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// What goes to stdout.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MetricArg {
    /// Any differing channel.
    Exact,
    /// pixelmatch 7.2.0's rule.
    Yiq,
    /// HyAB distance in OKLab.
    Oklab,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum AntialiasingArg {
    /// Not counted.
    Ignore,
    /// Counted.
    Count,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// One sentence.
    Text,
    /// One JSON object.
    Json,
}

/// Runs the command.
pub(crate) fn run(arguments: &DiffArgs) -> Result<Exit, Failure> {
    let read = |path: &PathBuf| {
        fs::read(path).map_err(|source| Failure::Read {
            path: path.clone(),
            source,
        })
    };
    let (baseline, candidate) = (read(&arguments.baseline)?, read(&arguments.candidate)?);
    let diff = &arguments.compare(&baseline, &candidate)?;
    let allowed = allowed_pixels(arguments.max_mismatch, diff.total_pixels);
    let is_match = diff.baseline_size == diff.candidate_size && diff.mismatched_pixels <= allowed;
    print(&match arguments.format {
        Format::Text => text(diff, is_match),
        Format::Json => arguments.json(diff, is_match),
    });
    Ok(if is_match { Exit::Clean } else { Exit::Differs })
}

impl DiffArgs {
    fn metric(&self) -> Metric {
        match self.metric {
            MetricArg::Exact => Metric::Exact,
            MetricArg::Yiq => Metric::Yiq,
            MetricArg::Oklab => Metric::Oklab,
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
            masks: self.masks.clone(),
            max_pixels: MAX_PIXELS,
        }
    }

    /// Compares, and draws only when the drawing is wanted: it takes about as long as the comparison.
    fn compare(&self, baseline: &[u8], candidate: &[u8]) -> Result<Diff, Failure> {
        let options = self.options();
        let undecided = |error| self.undecided(&error);
        let Some(path) = &self.out else {
            return diff::compare(baseline, candidate, &options).map_err(undecided);
        };
        let compared = diff::compare_with_overlay(baseline, candidate, &options);
        let compared = compared.map_err(undecided)?;
        if let Some(overlay) = &compared.overlay {
            twinshot::store::write_picture(path, overlay)?;
        }
        Ok(compared.diff)
    }

    /// The error with the file that it is about.
    fn undecided(&self, error: &diff::DiffError) -> Failure {
        Failure::Undecided(match error.input() {
            Some(diff::Input::Baseline) => format!("{}: {error}", self.baseline.display()),
            Some(diff::Input::Candidate) => format!("{}: {error}", self.candidate.display()),
            None => error.to_string(),
        })
    }

    fn json(&self, diff: &Diff, is_match: bool) -> String {
        let object = json!({
            "verdict": if is_match { "match" } else { "mismatch" },
            "metric": self.metric(),
            "threshold": self.threshold,
            "baseline_size": diff.baseline_size,
            "candidate_size": diff.candidate_size,
            "mismatched_pixels": diff.mismatched_pixels,
            "antialiased_pixels": diff.antialiased_pixels,
            "total_pixels": diff.total_pixels,
            "mismatch_ratio": diff.mismatch_ratio(),
            "regions": diff.regions,
        });
        format!("{object}\n")
    }
}

fn text(diff: &Diff, is_match: bool) -> String {
    let verdict = if is_match { "match" } else { "mismatch" };
    let (before, after) = (diff.baseline_size, diff.candidate_size);
    let sizes = if before == after {
        String::new()
    } else {
        format!(", size {before} → {after}")
    };
    format!(
        "{verdict}: {} different, {} of {} pixels in {}{sizes}\n",
        percent(diff.mismatch_ratio()),
        diff.mismatched_pixels,
        diff.total_pixels,
        count(diff.regions.len(), "region"),
    )
}

fn threshold(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "it is not a number".to_owned())?;
    (0.0..=1.0)
        .contains(&value)
        .then_some(value)
        .ok_or_else(|| "it must lie between 0 and 1".to_owned())
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

fn limit(text: &str) -> Result<MaxMismatch, String> {
    let bad = || "it must be pixels, such as 12, or a percentage, such as 0.2%".to_owned();
    match text.strip_suffix('%') {
        Some(percent) => {
            let percent: f64 = percent.trim().parse().map_err(|_| bad())?;
            let is_percentage = (0.0..=100.0).contains(&percent);
            is_percentage
                .then_some(percent / 100.0)
                .ok_or_else(bad)
                .map(|ratio| MaxMismatch {
                    pixels: None,
                    ratio: Some(ratio),
                })
        }
        None => {
            let pixels = text.parse().map_err(|_| bad())?;
            Ok(MaxMismatch {
                pixels: Some(pixels),
                ratio: None,
            })
        }
    }
}
