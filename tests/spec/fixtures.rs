//! Each file or folder below `fixtures/spec` is a case, with what it must give beside it.
//! `TWINSHOT_BLESS=1 cargo test --test spec` writes the expectations anew; read the diff.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use twinshot::{
    config::{Config, EnvironmentUrl, ParsedConfig, Webdriver},
    spec::{Flow, Source, Step, Suite},
};

use super::support::{settings, variables};

#[test]
fn wrong_specs_are_explained() {
    check("err", "stderr", 45, |sources| {
        match Suite::parse(sources, &variables(), &settings()) {
            Ok(_) => "accepted".into(),
            Err(problems) => problems.to_string(),
        }
    });
}

#[test]
fn right_specs_are_understood() {
    check("ok", "txt", 5, |sources| {
        match Suite::parse(sources, &variables(), &settings()) {
            Ok(suite) => describe(&suite),
            Err(problems) => problems.to_string(),
        }
    });
}

#[test]
fn wrong_configurations_are_explained() {
    check("config-err", "stderr", 15, |sources| {
        match Config::parse(&sources[0], &variables()) {
            Ok(_) => "accepted".into(),
            Err(problems) => problems.to_string(),
        }
    });
}

#[test]
fn right_configurations_are_understood() {
    check("config-ok", "txt", 3, |sources| {
        match Config::parse(&sources[0], &variables()) {
            Ok(parsed) => describe_config(&parsed),
            Err(problems) => problems.to_string(),
        }
    });
}

#[test]
fn sessions_are_checked_against_the_fragments() {
    check("sessions", "txt", 3, |sources| {
        let is_config = |source: &&Source| source.name.ends_with("twinshot.yaml");
        let config = sources.iter().find(is_config).expect("a configuration");
        let mut settings = settings();
        match Config::parse(config, &variables()) {
            Ok(parsed) => settings.sessions = parsed.config.sessions,
            Err(problems) => return problems.to_string(),
        }
        let specs = sources.iter().filter(|source| !is_config(source));
        let specs: Vec<Source> = specs.cloned().collect();
        match Suite::parse(&specs, &variables(), &settings) {
            Ok(suite) => describe(&suite),
            Err(problems) => problems.to_string(),
        }
    });
}

