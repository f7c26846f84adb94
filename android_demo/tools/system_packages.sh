# Sourced: `need COMMAND PACKAGE...` makes sure that a command is there, and installs Debian packages where it may.

need() {
    local command=$1
    shift
    if command -v "$command" >/dev/null; then return; fi
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "error: $command is missing; install $* (names of Debian's packages)." >&2
        return 1
    fi
    echo "Installing $*"
    if ! apt-get install -y -q --no-install-recommends "$@" >/dev/null 2>&1; then
        apt-get update -q >/dev/null
        DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >/dev/null
    fi
    command -v "$command" >/dev/null
}
