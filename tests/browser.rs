//! The real binary with a real browser on small pages of our own: what a flow does arrives in the page
//! as a person's doing would, and what a page does to its picture is known. A page logs what it saw, and
//! the flow expects it there; so a run that ends with 0 proves it.

#[path = "browser/actions.rs"]
mod actions;
#[path = "browser/credentials.rs"]
mod credentials;
#[path = "browser/demo.rs"]
mod demo;
#[path = "browser/dialogs.rs"]
mod dialogs;
#[path = "browser/emulation.rs"]
mod emulation;
#[path = "browser/engines.rs"]
mod engines;
#[path = "browser/headers.rs"]
mod headers;
#[path = "browser/hostile.rs"]
mod hostile;
#[path = "browser/isolation.rs"]
mod isolation;
#[path = "browser/kinds.rs"]
mod kinds;
#[path = "browser/logins.rs"]
mod logins;
#[path = "browser/navigation.rs"]
mod navigation;
#[path = "browser/network.rs"]
mod network;
#[path = "browser/pictures.rs"]
mod pictures;
#[path = "browser/reasons.rs"]
mod reasons;
#[path = "browser/refused.rs"]
mod refused;
#[path = "browser/report_page.rs"]
mod report_page;
#[path = "browser/resting.rs"]
mod resting;
#[path = "browser/settling.rs"]
mod settling;
#[path = "browser/sides.rs"]
mod sides;
#[path = "browser/strict.rs"]
mod strict;
#[path = "browser/support/mod.rs"]
mod support;
#[path = "browser/webkit.rs"]
mod webkit;
