//! Reads `twinshot.yaml` into a checked `Config`. It reads no other file.

mod browsers;
mod capabilities;
mod emulation;
mod headers;
mod network;
mod ready;
mod release;
mod viewports;
mod webdriver;

use std::{path::PathBuf, str::FromStr, sync::Arc, time::Duration};

use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use self::emulation::EmulationYaml;
pub use self::{
    browsers::Browser,
    capabilities::Capabilities,
    emulation::{ColorScheme, Device, Emulation},
    network::{Network, Proxy},
    ready::{Ready, Rule, Wanted, WantedHeader},
    release::{Release, UnknownRelease},
    viewports::NamedViewport,
    webdriver::{BadDriverUrl, Webdriver, driver_url},
};
use crate::{
    diff::Metric,
    spec::{
        AllowYaml, Allowances, AntialiasingRule, Clock, LoginYaml, MaxMismatch, Sessions, Settle,
        Threshold, raw::LimitYaml,
    },
    yaml::{
        Diagnostic, Diagnostics, Secrets, Source, Variables,
        address::{is_host, passwords_in},
        diagnostic::{did_you_mean, is_unprintable, listed},
        interpolate::{Scope, Used, is_name},
        read::{Entries, Place, Reading, TextOr, Texts},
        reader::Reader,
        schema_of, secrets_in,
        tree::{Tree, Value},
    },
};

/// The default timeout of a wait or a search for an element.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The default timeout of a page load.
const PAGE_TIMEOUT: Duration = Duration::from_secs(30);
/// Chrome paints no taller surface.
const MAX_PAGE_HEIGHT: u32 = 16_384;
/// Whether Twinshot itself speaks TLS; browsers do in any case.
const SPEAKS_HTTPS: bool = cfg!(feature = "remote-tls");

/// The checked configuration of a suite.
#[derive(Debug, Clone)]
pub struct Config {
    /// The folder of `twinshot.yaml`; every relative path is below it.
    pub root: PathBuf,
    /// In the order of the file.
    pub environments: Vec<Environment>,
    /// The baseline.
    pub baseline: BaselineSource,
    /// The name of the environment under test.
    pub candidate: String,
    /// At least one, each once.
    pub browsers: Vec<Browser>,
    /// At least one, unique names.
    pub viewports: Vec<NamedViewport>,
    /// The colour distance of every comparison.
    pub metric: Metric,
    /// The distance above which one pixel is mismatched.
    pub threshold: Threshold,
    /// Whether anti-aliased pixels count.
    pub antialiasing: AntialiasingRule,
    /// How much of one shot may mismatch.
    pub max_mismatch: MaxMismatch,
    /// Logins that flows share.
    pub sessions: Sessions,
    /// Names of variables whose values are secret.
    pub secrets: Vec<String>,
    /// Which drivers run the browsers.
    pub webdriver: Webdriver,
    /// Additional capabilities for drivers.
    pub capabilities: Capabilities,
    /// Whether flows share browsers.
    pub isolation: Isolation,
    /// What is settled before each picture.
    pub settle: Settle,
    /// The clock of the pages.
    pub clock: Clock,
    /// The timeout of a wait or a search for an element.
    pub timeout: Duration,
    /// How long a page may take to load.
    pub page_timeout: Duration,
    /// The height in CSS pixels at which taller pages are cut, with a warning.
    pub max_page_height: u32,
    /// The suspicions that every flow allows.
    pub allow: Allowances,
}

/// A configuration, and the secret values that were filled into it.
#[derive(Debug, Clone)]
pub struct ParsedConfig {
    /// The checked configuration.
    pub config: Config,
    /// Values that must not appear in any output.
    pub secrets: Secrets,
}

