//! What people see: a line for each shot, progress bars and a summary. Data goes to stdout, progress and
//! diagnostics go to stderr. Each of the two is checked for a terminal separately.

use std::{
    borrow::Cow,
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use twinshot::{
    compare::count,
    config::Browser,
    project::shown_path,
    report::{Report, RunState, ShotReport, SideTimes, Times, Verdict},
    run::{CurrentStep, Event},
    side::Role,
    workers::{MemoryVerdict, Workers},
};

use super::Failure;

/// With more shots than this, the failing ones are listed again at the end.
const LONG_LIST: usize = 20;

/// How often idle bars are redrawn.
const TICK: Duration = Duration::from_millis(200);

/// How much is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Volume {
    /// Failing shots only, or no lines at all.
    Quiet {
        /// Whether failing shots get their line.
        lines: bool,
    },
    /// A line for each shot.
    Normal,
    /// With what each took.
    Verbose,
}

/// The lines of a run and the bars below them: one for each worker, and one for all shots.
pub(crate) struct Terminal {
    bars: MultiProgress,
    bar: ProgressBar,
    workers: Vec<ProgressBar>,
    is_watched: bool,
    flows: usize,
    flows_done: usize,
    volume: Volume,
    colour: bool,
}

impl Terminal {
    /// Shows bars only on a terminal, and not if they are unwanted.
    pub(crate) fn new(shots: usize, flows: usize, volume: Volume, ci: bool) -> Self {
        let is_watched = is_watched(ci) && volume != Volume::Quiet { lines: true };
        let bars = MultiProgress::new();
        if !is_watched {
            bars.set_draw_target(ProgressDrawTarget::hidden());
        }
        let bar = bars.add(ProgressBar::new(shots as u64));
        bar.set_style(total_style());
        if is_watched {
            bar.enable_steady_tick(TICK);
        }
        Self {
            bars,
            bar,
            workers: Vec::new(),
            is_watched,
            flows,
            flows_done: 0,
            volume,
            colour: has_colour(io::stdout().is_terminal()),
        }
    }

    /// Prints what happened.
    pub(crate) fn show(&mut self, event: &Event<'_>) {
        match event {
            Event::Note(note) => self.note(note),
            Event::Warning(warning) => self.warn(warning),
            Event::Detail(note) if self.volume == Volume::Verbose => self.note(note),
            Event::Detail(_) => {}
            Event::Decided => self.bar.inc(1),
            Event::Resumed { kept, of, flows } => {
                self.bar.inc(*kept as u64);
                self.flows = *flows;
                self.note(&format!(
                    "resuming the last run: {kept} of {of} shots are decided"
                ));
            }
            Event::Working {
                worker,
                flow,
                viewport,
                browser,
                step,
            } => {
                let doing = step
                    .as_ref()
                    .map_or_else(|| "waiting for its browser".to_owned(), step_line);
                let mark = Browser::mark(browser.name());
                let line = format!("{flow} @{viewport}{mark}  {doing}");
                self.show_worker(*worker, &line);
            }
            Event::FlowDone {
                worker,
                flow,
                viewport,
                browser,
                shots,
                took,
            } => {
                let mark = Browser::mark(browser.name());
                let line = format!("{flow} @{viewport}{mark}");
                self.flow_done(*worker, &line, *shots, *took);
            }
            Event::Captured { browsers, flows } if self.volume == Volume::Verbose => {
                let (browsers, flows) = (*browsers as usize, *flows);
                self.note(&format!(
                    "{} started for {}",
                    count(browsers, "browser"),
                    count(flows, "flow")
                ));
            }
            Event::Captured { .. } => {}
            Event::Shot { shot, open, fails } => {
                if self.is_shown(shot, *fails) {
                    // The report has the line too, and printing the summary reports a broken stdout.
                    let _ = self.print(&format!("{}\n", self.line(shot, *open)));
                }
            }
        }
    }

