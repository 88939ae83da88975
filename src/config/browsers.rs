//! Which browsers the flows run in.

use std::fmt;

use super::{ConfigYaml, Webdriver, viewports};
use crate::{
    spec::Viewport,
    yaml::{
        Diagnostic,
        diagnostic::{did_you_mean, listed},
        reader::Reader,
    },
};

/// A browser, by the engine that draws its pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Browser {
    /// Chrome or Chromium, through chromedriver.
    Chrome,
    /// Microsoft Edge, through msedgedriver.
    Edge,
    /// Firefox, through geckodriver.
    Firefox,
    /// WebKitGTK, through WebKitWebDriver.
    WebKit,
}

impl Browser {
    /// All supported browsers.
    pub const ALL: [Self; 4] = [Self::Chrome, Self::Edge, Self::Firefox, Self::WebKit];

    /// Its name in `twinshot.yaml`, in reports and to its driver.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chrome => "chrome",
            Self::Edge => "edge",
            Self::Firefox => "firefox",
            Self::WebKit => "webkit",
        }
    }

    /// Its name in sentences.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Chrome => "Chrome",
            Self::Edge => "Edge",
            Self::Firefox => "Firefox",
            Self::WebKit => "WebKit",
        }
    }

    /// Whether it is based on Chromium.
    pub const fn is_chromium(self) -> bool {
        matches!(self, Self::Chrome | Self::Edge)
    }

    /// Marks names of shots with the browser. Chrome's shots have no mark, so their names stay the same whether other
    /// browsers are used or not.
    pub fn mark(name: &str) -> String {
        if name == Self::Chrome.name() {
            String::new()
        } else {
            format!(" [{name}]")
        }
    }
}

impl fmt::Display for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The listed browsers in their order; only Chrome if none is listed.
pub(super) fn browsers(reader: Reader<'_>, yaml: &ConfigYaml) -> Result<Vec<Browser>, Diagnostic> {
    let Some(list) = &yaml.browsers else {
        return Ok(vec![Browser::Chrome]);
    };
    if list.value.is_empty() {
        let error = reader.key_error(list.id, "`browsers` is empty");
        return Err(error.help(format!("list some of {}", known())));
    }
    let mut browsers = Vec::new();
    for place in &list.value {
        let text = reader.some_text(place)?;
        let found = Browser::ALL
            .into_iter()
            .find(|browser| browser.name() == text.value());
        let Some(browser) = found else {
            let error = reader.error(place.id, format!("there is no browser `{text}`"));
            let names = Browser::ALL.map(Browser::name);
            return Err(match did_you_mean(text.value(), names) {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None => error.help(format!("Twinshot drives {}", known())),
            });
        };
        if browsers.contains(&browser) {
            return Err(reader.error(place.id, format!("`{browser}` is listed twice")));
        }
        browsers.push(browser);
    }
    Ok(browsers)
}

/// Keys that only Chrome and Edge support. They are allowed if all flows run in those.
pub(super) fn only_in_chrome(
    reader: Reader<'_>,
    yaml: &ConfigYaml,
    browsers: &[Browser],
) -> Vec<Diagnostic> {
    // WebKit first, because it supports the least.
    let others = [Browser::WebKit, Browser::Firefox];
    let Some(other) = others.iter().find(|other| browsers.contains(other)) else {
        return Vec::new();
    };
    let environments = yaml.environments.value.0.iter();
    let headers = environments.filter_map(|it| it.value.headers.as_ref().map(|it| it.id));
    let sessions = yaml.sessions.as_ref().map(|sessions| sessions.id);
    let asked = headers.map(|id| (id, "headers"));
    let asked = asked.chain(sessions.map(|id| (id, "sessions")));
    let devices = viewports::refused_by(*other, yaml.viewports.as_ref());
    let asked = asked.chain(devices);
    let refused = asked.map(|(id, key)| {
        let error = reader.key_error(
            id,
            format!("`{key}` needs Chrome or Edge, and `browsers` has {other}"),
        );
        error.help(format!(
            "leave `{other}` to a configuration of its own, without `{key}`"
        ))
    });
    refused.collect()
}

/// Settings that WebKit does not support.
pub(super) fn not_in_webkit(
    reader: Reader<'_>,
    yaml: &ConfigYaml,
    webdriver: Option<&Webdriver>,
) -> Vec<Diagnostic> {
    let mut refused = Vec::new();
    let mut refuse = |id: usize, message: String, help: &str| {
        refused.push(reader.key_error(id, message).help(help));
    };
    for environment in &yaml.environments.value.0 {
        if let Some(locale) = &environment.value.locale {
            let message = "`locale` cannot be set in WebKit, and `browsers` has webkit";
            let help = "leave `webkit` to a configuration of its own, without `locale`";
            refuse(locale.id, message.to_owned(), help);
        }
    }
    if let (Some(place), Some(Webdriver::Urls(_))) = (&yaml.webdriver, webdriver) {
        let message =
            "WebKit is driven by a driver that Twinshot starts itself, and `browsers` has webkit";
        let help = "leave `webkit` to a configuration of its own, without `webdriver`";
        refuse(place.id, message.to_owned(), help);
    }
    for (id, Viewport { scale, .. }) in viewports::sizes(yaml.viewports.as_ref()) {
        if scale.fract() != 0.0 {
            let message = format!(
                "WebKit has whole pixel ratios only, and `browsers` has webkit; {scale} is none"
            );
            refuse(id, message, "write for example `390x844@2`");
        }
    }
    refused
}

fn known() -> String {
    listed(Browser::ALL.map(Browser::name))
}