/// A name and a base URL.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Its name.
    pub name: String,
    /// Its base URL.
    pub url: EnvironmentUrl,
    /// Other hosts (`name` or `name:port`) on which its pages may end.
    pub hosts: Vec<String>,
    /// The user and the password of HTTP basic authentication.
    pub basic_auth: Option<BasicAuth>,
    /// What the environment must serve before a run begins.
    pub ready: Option<Ready>,
    /// Its settings for the browser.
    pub emulation: Emulation,
    /// Headers for requests to its own hosts; each value may be secret.
    pub headers: http::HeaderMap,
    /// How the browser connects to it.
    pub network: Network,
}

/// A user and a password.
#[derive(Clone, PartialEq, Eq)]
pub struct BasicAuth {
    /// The user's name.
    pub user: String,
    /// Never show it.
    pub password: String,
}

impl std::fmt::Debug for BasicAuth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BasicAuth({})", self.user)
    }
}

impl Environment {
    /// Why `ready` cannot be requested at the environment's URL; `None` if it can.
    pub fn ready_refusal(&self) -> Option<String> {
        let ready = self.ready.as_ref()?;
        ready::refusal(ready, &self.url)
    }

    /// Whether its release is requested over https.
    pub fn is_asked_by_https(&self) -> bool {
        let ready = self.ready.as_ref();
        ready.is_some_and(|ready| ready::is_asked_by_https(ready, &self.url))
    }

    /// Every password of the environment, and every value of its headers that must not be shown, wherever it came from.
    pub fn secrets(&self) -> Vec<String> {
        let mut secrets = self.url.passwords();
        if let Some(BasicAuth { user, password }) = &self.basic_auth {
            secrets.extend([password.clone(), format!("{user}:{password}")]);
        }
        for (name, value) in &self.headers {
            let value = String::from_utf8_lossy(value.as_bytes());
            secrets.extend(secrets_in(name.as_str(), &value));
        }
        secrets
    }

    /// Adds the environment's credentials to a base URL, unless the URL has its own.
    pub fn with_credentials(&self, base: &Url) -> Url {
        let mut url = base.clone();
        if let Some(BasicAuth { user, password }) = &self.basic_auth
            && url.username().is_empty()
            && url.password().is_none()
        {
            // Only a URL without a host takes none.
            let _ = url.set_username(user);
            let _ = url.set_password(Some(password));
        }
        url
    }
}

/// Where an environment is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvironmentUrl {
    /// `http` or `https`.
    Url(url::Url),
    /// The embedded demo site in one release, started on a free port: `demo:production`, `demo:staging`.
    Demo(Release),
}

/// Why a text is not an environment's URL. The message continues the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}", self.problem(), self.help())]
pub enum BadEnvironmentUrl {
    /// `demo:` and then no release.
    NoRelease,
    /// Not a URL, or of another scheme, or without a host.
    NotHttp,
    /// With a query or a fragment.
    NotBase,
}

impl BadEnvironmentUrl {
    fn problem(self) -> &'static str {
        match self {
            Self::NoRelease => "is no release of the demo site",
            Self::NotHttp => "is not an http(s) URL",
            Self::NotBase => "is no base URL: it has a `?…` or a `#…`",
        }
    }

    fn help(self) -> &'static str {
        match self {
            Self::NoRelease => "write `demo:production` or `demo:staging`",
            Self::NotHttp | Self::NotBase => "write for example `https://app.example.com`",
        }
    }
}

impl EnvironmentUrl {
    /// The password in the URL, in every form that may appear in output. It is as secret as any other.
    pub fn passwords(&self) -> Vec<String> {
        match self {
            Self::Url(url) => passwords_in(url),
            Self::Demo(_) => Vec::new(),
        }
    }
}

impl FromStr for EnvironmentUrl {
    type Err = BadEnvironmentUrl;

    fn from_str(text: &str) -> Result<Self, BadEnvironmentUrl> {
        if let Some(release) = text.strip_prefix("demo:") {
            let release = release.parse().map_err(|_| BadEnvironmentUrl::NoRelease)?;
            return Ok(Self::Demo(release));
        }
        let url = Url::parse(text).map_err(|_| BadEnvironmentUrl::NotHttp)?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(BadEnvironmentUrl::NotHttp);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BadEnvironmentUrl::NotBase);
        }
        Ok(Self::Url(url))
    }
}

