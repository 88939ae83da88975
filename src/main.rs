//! Parse the arguments, call the library, turn the outcome into an exit code.

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    keep_quiet_about_drivers();
    cli::Cli::parse().run().into()
}

/// fantoccini panics in its own task when a driver's answer is no text. The session is then reported as
/// lost; the panic's message says no more, and may quote what must not be shown.
fn keep_quiet_about_drivers() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let is_theirs = |place: &std::panic::Location<'_>| place.file().contains("fantoccini");
        if !panic.location().is_some_and(is_theirs) {
            usual(panic);
        }
    }));
}
