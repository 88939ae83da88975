//! `twinshot test`: plans, runs and prints a summary.

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum, builder::FalseyValueParser};
use twinshot::{
    config::{BaselineSource, Config, Environment, EnvironmentUrl, Webdriver, driver_url},
    plan::{Filters, Inputs, Shard},
    project::Project,
    report::{self, MergedReport, Report, ShotReport},
    run::{self, RunError, RunOptions},
    store,
    workers::{Machine, Workers},
    yaml::{Secrets, passwords_in, written_without_credentials},
};
use url::Url;

use super::{
    Exit, Failure, ProjectArgs, SelectionArgs, guard,
    terminal::{Summary, Terminal, Volume, is_ci, tell},
    variables::with_variables,
};

/// The arguments of `test`. Each can also be set by a variable `TWINSHOT_…`.
#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    selection: SelectionArgs,
    /// The environment assumed good, or `golden` for the approved pictures.
    #[arg(long, value_name = "NAME", env = "TWINSHOT_BASELINE")]
    baseline: Option<String>,
    /// The environment under test.
    #[arg(long, value_name = "NAME", env = "TWINSHOT_CANDIDATE")]
    candidate: Option<String>,
    /// Another address for the baseline, replacing the configured one.
    #[arg(
        long,
        value_name = "URL",
        env = "TWINSHOT_BASELINE_URL",
        hide_env_values = true
    )]
    baseline_url: Option<String>,
    /// Another address for the candidate, replacing the configured one.
    #[arg(
        long,
        value_name = "URL",
        env = "TWINSHOT_CANDIDATE_URL",
        hide_env_values = true
    )]
    candidate_url: Option<String>,
    /// How many flows run at the same time. Default: half the number of cores, or fewer if memory is short.
    #[arg(long, value_name = "N", env = "TWINSHOT_WORKERS")]
    workers: Option<NonZeroUsize>,
    /// Reuse pictures of a live baseline from the last run if nothing that they depend on changed.
    #[arg(long, env = "TWINSHOT_REUSE_BASELINE", value_parser = FalseyValueParser::new())]
    reuse_baseline: bool,
    /// Only the shots that failed in the last run.
    #[arg(long, env = "TWINSHOT_LAST_FAILED", value_parser = FalseyValueParser::new())]
    last_failed: bool,
    /// Go on with the last run, which ended early, instead of beginning a new one. Give it the same options.
    #[arg(long, env = "TWINSHOT_RESUME", value_parser = FalseyValueParser::new())]
    resume: bool,
    /// Stop the run after this many failing shots.
    #[arg(long, value_name = "N", env = "TWINSHOT_MAX_FAILURES")]
    max_failures: Option<NonZeroUsize>,
    /// A running WebDriver or Selenium Grid, or several separated by commas.
    #[arg(
        long,
        value_name = "URL",
        env = "TWINSHOT_WEBDRIVER",
        hide_env_values = true,
        value_delimiter = ','
    )]
    webdriver: Vec<String>,
    /// The reports folder. Default: `reports` beside twinshot.yaml.
    #[arg(long, value_name = "DIR", env = "TWINSHOT_REPORTS")]
    reports: Option<PathBuf>,
    /// Fail on new shots and on suspicions; show no progress bars. On if the variable CI is set.
    #[arg(long, env = "TWINSHOT_CI", value_parser = FalseyValueParser::new())]
    ci: bool,
    /// Show the browsers' windows.
    #[arg(long, env = "TWINSHOT_HEADED", value_parser = FalseyValueParser::new())]
    headed: bool,
    /// Print only failing shots and the summary.
    #[arg(long, short, env = "TWINSHOT_QUIET", value_parser = FalseyValueParser::new(), conflicts_with = "verbose")]
    quiet: bool,
    /// Also print how long each shot took and what it waited for.
    #[arg(long, short, env = "TWINSHOT_VERBOSE", value_parser = FalseyValueParser::new())]
    verbose: bool,
    /// The format of what is printed to stdout.
    #[arg(long, value_enum, default_value_t, env = "TWINSHOT_FORMAT")]
    format: Format,
    /// Open the report after the run.
    #[arg(long, env = "TWINSHOT_OPEN", value_parser = FalseyValueParser::new())]
    open: bool,
}

/// What goes to stdout.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line for each shot and a summary.
    #[default]
    Text,
    /// The report as JSON, the same as report.json.
    Json,
}