/// What the candidate is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BaselineSource {
    /// The pictures approved before, under `golden/`.
    Golden,
    /// A live environment, by name.
    Environment(String),
}

/// Whether flows share browsers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Isolation {
    /// Browsers, which are cleaned between two flows.
    #[default]
    Reuse,
    /// Nothing: each flow has new browsers.
    Session,
}

/// `twinshot.yaml`: what is compared with what, and how.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Twinshot configuration")]
struct ConfigYaml {
    /// The environments, by name.
    environments: Place<Entries<EnvironmentYaml>>,
    /// The environment that is assumed good, or `golden` for approved pictures; `production` when absent.
    baseline: Option<Place<String>>,
    /// The environment under test; `staging` when absent.
    candidate: Option<Place<String>>,
    /// The browsers that every flow runs in: `chrome`, `firefox`, `webkit`; Chrome alone when absent.
    browsers: Option<Place<Vec<Place<String>>>>,
    /// Viewports by name: `1400x1000`, `390x844@2` with a device pixel ratio, or a map with its `size`.
    viewports: Option<Place<Entries<TextOr<viewports::ViewportYaml>>>>,
    /// The colour distance of every comparison.
    metric: Option<Metric>,
    /// Distance, 0 to 1, above which one pixel is mismatched. `auto`, the default, is strict for two pictures that were
    /// drawn under the same circumstances, and 0.1 otherwise.
    threshold: Option<Place<Threshold>>,
    /// Whether anti-aliased pixels count. With `auto`, the default, they do for two pictures that were drawn under the
    /// same circumstances.
    antialiasing: Option<AntialiasingRule>,
    /// How much of one picture may mismatch: pixels (`12`), a ratio (`"0.2%"`), or a map of limits.
    max_mismatch: Option<Place<TextOr<LimitYaml>>>,
    /// Logins that flows share, by name.
    sessions: Option<Place<Entries<LoginYaml>>>,
    /// Names of variables whose values never appear in any output.
    secrets: Option<Place<Vec<Place<String>>>>,
    /// `auto`, or the URL of a running WebDriver or Selenium Grid, or a list of them.
    webdriver: Option<Place<Texts>>,
    /// Additional capabilities for drivers, by browser.
    capabilities: Option<Place<Entries<capabilities::Anything>>>,
    /// `reuse` cleans browsers between flows, `session` starts new ones for each; `reuse` when absent.
    isolation: Option<Isolation>,
    /// Which parts of settling a page are done before each picture; all when absent.
    settle: Option<Settle>,
    /// `fixed` (every page's time begins when the flow did), `off`, or the moment at which it begins.
    clock: Option<Place<String>>,
    /// How long a wait or a look for an element may take, for example `10s`.
    timeout: Option<Place<String>>,
    /// How long a page may take to load, for example `30s`.
    page_timeout: Option<Place<String>>,
    /// The height in CSS pixels at which taller pages are cut, with a warning.
    max_page_height: Option<Place<u32>>,
    /// Suspicions that any run may raise, each with the reason.
    allow: Option<Place<AllowYaml>>,
}

/// One environment.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Environment")]
struct EnvironmentYaml {
    /// Its base URL, or `demo:production` or `demo:staging` for the embedded demo site.
    url: Place<String>,
    /// Other hosts (`name` or `name:port`) that its pages may end on.
    hosts: Option<Place<Vec<Place<String>>>>,
    /// HTTP basic authentication: `user:password`.
    basic_auth: Option<Place<String>>,
    /// Headers for requests to the environment's own hosts, and to no others.
    headers: Option<Place<Entries<String>>>,
    /// The browser's proxy: `http://host:port` or `socks5://host:port`.
    proxy: Option<Place<String>>,
    /// Hosts that are connected to without the proxy.
    no_proxy: Option<Place<Vec<Place<String>>>>,
    /// Whether to accept untrusted certificates, such as self-signed ones.
    ignore_certificate_errors: Option<bool>,
    /// What the environment must serve before a run begins.
    ready: Option<Place<ready::ReadyYaml>>,
    /// The user agent, in place of the browser's own.
    user_agent: Option<Place<String>>,
    /// The language of the browser, for example `de-CH`.
    locale: Option<Place<String>>,
    /// The browser's time zone, for example `Europe/Zurich`.
    timezone: Option<Place<String>>,
    /// The preferred colour scheme.
    color_scheme: Option<ColorScheme>,
    /// Whether the browser asks pages for less motion.
    reduced_motion: Option<bool>,
}

