//! PURE. Flows × browsers × viewports → jobs in order, each shot with its ID and its rules for comparing.

mod address;
mod file_filter;
mod inputs;
mod shard;

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    fmt,
};

use crate::{
    config::{Browser, Config, NamedViewport},
    diff::Metric,
    spec::{
        Action, Allowances, AntialiasingRule, Flow, Limits, Shot, Step, Suite, Threshold, Viewport,
    },
    yaml::Location,
};

pub use inputs::{FileDigest, Inputs};
pub use shard::{Part, Shard, ShardError, rules_digest};

/// What the run is restricted to; an empty list restricts nothing.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    /// Substrings, in any case, of `flow › shot @viewport` or of the spec file's name, or `FILE:LINE` of a shot; any may match.
    pub words: Vec<String>,
    /// Ids of shots, as in the report of the last run.
    pub ids: Option<Vec<String>>,
    /// Names of viewports.
    pub viewports: Vec<String>,
    /// Names of browsers.
    pub browsers: Vec<String>,
}

/// Everything a run is to do.
#[derive(Debug, Clone)]
pub struct Plan {
    /// In the order of the specs, then of the browsers, then of the viewports.
    pub jobs: Vec<Job>,
    /// Every shot of every job, in order.
    pub shots: Vec<PlannedShot>,
    /// Which part of the selected flows this is, if not all of them.
    pub part: Option<Part>,
    /// The flows of which the filters left out shots.
    pub partial_flows: BTreeSet<String>,
    /// Shots that are decided already: they are not taken again.
    pub decided: HashSet<ShotId>,
    /// The index of each shot in `shots`.
    places: HashMap<ShotId, usize>,
}

/// One flow in one browser at one viewport, run on both sides at once.
#[derive(Debug, Clone)]
pub struct Job {
    /// The flow.
    pub flow: Flow,
    /// What it runs in, on both sides.
    pub browser: Browser,
    /// Where it runs.
    pub viewport: NamedViewport,
    /// How many of the flow's steps are run. Steps after the last selected shot run only if no shot that the filters
    /// excluded comes before them.
    pub steps_to_run: usize,
    /// For each step of the flow, the shot that is taken after it.
    pub shots: Vec<Option<ShotId>>,
}

impl Job {
    /// Its identity within the plan.
    pub fn id(&self) -> JobId {
        JobId {
            flow: self.flow.name.clone(),
            viewport: self.viewport.name.clone(),
            browser: self.browser,
        }
    }
}

/// Identifies a job: every flow runs once in each browser at each viewport.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JobId {
    /// The flow's name.
    pub flow: String,
    /// The viewport's name.
    pub viewport: String,
    /// The browser.
    pub browser: Browser,
}

/// A shot to take, and how it is compared.
#[derive(Debug, Clone)]
pub struct PlannedShot {
    /// Its identity everywhere.
    pub id: ShotId,
    /// The picture to take.
    pub shot: Shot,
    /// The size of the picture's viewport.
    pub viewport: Viewport,
    /// The step before it, as people read it.
    pub label: String,
    /// Where the step is in its file.
    pub location: Location,
    /// How its pictures are compared.
    pub judgement: Judgement,
    /// The suspicions that it allows.
    pub allow: Allowances,
    /// Whether the flow says at which address its page is.
    pub expects_address: bool,
}

/// The rules that turn two pictures into a verdict.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// The colour distance.
    pub metric: Metric,
    /// The distance above which one pixel is mismatched.
    pub threshold: Threshold,
    /// Whether anti-aliased pixels count.
    pub antialiasing: AntialiasingRule,
    /// How much may mismatch, and how much must.
    pub limits: Limits,
}

/// What a shot is called in reports, in file names and on the command line.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ShotId {
    /// The flow's name.
    pub flow: String,
    /// The shot's name.
    pub shot: String,
    /// The viewport's name.
    pub viewport: String,
    /// The browser's name.
    pub browser: String,
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A flow names a viewport that is not configured, or a filter does.
    #[error("there is no viewport `{name}`; twinshot.yaml has {known}")]
    UnknownViewport {
        /// The name.
        name: String,
        /// Those that are.
        known: String,
    },
    /// A filter names a browser that is not configured.
    #[error("there is no browser `{name}` to run in; twinshot.yaml has {known}")]
    UnknownBrowser {
        /// The name.
        name: String,
        /// Those that are.
        known: String,
    },
    /// Two shots would share one file.
    #[error("{first} and {second} would both be stored as `{path}`: rename one of them")]
    SameId {
        /// One.
        first: String,
        /// The other.
        second: String,
        /// The path.
        path: String,
    },
    /// The flow would never run, because it has no shot.
    #[error("the flow `{flow}` ({location}) takes no picture: let one of its steps take one")]
    NoShot {
        /// Its name.
        flow: String,
        /// Where it is defined.
        location: Location,
    },
    /// WebKit cannot change the pixel ratio during a flow.
    #[error(
        "the flow `{flow}` begins at `{from}` and goes on at `{to}` ({location}), and WebKit cannot change its pixel ratio \
         within a flow: let its `viewports` and its steps have the same, or leave `webkit` out of `browsers`"
    )]
    PixelRatio {
        /// Its name.
        flow: String,
        /// The viewport that it begins at.
        from: Viewport,
        /// The one that it cannot have.
        to: Viewport,
        /// The step that asks for it.
        location: Location,
    },
    /// The filters leave nothing.
    #[error("no shot is selected{0}")]
    NothingSelected(String),
}

