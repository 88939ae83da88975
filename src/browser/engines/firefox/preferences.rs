//! The preferences that Firefox starts with.

use serde_json::{Map, Value, json};

use crate::{
    browser::launch::Launcher,
    config::{ColorScheme, Emulation},
};

/// Preferences that keep pictures the same, and the environment's settings.
pub(super) fn preferences(launcher: &Launcher, emulation: &Emulation) -> Map<String, Value> {
    let mut all: Map<String, Value> = QUIET_PREFERENCES
        .iter()
        .map(|&(name, value)| (name.to_owned(), json!(value)))
        .collect();
    for name in SWITCHED_OFF {
        all.insert((*name).to_owned(), json!(false));
    }
    for name in SWITCHED_ON {
        all.insert((*name).to_owned(), json!(true));
    }
    if !launcher.has_moving_images() {
        all.insert("image.animation_mode".to_owned(), json!("none"));
    }
    if let Some(scheme) = emulation.color_scheme {
        let number = match scheme {
            ColorScheme::Dark => 0,
            ColorScheme::Light => 1,
        };
        let name = "layout.css.prefers-color-scheme.content-override";
        all.insert(name.to_owned(), json!(number));
    }
    if let Some(reduced) = emulation.reduced_motion {
        let name = "ui.prefersReducedMotion";
        all.insert(name.to_owned(), json!(i32::from(reduced)));
    }
    all
}

/// Keep the browser from using the network, asking questions, and drawing a page differently from time to time.
const QUIET_PREFERENCES: &[(&str, i32)] = &[
    ("browser.startup.page", 0),
    ("layout.spellcheckDefault", 0),
    ("network.dns.disablePrefetch", 1),
    ("network.http.speculative-parallel-limit", 0),
    // Otherwise Firefox asks about a user and password in a URL.
    ("network.http.phishy-userpass-length", 255),
    ("ui.caretBlinkTime", 0),
    ("ui.scrollbarFadeBeginDelay", 0),
    ("ui.scrollbarFadeDuration", 0),
    // Scrollbars take no room, as in all our pictures.
    ("ui.useOverlayScrollbars", 1),
];

const SWITCHED_OFF: &[&str] = &[
    "app.normandy.enabled",
    "app.update.auto",
    "browser.aboutwelcome.enabled",
    "browser.discovery.enabled",
    "browser.formfill.enable",
    "browser.newtabpage.enabled",
    "browser.safebrowsing.blockedURIs.enabled",
    "browser.safebrowsing.downloads.enabled",
    "browser.safebrowsing.malware.enabled",
    "browser.safebrowsing.phishing.enabled",
    "browser.search.update",
    "browser.shell.checkDefaultBrowser",
    "browser.translations.enable",
    "datareporting.healthreport.uploadEnabled",
    "datareporting.policy.dataSubmissionEnabled",
    "dom.push.connection.enabled",
    "extensions.getAddons.cache.enabled",
    "extensions.update.enabled",
    // A page that is still scrolling smoothly when it is out of view would stop halfway.
    "general.smoothScroll",
    "media.gmp-manager.updateEnabled",
    "messaging-system.rsexperimentloader.enabled",
    "network.captive-portal-service.enabled",
    "network.connectivity-service.enabled",
    "network.predictor.enabled",
    "network.prefetch-next",
    // Two loads of one page are distinguished by their start times, which must be exact.
    "privacy.reduceTimerPrecision",
    "signon.autofillForms",
    "signon.rememberSignons",
    "toolkit.telemetry.enabled",
];

const SWITCHED_ON: &[&str] = &[
    "gfx.color_management.force_srgb",
    "widget.gtk.overlay-scrollbars.enabled",
];