impl EnvironmentYaml {
    fn emulation(&self) -> EmulationYaml<'_> {
        EmulationYaml {
            user_agent: self.user_agent.as_ref(),
            locale: self.locale.as_ref(),
            timezone: self.timezone.as_ref(),
            color_scheme: self.color_scheme,
            reduced_motion: self.reduced_motion,
        }
    }
}

/// The JSON Schema of `twinshot.yaml`, for editors.
pub fn config_schema() -> serde_json::Value {
    schema_of::<ConfigYaml>(&[])
}

impl Config {
    /// Reads `twinshot.yaml`. The names under `secrets` count before any variable is filled in.
    pub fn parse(source: &Source, variables: &Variables) -> Result<ParsedConfig, Diagnostics> {
        let tree = Arc::new(Tree::parse(source)?);
        if let Value::Null = tree.node(0).value {
            let error = Diagnostic::new("the file is empty", tree.spot(0));
            return Err(error
                .help("begin with `environments: { production: { url: … }, staging: { url: … } }`")
                .into());
        }
        let yaml = read(&tree)?;
        let secrets = secret_names(&tree, &yaml)?;
        let variables = variables.with_secret_names(&secrets);
        let used = Used::default();
        let scope = Scope::new(&variables, &used);
        let reader = Reader {
            tree: &tree,
            scope: &scope,
        };
        if yaml.environments.value.0.is_empty() {
            let error = reader.key_error(yaml.environments.id, "`environments` is empty");
            return Err(error.help("add at least one, with its `url`").into());
        }
        let mut config = lower(reader, &yaml)?;
        config.root = source.folder.clone();
        if let Some(place) = yaml.sessions {
            config.sessions = Sessions::new(Arc::clone(&tree), place.value);
        }
        config.secrets = secrets;
        let secrets = used.into_secrets();
        Ok(ParsedConfig { config, secrets })
    }
}

/// Reads the keys and types. All errors are reported together.
fn read(tree: &Tree) -> Result<ConfigYaml, Diagnostics> {
    let Reading { value, errors } = tree.read_root();
    let mut problems = Diagnostics::default();
    problems.extend(errors.into_iter().map(|error| tree.diagnose(error)));
    let value = problems.or(value)?;
    Ok(value.expect("what has no error has a value"))
}

fn secret_names(tree: &Tree, yaml: &ConfigYaml) -> Result<Vec<String>, Diagnostic> {
    let mut names = Vec::new();
    for place in yaml.secrets.iter().flat_map(|secrets| &secrets.value) {
        if !is_name(&place.value) {
            let error = Diagnostic::new("`secrets` lists names of variables", tree.spot(place.id));
            return Err(error.help("write APP_PASSWORD, not its value and not ${APP_PASSWORD}"));
        }
        names.push(place.value.clone());
    }
    Ok(names)
}

