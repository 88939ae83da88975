#!/bin/sh
# Brings Firefox and its driver for the checks, where that can be done without asking anybody. Where it cannot,
# it says so and the tests of Firefox are skipped: only Chrome must be there.
set -u

tools="${CARGO_TARGET_DIR:-target}/tools"

found() {
    for name in "$@"; do
        command -v "$name" >/dev/null 2>&1 && return 0
    done
    return 1
}

has_firefox() {
    [ -n "${TWINSHOT_FIREFOX:-}" ] || found firefox firefox-esr
}

has_driver() {
    [ -n "${TWINSHOT_GECKODRIVER:-}" ] || [ -x "$tools/bin/geckodriver" ] || found geckodriver
}

without() {
    echo "WARNING: $1: nothing will be tested in Firefox" >&2
    exit 0
}

install_firefox() {
    found apt-get || return 1
    root=""
    if [ "$(id -u)" -ne 0 ]; then
        found sudo || return 1
        root="sudo -n"
    fi
    echo "setup: installing Firefox from the system's packages" >&2
    # The name and the option are to be split.
    # shellcheck disable=SC2086
    $root apt-get update -qq >&2 &&
        $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends firefox-esr >&2
}

# Its version is fixed, so that a new one changes no result unasked.
install_driver() {
    echo "setup: building geckodriver, which takes a minute or three" >&2
    CARGO_TARGET_DIR="$tools/build" cargo install geckodriver --version 0.37.1 --locked --quiet --root "$tools" >&2 &&
        rm -rf "$tools/build"
}

has_firefox || install_firefox || without "Firefox is not installed, and cannot be here"
has_driver || install_driver || without "geckodriver cannot be built here"
