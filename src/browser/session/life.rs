//! What a session keeps from flow to flow.

use fantoccini::wd::WindowHandle;

use crate::{browser::options::Screen, spec::Viewport};

/// So many documents are shown by one browser: its memory grows with what it has shown.
const MOST_DOCUMENTS: u32 = 40;
/// So many are shown by one of its processes for pages.
const MOST_DOCUMENTS_IN_PROCESS: u32 = 10;

/// The state of one browser.
#[derive(Debug)]
pub(crate) struct Life {
    /// What its pages are seen through now.
    screen: Screen,
    /// The moment at which the clock of its pages begins, if it is not the time; milliseconds since 1970.
    clock: Option<u64>,
    /// The window that it began with.
    first_window: Option<WindowHandle>,
    /// Whether no person works with the clipboard that its pages copy to.
    has_own_clipboard: bool,
    /// How many documents were judged since it started.
    documents: u32,
    /// How many since it has the process that shows its pages.
    documents_in_process: u32,
    /// Whether it went to a URL with a password other than the environment's; no command makes a browser forget one.
    knows_a_password: bool,
    /// Whether it was given what a login left elsewhere.
    has_login: bool,
}

impl Life {
    pub(super) fn begin(screen: Screen, has_own_clipboard: bool) -> Self {
        Self {
            screen,
            clock: None,
            first_window: None,
            has_own_clipboard,
            documents: 0,
            documents_in_process: 0,
            knows_a_password: false,
            has_login: false,
        }
    }

    pub(crate) fn screen(&self) -> &Screen {
        &self.screen
    }

    pub(super) fn set_screen(&mut self, screen: Screen) {
        self.screen = screen;
    }

    pub(crate) fn set_viewport(&mut self, viewport: Viewport) {
        self.screen.viewport = viewport;
    }

    pub(super) fn clock(&self) -> Option<u64> {
        self.clock
    }

    pub(super) fn set_clock(&mut self, clock: Option<u64>) {
        self.clock = clock;
    }

    /// The window that the session began with.
    pub(crate) fn first_window(&self) -> WindowHandle {
        let first = self.first_window.clone();
        first.expect("a session knows the window that it began with")
    }

    pub(super) fn set_first_window(&mut self, window: WindowHandle) {
        self.first_window = Some(window);
    }

    pub(super) fn has_own_clipboard(&self) -> bool {
        self.has_own_clipboard
    }

    pub(super) fn count_document(&mut self) {
        self.documents += 1;
        self.documents_in_process += 1;
    }

    /// The pages that follow are shown by another process.
    pub(super) fn begin_process(&mut self) {
        self.documents_in_process = 0;
    }

    pub(super) fn process_is_fresh(&self) -> bool {
        self.documents_in_process < MOST_DOCUMENTS_IN_PROCESS
    }

    /// Whether another flow may have the browser once it is clean.
    pub(super) fn is_worth_cleaning(&self) -> bool {
        !self.knows_a_password && self.documents < MOST_DOCUMENTS
    }

    /// The browser goes to a URL with a password of its own.
    pub(crate) fn learn_password(&mut self) {
        self.knows_a_password = true;
    }

    pub(super) fn has_login(&self) -> bool {
        self.has_login
    }

    pub(super) fn set_login(&mut self, has_login: bool) {
        self.has_login = has_login;
    }
}