/// Checks the values. All errors are reported together.
fn lower(reader: Reader<'_>, yaml: &ConfigYaml) -> Result<Config, Diagnostics> {
    let mut problems = Diagnostics::default();
    let environments = environments(reader, &yaml.environments, &mut problems);
    let viewports = viewports::viewports(reader, yaml.viewports.as_ref(), &mut problems);
    let names: Vec<&str> = reader
        .tree
        .entries(yaml.environments.id)
        .iter()
        .map(|id| reader.tree.key(*id))
        .collect();
    let baseline = problems.take(baseline(reader, yaml, &names));
    let candidate = problems.take(role(
        reader,
        yaml,
        "candidate",
        yaml.candidate.as_ref(),
        &names,
    ));
    let threshold = problems.take(reader.threshold(yaml.threshold.as_ref()));
    let max_mismatch = problems.take(reader.max_mismatch(yaml.max_mismatch.as_ref()));
    let clock = problems.take(reader.clock(yaml.clock.as_ref()));
    let timeout = problems.take(reader.maybe_timeout(yaml.timeout.as_ref()));
    let page_timeout = problems.take(reader.maybe_timeout(yaml.page_timeout.as_ref()));
    let browsers = problems.take(browsers::browsers(reader, yaml));
    for problem in browsers::only_in_chrome(reader, yaml, browsers.as_deref().unwrap_or_default()) {
        problems.push(problem);
    }
    let webdriver = problems.take(webdriver::webdriver(reader, yaml.webdriver.as_ref()));
    if browsers.iter().flatten().any(|it| *it == Browser::WebKit) {
        for problem in browsers::not_in_webkit(reader, yaml, webdriver.as_ref()) {
            problems.push(problem);
        }
    }
    let capabilities = capabilities::capabilities(reader, yaml.capabilities.as_ref());
    let capabilities = problems.take(capabilities);
    let max_page_height = problems.take(max_page_height(reader, yaml.max_page_height.as_ref()));
    let allow = problems.take(reader.allow_for_run(yaml.allow.as_ref()));
    problems.or(Config {
        root: PathBuf::new(),
        environments,
        baseline: baseline.unwrap_or(BaselineSource::Golden),
        candidate: candidate.unwrap_or_default(),
        browsers: browsers.unwrap_or_default(),
        viewports,
        metric: yaml.metric.unwrap_or_default(),
        threshold: threshold.flatten().unwrap_or_default(),
        antialiasing: yaml.antialiasing.unwrap_or_default(),
        max_mismatch: max_mismatch.flatten().unwrap_or_default(),
        sessions: Sessions::default(),
        secrets: Vec::new(),
        webdriver: webdriver.unwrap_or(Webdriver::Auto),
        capabilities: capabilities.unwrap_or_default(),
        isolation: yaml.isolation.unwrap_or_default(),
        settle: yaml.settle.unwrap_or_default(),
        clock: clock.flatten().unwrap_or_default(),
        timeout: timeout.flatten().unwrap_or(TIMEOUT),
        page_timeout: page_timeout.flatten().unwrap_or(PAGE_TIMEOUT),
        max_page_height: max_page_height.unwrap_or(MAX_PAGE_HEIGHT),
        allow: allow.unwrap_or_default(),
    })
}

fn environments(
    reader: Reader<'_>,
    place: &Place<Entries<EnvironmentYaml>>,
    problems: &mut Diagnostics,
) -> Vec<Environment> {
    let environments = place.value.0.iter();
    environments
        .filter_map(|place| problems.take(environment(reader, place)))
        .collect()
}

fn environment(
    reader: Reader<'_>,
    place: &Place<EnvironmentYaml>,
) -> Result<Environment, Diagnostic> {
    let name = reader.tree.key(place.id);
    if name == "golden" {
        let error = reader.key_error(place.id, "no environment can be named `golden`");
        return Err(error.help("`baseline: golden` stands for the approved pictures"));
    }
    if name.trim().is_empty() || name.chars().any(is_unprintable) {
        return Err(reader.key_error(place.id, "the name of an environment must be printable"));
    }
    let mut hosts = Vec::new();
    for host in place.value.hosts.iter().flat_map(|hosts| &hosts.value) {
        let text = reader.some_text(host)?;
        if !is_host(text.value()) {
            let error = reader.error(host.id, format!("`{text}` is not a host"));
            return Err(
                error.help("write `name` or `name:port`, without `https://` and without a path")
            );
        }
        hosts.push(text.value().to_owned());
    }
    let url = environment_url(reader, &place.value.url)?;
    let ready = place.value.ready.as_ref();
    let ready = ready
        .map(|ready| ready::ready(reader, ready, &url))
        .transpose()?;
    let basic_auth = place.value.basic_auth.as_ref();
    Ok(Environment {
        name: name.to_owned(),
        basic_auth: basic_auth
            .map(|place| self::basic_auth(reader, place, &url))
            .transpose()?,
        url,
        hosts,
        ready,
        emulation: emulation::emulation(reader, &place.value.emulation())?,
        network: network::network(reader, &place.value)?,
        headers: headers::headers(reader, place.value.headers.as_ref())?,
    })
}