/// Runs every case of a folder and compares what it gives with what is expected.
fn check(folder: &str, extension: &str, at_least: usize, run: impl Fn(&[Source]) -> String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/spec")
        .join(folder);
    let cases = cases(&folder);
    assert!(cases.len() >= at_least, "{} cases only", cases.len());
    let bless = std::env::var_os("TWINSHOT_BLESS").is_some() && std::env::var_os("CI").is_none();
    let mut wrong = Vec::new();
    for case in cases {
        let given = format!("{}\n", run(&sources(&case)));
        assert!(
            !given.contains("s3cret") && !given.contains("4711"),
            "{given}"
        );
        let path = case.with_extension(extension);
        if bless {
            fs::write(&path, &given).expect("the fixtures can be written");
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        if expected != given {
            wrong.push(difference(&path, &expected, &given));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The first lines that differ.
fn difference(path: &Path, expected: &str, given: &str) -> String {
    let same = expected
        .lines()
        .zip(given.lines())
        .take_while(|(one, other)| one == other);
    let first = same.count();
    let shown = |text: &str| {
        text.lines()
            .skip(first)
            .take(8)
            .collect::<Vec<_>>()
            .join("\n")
    };
    let (expected, given) = (shown(expected), shown(given));
    format!(
        "{}:{}\n--- expected\n{expected}\n--- given\n{given}\n",
        path.display(),
        first + 1
    )
}

/// The YAML files, and the folders of cases that need several.
fn cases(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the fixtures are there");
    let paths = entries.map(|entry| entry.expect("a readable entry").path());
    let mut cases: Vec<PathBuf> = paths
        .filter(|path| path.is_dir() || is_yaml(path))
        .collect();
    cases.sort();
    cases
}

fn is_yaml(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "yaml")
}

fn sources(case: &Path) -> Vec<Source> {
    if case.is_dir() {
        return cases(case).iter().flat_map(|file| sources(file)).collect();
    }
    let name = case.file_name().expect("a file has a name");
    vec![Source {
        name: format!("specs/{}", name.to_string_lossy()),
        folder: PathBuf::from("specs"),
        text: fs::read_to_string(case).expect("a readable case"),
    }]
}

fn describe_config(ParsedConfig { config, secrets }: &ParsedConfig) -> String {
    let mut text = format!("root {}\n", config.root.display());
    for environment in &config.environments {
        let url = match &environment.url {
            EnvironmentUrl::Url(url) => url.to_string(),
            EnvironmentUrl::Demo(release) => format!("the demo site, {release}"),
        };
        let (name, hosts) = (&environment.name, &environment.hosts);
        writeln!(text, "environment {name}: {url}, hosts {hosts:?}").expect("a string takes all");
        if let Some(basic_auth) = &environment.basic_auth {
            writeln!(text, "  {basic_auth:?}").expect("a string takes all");
        }
        if environment.emulation != Default::default() {
            writeln!(text, "  {:?}", environment.emulation).expect("a string takes all");
        }
        if !environment.headers.is_empty() {
            writeln!(text, "  {:?}", environment.headers).expect("a string takes all");
        }
        if environment.network != Default::default() {
            writeln!(text, "  {:?}", environment.network).expect("a string takes all");
        }
        if let Some(ready) = &environment.ready {
            writeln!(text, "  {ready:?}").expect("a string takes all");
        }
    }
    for named in &config.viewports {
        writeln!(text, "viewport {}: {}", named.name, named.viewport).expect("a string takes all");
        if !named.device.is_plain() {
            writeln!(text, "  {:?}", named.device).expect("a string takes all");
        }
    }
    let webdriver = match &config.webdriver {
        Webdriver::Urls(urls) => {
            let urls: Vec<&str> = urls.iter().map(|url| url.as_str()).collect();
            urls.join(", ")
        }
        other => format!("{other:?}"),
    };
    let lines = [
        format!(
            "baseline {:?}, candidate {}",
            config.baseline, config.candidate
        ),
        format!("{:?}, threshold {}", config.metric, config.threshold),
        format!(
            "anti-aliasing {:?}, {:?}",
            config.antialiasing, config.max_mismatch
        ),
        format!("secrets {:?}, {secrets:?}", config.secrets),
        format!("browsers {:?}", config.browsers),
        format!("webdriver {webdriver}, isolation {:?}", config.isolation),
        format!(
            "timeout {:?}, page {:?}",
            config.timeout, config.page_timeout
        ),
        format!("pages up to {}", config.max_page_height),
        format!("{:?}, clock {:?}", config.settle, config.clock),
    ];
    text + &lines.join("\n")
}

fn describe(suite: &Suite) -> String {
    let mut text = format!("{:?}\n", suite.secrets);
    for flow in &suite.flows {
        describe_flow(&mut text, flow).expect("a string takes all");
    }
    text.trim_end().to_owned()
}

fn describe_flow(text: &mut String, flow: &Flow) -> std::fmt::Result {
    writeln!(
        text,
        "\nflow {} at {}, viewports {:?}",
        flow.name, flow.location, flow.viewports
    )?;
    if let Some(clock) = flow.clock {
        writeln!(text, "clock {clock:?}")?;
    }
    if let Some(login) = &flow.session {
        writeln!(text, "session {} at {}", login.name, login.location)?;
        for step in login.steps.iter().chain(&login.check) {
            describe_step(text, step)?;
        }
    }
    for (part, steps) in [("setup", &flow.setup), ("steps", &flow.steps)] {
        writeln!(text, "{part}")?;
        for step in steps {
            describe_step(text, step)?;
        }
    }
    Ok(())
}

fn describe_step(text: &mut String, step: &Step) -> std::fmt::Result {
    let Step {
        action,
        label,
        location,
        timeout,
        shot,
    } = step;
    writeln!(text, "  {location} {label}")?;
    writeln!(text, "    {action:?}")?;
    if let Some(timeout) = timeout {
        writeln!(text, "    timeout {timeout:?}")?;
    }
    if let Some(shot) = shot {
        writeln!(text, "    {shot:?}")?;
    }
    Ok(())
}
