//! What a session knows about the flow that runs in it. It is discarded with the flow.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use fantoccini::wd::WindowHandle;

use crate::{
    browser::{
        document::{BLANK_PAGE, Departures, Document},
        picture::PreviousFrame,
    },
    yaml::page_part,
};

/// The state of one flow.
#[derive(Debug, Default)]
pub(crate) struct Flow {
    /// The target of the last `goto`, as the environment would write it.
    asked: Option<String>,
    /// The URL to which the last `goto` led.
    arrived: Option<String>,
    /// Whether the flow has acted on the page since the last `goto`, which may have led it elsewhere.
    has_acted: bool,
    /// How many frames deep in the page the flow is.
    frame_depth: u32,
    /// Windows that already have our emulation and preload script, in the order in which the flow entered them.
    windows: Vec<WindowHandle>,
    /// The load ID of the document that was checked last.
    checked_load: String,
    /// The document that the flow started with, until the flow does anything with it.
    untouched: Option<Document>,
    /// The last picture, until the flow does anything with the page.
    previous_frame: Option<PreviousFrame>,
    /// Resources that the last checked document waited for and did not get. They are not waited for again.
    overdue: Vec<String>,
    /// While the flow holds a mouse button, the largest size of what it can drag, in CSS pixels.
    held_size: Option<(f64, f64)>,
    /// Navigations of a document, by its load ID, that ended without another document.
    ended_departures: (String, Departures),
    /// Whether the flow did more than view pages; it may have logged in, for example.
    is_touched: bool,
    /// The documents that were in front since the last step began.
    loads: Mutex<Loads>,
}

/// Documents that followed each other, each with its page and its load ID.
#[derive(Debug, Default)]
struct Loads(VecDeque<(String, String)>);

/// How many documents of one page, one after the other, show that it loads itself again and again.
const RELOADS: usize = 3;
/// How many documents are remembered.
const MOST_LOADS: usize = 8;

impl Flow {
    /// A flow that starts with this document in the session's first window.
    pub(super) fn begin(first_window: WindowHandle, document: Document) -> Self {
        Self {
            windows: vec![first_window],
            checked_load: document.load.clone(),
            untouched: Some(document),
            ..Self::default()
        }
    }

    /// Records that a step begins: it may load a page anew.
    pub(crate) fn begin_step(&mut self) {
        self.loads
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .0
            .clear();
    }

    /// Records that this document is in front.
    pub(super) fn note_load(&self, document: &Document) {
        let is_page = document.info.url != BLANK_PAGE && !document.is_error_page();
        let Loads(loads) = &mut *self.loads.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = !loads.iter().any(|(_, load)| *load == document.load);
        if is_page && is_new {
            loads.push_back((page_part(&document.info.url), document.load.clone()));
            let surplus = loads.len().saturating_sub(MOST_LOADS);
            loads.drain(..surplus);
        }
    }

    /// The page of the last two documents, if they are of one page.
    pub(crate) fn reloaded_page(&self) -> Option<String> {
        let Loads(loads) = &*self.loads.lock().unwrap_or_else(PoisonError::into_inner);
        let mut last = loads.iter().rev().map(|(page, _)| page);
        let page = last.next().filter(|page| last.next() == Some(page));
        page.cloned()
    }

    /// The page that loaded itself again and again since the last step began, and how many documents are known.
    pub(super) fn reloading_page(&self) -> (Option<String>, usize) {
        let Loads(loads) = &*self.loads.lock().unwrap_or_else(PoisonError::into_inner);
        let last = loads.back().map(|(page, _)| page);
        let times = loads.iter().filter(|(page, _)| Some(page) == last).count();
        (last.filter(|_| times >= RELOADS).cloned(), loads.len())
    }

    pub(crate) fn asked(&self) -> Option<&str> {
        self.asked.as_deref()
    }

    /// Records where the flow navigates; `None` means that the target is unknown.
    pub(crate) fn ask(&mut self, url: Option<String>) {
        self.asked = url;
        self.arrived = None;
        self.has_acted = false;
    }

    /// Records the URL to which the last `goto` led.
    pub(crate) fn arrive(&mut self, url: &str) {
        self.arrived = Some(url.to_owned());
    }

    /// Records that the flow acts on the page, so that it may get to another one by itself.
    pub(crate) fn act(&mut self) {
        self.has_acted = true;
    }

    /// The target of the last `goto`, if the page at this URL is the one to which that led. A page that forwards by
    /// itself counts as long as the flow only looks on.
    pub(crate) fn asked_of(&self, url: &str) -> Option<&str> {
        let is_led_there = !self.has_acted || self.arrived.as_deref() == Some(url);
        self.asked().filter(|_| is_led_there)
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

    /// The windows that the flow has entered, in that order.
    pub(crate) fn windows(&self) -> &[WindowHandle] {
        &self.windows
    }

    pub(crate) fn add_window(&mut self, window: WindowHandle) {
        self.windows.push(window);
    }

    pub(crate) fn is_checked(&self, document: &Document) -> bool {
        document.load == self.checked_load
    }

    /// The load ID of the document that was checked last.
    pub(crate) fn checked_load(&self) -> &str {
        &self.checked_load
    }

    /// Records that another document is in front. It has not waited for any resource yet.
    pub(super) fn mark_checked(&mut self, document: &Document) {
        self.checked_load.clone_from(&document.load);
        self.overdue.clear();
    }

    /// The largest width and height of what the pointer drags, while the flow holds a mouse button.
    pub(crate) fn held_size(&self) -> Option<(f64, f64)> {
        self.held_size
    }

    pub(crate) fn holds_button(&self) -> bool {
        self.held_size.is_some()
    }

    /// Records that the flow holds a mouse button on an element of this size, or releases it. Pages drag the element or a
    /// copy of it, with a frame or a shadow.
    pub(crate) fn hold(&mut self, size: Option<(f64, f64)>) {
        let largest = |length: f64| length * 1.5 + 20.0;
        self.held_size = size.map(|(width, height)| (largest(width), largest(height)));
    }

    /// The navigations in the document that may still lead to another one.
    pub(crate) fn departures(&self, document: &Document) -> Departures {
        let (load, ended) = &self.ended_departures;
        let Departures { page, frames } = document.departures;
        let is_ended = |number: u64, ended: u64| *load == document.load && number == ended;
        Departures {
            page: if is_ended(page, ended.page) { 0 } else { page },
            frames: match is_ended(frames, ended.frames) {
                true => 0,
                false => frames,
            },
        }
    }

    /// Records that the document's navigations led nowhere.
    pub(super) fn end_departures(&mut self, document: &Document) {
        self.ended_departures = (document.load.clone(), document.departures);
    }

    /// Takes the document that the flow started with, if nothing has been done with it yet. Call this just before the
    /// flow does something with it.
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
        let new = urls.into_iter().filter(|url| !self.overdue.contains(url));
        let new: Vec<String> = new.collect();
        self.overdue.extend(new);
    }

    pub(super) fn is_touched(&self) -> bool {
        self.is_touched
    }

    /// Records that the flow did more than view pages.
    pub(crate) fn touch(&mut self) {
        self.is_touched = true;
    }
}