/// Runs the command.
pub(crate) fn run(arguments: &TestArgs) -> Result<Exit, Failure> {
    let mut project = arguments.project.open()?;
    arguments.override_config(&mut project.config)?;
    let suite = project.suite()?;
    let mut secrets = project.secrets.clone();
    secrets.merge(&suite.secrets);
    secrets.merge(&suite.secrets_of_cookies());
    secrets.merge(&secrets_of(&project.config));
    let mut options = arguments.run_options(&project, secrets);
    let filters = arguments.filters(&options)?;
    let plan = arguments
        .selection
        .plan(&suite, &project.config, &filters)?;

    options.inputs = Inputs {
        headed: arguments.headed,
        reuse_baseline: arguments.reuse_baseline,
        ..Inputs::new(
            project.files_of(&plan, &suite),
            (&suite, &project.config, &filters),
            &options.secrets,
        )
    };
    let (shots, flows) = (plan.shots.len(), plan.jobs.len());
    let mut terminal = Terminal::new(shots, flows, arguments.volume(), arguments.is_ci());
    let browsers = browsers_of_a_flow(&project.config);
    let workers = Workers::new(arguments.workers, flows, browsers, Machine::read());
    options.workers = workers.count;
    terminal.tell_memory(&workers);
    let outcome = run::run(plan, project.config, &options, &mut |event| {
        terminal.show(&event)
    });
    terminal.finish();
    let outcome = outcome.map_err(|error| {
        if let Some(command) = arguments.again_after(&error, &options) {
            let command = options.secrets.redact(&command);
            tell(&format!(
                "note: when there is room, this goes on: {command}"
            ));
        }
        Failure::from(error).redacted(&options.secrets)
    })?;
    let printed = match arguments.format {
        Format::Text => {
            let again = arguments.again(&outcome.report);
            let written = |value: &str| quoted(&word_without_credentials(value));
            let again = again.map(|command| {
                let command = with_variables::<TestArgs>(&command, written);
                options.secrets.redact(&command)
            });
            Summary::new(&outcome.report, &outcome.index, again.as_deref()).print()
        }
        Format::Json => terminal.print(&report::json::render(&outcome.report)),
    };
    if arguments.open && !arguments.is_ci() {
        super::terminal::open(&outcome.index);
    }
    match (Exit::of(&outcome), printed) {
        (exit @ Exit::Interrupted(_), _) | (exit, Ok(())) => Ok(exit),
        (_, Err(failure)) => Err(failure),
    }
}

impl TestArgs {
    fn is_ci(&self) -> bool {
        self.ci || is_ci()
    }

    fn volume(&self) -> Volume {
        match (self.quiet || self.format == Format::Json, self.verbose) {
            (true, _) => Volume::Quiet {
                lines: self.format == Format::Text,
            },
            (false, true) => Volume::Verbose,
            (false, false) => Volume::Normal,
        }
    }

    /// The command line overrides the file.
    fn override_config(&self, config: &mut Config) -> Result<(), Failure> {
        if let Some(name) = &self.baseline {
            config.baseline = match name.as_str() {
                "golden" => BaselineSource::Golden,
                name => BaselineSource::Environment(name.to_owned()),
            };
        }
        if let Some(name) = &self.candidate {
            config.candidate.clone_from(name);
        }
        if !self.webdriver.is_empty() {
            let urls = self.webdriver.iter().map(|text| driver_url(text));
            let urls = urls.collect::<Result<_, _>>();
            let urls = urls.map_err(|error| Failure::Usage(format!("--webdriver: {error}")))?;
            config.webdriver = Webdriver::Urls(urls);
        }
        if self.reuse_baseline && config.baseline == BaselineSource::Golden {
            let text = "--reuse-baseline cannot be used with a golden baseline";
            return Err(Failure::Usage(text.to_owned()));
        }
        self.override_urls(config)
    }

    fn override_urls(&self, config: &mut Config) -> Result<(), Failure> {
        if let Some(url) = &self.baseline_url {
            let BaselineSource::Environment(name) = config.baseline.clone() else {
                let text = "--baseline-url cannot be used with a golden baseline";
                return Err(Failure::Usage(text.to_owned()));
            };
            set_url(config, &name, "--baseline-url", url)?;
        }
        if let Some(url) = &self.candidate_url {
            set_url(config, &config.candidate.clone(), "--candidate-url", url)?;
        }
        Ok(())
    }

    fn run_options(&self, project: &Project, secrets: Secrets) -> RunOptions {
        RunOptions {
            reports: self.reports.clone().unwrap_or_else(|| project.reports()),
            golden: project.golden(),
            workers: 1,
            headed: self.headed,
            reuse_baseline: self.reuse_baseline,
            resume: self.resume,
            inputs: Inputs::default(),
            max_failures: self.max_failures.map(NonZeroUsize::get),
            ci: self.is_ci(),
            hidden_variables: project.secret_variables(std::env::vars_os(), &secrets),
            secrets,
            guard: guard::program(),
        }
    }

