//! `webdriver`: which drivers run the browsers.

use url::Url;

use super::SPEAKS_HTTPS;
use crate::yaml::{
    Diagnostic,
    address::passwords_in,
    read::{Place, Texts},
    reader::Reader,
};

/// Which drivers run the browsers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Webdriver {
    /// Twinshot starts the drivers itself.
    Auto,
    /// Drivers that are already running, at least one. A Selenium Grid is one of them.
    Urls(Vec<Url>),
}

/// Why a text is not a valid driver URL. It shows nothing of the text, which may contain a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}", self.problem(), self.help())]
pub enum BadDriverUrl {
    /// Not a URL, or of another scheme, or without a host.
    NotHttp,
    /// Reached by https, and this Twinshot does not speak it.
    NoTls,
    /// Basic authentication would send the URL's encoded form.
    EncodedCredentials,
}

impl BadDriverUrl {
    fn problem(self) -> &'static str {
        match self {
            Self::NotHttp => "this is not an http(s) URL",
            Self::NoTls => {
                "a driver cannot be reached by https: this Twinshot was built without the cargo feature `remote-tls`"
            }
            Self::EncodedCredentials => {
                "the user or the password of a driver has a character that a URL writes as `%…`"
            }
        }
    }

    fn help(self) -> &'static str {
        match self {
            Self::NotHttp => "write `auto`, or for example `http://127.0.0.1:9515`",
            Self::NoTls => {
                "build it with `--features remote-tls`, or name an `http://` address of the driver"
            }
            Self::EncodedCredentials => {
                "take letters, digits and any of `-._~!$&()*+`, which are sent as they are"
            }
        }
    }
}

/// Reads the URL of a driver.
///
/// # Errors
/// When it is none, or none that can be reached.
pub fn driver_url(text: &str) -> Result<Url, BadDriverUrl> {
    let url = Url::parse(text.trim()).ok();
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let url = url.ok_or(BadDriverUrl::NotHttp)?;
    if url.scheme() == "https" && !SPEAKS_HTTPS {
        return Err(BadDriverUrl::NoTls);
    }
    let written = format!("{}:{}", url.username(), url.password().unwrap_or_default());
    if passwords_in(&url).pop().is_some_and(|sent| sent != written) {
        return Err(BadDriverUrl::EncodedCredentials);
    }
    Ok(url)
}

pub(super) fn webdriver(
    reader: Reader<'_>,
    place: Option<&Place<Texts>>,
) -> Result<Webdriver, Diagnostic> {
    let Some(place) = place else {
        return Ok(Webdriver::Auto);
    };
    match &place.value {
        Texts::One(text) => {
            let place = Place {
                id: place.id,
                value: text.to_owned(),
            };
            match reader.some_text(&place)?.value() {
                "auto" => Ok(Webdriver::Auto),
                _ => Ok(Webdriver::Urls(vec![url(reader, &place)?])),
            }
        }
        Texts::Many(list) if list.is_empty() => {
            Err(reader.error(place.id, "`webdriver` names no driver"))
        }
        Texts::Many(list) => {
            let urls = list.iter().map(|place| url(reader, place));
            urls.collect::<Result<_, _>>().map(Webdriver::Urls)
        }
    }
}

fn url(reader: Reader<'_>, place: &Place<String>) -> Result<Url, Diagnostic> {
    driver_url(reader.some_text(place)?.value())
        .map_err(|error| reader.error(place.id, error.problem()).help(error.help()))
}
