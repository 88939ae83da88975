//! EFFECT. A project on disk: `twinshot.yaml` found upwards from the working directory, and the spec
//! files below its `specs/`, read and handed to the parsers.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use walkdir::{DirEntry, WalkDir};

use crate::{
    config::{Config, NamedViewport, ParsedConfig},
    digest::text_digest,
    files,
    plan::{FileDigest, Plan},
    spec::{Flow, KnownViewport, SpecFile, Suite, SuiteSettings},
    yaml::{
        Diagnostic, Diagnostics, Secrets, Source, Variables,
        stand_in::{self, WithStandIns},
    },
};

/// The name of the configuration.
pub const CONFIG_NAME: &str = "twinshot.yaml";

/// A project whose configuration was read.
#[derive(Debug, Clone)]
pub struct Project {
    /// The checked configuration.
    pub config: Config,
    /// Secret values that the configuration used.
    pub secrets: Secrets,
    variables: Variables,
    /// The configuration's own file.
    file: FileDigest,
    /// What the configuration misses.
    notes: Vec<Diagnostic>,
}

/// Why a project cannot be worked with.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// There is no configuration here.
    #[error(
        "no {CONFIG_NAME} in {} or any folder above it: name one with --config, or begin with\n\n\
         environments:\n  production: {{ url: \"https://app.example.com\" }}\n  \
         staging: {{ url: \"https://staging.example.com\" }}",
        .0.display()
    )]
    NoConfig(PathBuf),
    /// There is nothing to run.
    #[error("there is no spec below {}: add a file such as specs/home.yaml", .0.display())]
    NoSpecs(PathBuf),
    /// A file cannot be read.
    #[error("cannot read {}: {source}{}", path.display(), files::advice(source))]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is not text.
    #[error("{} is not UTF-8 text", .0.display())]
    NotText(PathBuf),
    /// A file does not say what it should.
    #[error("{0}")]
    Diagnostics(#[from] Diagnostics),
}