    /// Prints a note if memory limits the number of workers, and a warning if there are more workers than fit.
    pub(crate) fn tell_memory(&self, workers: &Workers) {
        let gigabytes = |bytes: u64| format!("{:.1} GB", bytes as f64 / 1e9);
        match workers.memory {
            MemoryVerdict::Bounds { instead_of, need } if self.volume == Volume::Verbose => {
                self.note(&format!(
                    "{} instead of {instead_of}: {} of memory is free, and the browsers of one flow need about {}",
                    count(workers.count, "worker"),
                    gigabytes(need.free),
                    gigabytes(need.per_worker)
                ));
            }
            MemoryVerdict::Exceeded {
                at_once,
                fitting,
                need,
            } => {
                let wanted = gigabytes(need.per_worker.saturating_mul(at_once as u64));
                let free = gigabytes(need.free);
                self.bars.suspend(|| {
                    tell(&format!(
                        "warning: {at_once} workers need about {wanted} of memory, but only {free} is free, so browsers may crash: \
                         --workers {fitting} fits"
                    ));
                });
            }
            MemoryVerdict::Bounds { .. } | MemoryVerdict::Enough => {}
        }
    }

    /// Prints the line of each failing shot; its picture is in the report's `folder`.
    pub(crate) fn tell_failing(&mut self, report: &Report, folder: &Path) {
        for shot in &report.shots {
            let needs_a_look = shot.verdict.needs_a_look();
            let picture = shot.files().first().map(|(_, file)| folder.join(file));
            self.show(&Event::Shot {
                shot,
                open: picture.as_ref().filter(|_| needs_a_look),
                fails: report.fails(shot),
            });
        }
    }

    fn show_worker(&mut self, worker: usize, line: &str) {
        while self.workers.len() <= worker {
            let bar = self.bars.insert_before(&self.bar, ProgressBar::no_length());
            bar.set_style(worker_style());
            self.workers.push(bar);
        }
        self.workers[worker].set_message(printable(line));
    }

    /// Without a terminal, a line for each flow shows that the run makes progress.
    fn flow_done(&mut self, worker: usize, flow: &str, shots: usize, took: Duration) {
        self.flows_done += 1;
        if self.is_watched {
            self.show_worker(worker, &format!("{flow}  done"));
        } else if !matches!(self.volume, Volume::Quiet { .. }) {
            tell(&format!(
                "flow {} of {}: {}, {} in {:.1} s",
                self.flows_done,
                self.flows,
                printable(flow),
                count(shots, "shot"),
                took.as_secs_f32()
            ));
        }
    }

    fn is_shown(&self, shot: &ShotReport, fails: bool) -> bool {
        match self.volume {
            Volume::Quiet { lines } => lines && (fails || shot.verdict.needs_a_look()),
            Volume::Normal | Volume::Verbose => true,
        }
    }

    fn line(&self, shot: &ShotReport, open: Option<&PathBuf>) -> String {
        let mut line = shot_line(shot, open, self.colour);
        if self.volume == Volume::Verbose {
            line.push_str(&times_lines(&shot.times));
        }
        for warning in &shot.warnings {
            line.push_str(&format!("\n    warning: {}", printable(warning)));
        }
        line
    }

    fn note(&self, note: &str) {
        self.bars
            .suspend(|| tell(&format!("note: {}", printable(note))));
    }

    fn warn(&self, warning: &str) {
        self.bars.suspend(|| warn(warning));
    }

    /// Writes to stdout above the bars.
    pub(crate) fn print(&self, text: &str) -> Result<(), Failure> {
        self.bars.suspend(|| print(text))
    }

    /// Removes the bars.
    pub(crate) fn finish(&self) {
        let bars = self.workers.iter().chain([&self.bar]);
        bars.for_each(ProgressBar::finish_and_clear);
    }
}

/// A bar on stderr for `length` things called `unit`, hidden without a terminal.
pub(crate) fn progress(length: usize, unit: &str, is_unwatched: bool) -> ProgressBar {
    let bar = ProgressBar::new(length as u64);
    if !is_watched(is_unwatched) {
        bar.set_draw_target(ProgressDrawTarget::hidden());
        return bar;
    }
    let template = format!("{{bar:24}} {{pos}}/{{len}} {unit}  {{elapsed}}  {{msg}}");
    bar.set_style(ProgressStyle::with_template(&template).expect("the template is valid"));
    bar.enable_steady_tick(TICK);
    bar
}