    /// The command that goes on with a run that ended early, or runs the failing shots of this report, or all shots if some
    /// have no verdict. `None` if there is nothing to run again.
    fn again(&self, report: &Report) -> Option<String> {
        if report.is_partial() && report.run.undecided.is_empty() && self.max_failures.is_none() {
            return Some(again(std::env::args(), Rerun::Rest));
        }
        let refusal = last_failed_refusal(report, self.selection.shard);
        let has_failed = report.shots.iter().any(|shot| is_run_again(report, shot));
        match refusal {
            None => has_failed.then(|| again(std::env::args(), Rerun::Failed)),
            Some(_) if report.run.undecided.is_empty() => Some(again(std::env::args(), Rerun::All)),
            Some(_) => None,
        }
    }

    /// The command that goes on with a run whose results could not be written any more.
    fn again_after(&self, error: &RunError, options: &RunOptions) -> Option<String> {
        let RunError::Store(_) = error else {
            return None;
        };
        let (report, _) = store::latest_report(&options.reports).ok()?;
        report.run.stopped_by.as_ref()?;
        Some(again(std::env::args(), Rerun::Rest))
    }

    fn filters(&self, options: &RunOptions) -> Result<Filters, Failure> {
        let ids = match (self.last_failed, self.resume) {
            (false, _) => None,
            (true, false) => Some(failed_ids(options, self.selection.shard)?),
            (true, true) => Some(resumed_ids(options)?),
        };
        Ok(self.selection.filters(ids))
    }
}

/// How many browsers on this machine one flow uses.
fn browsers_of_a_flow(config: &Config) -> u64 {
    match (&config.webdriver, &config.baseline) {
        (Webdriver::Urls(_), _) => 0,
        (Webdriver::Auto, BaselineSource::Golden) => 1,
        (Webdriver::Auto, BaselineSource::Environment(_)) => 2,
    }
}

/// What the configuration itself says, besides the values of its variables.
fn secrets_of(config: &Config) -> Secrets {
    let environments = config.environments.iter();
    let secrets = environments.flat_map(Environment::secrets);
    let drivers: &[Url] = match &config.webdriver {
        Webdriver::Auto => &[],
        Webdriver::Urls(urls) => urls,
    };
    Secrets::new(secrets.chain(drivers.iter().flat_map(passwords_in)))
}

fn set_url(config: &mut Config, name: &str, flag: &str, written: &str) -> Result<(), Failure> {
    let url: EnvironmentUrl = written
        .parse()
        .map_err(|error| Failure::Usage(format!("{flag} `{written}` {error}")))?;
    let found = config
        .environments
        .iter_mut()
        .find(|environment| environment.name == name);
    // The run itself reports an unknown name.
    if let Some(environment) = found {
        environment.url = url;
        if let Some(reason) = environment.ready_refusal() {
            return Err(Failure::Usage(format!("{flag}: {reason}")));
        }
    }
    Ok(())
}

/// The shots that had failed when the run began that is resumed.
fn resumed_ids(options: &RunOptions) -> Result<Vec<String>, Failure> {
    let (report, _) = store::latest_report(&options.reports)?;
    let inputs = report.run.inputs;
    let ids = inputs.and_then(|inputs| inputs.last_failed);
    let text =
        "the last run was not one of failed shots only: leave out --last-failed, or --resume";
    ids.ok_or_else(|| Failure::Usage(text.to_owned()))
}

fn failed_ids(options: &RunOptions, shard: Option<Shard>) -> Result<Vec<String>, Failure> {
    let (report, _) = store::latest_report(&options.reports)?;
    if let Some(why) = last_failed_refusal(&report, shard) {
        return Err(Failure::Usage(why));
    }
    let failed = report
        .shots
        .iter()
        .filter(|shot| is_run_again(&report, shot));
    Ok(failed.map(|shot| shot.id.clone()).collect())
}

/// Whether a shot is among those that are run again.
pub(super) fn is_run_again(report: &Report, shot: &ShotReport) -> bool {
    report.fails(shot) || shot.verdict.needs_a_look()
}