/// Shows nothing of the value, which is a password whatever its variable is called.
fn basic_auth(
    reader: Reader<'_>,
    place: &Place<String>,
    url: &EnvironmentUrl,
) -> Result<BasicAuth, Diagnostic> {
    let text = reader.some_text(place)?;
    let is_twice = !url.passwords().is_empty();
    let Some((user, password)) = text.value().split_once(':').filter(|it| !it.0.is_empty()) else {
        let error = reader.key_error(place.id, "`basic_auth` is not of the form `user:password`");
        return Err(error.help("write for example `basic_auth: \"jane:${STAGING_PASSWORD}\"`"));
    };
    if is_twice {
        let error = reader.key_error(place.id, "the `url` has a password already");
        return Err(error.help("leave it out there, or leave `basic_auth` out"));
    }
    Ok(BasicAuth {
        user: user.to_owned(),
        password: password.to_owned(),
    })
}

fn environment_url(
    reader: Reader<'_>,
    place: &Place<String>,
) -> Result<EnvironmentUrl, Diagnostic> {
    let text = reader.some_text(place)?;
    text.value()
        .trim()
        .parse()
        .map_err(|error: BadEnvironmentUrl| {
            let diagnostic = reader.error(place.id, format!("`{text}` {}", error.problem()));
            diagnostic.help(error.help())
        })
}

fn baseline(
    reader: Reader<'_>,
    yaml: &ConfigYaml,
    names: &[&str],
) -> Result<BaselineSource, Diagnostic> {
    match &yaml.baseline {
        Some(place) if place.value == "golden" => Ok(BaselineSource::Golden),
        place => {
            role(reader, yaml, "baseline", place.as_ref(), names).map(BaselineSource::Environment)
        }
    }
}

/// The environment of a role; `production` or `staging` by default.
fn role(
    reader: Reader<'_>,
    yaml: &ConfigYaml,
    role: &str,
    place: Option<&Place<String>>,
    names: &[&str],
) -> Result<String, Diagnostic> {
    let Some(place) = place else {
        let usual = if role == "baseline" {
            "production"
        } else {
            "staging"
        };
        if names.contains(&usual) {
            return Ok(usual.to_owned());
        }
        let message =
            format!("no environment is named `{usual}`, and `{role}` does not name another");
        let error = reader.key_error(yaml.environments.id, message);
        return Err(error.help(format!(
            "add `{role}: NAME` with one of {}",
            listed(names.iter().copied())
        )));
    };
    let text = reader.some_text(place)?;
    if names.contains(&text.value()) {
        return Ok(text.value().to_owned());
    }
    if text.value() == "golden" {
        let error = reader.error(place.id, "approved pictures cannot be under test");
        return Err(error.help("`golden` fills the baseline only"));
    }
    let error = reader.error(place.id, format!("no environment is named `{text}`"));
    Err(match did_you_mean(text.value(), names.iter().copied()) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.help(format!(
            "configured environments: {}",
            listed(names.iter().copied())
        )),
    })
}

fn max_page_height(reader: Reader<'_>, place: Option<&Place<u32>>) -> Result<u32, Diagnostic> {
    match place {
        None => Ok(MAX_PAGE_HEIGHT),
        Some(place) if (1..=MAX_PAGE_HEIGHT).contains(&place.value) => Ok(place.value),
        Some(place) => {
            let message = format!("`max_page_height` is 1 to {MAX_PAGE_HEIGHT} CSS pixels");
            Err(reader.error(place.id, message))
        }
    }
}
