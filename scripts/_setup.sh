# shellcheck shell=bash
# Sourced by the scripts beside it: makes the project's own virtual environment in .venv.
#
# prepare demo,test   installs the package with these extras; does nothing when nothing has changed.
# apt_install NAME …  installs Debian packages where that is possible, and says by its status whether it was.
#
# .venv/made-by names the Python that made the environment and is there only while the environment is whole;
# .venv/installed-EXTRA holds the hash of the files from which that extra was installed.

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=$project/.venv

say() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
}

fail() {
    say "$@"
    exit 1
}

# Run a command, showing its output only if it fails.
quietly() {
    local output status=0
    output=$("$@" 2>&1) || status=$?
    if ((status)); then
        printf '%s\n' "$output" >&2
    fi
    return "$status"
}

apt_install() {
    [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null || return 1
    if [[ -z ${apt_is_current:-} ]]; then
        quietly apt-get update -q || return 1
        apt_is_current=yes
    fi
    say "installing $*"
    quietly env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
}

# Set $python to the first Python that is new enough; PYTHON=… comes before all others.
find_python() {
    for python in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11; do
        if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            return
        fi
    done
    return 1
}

can_make_venvs() {
    "$python" -c 'import venv, ensurepip' 2>/dev/null
}

make_venv() {
    find_python || { apt_install python3 python3-venv && find_python; } ||
        fail "Python 3.11 or newer is needed; here is $(python3 --version 2>&1 || true)" \
            "(on Debian 12 or Ubuntu 24.04: apt-get install python3 python3-venv; or set PYTHON=/path/to/python)."
    local package
    package=$(basename "$python")-venv
    can_make_venvs || { apt_install "$package" && can_make_venvs; } ||
        fail "$python cannot make virtual environments; on Debian: apt-get install $package"
    rm -rf "$venv"
    quietly "$python" -m venv "$venv" || fail "$python -m venv $venv failed (see above)."
}

# The Python of the environment, by its own word: its version, and where it installs.
maker() {
    "$venv/bin/python" -I -c 'import sys; print(sys.version, sys.prefix)' 2>/dev/null || echo "nothing"
}

is_whole() {
    [[ -f $venv/made-by && -x $venv/bin/pip && $(maker) == "$(<"$venv/made-by")" ]]
}

wanted() {
    cat "$project/setup.py" "$project/pyproject.toml" | sha256sum
}

is_ready() {
    local extra wanted
    is_whole || return 1
    wanted=$(wanted)
    for extra in ${1//,/ }; do
        [[ -f $venv/installed-$extra && $(<"$venv/installed-$extra") == "$wanted" ]] || return 1
    done
}

install() {
    local extra
    say "setting up .venv (some minutes the first time)"
    is_whole || make_venv
    rm -f "$venv/made-by"
    quietly "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
        --editable "$project[$1]" || fail "pip could not install the package with its extras $1 (see above)."
    for extra in ${1//,/ }; do
        wanted >"$venv/installed-$extra"
    done
    maker >"$venv/made-by"
}

prepare() {
    is_ready "$1" || {
        # Two scripts started at once take turns.
        flock 9
        is_ready "$1" || install "$1"
    } 9<"$project/setup.py"
}
