#!/bin/sh
# Installs Chromium, its driver and a base font from the system's packages, or says what to install.
set -eu

. "$(dirname "$0")/packages.sh"

has_browser() {
    [ -n "${TWINSHOT_CHROME:-}" ] || [ -d "/Applications/Google Chrome.app" ] || found chromium-headless-shell chrome-headless-shell \
        chromium chromium-browser google-chrome-stable google-chrome
}

has_driver() {
    [ -n "${TWINSHOT_CHROMEDRIVER:-}" ] || found chromedriver || [ -x /usr/lib/chromium/chromedriver ]
}

# The browser brings no font; only Linux can be without one.
has_font() {
    [ "$(uname)" != Linux ] || [ -n "$(find /usr/share/fonts /usr/local/share/fonts "$HOME/.fonts" -name '*.[ot]tf' 2>/dev/null | head -n 1)" ]
}

missing=""
has_browser || missing="$missing browser"
has_driver || missing="$missing driver"
has_font || missing="$missing font"
[ -n "$missing" ] || exit 0

tell() {
    echo "Twinshot needs Chrome or Chromium, a chromedriver of the same version, and a font;" >&2
    echo "missing here:$missing. Install them, for example:" >&2
    echo "  Debian, Ubuntu   apt-get install chromium chromium-driver fonts-liberation" >&2
    echo "  Fedora           dnf install chromium chromedriver liberation-fonts" >&2
    echo "  Arch             pacman -S chromium ttf-liberation" >&2
    echo "  macOS            brew install --cask google-chrome chromedriver" >&2
    echo "or name them in TWINSHOT_CHROME and TWINSHOT_CHROMEDRIVER." >&2
    exit 3
}

can_install || tell

echo "setup: installing from the system's packages:$missing" >&2
update_packages
browser=chromium
if apt-cache show chromium-headless-shell >/dev/null 2>&1; then
    browser=chromium-headless-shell
fi
packages=""
case "$missing" in *browser*) packages="$packages $browser" ;; esac
case "$missing" in *driver*) packages="$packages chromium-driver" ;; esac
case "$missing" in *font*) packages="$packages fonts-liberation" ;; esac
# The names are ours; they are meant to be split.
# shellcheck disable=SC2086
install_packages $packages