/// What a flow runs in.
#[derive(Debug, Clone, Copy)]
struct FlowVariant<'a> {
    browser: Browser,
    viewport: &'a NamedViewport,
    is_first_viewport: bool,
}

impl Plan {
    /// Orders the suite's flows into jobs and gives every shot its id.
    pub fn new(suite: &Suite, config: &Config, filters: &Filters) -> Result<Self, PlanError> {
        check_viewports(config, &filters.viewports)?;
        check_browsers(config, &filters.browsers)?;
        let mut plan = Self::empty(None);
        for flow in &suite.flows {
            check_viewports(config, &flow.viewports)?;
            check_has_shot(flow)?;
            for &browser in &config.browsers {
                for (index, viewport) in viewports_of(flow, config).enumerate() {
                    let variant = FlowVariant {
                        browser,
                        viewport,
                        is_first_viewport: index == 0,
                    };
                    plan.add_job(flow, variant, config, filters)?;
                }
            }
        }
        plan.check_ids()?;
        if plan.shots.is_empty() {
            return Err(PlanError::NothingSelected(filters.describe()));
        }
        Ok(plan)
    }

    fn empty(part: Option<Part>) -> Self {
        Self {
            jobs: Vec::new(),
            shots: Vec::new(),
            part,
            partial_flows: BTreeSet::new(),
            decided: HashSet::new(),
            places: HashMap::new(),
        }
    }

    /// The shot of this id.
    ///
    /// # Panics
    /// When the id belongs to another plan.
    pub fn shot(&self, id: &ShotId) -> &PlannedShot {
        &self.shots[self.places[id]]
    }

    /// Leaves out the jobs all of whose shots are decided. The other jobs run from their beginning, and take only the
    /// shots that are not.
    pub(crate) fn resume(&mut self, decided: HashSet<ShotId>) {
        self.jobs
            .retain(|job| !job.shots.iter().flatten().all(|id| decided.contains(id)));
        self.decided = decided;
    }

    fn add_shot(&mut self, shot: PlannedShot) {
        self.places.insert(shot.id.clone(), self.shots.len());
        self.shots.push(shot);
    }

    /// The browsers that its jobs run in.
    pub fn browsers(&self) -> BTreeSet<Browser> {
        self.jobs.iter().map(|job| job.browser).collect()
    }

    fn add_job(
        &mut self,
        flow: &Flow,
        variant: FlowVariant<'_>,
        config: &Config,
        filters: &Filters,
    ) -> Result<(), PlanError> {
        let mut shots = Vec::with_capacity(flow.steps.len());
        let mut left_out = Vec::with_capacity(flow.steps.len());
        for number in 0..flow.steps.len() {
            let planned = planned_shot(flow, number, variant, config);

            left_out.push(
                planned
                    .as_ref()
                    .is_some_and(|planned| !filters.select(flow, planned)),
            );
            if left_out[number] {
                self.partial_flows.insert(flow.name.clone());
            }
            let planned = planned.filter(|planned| filters.select(flow, planned));
            shots.push(planned.as_ref().map(|planned| planned.id.clone()));
            planned.into_iter().for_each(|shot| self.add_shot(shot));
        }
        if let Some(last) = shots.iter().rposition(Option::is_some) {
            check_pixel_ratio(flow, variant)?;
            let end = (last + 1..flow.steps.len()).find(|&step| left_out[step]);
            self.jobs.push(Job {
                steps_to_run: end.unwrap_or(flow.steps.len()),
                flow: flow.clone(),
                browser: variant.browser,
                viewport: variant.viewport.clone(),
                shots,
            });
        }
        Ok(())
    }

    fn check_ids(&self) -> Result<(), PlanError> {
        let mut taken: HashMap<String, &PlannedShot> = HashMap::new();
        for shot in &self.shots {
            let path = shot.id.path();
            if let Some(other) = taken.insert(path.to_lowercase(), shot) {
                return Err(PlanError::SameId {
                    first: format!("{} ({})", other.id, other.location),
                    second: format!("{} ({})", shot.id, shot.location),
                    path,
                });
            }
        }
        Ok(())
    }
}