/// Whether moving text on stderr reaches a person.
fn is_watched(is_unwatched: bool) -> bool {
    !is_unwatched && !is_dumb() && io::stderr().is_terminal()
}

/// The bar for all shots, with the remaining time once it can be estimated.
fn total_style() -> ProgressStyle {
    let left = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        if state.pos() > 0 && Some(state.pos()) < state.len() {
            // The bar is useful without it.
            let _ = write!(out, "about {} s left", state.eta().as_secs().max(1));
        }
    };
    ProgressStyle::with_template("{bar:24} {pos}/{len} shots  {elapsed}  {left}")
        .expect("the template is valid")
        .with_key("left", left)
}

/// One line that never wraps.
fn worker_style() -> ProgressStyle {
    ProgressStyle::with_template("  {wide_msg}").expect("the template is valid")
}

fn step_line(step: &CurrentStep<'_>) -> String {
    format!("{}/{} {}", step.number, step.of, step.label)
}

/// How long a shot took, and what each live side waited for.
fn times_lines(times: &Times) -> String {
    let mut lines = format!(
        "\n    navigate {} ms, act {} ms, settle {} ms, shoot {} ms, compare {} ms",
        times.navigate_ms, times.act_ms, times.settle_ms, times.shoot_ms, times.compare_ms
    );
    for role in Role::ALL {
        // A side that was not photographed did not wait.
        let side = times.sides.get(role).as_ref();
        if let Some(side) = side.filter(|side| side.frames > 0) {
            lines.push_str(&format!("\n    {role} {}", settled_words(side)));
        }
    }
    lines
}

/// `settled in 74 ms: fonts 12 ms, 2 images 40 ms; 2 frames`.
fn settled_words(side: &SideTimes) -> String {
    let waits: Vec<String> = side.waits.iter().map(ToString::to_string).collect();
    let colon = if waits.is_empty() { "" } else { ": " };
    format!(
        "settled in {} ms{colon}{}; {}",
        side.settle_ms,
        waits.join(", "),
        count(side.frames as usize, "frame")
    )
}

/// Whether the variable `CI` says that this is a CI job.
pub(crate) fn is_ci() -> bool {
    let says_so = |value: std::ffi::OsString| !["", "0", "false"].iter().any(|no| value == *no);
    std::env::var_os("CI").is_some_and(says_so)
}

/// Prints a line for people to stderr. A closed stderr is not an error.
pub(crate) fn tell(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", without_commands(text));
}

/// Prints data to stdout. A closed pipe is not an error: the reader wants no more.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    print_bytes(without_commands(text).as_bytes())
}

