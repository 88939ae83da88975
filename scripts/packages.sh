# For the scripts that set browsers up with the system's packages; they read it.

# One of the programs is there.
found() {
    for name in "$@"; do
        command -v "$name" >/dev/null 2>&1 && return 0
    done
    return 1
}

# Packages can be installed, by `$root`: sudo with these options for everybody but root.
can_install() {
    root=""
    found apt-get || return 1
    [ "$(id -u)" -ne 0 ] || return 0
    found sudo || return 1
    root="sudo $*"
}

# `$root` is to be split.
# shellcheck disable=SC2086
update_packages() {
    $root apt-get update -qq >&2
}

# shellcheck disable=SC2086
install_packages() {
    $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}

# Installs the packages of a browser that checks can do without, where that needs no password.
install_optional() {
    can_install -n || return 1
    echo "setup: installing $1 from the system's packages" >&2
    shift
    update_packages && install_packages "$@"
}

# Says why nothing is tested in such a browser, and ends well all the same.
without() {
    echo "WARNING: $2: nothing will be tested in $1" >&2
    exit 0
}