fn check_viewports(config: &Config, names: &[String]) -> Result<(), PlanError> {
    let known: Vec<&str> = config
        .viewports
        .iter()
        .map(|viewport| viewport.name.as_str())
        .collect();
    match names.iter().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(PlanError::UnknownViewport {
            name: name.clone(),
            known: known.join(", "),
        }),
    }
}

fn check_browsers(config: &Config, names: &[String]) -> Result<(), PlanError> {
    let known: Vec<&str> = config.browsers.iter().map(|it| it.name()).collect();
    match names.iter().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(PlanError::UnknownBrowser {
            name: name.clone(),
            known: known.join(", "),
        }),
    }
}

/// Flows run only for their shots, so one without shots would go unnoticed.
fn check_has_shot(flow: &Flow) -> Result<(), PlanError> {
    if flow.steps.iter().any(|step| step.shot.is_some()) {
        return Ok(());
    }
    Err(PlanError::NoShot {
        flow: flow.name.clone(),
        location: flow.location.clone(),
    })
}

/// Reports what WebKit cannot do before anything runs.
fn check_pixel_ratio(flow: &Flow, variant: FlowVariant<'_>) -> Result<(), PlanError> {
    let from = variant.viewport.viewport;
    let asked = |step: &Step| match (&step.action, &step.shot) {
        (Action::Viewport(viewport), _) => Some(*viewport),
        (_, Some(shot)) if variant.is_first_viewport => shot.viewport,
        _ => None,
    };
    let changes = |to: &Viewport| to.scale != from.scale;
    let mut changing = flow.setup.iter().chain(&flow.steps).filter_map(|step| {
        let to = asked(step).filter(changes)?;
        Some((to, &step.location))
    });
    match changing.next() {
        Some((to, location)) if variant.browser == Browser::WebKit => Err(PlanError::PixelRatio {
            flow: flow.name.clone(),
            from,
            to,
            location: location.clone(),
        }),
        _ => Ok(()),
    }
}

fn viewports_of<'a>(flow: &'a Flow, config: &'a Config) -> impl Iterator<Item = &'a NamedViewport> {
    let wanted = |viewport: &&NamedViewport| {
        flow.viewports.is_empty() || flow.viewports.contains(&viewport.name)
    };
    config.viewports.iter().filter(wanted)
}

/// A shot with its own viewport would be the same at every viewport of its flow, so it is taken once.
fn planned_shot(
    flow: &Flow,
    number: usize,
    variant: FlowVariant<'_>,
    config: &Config,
) -> Option<PlannedShot> {
    let step = &flow.steps[number];
    let shot = step
        .shot
        .as_ref()
        .filter(|shot| shot.viewport.is_none() || variant.is_first_viewport)?;
    let own = shot.viewport.map(|own| (name_of(own, config), own));
    let (name, size) =
        own.unwrap_or_else(|| (variant.viewport.name.clone(), variant.viewport.viewport));
    Some(PlannedShot {
        id: ShotId {
            flow: flow.name.clone(),
            shot: shot.name.clone(),
            viewport: name,
            browser: variant.browser.name().to_owned(),
        },
        shot: shot.clone(),
        viewport: size,
        label: step.label.clone(),
        location: step.location.clone(),
        judgement: Judgement {
            metric: config.metric,
            threshold: shot.threshold.unwrap_or(config.threshold),
            antialiasing: config.antialiasing,
            limits: Limits {
                max_mismatch: shot.max_mismatch.unwrap_or(config.max_mismatch),
                at_least: shot.at_least,
            },
        },
        allow: allowances(shot, config),
        expects_address: address::is_expected(flow, number),
    })
}

/// A shot's own reason is nearer than the configuration's.
fn allowances(shot: &Shot, config: &Config) -> Allowances {
    let mut all = config.allow.clone();
    all.extend(shot.allow.clone());
    all
}

fn name_of(viewport: Viewport, config: &Config) -> String {
    let configured = config
        .viewports
        .iter()
        .find(|known| known.viewport == viewport && known.device.is_plain());
    configured.map_or_else(|| viewport.to_string(), |known| known.name.clone())
}

impl Filters {
    fn select(&self, flow: &Flow, shot: &PlannedShot) -> bool {
        let viewport = self.viewports.is_empty() || self.viewports.contains(&shot.id.viewport);
        let id = self
            .ids
            .as_ref()
            .is_none_or(|ids| ids.contains(&shot.id.path()));
        let browser = self.browsers.is_empty() || self.browsers.contains(&shot.id.browser);
        viewport && browser && id && self.matches_words(flow, shot)
    }

