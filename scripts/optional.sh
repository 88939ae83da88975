# For the setup of a browser that checks can do without; read by setup-firefox.sh and setup-webkit.sh.

# One of the programs is there.
found() {
    for name in "$@"; do
        command -v "$name" >/dev/null 2>&1 && return 0
    done
    return 1
}

# Says why nothing is tested in the browser, and ends well all the same.
without() {
    echo "WARNING: $2: nothing will be tested in $1" >&2
    exit 0
}

# Installs packages under the name that people know them by, where that needs no password.
install_packages() {
    found apt-get || return 1
    root=""
    if [ "$(id -u)" -ne 0 ]; then
        found sudo || return 1
        root="sudo -n"
    fi
    echo "setup: installing $1 from the system's packages" >&2
    shift
    # The name and the option are to be split.
    # shellcheck disable=SC2086
    $root apt-get update -qq >&2 &&
        $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}
