//! What every test of the parser needs: variables, settings, sources from text.

use std::path::PathBuf;

use twinshot::{
    config::{Config, ParsedConfig},
    spec::{Diagnostics, KnownViewport, Source, Suite, SuiteSettings, Variables},
};

/// The value that no output may show.
pub(crate) const PASSWORD: &str = "s3cret/ß&\"1\"";

pub(crate) fn variables() -> Variables {
    let environment = [
        ("USER_NAME", "jane"),
        ("APP_PASSWORD", PASSWORD),
        ("EMPTY", ""),
        ("KEYBOARD", "us"),
        ("PIN", "4711"),
        ("HOST", "staging.example.com"),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Variables::new(environment, &["PIN".to_owned()])
}

pub(crate) fn settings() -> SuiteSettings {
    let viewport = |name: &str, size: &str| KnownViewport {
        name: name.to_owned(),
        viewport: size.parse().expect("a size"),
        is_device: false,
    };
    SuiteSettings {
        viewports: vec![
            viewport("desktop", "1400x1000"),
            viewport("phone", "390x844@2"),
        ],
        ..SuiteSettings::default()
    }
}

pub(crate) fn source(name: &str, text: &str) -> Source {
    Source {
        name: name.to_owned(),
        folder: PathBuf::from("specs"),
        text: text.to_owned(),
    }
}

pub(crate) fn parse(text: &str) -> Result<Suite, Diagnostics> {
    Suite::parse(&[source("a.yaml", text)], &variables(), &settings())
}

pub(crate) fn parse_config(text: &str) -> Result<ParsedConfig, Diagnostics> {
    Config::parse(&source("twinshot.yaml", text), &variables())
}

/// The message of a spec that must be wrong.
pub(crate) fn error(text: &str) -> String {
    match parse(text) {
        Ok(_) => panic!("this was accepted: {:.200}", text),
        Err(problems) => problems.to_string(),
    }
}