    fn matches_words(&self, flow: &Flow, shot: &PlannedShot) -> bool {
        let texts = [
            shot.id.to_string(),
            shot.id.path(),
            shot.location.file.to_string(),
        ];
        let texts = texts.map(|text| text.to_lowercase());
        let is_in = |word: &String| {
            let part = file_filter::without_dot(word).to_lowercase();
            texts.iter().any(|text| text.contains(&part))
                || file_filter::is_place_of(word, flow, &shot.location)
        };
        self.words.is_empty() || self.words.iter().any(is_in)
    }

    /// The restriction in words, each part with a space in front; empty if there is none.
    pub fn describe(&self) -> String {
        let mut text = String::new();
        if !self.words.is_empty() {
            text.push_str(&format!(" by `{}`", self.words.join("`, `")));
        }
        if self.ids.is_some() {
            text.push_str(" among those that failed last");
        }
        if !self.viewports.is_empty() {
            text.push_str(&format!(" at the viewports {}", self.viewports.join(", ")));
        }
        if !self.browsers.is_empty() {
            text.push_str(&format!(" in the browsers {}", self.browsers.join(", ")));
        }
        text
    }
}

impl ShotId {
    /// `flow/shot@viewport`, or `flow/shot@viewport-browser` where that is not Chrome; safe as a path on every
    /// system and as an HTML anchor.
    pub fn path(&self) -> String {
        let viewport = slug(&self.viewport);
        let at = if self.browser == Browser::Chrome.name() {
            viewport
        } else {
            format!("{viewport}-{}", slug(&self.browser))
        };
        format!("{}/{}@{at}", slug(&self.flow), slug(&self.shot))
    }
}

impl fmt::Display for ShotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = Browser::mark(&self.browser);
        write!(f, "{} › {} @{}{mark}", self.flow, self.shot, self.viewport)
    }
}

/// The longest part of a path that a name may become, in bytes.
const SLUG_LIMIT: usize = 80;

/// Letters, digits and single dashes. A name that loses more than its spaces and case, or is too long, gets a part of
/// its hash, so that two names never share a file.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for character in name.chars() {
        if character.is_ascii_alphanumeric() || "._".contains(character) {
            slug.push(character);
        } else if !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_matches(['-', '.']);
    let is_faithful = name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || " ._-".contains(c));
    let is_plain = is_faithful && !name.contains("  ") && !slug.is_empty();
    if is_plain && slug.len() <= SLUG_LIMIT && !is_reserved(slug) {
        return slug.to_owned();
    }
    let hash = blake3::hash(name.as_bytes()).to_hex();
    let kept: String = slug.chars().take(SLUG_LIMIT).collect();
    format!("{}-{}", kept.trim_end_matches('-'), &hash[..8])
        .trim_start_matches('-')
        .to_owned()
}

/// Names that Windows reserves for devices, with any extension.
fn is_reserved(slug: &str) -> bool {
    let stem = slug
        .split('.')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let numbered = |prefix: &str| {
        stem.strip_prefix(prefix)
            .is_some_and(|rest| rest.len() == 1 && rest.as_bytes()[0].is_ascii_digit())
    };
    ["con", "prn", "aux", "nul"].contains(&stem.as_str()) || numbered("com") || numbered("lpt")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(flow: &str, shot: &str) -> ShotId {
        ShotId {
            flow: flow.to_owned(),
            shot: shot.to_owned(),
            viewport: "desktop".to_owned(),
            browser: "chrome".to_owned(),
        }
    }

    #[test]
    fn a_plain_name_becomes_a_plain_path() {
        assert_eq!(
            id("Settings", "move source dialog").path(),
            "Settings/move-source-dialog@desktop"
        );
    }

    #[test]
    fn what_is_lost_in_a_name_is_kept_in_its_hash() {
        let one = id("Settings", "goto /a").path();
        let other = id("Settings", "goto ?a").path();
        assert_ne!(one, other);
        assert!(one.starts_with("Settings/goto-a-"), "{one}");
    }

    #[test]
    fn hostile_names_stay_inside_their_folder() {
        for name in [
            "../../etc/passwd",
            "..",
            ".",
            "",
            "a\0b",
            "CON",
            "nul.txt",
            "\u{202e}x",
            "a  b",
        ] {
            let slug = slug(name);
            assert!(
                !slug.is_empty() && slug.len() <= SLUG_LIMIT + 9,
                "{name:?} → {slug}"
            );
            assert!(
                slug.chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-._".contains(c)),
                "{slug}"
            );
            assert!(
                !slug.starts_with('.') && !slug.eq_ignore_ascii_case("con"),
                "{slug}"
            );
        }
        assert!(slug(&"x".repeat(5000)).len() <= SLUG_LIMIT + 9);
    }
}
