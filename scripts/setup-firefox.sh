#!/bin/sh
# Brings Firefox and its driver for the checks, where that can be done without asking anybody. Where it cannot,
# it says so and the tests of Firefox are skipped: only Chrome must be there.
set -u

. "$(dirname "$0")/packages.sh"

# Outside of the build folder: the driver is the same for every checkout, and takes minutes to build.
tools="${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/twinshot/geckodriver-0.37.1"

has_firefox() {
    [ -n "${TWINSHOT_FIREFOX:-}" ] || found firefox firefox-esr
}

has_driver() {
    [ -n "${TWINSHOT_GECKODRIVER:-}" ] || [ -x "$tools/bin/geckodriver" ] || found geckodriver
}

# Its version is fixed, so that a new one changes no result unasked.
install_driver() {
    echo "setup: building geckodriver, which takes a minute or three" >&2
    CARGO_TARGET_DIR="$tools/build" cargo install geckodriver --version 0.37.1 --locked --quiet --root "$tools" >&2 &&
        rm -rf "$tools/build"
}

has_firefox || install_optional Firefox firefox-esr || without Firefox "Firefox is not installed, and cannot be here"
has_driver || install_driver || without Firefox "geckodriver cannot be built here"
