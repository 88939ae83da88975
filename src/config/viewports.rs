//! `viewports`: their names, their sizes, and what the browser is to be at each.

use std::{collections::BTreeSet, sync::Arc};

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Browser, ColorScheme, Device,
    emulation::{EmulationYaml, emulation},
};
use crate::{
    spec::{Viewport, ViewportError},
    yaml::{
        Diagnostic, Diagnostics,
        read::{Entries, Place, TextOr},
        reader::Reader,
        tree::NodeId,
    },
};

/// Names of viewports are parts of file names.
const MAX_NAME_BYTES: usize = 60;

/// A viewport and its name in file names and reports.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedViewport {
    /// For example `desktop`.
    pub name: String,
    /// Its size.
    pub viewport: Viewport,
    /// What the browser is to be at it.
    pub device: Arc<Device>,
}

/// A viewport with what the browser is to be at it; that goes before what the environment says.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Viewport")]
pub(super) struct ViewportYaml {
    /// `1400x1000`, or `390x844@2` with a device pixel ratio.
    size: Place<String>,
    /// Whether pages are laid out as on a phone: their `<meta name=viewport>` counts.
    mobile: Option<Place<bool>>,
    /// Whether the screen is one that is touched.
    touch: Option<Place<bool>>,
    /// The user agent, in place of the browser's own.
    user_agent: Option<Place<String>>,
    /// The language of the browser, for example `de-CH`.
    locale: Option<Place<String>>,
    /// The browser's time zone, for example `Europe/Zurich`.
    timezone: Option<Place<String>>,
    /// The preferred colour scheme.
    color_scheme: Option<Place<ColorScheme>>,
    /// Whether the browser asks pages for less motion.
    reduced_motion: Option<Place<bool>>,
}

pub(super) fn viewports(
    reader: Reader<'_>,
    place: Option<&Place<Entries<TextOr<ViewportYaml>>>>,
    problems: &mut Diagnostics,
) -> Vec<NamedViewport> {
    let Some(place) = place else {
        let viewport = Viewport {
            width: 1400,
            height: 1000,
            scale: 1.0,
        };
        return vec![NamedViewport {
            name: "desktop".into(),
            viewport,
            device: Arc::default(),
        }];
    };
    if place.value.0.is_empty() {
        problems.push(reader.key_error(place.id, "`viewports` is empty"));
    }
    let mut known = BTreeSet::new();
    let viewports = place.value.0.iter();
    viewports
        .filter_map(|place| problems.take(viewport(reader, place, &mut known)))
        .collect()
}

fn viewport(
    reader: Reader<'_>,
    place: &Place<TextOr<ViewportYaml>>,
    known: &mut BTreeSet<String>,
) -> Result<NamedViewport, Diagnostic> {
    let name = reader.tree.key(place.id);
    let plain = name
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if !plain || name.is_empty() || name.starts_with('.') || name.len() > MAX_NAME_BYTES {
        let error = reader.key_error(place.id, format!("`{name}` cannot name a viewport"));
        return Err(error.help("the name is part of file names: letters, digits, `-`, `_` and `.`"));
    }
    if name.parse::<Viewport>().is_ok() {
        let error = reader.key_error(place.id, "the name of a viewport reads like a size");
        return Err(error.help("give it a name, for example `desktop`"));
    }
    if !known.insert(name.to_lowercase()) {
        let error = reader.key_error(place.id, format!("two viewports are named `{name}`"));
        return Err(error.help("names must differ, and not only in upper and lower case"));
    }
    let (viewport, device) = match &place.value {
        TextOr::Text(text) => (sized(reader, place.id, text)?, Device::default()),
        TextOr::Map(yaml) => (
            sized(reader, yaml.size.id, &yaml.size.value)?,
            device(reader, yaml)?,
        ),
    };
    Ok(NamedViewport {
        name: name.to_owned(),
        viewport,
        device: device.into(),
    })
}

fn sized(reader: Reader<'_>, id: usize, written: &str) -> Result<Viewport, Diagnostic> {
    let place = Place {
        id,
        value: written.to_owned(),
    };
    let text = reader.some_text(&place)?;
    let viewport = text.value().parse();
    viewport.map_err(|error: ViewportError| {
        reader.error(id, format!("`{text}` is no viewport: {error}"))
    })
}

fn device(reader: Reader<'_>, yaml: &ViewportYaml) -> Result<Device, Diagnostic> {
    let asked = EmulationYaml {
        user_agent: yaml.user_agent.as_ref(),
        locale: yaml.locale.as_ref(),
        timezone: yaml.timezone.as_ref(),
        color_scheme: yaml.color_scheme.as_ref().map(|place| place.value),
        reduced_motion: yaml.reduced_motion.as_ref().map(|place| place.value),
    };
    Ok(Device {
        mobile: yaml.mobile.as_ref().is_some_and(|place| place.value),
        touch: yaml.touch.as_ref().is_some_and(|place| place.value),
        emulation: emulation(reader, &asked)?,
    })
}

/// What viewports ask for and this browser cannot change while it runs.
pub(super) fn refused_by(
    browser: Browser,
    place: Option<&Place<Entries<TextOr<ViewportYaml>>>>,
) -> Vec<(NodeId, &'static str)> {
    if browser.is_chromium() {
        return Vec::new();
    }
    let entries = place.into_iter().flat_map(|place| &place.value.0);
    let maps = entries.filter_map(|place| match &place.value {
        TextOr::Text(_) => None,
        TextOr::Map(yaml) => Some(yaml),
    });
    let asked = maps.flat_map(|yaml| {
        let id = |place: &Option<Place<bool>>| place.as_ref().map(|place| place.id);
        let words = |place: &Option<Place<String>>| {
            let place = place.as_ref().filter(|_| browser == Browser::WebKit);
            place.map(|place| place.id)
        };
        let scheme = yaml.color_scheme.as_ref().map(|place| place.id);
        [
            (id(&yaml.mobile), "mobile"),
            (id(&yaml.touch), "touch"),
            (scheme, "color_scheme"),
            (id(&yaml.reduced_motion), "reduced_motion"),
            (words(&yaml.user_agent), "user_agent"),
            (words(&yaml.locale), "locale"),
            (words(&yaml.timezone), "timezone"),
        ]
    });
    asked.filter_map(|(id, key)| Some((id?, key))).collect()
}

/// The sizes as they are written, each with its place, where they can be read.
pub(super) fn sizes(
    place: Option<&Place<Entries<TextOr<ViewportYaml>>>>,
) -> impl Iterator<Item = (NodeId, Viewport)> {
    let entries = place.into_iter().flat_map(|place| &place.value.0);
    entries.filter_map(|place| {
        let (id, size) = match &place.value {
            TextOr::Text(text) => (place.id, text),
            TextOr::Map(yaml) => (yaml.size.id, &yaml.size.value),
        };
        Some((id, size.parse().ok()?))
    })
}
