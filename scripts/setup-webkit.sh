#!/bin/sh
# Brings WebKitGTK, its driver and a display for the checks, where that can be done without asking anybody. Where it
# cannot, it says so and the tests of WebKit are skipped: only Chrome must be there.
set -u

. "$(dirname "$0")/packages.sh"

has_webkit() {
    { [ -n "${TWINSHOT_WEBKITDRIVER:-}" ] || found WebKitWebDriver; } && found Xvfb
}

has_webkit || install_optional "WebKitGTK's driver and Xvfb" webkit2gtk-driver xvfb ||
    without WebKit "WebKitWebDriver or Xvfb is not installed, and cannot be here"
