//! EFFECT. What the browsers of this machine draw with: the system, the fonts and the switches.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    sync::{Arc, OnceLock},
};

use super::fonts;
use crate::{
    browser::{self, Launcher},
    capture::{CapturePair, Circumstances, SideOutcome},
    config::{Browser, Config},
    digest::digest,
    plan::PlannedShot,
    side::{Role, Side},
};

/// Knows what the pictures of a run are drawn with. This machine is looked at for the first picture.
pub(super) struct DrawingMachine {
    /// A hash of each browser's switches. There is none if the browsers run elsewhere.
    switches: BTreeMap<&'static str, String>,
    machine: OnceLock<Option<Machine>>,
}

/// What is the same for every browser of this machine.
struct Machine {
    system: String,
    fonts: String,
}

impl DrawingMachine {
    pub(super) fn new(launcher: &Launcher, config: &Config, browsers: &BTreeSet<Browser>) -> Self {
        let browsers = browsers.iter().filter(|_| !launcher.is_remote());
        let switches = |browser: &Browser| {
            let more = config.capabilities.get(browser);
            let switches = browser::drawing_switches(launcher, *browser, more);
            (browser.name(), short(&[&switches]))
        };
        Self {
            switches: browsers.map(switches).collect(),
            machine: OnceLock::new(),
        }
    }

    /// Notes what the live pictures of a pair were drawn with. `browsers` are the names and versions that they report.
    pub(super) fn note(
        &self,
        pair: &mut CapturePair,
        planned: &PlannedShot,
        browsers: &Side<Option<String>>,
    ) {
        for role in Role::ALL {
            if let SideOutcome::Picture(picture) = pair.sides.get_mut(role) {
                let browser = browsers.get(role).as_deref();
                picture.circumstances = browser.and_then(|browser| self.of(planned, browser));
            }
        }
    }

    fn of(&self, planned: &PlannedShot, browser: &str) -> Option<Arc<Circumstances>> {
        let switches = self.switches.get(planned.id.browser.as_str())?;
        let machine = self.machine.get_or_init(Machine::this).as_ref()?;
        Some(Arc::new(Circumstances {
            browser: browser.to_owned(),
            system: machine.system.clone(),
            fonts: machine.fonts.clone(),
            switches: switches.clone(),
            pixel_ratio: planned.viewport.scale,
        }))
    }
}

impl Machine {
    /// `None` if its fonts cannot be listed.
    fn this() -> Option<Self> {
        let files = fonts::files().ok()?;
        // Two machines that were made from one image have files of different ages.
        let files = files.iter().map(|file| {
            let size = file.data.as_ref().map(fs::Metadata::len);
            format!("{} {size:?}", file.path)
        });
        let files: Vec<String> = files.chain(font_variables()).collect();
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        Some(Self {
            system: system(),
            fonts: short(&files),
        })
    }
}

fn font_variables() -> impl Iterator<Item = String> {
    let all = std::env::vars_os();
    let all = all.map(|(name, value)| format!("{}={}", name.display(), value.display()));
    all.filter(|variable| variable.starts_with("FONTCONFIG_"))
}

/// The operating system, for example `linux x86_64 avx2 fma, Debian GNU/Linux 13 (trixie)`. Browsers draw with what the
/// processor can do, which rounds differently.
fn system() -> String {
    let name = release_name().map(|name| format!(", {name}"));
    format!(
        "{} {}{}{}",
        std::env::consts::OS,
        std::env::consts::ARCH,
        processor(),
        name.unwrap_or_default()
    )
}

#[cfg(target_arch = "x86_64")]
fn processor() -> String {
    let parts = [
        (std::is_x86_feature_detected!("avx2"), " avx2"),
        (std::is_x86_feature_detected!("fma"), " fma"),
        (std::is_x86_feature_detected!("avx512f"), " avx512"),
    ];
    let parts = parts.iter().filter(|(is_there, _)| *is_there);
    parts.map(|(_, name)| *name).collect()
}

#[cfg(not(target_arch = "x86_64"))]
fn processor() -> String {
    String::new()
}

/// What the system calls itself, on Linux and macOS.
fn release_name() -> Option<String> {
    if let Ok(text) = fs::read_to_string("/etc/os-release") {
        let name = text
            .lines()
            .find_map(|line| line.strip_prefix("PRETTY_NAME="));
        return name.map(|name| name.trim_matches('"').to_owned());
    }
    let list = fs::read_to_string("/System/Library/CoreServices/SystemVersion.plist").ok()?;
    let (_, version) = list.split_once("<key>ProductVersion</key>")?;
    let (_, version) = version.split_once("<string>")?;
    version
        .split_once('<')
        .map(|(version, _)| version.to_owned())
}

/// Long enough that no two are equal by chance.
fn short(texts: &[&str]) -> String {
    let mut digest = digest(texts.iter().copied());
    digest.truncate(16);
    digest
}
