//! What a session keeps from one flow to the next.

use fantoccini::wd::WindowHandle;

use crate::{
    browser::options::{PageClock, Screen},
    spec::Viewport,
};

/// How many documents one browser shows before it is replaced. Its memory grows with each of them.
const MOST_DOCUMENTS: u32 = 40;
/// How many documents one page process shows before it is replaced.
const MOST_DOCUMENTS_IN_PROCESS: u32 = 10;

/// The state of one browser.
#[derive(Debug)]
pub(crate) struct Life {
    /// The viewport and device of its pages.
    screen: Screen,
    /// The clock of its pages; `None` is the real time.
    clock: Option<PageClock>,
    /// The window that the session started with.
    first_window: Option<WindowHandle>,
    /// Whether the clipboard that its pages copy to is not a person's.
    has_own_clipboard: bool,
    /// How many documents were checked since the browser started.
    documents: u32,
    /// How many documents were checked since the current page process started.
    documents_in_process: u32,
    /// Whether the browser opened a URL with a password other than the environment's. No WebDriver command makes a
    /// browser forget one.
    knows_a_password: bool,
    /// Whether a stored login was restored in it.
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

    pub(super) fn clock(&self) -> Option<PageClock> {
        self.clock
    }

    pub(super) fn set_clock(&mut self, clock: Option<PageClock>) {
        self.clock = clock;
    }

    /// The window that the session started with.
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

    /// Records that a new process shows the pages from now on.
    pub(super) fn begin_process(&mut self) {
        self.documents_in_process = 0;
    }

    pub(super) fn process_is_fresh(&self) -> bool {
        self.documents_in_process < MOST_DOCUMENTS_IN_PROCESS
    }

    /// Whether the browser can be cleaned and used by another flow.
    pub(super) fn is_worth_cleaning(&self) -> bool {
        !self.knows_a_password && self.documents < MOST_DOCUMENTS
    }

    /// Records that the browser opens a URL with its own password.
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
