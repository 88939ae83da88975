//! PURE. Merges the reports of all shards of a run into one report, as if the run had not been split. Pictures are not
//! handled here.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{
    MergedReport, MergedShard, Report, Run, RunState, RunTimes, SCHEMA_VERSION, SessionTimes,
    ShardReport, ShotReport, Summary,
};
use crate::{plan::Inputs, plan::Shard, side::Role};

/// One shard's report, with a name for error messages.
#[derive(Debug, Clone)]
pub struct NamedReport {
    /// For example the folder that it was read from.
    pub name: String,
    /// The report.
    pub report: Report,
}

/// Why reports cannot be merged.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// There is none.
    #[error("there is no report to merge")]
    Nothing,
    /// A whole run has no other parts.
    #[error(
        "{0} is the report of a whole run: only those of `twinshot test --shard` can be merged"
    )]
    Whole(String),
    /// The report is already merged.
    #[error("{0} was merged already: merge the reports of the shards themselves")]
    Merged(String),
    /// No shard can have these numbers.
    #[error("{name} says that it is shard {index} of {of}, which cannot be")]
    Number {
        /// The report.
        name: String,
        /// Its shard.
        index: u32,
        /// The number of shards.
        of: u32,
    },
    /// Two runs of the same shard.
    #[error("{first} and {second} are both shard {index}: leave out the one that does not count")]
    Twice {
        /// The first report.
        first: String,
        /// The second report.
        second: String,
        /// The shard.
        index: u32,
    },
    /// The two reports are not of one run, so their results are not comparable.
    #[error(
        "{first} and {second} are not of one run, {what} differ: {mine} and {other}; \
         run every shard in the same way"
    )]
    Different {
        /// The first report.
        first: String,
        /// The second report.
        second: String,
        /// What differs.
        what: &'static str,
        /// The value in the first report.
        mine: String,
        /// The value in the second report.
        other: String,
    },
    /// The shot belongs to another shard, or to none.
    #[error("{name} has the shot `{id}`, which does not belong to its shard")]
    Stray {
        /// The report.
        name: String,
        /// The shot.
        id: String,
    },
    /// Two reports decide the same shot.
    #[error("{name} has the shot `{id}` twice")]
    SameShot {
        /// The report.
        name: String,
        /// The shot.
        id: String,
    },
}

/// A report whose shard numbers are valid.
struct Checked<'a> {
    name: &'a str,
    report: &'a Report,
    shard: &'a ShardReport,
}

/// Merges the reports under a new run ID. Suspicions across flows are computed again. If shards are missing or ended
/// early, the result is partial.
///
/// # Errors
/// When the reports are not those of different shards of one run.
pub fn merge(id: String, parts: &[NamedReport]) -> Result<Report, MergeError> {
    let mut checked: Vec<Checked<'_>> = parts.iter().map(check).collect::<Result<_, _>>()?;
    checked.sort_by_key(|part| part.shard.index);
    let Some(first) = checked.first() else {
        return Err(MergeError::Nothing);
    };
    check_alike(&checked)?;
    let shots = in_plan_order(&checked, &first.shard.flows);
    let mut report = Report {
        schema_version: SCHEMA_VERSION,
        run: joined_run(id, first, &checked, &shots),
        summary: Summary::of(&shots),
        warnings: warnings(&checked),
        suspicions: Vec::new(),
        allowed: Vec::new(),
        idle_allowances: Vec::new(),
        shots,
    };
    report.judge();
    Ok(report)
}

fn check(part: &NamedReport) -> Result<Checked<'_>, MergeError> {
    let NamedReport { name, report } = part;
    if report.run.merged.is_some() {
        return Err(MergeError::Merged(name.clone()));
    }
    let Some(shard) = &report.run.shard else {
        return Err(MergeError::Whole(name.clone()));
    };
    let Ok(number) = Shard::new(shard.index, shard.of) else {
        return Err(MergeError::Number {
            name: name.clone(),
            index: shard.index,
            of: shard.of,
        });
    };
    let flows: HashSet<&str> = shard.flows.iter().map(String::as_str).collect();
    let belongs = |shot: &&ShotReport| flows.contains(&*shot.flow) && number.has(&shot.flow);
    if let Some(stray) = report.shots.iter().find(|shot| !belongs(shot)) {
        return Err(MergeError::Stray {
            name: name.clone(),
            id: stray.id.clone(),
        });
    }
    let mut ids = HashSet::new();
    match report.shots.iter().find(|shot| !ids.insert(&shot.id)) {
        Some(shot) => Err(MergeError::SameShot {
            name: name.clone(),
            id: shot.id.clone(),
        }),
        None => Ok(Checked {
            name,
            report,
            shard,
        }),
    }
}

