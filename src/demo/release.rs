//! The two releases of the demo site, and the only list of what differs between them.

use std::{fmt, str::FromStr};

/// Which release of the demo site is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Release {
    /// What customers see today.
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

    /// Planted in the workspaces page: the plan's name.
    pub(super) const fn plan(self) -> &'static str {
        match self {
            Self::Production => "Enterprise Plan",
            Self::Staging => "Business Plan",
        }
    }

    /// Planted in the workspaces page: the lock icon before the bottom paragraph.
    pub(super) const fn shows_lock(self) -> bool {
        matches!(self, Self::Production)
    }

    /// Planted in the settings overview: the redesigned page.
    pub(super) const fn settings_template(self) -> &'static str {
        match self {
            Self::Production => "settings.html",
            Self::Staging => "settings_next.html",
        }
    }

    /// Planted in the dialog that moves a source: the alert.
    pub(super) const fn loads_destinations(self) -> bool {
        matches!(self, Self::Production)
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no release of the demo site.
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
