//! The preferences that Firefox is started with.

use serde_json::{Map, Value, json};

use crate::{
    browser::launch::Launcher,
    config::{ColorScheme, Emulation},
};

/// What keeps pictures the same, and what the environment asks for.
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

/// Keep the browser from talking to anyone, from asking anything, and from drawing by taste or by time.
const QUIET_PREFERENCES: &[(&str, i32)] = &[
    ("browser.startup.page", 0),
    ("layout.spellcheckDefault", 0),
    ("network.dns.disablePrefetch", 1),
    ("network.http.speculative-parallel-limit", 0),
    // A user and a password in a URL are asked about otherwise.
    ("network.http.phishy-userpass-length", 255),
    ("ui.caretBlinkTime", 0),
    ("ui.scrollbarFadeBeginDelay", 0),
    ("ui.scrollbarFadeDuration", 0),
    // Scrollbars that take no room, as nowhere in our pictures.
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
    // What scrolls smoothly out of view stops wherever it is.
    "general.smoothScroll",
    "media.gmp-manager.updateEnabled",
    "messaging-system.rsexperimentloader.enabled",
    "network.captive-portal-service.enabled",
    "network.connectivity-service.enabled",
    "network.predictor.enabled",
    "network.prefetch-next",
    // Two loads of one page are told apart by when they began.
    "privacy.reduceTimerPrecision",
    "signon.autofillForms",
    "signon.rememberSignons",
    "toolkit.telemetry.enabled",
];

const SWITCHED_ON: &[&str] = &[
    "gfx.color_management.force_srgb",
    "widget.gtk.overlay-scrollbars.enabled",
];
