#!/bin/sh
# Brings WebKitGTK, its driver and a display for the checks, where that can be done without asking anybody. Where it
# cannot, it says so and the tests of WebKit are skipped: only Chrome must be there.
set -u

found() {
    command -v "$1" >/dev/null 2>&1
}

has_webkit() {
    { [ -n "${TWINSHOT_WEBKITDRIVER:-}" ] || found WebKitWebDriver; } && found Xvfb
}

without() {
    echo "WARNING: $1: nothing will be tested in WebKit" >&2
    exit 0
}

install_webkit() {
    found apt-get || return 1
    root=""
    if [ "$(id -u)" -ne 0 ]; then
        found sudo || return 1
        root="sudo -n"
    fi
    echo "setup: installing WebKitGTK's driver and Xvfb from the system's packages" >&2
    # The name and the option are to be split.
    # shellcheck disable=SC2086
    $root apt-get update -qq >&2 &&
        $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
            webkit2gtk-driver xvfb >&2
}

has_webkit || install_webkit || without "WebKitWebDriver or Xvfb is not installed, and cannot be here"
