//! The two releases of the demo site, as named in an environment's URL.

use std::{fmt, str::FromStr};

/// Which release of the demo site is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Release {
    /// The site that customers see today.
    Production,
    /// The next release, with the planted differences.
    Staging,
}

impl Release {
    /// Both releases, production first.
    pub const ALL: [Self; 2] = [Self::Production, Self::Staging];

    /// The name as it stands in `demo:production`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Staging => "staging",
        }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The name of no release of the demo site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownRelease(String);

impl fmt::Display for UnknownRelease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the demo site has no release `{}`; use `production` or `staging`",
            self.0.escape_debug()
        )
    }
}

impl std::error::Error for UnknownRelease {}

impl FromStr for Release {
    type Err = UnknownRelease;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|release| release.name() == name)
            .ok_or_else(|| UnknownRelease(name.to_owned()))
    }
}