impl Project {
    /// Finds and reads the configuration.
    ///
    /// # Errors
    /// When there is none, or it cannot be read, or it is wrong.
    pub fn open(
        config: Option<&Path>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ProjectError> {
        let variables = variables(environment);
        let source = read_config(config)?;
        let parsed = Config::parse(&source, &variables)?;
        Ok(Self::new(parsed, &source, &variables, Vec::new()))
    }

    /// Finds and reads the configuration for a command that runs nothing: variables need not be set.
    ///
    /// # Errors
    /// When there is none, or it cannot be read, or something else in it is wrong.
    pub fn open_unset(
        config: Option<&Path>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ProjectError> {
        let source = read_config(config)?;
        let parse = |variables: &Variables| Config::parse(&source, variables);
        let WithStandIns {
            value,
            variables,
            notes,
        } = stand_in::read(&variables(environment), parse)?;
        Ok(Self::new(value, &source, &variables, notes))
    }

    fn new(
        parsed: ParsedConfig,
        source: &Source,
        variables: &Variables,
        notes: Vec<Diagnostic>,
    ) -> Self {
        let ParsedConfig { config, secrets } = parsed;
        let file = FileDigest {
            file: name_in(&config.root, &source.name),
            digest: text_digest(&source.text),
            flow: None,
        };
        let variables = variables.with_secret_names(&config.secrets);
        Self {
            config,
            secrets,
            variables,
            file,
            notes,
        }
    }

    /// The names of those variables that hold secrets.
    pub fn secret_variables(
        &self,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        secrets: &Secrets,
    ) -> Vec<OsString> {
        let is_secret = |(name, value): &(OsString, OsString)| {
            let value = value.to_string_lossy();
            self.variables.is_secret(&name.to_string_lossy()) || secrets.redact(&value) != value
        };
        let secret = environment.into_iter().filter(is_secret);
        secret.map(|(name, _)| name).collect()
    }

    /// Reads and checks every spec.
    ///
    /// # Errors
    /// When there is none, or one cannot be read, or one is wrong.
    pub fn suite(&self) -> Result<Suite, ProjectError> {
        let (sources, settings) = self.specs()?;
        Ok(Suite::parse(&sources, &self.variables, &settings)?)
    }

    /// Reads and checks every spec for a command that runs nothing: variables need not be set. There is a note for each
    /// variable that is not set, in the configuration or in a spec.
    ///
    /// # Errors
    /// When there is none, or one cannot be read, or something else in one is wrong.
    pub fn suite_unset(&self) -> Result<(Suite, Vec<Diagnostic>), ProjectError> {
        let (sources, settings) = self.specs()?;
        let parse = |variables: &Variables| Suite::parse(&sources, variables, &settings);
        let read = stand_in::read(&self.variables, parse)?;
        let notes = self.notes.iter().cloned().chain(read.notes);
        Ok((read.value, notes.collect()))
    }

    fn specs(&self) -> Result<(Vec<Source>, SuiteSettings), ProjectError> {
        let folder = self.config.root.join("specs");
        let files = find_specs(&folder)?;
        if files.is_empty() {
            return Err(ProjectError::NoSpecs(folder));
        }
        let sources = files.iter().map(|file| read_source(file));
        let sources = sources.collect::<Result<_, _>>()?;
        let settings = SuiteSettings {
            viewports: self.config.viewports.iter().map(known_viewport).collect(),
            max_mismatch: self.config.max_mismatch,
            sessions: self.config.sessions.clone(),
        };
        Ok((sources, settings))
    }

    /// The files that the plan depends on, and what was in them: the configuration, the specs of its flows, all fragments,
    /// and the files that steps name.
    pub fn files_of(&self, plan: &Plan, suite: &Suite) -> Vec<FileDigest> {
        let root = &self.config.root;
        let flow = |file: &SpecFile| {
            let mut flows = suite.flows.iter();
            flows.find(|flow| *flow.location.file == *file.name)
        };
        let is_planned = |flow: &Flow| plan.jobs.iter().any(|job| job.flow.name == flow.name);
        let specs = suite.files.iter().map(|file| (file, flow(file)));
        let specs = specs.filter(|(_, flow)| flow.is_none_or(is_planned));
        let specs = specs.map(|(file, flow)| FileDigest {
            file: name_in(root, &file.name),
            digest: file.digest.clone(),
            flow: flow.map(|flow| flow.name.clone()),
        });
        let named: BTreeSet<&Path> = plan.jobs.iter().flat_map(|job| job.flow.files()).collect();
        let named = named.into_iter().map(|path| FileDigest {
            file: name_in(root, &path.to_string_lossy()),
            digest: digest_of(path),
            flow: None,
        });
        [self.file.clone()]
            .into_iter()
            .chain(specs)
            .chain(named)
            .collect()
    }

    /// The specs, and the files that steps name, that are not what they were; the configuration is left out.
    pub fn changed_files(&self, before: &[FileDigest]) -> Vec<FileDigest> {
        let is_changed = |it: &&FileDigest| {
            it.file != self.file.file && digest_of(&self.config.root.join(&it.file)) != it.digest
        };
        before.iter().filter(is_changed).cloned().collect()
    }

    /// Where reports are kept when nothing else is said.
    pub fn reports(&self) -> PathBuf {
        self.config.root.join("reports")
    }

    /// Where approved pictures are kept.
    pub fn golden(&self) -> PathBuf {
        self.config.root.join("golden")
    }
}

fn read_config(config: Option<&Path>) -> Result<Source, ProjectError> {
    match config {
        Some(path) => read_source(path),
        None => read_source(&find_config()?),
    }
}

/// Those whose name and value are text.
fn variables(environment: impl IntoIterator<Item = (OsString, OsString)>) -> Variables {
    let text = environment.into_iter();
    let text = text
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Variables::new(text, &[])
}

fn known_viewport(named: &NamedViewport) -> KnownViewport {
    KnownViewport {
        name: named.name.clone(),
        viewport: named.viewport,
        is_device: !named.device.is_plain(),
    }
}

/// The folder of the configuration, found upwards from the working directory, which stands in where there is
/// none. Nothing is read.
///
/// # Errors
/// When the working directory is gone.
pub fn find_root() -> Result<PathBuf, ProjectError> {
    match find_config() {
        Ok(file) => Ok(file.parent().map(Path::to_owned).unwrap_or_default()),
        Err(ProjectError::NoConfig(here)) => Ok(here),
        Err(error) => Err(error),
    }
}

/// What has the name counts, whatever it is: a pipe there is told, and not passed over for a file further up.
fn find_config() -> Result<PathBuf, ProjectError> {
    let here = std::env::current_dir().map_err(|source| ProjectError::Read {
        path: PathBuf::from("."),
        source,
    })?;
    let found = here
        .ancestors()
        .map(|folder| folder.join(CONFIG_NAME))
        .find(|file| fs::symlink_metadata(file).is_ok());
    found.ok_or(ProjectError::NoConfig(here))
}

/// The spec files below the folder. Hidden files and folders are not ours. Links to folders are followed, but for those
/// that lead back to a folder that they are in.
fn find_specs(folder: &Path) -> Result<Vec<PathBuf>, ProjectError> {
    let mut files = Vec::new();
    if !folder.exists() {
        return Ok(files);
    }
    let is_hidden =
        |entry: &DirEntry| entry.depth() > 0 && entry.file_name().as_encoded_bytes()[0] == b'.';
    let entries = WalkDir::new(folder).follow_links(true).into_iter();
    for entry in entries.filter_entry(|entry| !is_hidden(entry)) {
        match entry {
            Ok(entry) if entry.file_type().is_dir() => {}
            Ok(entry) => files.extend(Some(entry.into_path()).filter(|path| is_spec(path))),
            Err(error) if is_ignored(&error) => {}
            Err(error) => {
                return Err(ProjectError::Read {
                    path: error.path().unwrap_or(folder).to_owned(),
                    source: error
                        .into_io_error()
                        .unwrap_or_else(|| ErrorKind::Other.into()),
                });
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Whether it is about a link back to a folder that it is in, or about a link to nowhere that nothing takes for a spec.
fn is_ignored(error: &walkdir::Error) -> bool {
    let is_other_link = |path: &Path| {
        let name = path.file_name().unwrap_or_default();
        path.is_symlink() && (!is_spec(path) || name.as_encoded_bytes().starts_with(b"."))
    };
    error.loop_ancestor().is_some() || error.path().is_some_and(is_other_link)
}

fn is_spec(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    let mut known = ["yaml", "yml"].iter();
    known.any(|known| extension.eq_ignore_ascii_case(known))
}

fn read_source(path: &Path) -> Result<Source, ProjectError> {
    let bytes = files::read(path, files::WRITTEN_LIMIT);
    let bytes = bytes.map_err(|source| ProjectError::Read {
        path: path.to_owned(),
        source,
    })?;
    let text = String::from_utf8(bytes).map_err(|_| ProjectError::NotText(path.to_owned()))?;
    let absolute = std::path::absolute(path).map_err(|source| ProjectError::Read {
        path: path.to_owned(),
        source,
    })?;
    let folder = absolute.parent().unwrap_or(Path::new("/")).to_owned();
    Ok(Source {
        name: shown_path(path),
        folder,
        text,
    })
}

/// The path of a file relative to the project's folder, if it is inside.
fn name_in(root: &Path, name: &str) -> String {
    let path = std::path::absolute(name).unwrap_or_else(|_| PathBuf::from(name));
    let path = path.strip_prefix(root).unwrap_or(&path);
    path.display().to_string()
}

/// Of a file's content; empty if it cannot be read.
fn digest_of(path: &Path) -> String {
    let bytes = files::read(path, files::UPLOAD_LIMIT);
    bytes.map_or_else(
        |_| String::new(),
        |bytes| blake3::hash(&bytes).to_hex().to_string(),
    )
}

/// The path as a user would write it: relative to the working directory when it is below that.
pub fn shown_path(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here)
        .unwrap_or(path)
        .display()
        .to_string()
}