/// Why the failing shots of a report cannot be selected: not all are known.
fn last_failed_refusal(report: &Report, shard: Option<Shard>) -> Option<String> {
    if let Some(why) = shard_refusal(report, shard) {
        return Some(why);
    }
    if !report.run.undecided.is_empty() {
        return Some("the last run decided nothing: run again without --last-failed".to_owned());
    }
    let undecided = report.run.planned_shots - report.shots.len().min(report.run.planned_shots);
    (report.is_partial() && undecided > 0).then(|| {
        format!(
            "the last run ended early and did not decide {}: run again without --last-failed",
            twinshot::compare::count(undecided, "shot")
        )
    })
}

/// What failed in one shard says nothing of another, and a missing one nothing at all.
fn shard_refusal(report: &Report, shard: Option<Shard>) -> Option<String> {
    let last = report.run.shard.as_ref();
    if let (Some(last), Some(asked)) = (last, shard)
        && (last.index, last.of) != (asked.index(), asked.of())
    {
        return Some(format!(
            "the last run was shard {} of {}, not {asked}: give each shard its own --reports, or merge them first",
            last.index, last.of
        ));
    }
    let merged = report.run.merged.as_ref();
    merged.is_some_and(MergedReport::has_gaps).then(|| {
        "the last report was merged from incomplete shards: run again without --last-failed"
            .to_owned()
    })
}

/// Which shots a command runs again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rerun {
    Failed,
    All,
    /// Those that the run did not come to.
    Rest,
}

/// The same command for these shots, without credentials and quoted for a shell.
fn again(mut arguments: impl Iterator<Item = String>, rerun: Rerun) -> String {
    const FAILED: &str = "--last-failed";
    const REST: &str = "--resume";
    let program = program(&arguments.next().unwrap_or_default());
    let mut words = vec![quoted(&program), "test".to_owned()];
    let (flag, dropped): (_, &[&str]) = match rerun {
        Rerun::Failed => (Some(FAILED), &[FAILED, REST]),
        Rerun::All => (None, &[FAILED, REST]),
        // It goes on with the same shots.
        Rerun::Rest => (Some(REST), &[REST]),
    };
    words.extend(flag.map(str::to_owned));
    words.extend(
        arguments
            .skip(1)
            .filter(|word| !dropped.contains(&word.as_str()))
            .map(|word| quoted(&word_without_credentials(&word))),
    );
    words.join(" ")
}

/// What a shell calls this program: its name if `PATH` leads to it, else the path it was called by.
pub(super) fn program(called: &str) -> String {
    const NAME: &str = env!("CARGO_BIN_NAME");
    let file = |path: &Path| path.canonicalize().ok();
    let own = std::env::current_exe().ok().and_then(|path| file(&path));
    let search_path = std::env::var_os("PATH").unwrap_or_default();
    let mut found = std::env::split_paths(&search_path).map(|folder| folder.join(NAME));
    let is_found = found
        .find(|path| path.is_file())
        .and_then(|path| file(&path))
        == own;
    match called.contains('/') && !(own.is_some() && is_found) {
        true => called.to_owned(),
        false => NAME.to_owned(),
    }
}

/// Also handles a list of URLs.
fn word_without_credentials(word: &str) -> String {
    let (flag, value) = word.split_once('=').unwrap_or(("", word));
    if !value.contains("://") {
        return word.to_owned();
    }
    let values: Vec<_> = value.split(',').map(written_without_credentials).collect();
    let values = values.join(",");
    match flag.is_empty() {
        true => values,
        false => format!("{flag}={values}"),
    }
}

pub(super) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:@,+%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again_of(words: &[&str], rerun: Rerun) -> String {
        again(words.iter().map(|&word| word.to_owned()), rerun)
    }

    #[test]
    fn the_same_command_runs_what_failed_or_everything() {
        let words = [
            "twinshot",
            "test",
            "--baseline",
            "golden",
            "move source",
            "--last-failed",
        ];
        assert_eq!(
            again_of(&words, Rerun::Failed),
            "twinshot test --last-failed --baseline golden 'move source'"
        );
        assert_eq!(
            again_of(&words, Rerun::All),
            "twinshot test --baseline golden 'move source'"
        );
    }

    #[test]
    fn a_program_that_no_shell_finds_is_called_by_its_path() {
        let words = ["./a folder/twinshot", "test"];
        assert_eq!(
            again_of(&words, Rerun::Failed),
            "'./a folder/twinshot' test --last-failed"
        );
    }

    #[test]
    fn credentials_are_not_repeated() {
        let words = [
            "twinshot",
            "test",
            "--candidate-url=https://jane:pw@example.com/",
            "--webdriver",
            "http://one/,http://jane:pw@two/",
        ];
        assert_eq!(
            again_of(&words, Rerun::Failed),
            "twinshot test --last-failed --candidate-url=https://example.com/ --webdriver http://one/,http://two/"
        );
    }
}