/// Comparing neighbours is enough, because equality is transitive.
fn check_alike(parts: &[Checked<'_>]) -> Result<(), MergeError> {
    for (first, second) in parts.iter().zip(parts.iter().skip(1)) {
        let mut pairs = facts(first).into_iter().zip(facts(second));
        let different = pairs.find(|(mine, other)| mine.1 != other.1);
        if let Some(((what, mine), (_, other))) = different {
            return Err(MergeError::Different {
                first: first.name.to_owned(),
                second: second.name.to_owned(),
                what,
                mine,
                other,
            });
        }
        if first.shard.index == second.shard.index {
            return Err(MergeError::Twice {
                first: first.name.to_owned(),
                second: second.name.to_owned(),
                index: first.shard.index,
            });
        }
    }
    Ok(())
}

/// Facts that all shards of one run share, in words.
fn facts(part: &Checked<'_>) -> Vec<(&'static str, String)> {
    let (run, shard) = (&part.report.run, part.shard);
    let environment = |role: Role| {
        let environment = run.environments.get(role);
        let url = environment.url.as_ref().map(|url| format!(" ({url})"));
        format!("{}{}", environment.name, url.unwrap_or_default())
    };
    let selection = match shard.selection.as_str() {
        "" => "everything".to_owned(),
        selection => selection.to_owned(),
    };
    let ci = if run.ci { "with --ci" } else { "without --ci" };
    vec![
        ("the numbers of shards", shard.of.to_string()),
        ("their baselines", environment(Role::Baseline)),
        ("their candidates", environment(Role::Candidate)),
        ("their metrics", super::words::json_word(&run.metric)),
        (
            "their rules for anti-aliased pixels",
            super::words::json_word(&run.antialiasing),
        ),
        ("the versions of Twinshot", run.twinshot_version.clone()),
        ("their rules", ci.to_owned()),
        ("their selections", selection),
        ("their flows", shard.flows.join(", ")),
        (
            "their steps, viewports or limits",
            format!("digest {}", shard.digest),
        ),
    ]
}

/// Sorts shots by flow in plan order. Within one flow, a shard already has its shots in plan order.
fn in_plan_order(parts: &[Checked<'_>], flows: &[String]) -> Vec<ShotReport> {
    let places: HashMap<&str, usize> = flows
        .iter()
        .enumerate()
        .map(|(place, flow)| (flow.as_str(), place))
        .collect();
    let shots = parts.iter().flat_map(|part| &part.report.shots);
    let mut shots: Vec<ShotReport> = shots.cloned().collect();
    shots.sort_by_key(|shot| places.get(shot.flow.as_str()).copied());
    shots
}

fn joined_run(id: String, first: &Checked<'_>, parts: &[Checked<'_>], shots: &[ShotReport]) -> Run {
    let runs = || parts.iter().map(|part| &part.report.run);
    let merged = MergedReport {
        of: first.shard.of,
        shards: parts.iter().map(merged_shard).collect(),
    };
    let planned: usize = runs().map(|run| run.planned_shots).sum();
    let selected = parts.iter().map(|part| part.shard.selected_shots).max();
    Run {
        id,
        started: runs()
            .map(|run| run.started.clone())
            .min()
            .unwrap_or_default(),
        // A killed shard has no end time, so then the whole has none.
        finished: runs()
            .map(|run| run.finished.clone())
            .collect::<Option<Vec<_>>>()
            .and_then(|finished| finished.into_iter().max()),
        duration_ms: runs().map(|run| run.duration_ms).max().unwrap_or_default(),
        state: joined_state(&merged),
        planned_shots: match merged.missing().is_empty() {
            true => planned,
            false => selected.unwrap_or_default().max(planned),
        },
        browser: Some(all_of(runs().filter_map(|run| run.browser.as_deref())))
            .filter(|browsers| !browsers.is_empty()),
        platform: all_of(runs().map(|run| run.platform.as_str())),
        shard: None,
        merged: Some(merged),
        times: RunTimes::of(shots, sessions(parts)),
        stopped_by: runs().find_map(|run| run.stopped_by.clone()),
        undecided: undecided(parts),
        one_environment: runs().find_map(|run| run.one_environment.clone()),
        inputs: inputs(parts),
        partial_flows: runs().flat_map(|run| run.partial_flows.clone()).collect(),
        ..first.report.run.clone()
    }
}

/// The files of all shards, each once.
fn inputs(parts: &[Checked<'_>]) -> Option<Inputs> {
    let inputs = parts.iter().map(|part| part.report.run.inputs.clone());
    let mut inputs = inputs.collect::<Option<Vec<_>>>()?.into_iter();
    let mut all = inputs.next()?;
    for file in inputs.flat_map(|it| it.files) {
        if !all.files.contains(&file) {
            all.files.push(file);
        }
    }
    all.files.sort_by(|one, other| one.file.cmp(&other.file));
    Some(all)
}

/// Why the whole run is undecided: the shards' own reasons, and two releases in one run.
fn undecided(parts: &[Checked<'_>]) -> Vec<String> {
    let of_one = |part: &Checked<'_>| {
        let reasons = part.report.run.undecided.clone();
        let index = part.shard.index;
        reasons
            .into_iter()
            .map(move |reason| format!("shard {index}: {reason}"))
    };
    let mut reasons: Vec<String> = parts.iter().flat_map(of_one).collect();
    for role in [Role::Baseline, Role::Candidate] {
        let environment = |part: &Checked<'_>| part.report.run.environments.get(role).clone();
        let releases = parts.iter().map(|part| environment(part).release);
        let releases: BTreeSet<Option<String>> = releases.collect();
        if releases.len() > 1 {
            let names: Vec<String> = releases
                .into_iter()
                .map(|release| release.unwrap_or_else(|| "unknown".to_owned()))
                .collect();
            let name = environment(&parts[0]).name;
            let names = names.join(" and ");
            reasons.push(format!(
                "the shards saw different releases of {name}: {names}"
            ));
        }
    }
    reasons
}

/// The session times of all shards together.
fn sessions(parts: &[Checked<'_>]) -> SessionTimes {
    let each = parts.iter().map(|part| part.report.run.times.sessions);
    each.fold(SessionTimes::default(), SessionTimes::and)
}

fn merged_shard(part: &Checked<'_>) -> MergedShard {
    let run = &part.report.run;
    MergedShard {
        index: part.shard.index,
        run: run.id.clone(),
        state: run.state,
        duration_ms: run.duration_ms,
    }
}

/// No shard runs any more: a killed shard counts as interrupted, and a missing one as stopped.
fn joined_state(merged: &MergedReport) -> RunState {
    let is_any = |state: RunState| merged.shards.iter().any(|shard| shard.state == state);
    if is_any(RunState::Interrupted) || is_any(RunState::Running) {
        RunState::Interrupted
    } else if is_any(RunState::Stopped) || !merged.missing().is_empty() {
        RunState::Stopped
    } else {
        RunState::Complete
    }
}

/// The different texts in the order of the shards, each once.
fn all_of<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut found: Vec<&str> = Vec::new();
    for text in texts {
        if !found.contains(&text) {
            found.push(text);
        }
    }
    found.join(", ")
}

/// The warnings of the shards, each once, and differences between shards that should not exist.
fn warnings(parts: &[Checked<'_>]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let said = parts.iter().flat_map(|part| part.report.warnings.iter());
    for warning in said {
        if !found.contains(warning) {
            found.push(warning.clone());
        }
    }
    let browser = |run: &Run| run.browser.clone();
    found.extend(unlike(parts, "browsers", browser));
    found.extend(unlike(parts, "platforms", |run| Some(run.platform.clone())));
    found
}

/// Differences between shards that are allowed but worth a warning. Both sides of a shot use the same browser, so such
/// shards are comparable with each other, but not with one set of golden pictures.
fn unlike(
    parts: &[Checked<'_>],
    what: &str,
    value: impl Fn(&Run) -> Option<String>,
) -> Option<String> {
    let mut shards: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for part in parts {
        if let Some(value) = value(&part.report.run) {
            let index = part.shard.index.to_string();
            shards.entry(value).or_default().push(index);
        }
    }
    let words = shards
        .iter()
        .map(|(value, shards)| format!("{value} (shard {})", shards.join(", ")));
    let words: Vec<String> = words.collect();
    (words.len() > 1).then(|| format!("shards ran on different {what}: {}", words.join("; ")))
}
