//! The only list of what differs between the two releases of the demo site.

use crate::config::Release;

impl Release {
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