/// As [`print`], for data that is not text.
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    match write_to_stdout(bytes) {
        Err(Failure::Stdout(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed,
    }
}

/// Prints data to stdout. A closed pipe is an error.
pub(crate) fn print_to_reader(text: &str) -> Result<(), Failure> {
    write_to_stdout(without_commands(text).as_bytes())
}

fn write_to_stdout(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(bytes);
    written
        .and_then(|()| stdout.flush())
        .map_err(Failure::Stdout)
}

fn shot_line(shot: &ShotReport, open: Option<&PathBuf>, colour: bool) -> String {
    let (sign, code) = match shot.verdict {
        Verdict::Match => ("✓", 32),
        Verdict::Approved => ("≈", 32),
        Verdict::Mismatch => ("✗", 31),
        Verdict::New => ("+", 33),
        Verdict::Failed => ("!", 31),
    };
    let sign = if colour {
        format!("\u{1b}[{code}m{sign}\u{1b}[0m")
    } else {
        sign.to_owned()
    };
    let name = format!(
        "{} › {} @{}{}",
        shot.flow,
        shot.shot,
        shot.viewport,
        Browser::mark(&shot.browser)
    );
    let open = open
        .map(|path| format!(", open {}", printable(&path.to_string_lossy())))
        .unwrap_or_default();
    format!(
        "{sign} {}{}{open}",
        printable(&name),
        printable(&finding(shot))
    )
}

/// The words after a shot's name. A plain match has none.
fn finding(shot: &ShotReport) -> String {
    let comparison = shot.comparison.as_ref();
    match (shot.verdict, comparison) {
        (Verdict::Match, Some(comparison)) if comparison.mismatched_pixels == 0 => String::new(),
        (Verdict::Mismatch, Some(comparison)) if comparison.mismatched_pixels > 0 => {
            let sizes = shot
                .pictures
                .baseline
                .as_ref()
                .zip(shot.pictures.candidate.as_ref());
            let sizes = sizes.map(|(before, after)| (before.size, after.size));
            let sizes = sizes
                .filter(|(before, after)| before != after)
                .map(|(before, after)| {
                    format!(
                        ", size {}×{} → {}×{}",
                        before.width, before.height, after.width, after.height
                    )
                });
            let broken = comparison.broken_limits.iter();
            let broken: String = broken.map(|words| format!("; {words}")).collect();
            format!(
                "  {} different ({}{}){broken}",
                twinshot::compare::percent(comparison.mismatch_ratio),
                count(comparison.regions.len(), "region"),
                sizes.unwrap_or_default()
            )
        }
        _ => format!("  {}", shot.reason),
    }
}

/// The last lines of a run.
pub(crate) struct Summary<'a> {
    report: &'a Report,
    index: &'a Path,
    again: Option<&'a str>,
}

impl<'a> Summary<'a> {
    /// The summary of a report whose page is at `index`; `again` is the command that runs its failing shots.
    pub(crate) fn new(report: &'a Report, index: &'a Path, again: Option<&'a str>) -> Self {
        Self {
            report,
            index,
            again,
        }
    }

    /// Prints it.
    pub(crate) fn print(&self) -> Result<(), Failure> {
        let mut text = String::from("\n");
        let failing: Vec<_> = self
            .report
            .shots
            .iter()
            .filter(|shot| self.report.fails(shot) || shot.verdict.needs_a_look())
            .collect();
        if self.report.shots.len() > LONG_LIST {
            for shot in &failing {
                text.push_str(&format!("{}\n", shot_line(shot, None, false)));
            }
        }
        text.push_str(&format!("{}\n", self.headline()));
        for warning in &self.report.notices() {
            text.push_str(&format!("warning: {}\n", printable(warning)));
        }
        if let Some(reuse) = self.report.reuse_words() {
            text.push_str(&format!("{}\n", printable(&reuse)));
        }
        if let Some(forgiven) = self.report.forgiven_words() {
            text.push_str(&format!("{}\n", printable(&forgiven)));
        }
        text.push_str(&format!("report: {}\n", printable(&shown_path(self.index))));
        if let Some(again) = self.again {
            text.push_str(&format!("again:  {}\n", printable(again)));
        }
        print(&text)
    }

    fn headline(&self) -> String {
        let part = self.report.part_words();
        if let Some(shard) = part.as_ref().filter(|_| self.report.is_idle_shard()) {
            return format!("no selected flow belongs to {shard}: nothing to do");
        }
        let part = part.map(|part| format!("{part} — ")).unwrap_or_default();
        let summary = self.report.summary;
        let verdicts = [
            (summary.matched, "match"),
            (summary.mismatched, "mismatch"),
            (summary.new, "new"),
            (summary.approved, "approved"),
            (summary.failed, "failed"),
        ];
        let verdicts = verdicts.iter().filter(|(number, _)| *number > 0);
        let verdicts: Vec<String> = verdicts
            .map(|(number, verdict)| format!("{number} {verdict}"))
            .collect();
        let seconds = Duration::from_millis(self.report.run.duration_ms).as_secs_f32();
        let partial = match self.report.run.state {
            RunState::Complete => String::new(),
            RunState::Interrupted => format!(
                "interrupted, partial: {} of {} — ",
                summary.shots, self.report.run.planned_shots
            ),
            RunState::Running | RunState::Stopped => {
                format!(
                    "ended early, partial: {} of {} — ",
                    summary.shots, self.report.run.planned_shots
                )
            }
        };
        let undecided = match self.report.run.undecided.is_empty() {
            true => "",
            false => "NOT DECIDED, whatever the shots say: ",
        };
        let colon = if verdicts.is_empty() { "" } else { ": " };
        format!(
            "{undecided}{part}{partial}{}{colon}{}{} ({seconds:.1} s)",
            count(summary.shots, "shot"),
            verdicts.join(", "),
            self.suspicions()
        )
    }

