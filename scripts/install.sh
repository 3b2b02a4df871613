#!/bin/sh
# Fill .venv with the pinned packages of one file:  sh scripts/install.sh requirements[-dev].txt
# Does nothing when that was done before. Says in plain words what the machine lacks.
set -eu
cd "$(dirname "$0")/.."
wanted=$1

give_up() {
    printf '\n%s\n\n' "$1" >&2
    exit 1
}

find_python() {
    for name in ${PYTHON:-} python3.11 python3.12 python3.13 python3; do
        if command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    give_up "Python 3.11 or newer is missing. On Debian or Ubuntu: sudo apt-get install python3"
}

stamp=.venv/.filled-$wanted
mark=$(cat requirements.txt "$wanted" scripts/install.sh | cksum)
if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$mark" ] &&
    .venv/bin/python -c '' 2>/dev/null; then
    exit 0
fi

if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    python=$(find_python)
    "$python" -c 'import ensurepip, venv' 2>/dev/null || give_up \
        "Python's venv module is missing. On Debian or Ubuntu: sudo apt-get install python3-venv"
    rm -rf .venv
    "$python" -m venv .venv || give_up \
        "The virtual environment .venv could not be made. Is the disk full or the folder read-only?"
fi

echo "Installing packages ($wanted) …"
PIP_DISABLE_PIP_VERSION_CHECK=1 .venv/bin/python -m pip install -qq -r "$wanted" || give_up \
    "The packages could not be installed; the lines above say why. Is a package index reachable?"
if [ "$wanted" = requirements-dev.txt ]; then # it contains the other
    cat requirements.txt requirements.txt scripts/install.sh | cksum >.venv/.filled-requirements.txt
fi
printf '%s\n' "$mark" >"$stamp"
