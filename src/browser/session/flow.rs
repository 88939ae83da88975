//! What a session knows of the flow that runs in it. All of it ends with the flow.

use fantoccini::wd::WindowHandle;

use crate::browser::{document::Document, picture::PreviousFrame};

/// The state of one flow.
#[derive(Debug, Default)]
pub(crate) struct Flow {
    /// Where the last `goto` was to lead, as the environment would write it.
    asked: Option<String>,
    /// How many frames deep the flow is in the page.
    frame_depth: u32,
    /// Windows that have our emulation and preload script, in the order of the flow.
    windows: Vec<WindowHandle>,
    /// The load of the document that was judged last.
    judged: String,
    /// The document that the flow began with, as long as nothing was done with it.
    untouched: Option<Document>,
    /// What was photographed last, if nothing was done with the page since.
    previous_frame: Option<PreviousFrame>,
    /// What the document that was judged last waited for in vain; it is not waited for again.
    overdue: Vec<String>,
    /// Whether the flow did more than look at pages: somebody may be logged in.
    is_touched: bool,
}

impl Flow {
    /// A flow that begins with this document, in the session's first window.
    pub(super) fn begin(first_window: WindowHandle, document: Document) -> Self {
        Self {
            windows: vec![first_window],
            judged: document.load.clone(),
            untouched: Some(document),
            ..Self::default()
        }
    }

    pub(crate) fn asked(&self) -> Option<&str> {
        self.asked.as_deref()
    }

    /// Notes where the flow is to go, or that nobody knows.
    pub(crate) fn ask(&mut self, url: Option<String>) {
        self.asked = url;
    }

    pub(crate) fn is_in_frame(&self) -> bool {
        self.frame_depth > 0
    }

    pub(crate) fn enter_frame(&mut self) {
        self.frame_depth += 1;
    }

    pub(crate) fn leave_frame(&mut self) {
        self.frame_depth = self.frame_depth.saturating_sub(1);
    }

    pub(crate) fn leave_all_frames(&mut self) {
        self.frame_depth = 0;
    }

    pub(crate) fn has_window(&self, window: &WindowHandle) -> bool {
        self.windows.contains(window)
    }

    /// The windows that the flow has been in, in that order.
    pub(crate) fn windows(&self) -> &[WindowHandle] {
        &self.windows
    }

    pub(crate) fn add_window(&mut self, window: WindowHandle) {
        self.windows.push(window);
    }

    pub(crate) fn is_judged(&self, document: &Document) -> bool {
        document.load == self.judged
    }

    /// The load of the document that was judged last.
    pub(crate) fn judged(&self) -> &str {
        &self.judged
    }

    /// Another document is in front, which has not waited for anything yet.
    pub(super) fn judge(&mut self, document: &Document) {
        self.judged.clone_from(&document.load);
        self.overdue.clear();
    }

    /// The document that the flow began with, if nothing was done with it. From now on something is.
    pub(crate) fn take_untouched(&mut self) -> Option<Document> {
        self.untouched.take()
    }

    pub(crate) fn previous_frame(&self) -> Option<&PreviousFrame> {
        self.previous_frame.as_ref()
    }

    pub(crate) fn set_previous_frame(&mut self, frame: Option<PreviousFrame>) {
        self.previous_frame = frame;
    }

    pub(crate) fn is_overdue(&self, url: &str) -> bool {
        self.overdue.iter().any(|overdue| overdue == url)
    }

    pub(crate) fn add_overdue(&mut self, urls: Vec<String>) {
        self.overdue.extend(urls);
    }

    pub(super) fn is_touched(&self) -> bool {
        self.is_touched
    }

    /// The flow did more than look at pages.
    pub(crate) fn touch(&mut self) {
        self.is_touched = true;
    }
}