    /// The counts of suspicions, which fail the run under `--ci` although all shots match.
    fn suspicions(&self) -> String {
        let Some(words) = self.report.suspicion_words() else {
            return String::new();
        };
        let fails = self.report.run.ci && !self.report.suspicions.is_empty();
        let fails = if fails { " (--ci: not clean)" } else { "" };
        format!("; {words}{fails}")
    }
}

/// Prints an error to stderr, with `error:` in front unless it begins with its own, or with a note about it.
pub(crate) fn complain(text: &str) {
    let has_head = ["error", "note: "]
        .iter()
        .any(|head| text.starts_with(head));
    let head = if has_head { "" } else { "error: " };
    tell(&format!("{head}{}", printable_lines(text)));
}

/// Prints a warning to stderr.
pub(crate) fn warn(text: &str) {
    tell(&format!("warning: {}", printable(text)));
}

/// The text without what a CI server takes for a command: `::error::` at the beginning of a line (GitHub), `##[error]`,
/// `##vso[…]` and `##teamcity[…]` anywhere (GitHub, Azure, TeamCity). The escapes are those of JSON, which is printed too
/// and has the latter in its strings only.
fn without_commands(text: &str) -> Cow<'_, str> {
    let is_command = |rest: &str| {
        let name = rest.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        name.starts_with('[')
    };
    let has_hashes = text
        .match_indices("##")
        .any(|(at, _)| is_command(&text[at + 2..]));
    let has_colons = text.lines().any(|line| line.trim_start().starts_with("::"));
    if !has_hashes && !has_colons {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 10);
    for line in text.split_inclusive('\n') {
        let command = line.trim_start();
        safe.push_str(&line[..line.len() - command.len()]);
        let mut rest = command;
        if let Some(after) = command.strip_prefix("::") {
            safe.push_str("\\u003a:");
            rest = after;
        }
        while let Some((before, after)) = rest.split_once("##") {
            let hash = if is_command(after) { "\\u0023" } else { "#" };
            safe.extend([before, hash]);
            rest = &rest[before.len() + 1..];
        }
        safe.push_str(rest);
    }
    Cow::Owned(safe)
}

/// Escapes what could move the cursor or reverse letters: text may come from pages, drivers and names of files.
pub(crate) fn printable(text: &str) -> String {
    printable_lines(&text.replace(['\n', '\r'], " "))
}

/// The same for a text of several lines.
pub(crate) fn printable_lines(text: &str) -> String {
    let is_bad = |c: char| {
        (c.is_control() && c != '\n')
            || ('\u{2028}'..='\u{202e}').contains(&c)
            || ('\u{2066}'..='\u{2069}').contains(&c)
    };
    let show = |c: char| {
        if is_bad(c) {
            c.escape_unicode().to_string()
        } else {
            c.to_string()
        }
    };
    text.chars().map(show).collect()
}

fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

fn has_colour(is_terminal: bool) -> bool {
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    is_terminal && !no_colour && !is_dumb()
}

/// Opens a file with the desktop's program for it.
pub(crate) fn open(path: &Path) {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    let started = std::process::Command::new(program)
        .arg(path)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn();
    if let Err(error) = started {
        let path = printable(&path.to_string_lossy());
        tell(&format!("note: cannot open {path} with {program}: {error}"));
    }
}
